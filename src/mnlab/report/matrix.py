"""The kill matrix of `mnlab verify`: which check catches which mutant, and which checks and mutants are still free.

Mutants are rows, with their names in full; checks are narrow numbered columns, named below. So twenty of each fit
into 100 columns.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.text import Text

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED
from mnlab.report.drawing import Drawing, Glyphs, clean, counted, one_line, wrap

COLUMN = 3  # columns of the terminal for one check: up to 99 of them, with a blank between
NAME = 28  # columns for a mutant's name, at least; it wraps
COUNT = 8  # columns for the last one, how many checks caught the mutant
QUIET = "bright_black"
NOTHING: Mapping[str, str] = MappingProxyType({})


def kill_matrix(
    lab: str, checks: Sequence[str], mutants: Sequence[str], cells: Mapping[tuple[str, str], str],
    excused: Sequence[str] = (), not_applicable: Mapping[str, str] = NOTHING, untried: Mapping[str, str] = NOTHING
) -> Drawing:
    """The matrix for one lab. `cells` has each (check, mutant)'s status: failed means that the check caught it.
    `excused` are mutants of a student's work that make a check inconclusive, which only trouble may; `not_applicable`
    are checks, `untried` mutants that the machine cannot show, each with the reason."""

    def parts(width: int, glyphs: Glyphs) -> Iterator[Text]:
        yield Text().append(one_line(lab, glyphs), style="bold").append(
            f" {glyphs.dot} {counted(len(checks), 'check')}, {counted(len(mutants), 'mutant')}")
        yield Text()
        longest = max(map(len, mutants), default=0)
        names = min(max(NAME, width - COUNT - COLUMN * len(checks)), max(longest, len("kills")))
        block = max((width - names - COUNT) // COLUMN, 1)
        for first in range(0, len(checks), block):
            yield from _block(checks, mutants, cells, range(first, min(first + block, len(checks))), names, glyphs,
                              not_applicable)
            yield Text()
        yield from _legend(checks, width, glyphs)
        yield Text()
        applicable = [check for check in checks if check not in not_applicable]
        yield from _beyond(not_applicable, untried, width, glyphs)
        yield from _verdict(applicable, mutants, cells, excused, width, glyphs)

    return Drawing(parts)


def never_failed(checks: Sequence[str], mutants: Sequence[str], cells: Mapping) -> list[str]:
    """Checks that no mutant makes fail."""
    return [check for check in checks if not any(cells.get((check, mutant)) == FAILED for mutant in mutants)]


def never_caught(checks: Sequence[str], mutants: Sequence[str], cells: Mapping) -> list[str]:
    """Mutants that no check catches."""
    return [mutant for mutant in mutants if not any(cells.get((check, mutant)) == FAILED for check in checks)]


def _block(checks, mutants, cells, numbers: range, names: int, glyphs: Glyphs, beyond) -> Iterator[Text]:
    """Header, a row a mutant, and the number of kills, for the checks with these numbers (from 0)."""
    last = numbers.stop == len(checks)
    free = set(never_failed(checks, mutants, cells)) - set(beyond)
    header = " " * names + "".join(f"{number + 1:>{COLUMN}}" for number in numbers)
    yield Text(header + "caught".rjust(COUNT) * last, style="dim")
    for mutant in mutants:
        yield from _mutant_row(checks, mutant, cells, numbers, names, last, glyphs)
    row = Text().append("kills".rjust(names), style="dim")
    for number in numbers:
        kills = sum(cells.get((checks[number], mutant)) == FAILED for mutant in mutants)
        row.append(f"{kills:>{COLUMN}}", style="bold red" if checks[number] in free else "dim")
    yield row


def _mutant_row(checks, mutant: str, cells, numbers: range, names: int, last: bool, glyphs: Glyphs) -> Iterator[Text]:
    kills = sum(cells.get((check, mutant)) == FAILED for check in checks)
    head, *rest = wrap(one_line(mutant, glyphs), names)
    name_style = "" if kills else "bold red"
    row = Text().append(f"{head:<{names}}", style=name_style)
    for number in numbers:
        sign, style = _sign(cells.get((checks[number], mutant)), glyphs)
        row.append(sign.rjust(COLUMN), style=style)
    if last:
        row.append(f"{kills:>{COUNT}}", style="dim" if kills else "bold red")
    yield row
    for line in rest:
        yield Text("  " + line if len(line) + 2 <= names else line, style=name_style)


def _sign(status: str | None, glyphs: Glyphs) -> tuple[str, str]:
    signs = {
        FAILED: (glyphs.failed, "bold green"),  # a caught mutant is what verify wants: green
        PASSED: (glyphs.dot, QUIET),
        INCONCLUSIVE: (glyphs.inconclusive, "bold yellow"),
        NOT_APPLICABLE: (glyphs.not_applicable, "cyan"),
    }
    return signs.get(status or "", (" ", ""))


def _legend(checks: Sequence[str], width: int, glyphs: Glyphs) -> Iterator[Text]:
    """The checks' numbers and names, in as many columns as fit."""
    entries = [f"{number:>2} {one_line(check, glyphs)}" for number, check in enumerate(checks, 1)]
    size = max(map(len, entries), default=0) + 3
    across = max(min(width // size, 3), 1)
    down = -(-len(entries) // across)
    for line in range(down):
        yield Text("".join(entry.ljust(size) for entry in entries[line::down]).rstrip(), style="dim", overflow="fold")


def _beyond(checks: Mapping[str, str], mutants: Mapping[str, str], width: int, glyphs: Glyphs) -> Iterator[Text]:
    """What this machine cannot show: checks that need not fail, mutants that were not tried, each with its reason."""
    for what, table in (("not applicable", checks), ("not tried", mutants)):
        for name, why in table.items():
            for line in wrap(f"{glyphs.not_applicable} {what}: {clean(name, glyphs)}: {one_line(why, glyphs)}", width):
                yield Text(line, style="cyan")


def _verdict(checks, mutants, cells, excused, width: int, glyphs: Glyphs) -> Iterator[Text]:
    """What is wrong, or that nothing is."""
    unclear = sum(status == INCONCLUSIVE for status in cells.values())
    findings = [
        ("no mutant makes this check fail", never_failed(checks, mutants, cells)),
        ("no check catches this mutant", never_caught(checks, mutants, cells)),
        ("this wrong work makes a check inconclusive", excused),
    ]
    for problem, names in findings:
        for name in names:
            for line in wrap(f"{glyphs.failed} {problem}: {clean(name, glyphs)}", width):
                yield Text(line, style="bold red")
    if unclear:
        yield Text(f"{glyphs.inconclusive} {counted(unclear, 'inconclusive verdict')}", style="yellow")
    if checks and mutants and not any(names for _, names in findings):
        words = "every check is failed by a mutant, and every mutant is caught by a check"
        yield Text(f"{glyphs.passed} {words}", style="green")
