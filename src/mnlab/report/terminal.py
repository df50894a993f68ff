"""Verdicts in a terminal: one lab check by check, and several labs in one table."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

from mnlab.checks.verdicts import FAILED, FINE, INCONCLUSIVE, NOT_APPLICABLE, PASSED, CheckResult, LabResult, overall
from mnlab.evidence.layout import PAGE, STUDENT
from mnlab.report.drawing import Drawing, Glyphs, clean, counted, duration, one_line, wrap

STATUS_STYLES = {PASSED: "green", FAILED: "red", INCONCLUSIVE: "yellow", NOT_APPLICABLE: "cyan"}
WIDEST = 100  # columns; longer lines are hard to read
INDENT = 5  # columns before a check's message: under its title
GAP = 2  # columns between one column of text and the next
BAR = "| "  # beside a message
AS_ABOVE = "(for the same reason)"


NOT_GRADED = "run; it is graded by your teacher"  # in a students' edition that has no checks


def mark(status: str, glyphs: Glyphs) -> Text:
    """One character for a verdict, in its colour; they differ without colour too."""
    characters = {PASSED: glyphs.passed, FAILED: glyphs.failed, INCONCLUSIVE: glyphs.inconclusive,
                  NOT_APPLICABLE: glyphs.not_applicable}
    return Text(characters[status], style=f"bold {STATUS_STYLES[status]}")


def verdicts(result: LabResult, title: str = "", since: str = "") -> Drawing:
    """What the checks of one run said: heading, a line each (with the reason where one did not pass), and the total.

    Of a student's work, what did not pass comes first. `since` tells of the run before.
    """

    def parts(width: int, glyphs: Glyphs) -> Iterator[Text]:
        width = min(width, WIDEST)
        yield from _heading(result, title, width, glyphs)
        yield from _message(result.reason, width, glyphs, STATUS_STYLES[result.status])
        yield Text()
        if result.checks:
            yield from _checks(result, width, glyphs)
            yield Text()
        yield from _footer(result, since, width, glyphs)

    return Drawing(parts)


def summary(results: Sequence[LabResult], elapsed: float | None = None) -> Drawing:
    """One table for several labs: points, verdict, time in the lab and on the wall, with totals.

    `elapsed`: seconds that it all took; less than the sum where labs ran side by side.
    """

    def parts(width: int, glyphs: Glyphs) -> Iterator[Table | Text]:
        right: dict[str, Any] = {"justify": "right", "no_wrap": True}
        table = Table(
            Column("lab", overflow="fold", footer=counted(len(results), "lab")),
            Column("points", footer=_points(results), **right),
            Column("verdict", no_wrap=True, footer=_verdict(overall([result.status for result in results]), glyphs)),
            Column("lab time", footer=duration(sum(result.virtual_seconds for result in results)), **right),
            Column("wall time", footer=duration(sum(result.seconds for result in results)), **right),
            box=None, show_footer=True, header_style="dim", footer_style="bold", pad_edge=False, padding=(0, 2, 0, 0),
        )
        for result in results:
            table.add_row(one_line(result.lab, glyphs), _points([result]), _verdict(result.status, glyphs, result),
                          duration(result.virtual_seconds), duration(result.seconds))
        yield table
        if elapsed is not None:
            yield Text(f"all of it took {duration(elapsed)}, {duration(elapsed / len(results))} a lab", style="dim")

    return Drawing(parts)


def _points(results: Iterable[LabResult]) -> str:
    results = list(results)
    return f"{sum(result.points for result in results)}/{sum(result.max_points for result in results)}"


def _verdict(status: str, glyphs: Glyphs, result: LabResult | None = None) -> Text:
    """The mark and the word, of one lab also how many of its checks are not applicable, if others are."""
    word = NOT_GRADED if result and result.withheld else status
    verdict = Text() + mark(status, glyphs) + Text(f" {word}", style=STATUS_STYLES[status])
    if result and result.not_applicable and status != NOT_APPLICABLE:
        verdict.append(f" ({len(result.not_applicable)} {NOT_APPLICABLE})", style=STATUS_STYLES[NOT_APPLICABLE])
    return verdict


def _heading(result: LabResult, title: str, width: int, glyphs: Glyphs) -> Iterator[Text]:
    facts = [result.lab, title, f"seed {result.seed}"]
    words = f" {glyphs.dot} ".join(one_line(fact, glyphs) for fact in facts if fact)
    points = _points([result])
    first, *rest = wrap(words, width - len(points) - GAP)
    yield Text(first, style="bold").append(points.rjust(width - cell_len(first)))
    yield from (Text(line, style="bold") for line in rest)


def _checks(result: LabResult, width: int, glyphs: Glyphs) -> Iterator[Text]:
    claims_width = min(max(cell_len(_claims(check)) for check in result.checks), width // 4)
    points_width = max(len(check_points(check)) for check in result.checks)
    told = {""}
    for check in in_order(result):
        yield from _check_line(check, width, claims_width, points_width, glyphs)
        if check.status != PASSED and check.message not in (result.reason, ""):
            words = AS_ABOVE if check.message in told else check.message
            yield from _message(words, width, glyphs, STATUS_STYLES[check.status])
            told.add(check.message)


def in_order(result: LabResult) -> list[CheckResult]:
    """The checks as they are shown: of a student's work first what did not pass, and observations last."""
    if result.work != STUDENT:
        return list(result.checks)
    return sorted(result.checks, key=lambda check: (check.observation, check.status in FINE))


