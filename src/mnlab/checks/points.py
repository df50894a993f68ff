"""What a lab's checks.py is written with: points, claims, hints, and failures that explain themselves."""

from dataclasses import dataclass


class CheckFailed(AssertionError):
    """The evidence contradicts the claim. Says what was done, what was expected, and what was seen."""

    def __init__(self, done: str = "", expected: str = "", seen: str = "", text: str = ""):
        parts = [("done", done), ("expected", expected), ("seen", seen)]
        lines = [f"{label + ':':<10}{str(part).strip()}" for label, part in parts if part != ""]
        super().__init__("\n".join([*([text] if text else []), *lines]))


@dataclass(frozen=True)
class Points:
    """What a check is worth, which claims of the curriculum it shows, and what to tell whoever fails it."""

    points: int
    claims: tuple[str, ...]
    hint: str


def points(points: int, claim: str | tuple[str, ...] = (), hint: str = ""):
    """Mark a function of checks.py as a check worth `points`, showing `claim` (an id or several)."""
    claims = (claim,) if isinstance(claim, str) else tuple(claim)

    def mark(function):
        function.points = Points(points, claims, hint)
        return function

    return mark


def expect(ok, *, done: str = "", expected: str = "", seen: str = "") -> None:
    """Fail the check unless `ok`: what was done on the network, what the claim says must follow, what was seen."""
    if not ok:
        raise CheckFailed(done, expected, seen)


def same(answer, right, question: str) -> None:
    """Fail the check unless an answer of answers.toml is what the student's own run shows."""
    expect(answer == right, done=f"answers.toml: {question}", expected="what your own run shows", seen=repr(answer))


def near(answer: float, right: float, question: str, share: float, slack: float = 0.0) -> None:
    """The same for a number that was measured: it may be off by a `share` of the right one, and by `slack` besides."""
    off = f"{100 * share:g} %" + (f" and {slack:g}" if slack else "")
    expect(abs(answer - right) <= share * right + slack, done=f"answers.toml: {question}",
           expected=f"what your own run shows, to {off}", seen=f"{answer:g}")
