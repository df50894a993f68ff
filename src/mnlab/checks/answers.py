"""A student's answers, read without trust: whatever is in answers.toml, a check gets a value or fails plainly."""

from mnlab.checks.points import LARGEST, CheckFailed, show

LONGEST = 1000  # characters of a text
MOST = 100  # texts or numbers in a list


class Answers:
    """answers.toml as checks read it. Every method fails the check if the answer is absent, blank, of another kind, or
    larger than any right one: so a check may do with it what it likes."""

    def __init__(self, values: dict):
        self.values = values

    def text(self, key: str) -> str:
        """A word or a sentence, without surrounding space."""
        return self._text(key, self._get(key, (str,), "text in quotes"))

    def number(self, key: str) -> float:
        """A number, whole or not."""
        return float(self._number(key, self._get(key, (int, float), "a number")))

    def integer(self, key: str) -> int:
        """A whole number."""
        return int(self._number(key, self._get(key, (int,), "a whole number")))

    def flag(self, key: str) -> bool:
        """true or false."""
        return self._get(key, (bool,), "true or false")

    def items(self, key: str) -> list:
        """A list of text or numbers."""
        values = self._get(key, (list,), "a list in brackets")
        if len(values) > MOST:
            raise CheckFailed(expected=f"answers.toml: {key} has {MOST} items at most", seen=f"{len(values):,}")
        if not all(isinstance(value, (str, int, float)) and not isinstance(value, bool) for value in values):
            raise CheckFailed(text=f"answers.toml: {key} must be a list of texts or numbers")
        return [self._text(key, value) if isinstance(value, str) else self._number(key, value) for value in values]

    def choice(self, key: str, options) -> str:
        """One of `options`, in any case."""
        value = self.text(key).lower()
        options = [str(option) for option in options]
        for option in options:
            if option.lower() == value:
                return option
        raise CheckFailed(expected=f"answers.toml: {key} is one of {', '.join(options)}", seen=show(value))

    def _text(self, key: str, value: str) -> str:
        if len(value) > LONGEST:
            raise CheckFailed(expected=f"answers.toml: {key} has {LONGEST} characters at most", seen=f"{len(value):,}")
        return value.strip()

    def _number(self, key: str, value: int | float) -> int | float:
        if not abs(value) < LARGEST:  # "nan" and "inf" are TOML, too
            raise CheckFailed(expected=f"answers.toml: {key} is a number of ordinary size", seen=show(value))
        return value

    def _get(self, key: str, types: tuple, kind: str):
        value = self.values.get(key)
        if value is None or value == "" or value == []:
            raise CheckFailed(expected=f"an answer to {key} in answers.toml", seen="none yet")
        if not isinstance(value, types) or isinstance(value, bool) and bool not in types:
            raise CheckFailed(expected=f"answers.toml: {key} is {kind}", seen=show(value))
        return value


class NoAnswers(Answers):
    """Stands for an answers.toml that cannot be read: each check that asks for an answer fails with the reason."""

    def __init__(self, reason: str):
        super().__init__({})
        self.reason = reason

    def _get(self, key: str, types: tuple, kind: str):
        raise CheckFailed(expected=f"an answer to {key} in answers.toml", seen=self.reason)