def _claims(check: CheckResult) -> str:
    return " ".join(check.claims)


def check_points(check: CheckResult) -> str:
    if check.observation and not check.max_points:
        return "seen" if check.status == PASSED else "not seen"
    return "none" if check.status == NOT_APPLICABLE else f"{check.points}/{check.max_points}"


def _check_line(check: CheckResult, width: int, claims_width: int, points_width: int, glyphs: Glyphs) -> Iterator[Text]:
    """Mark and title, then claim ids and points in columns of their own at the right edge; all but the points wrap."""
    room = width - INDENT - claims_width - points_width - 2 * GAP
    titles = wrap(one_line(check.title or check.name, glyphs), room)
    claims = wrap(_claims(check), claims_width)
    for number in range(max(len(titles), len(claims))):
        title, claim = (lines[number] if number < len(lines) else "" for lines in (titles, claims))
        line = Text("  ") + mark(check.status, glyphs) + Text("  ") if number == 0 else Text(" " * INDENT)
        line.append(title + " " * (room - cell_len(title) + GAP)).append(claim.ljust(claims_width), style="dim")
        if number == 0:
            style = "" if check.points == check.max_points else STATUS_STYLES[check.status]
            line.append(check_points(check).rjust(points_width + GAP), style=style)
        line.rstrip()
        yield line


def _message(message: str, width: int, glyphs: Glyphs, style: str) -> Iterator[Text]:
    """Lines under a title, with a bar in the verdict's colour beside them."""
    if message.strip():
        for line in wrap(clean(message.strip("\n"), glyphs), width - INDENT - len(BAR)):
            yield Text(" " * INDENT) + Text(glyphs.vertical, style=style) + Text(f" {line}".rstrip())


def _footer(result: LabResult, since: str, width: int, glyphs: Glyphs) -> Iterator[Text]:
    points = f"  {result.points} of {counted(result.max_points, 'point')}"
    times = f"lab time {duration(result.virtual_seconds)} {glyphs.dot} wall time {duration(result.seconds)}"
    yield _verdict(result.status, glyphs, result).append(points, style="bold").append(f"   {times}", style="dim")
    if result.evidence:
        on = f" {glyphs.dot} {one_line(result.machine, glyphs)}" if result.machine else ""
        yield Text(f"  evidence: {clean(result.evidence, glyphs)}{on}", style="dim", overflow="fold")
        if (result.evidence / PAGE).is_file():
            yield Text(f"  page: {clean(result.evidence / PAGE, glyphs)}", style="dim", overflow="fold")
    if since:
        yield Text(f"  {one_line(since, glyphs)}", style="bold", overflow="fold")
    for note in result.notes:
        yield Text(f"  {one_line(note, glyphs)}", style="yellow", overflow="fold")
