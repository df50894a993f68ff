"""A student's answers, read without trust: whatever is in answers.toml, a check gets a value or fails plainly."""

from mnlab.checks.points import CheckFailed

LARGEST = 1e30  # nothing here is counted or measured beyond it
LONGEST = 200  # characters of an answer that are shown back


class Answers:
    """answers.toml as checks read it. Every method fails the check if the answer is absent, blank or of another kind."""

    def __init__(self, values: dict):
        self.values = values

    def text(self, key: str) -> str:
        """A word or a sentence, without surrounding space."""
        return self._get(key, (str,), "text in quotes").strip()

    def number(self, key: str) -> float:
        """A number, whole or not."""
        value = self._get(key, (int, float), "a number")
        if not abs(value) < LARGEST:  # "nan" and "inf" are TOML, too
            raise CheckFailed(expected=f"answers.toml: {key} is a number of ordinary size", seen=show(value))
        return float(value)

    def integer(self, key: str) -> int:
        """A whole number."""
        return self._get(key, (int,), "a whole number")

    def flag(self, key: str) -> bool:
        """true or false."""
        return self._get(key, (bool,), "true or false")

    def items(self, key: str) -> list:
        """A list of text or numbers."""
        values = self._get(key, (list,), "a list in brackets")
        if not all(isinstance(value, (str, int, float)) for value in values):
            raise CheckFailed(text=f"answers.toml: {key} must be a list of texts or numbers")
        return [value.strip() if isinstance(value, str) else value for value in values]

    def choice(self, key: str, options) -> str:
        """One of `options`, in any case."""
        value = self.text(key).lower()
        options = [str(option) for option in options]
        for option in options:
            if option.lower() == value:
                return option
        raise CheckFailed(expected=f"answers.toml: {key} is one of {', '.join(options)}", seen=show(value))

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


def show(value) -> str:
    """A student's value, short enough to print."""
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
