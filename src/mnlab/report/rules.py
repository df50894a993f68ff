"""Which mutants break which rule of a handout, for `mnlab verify`: rules x mutants, questions x wrong answers, and
correct work that is written otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rich.text import Text

from mnlab.report.drawing import Drawing, Glyphs, clean, counted, one_line, wrap

NAME = 34  # columns for what a row is about, at most
NOTHING: Mapping[str, str] = MappingProxyType({})
#: What broke something, and how many checks caught it (None: it was not tried).
Mutants = Sequence[tuple[str, int | None]]


def rules_table(rules: Mapping[str, Mutants], questions: Mapping[str, Mutants],
                right: Mapping[str, Sequence[str]], idle: Mapping[str, str] = NOTHING,
                paid: Mapping[str, str] = NOTHING) -> Drawing:
    """The table for one lab. `rules` and `questions` have the mutants of each; `right` the checks that refuse correct
    work, by its description; `idle` what work scores that nobody has done, `paid` what of it is too much."""

    def parts(width: int, glyphs: Glyphs) -> Iterator[Text]:
        for head, rows in (("rule", rules), ("question", questions)):
            if rows:
                caught = {name: [f"{mutant} ({_times(times)})" for mutant, times in mutants]
                          for name, mutants in rows.items()}
                yield from _rows(f"{head}, what breaks it, and how many checks caught that", caught, width, glyphs)
        if right:
            marks = {name: [", ".join(checks) or "full marks"] for name, checks in right.items()}
            yield from _rows("correct work, written otherwise", marks, width, glyphs)
        if idle:
            scores = {name: [words] for name, words in idle.items()}
            yield from _rows("work that nobody has done", scores, width, glyphs)
        findings = [*(f"{name} has points for nothing: {words}" for name, words in paid.items()),
                    *(f"no mutant breaks this rule: {rule}" for rule, mutants in rules.items() if not mutants),
                    *(f"no wrong answer is tried: {key}" for key, mutants in questions.items() if not mutants),
                    *(f"correct work loses points: {name}: {', '.join(checks)}"
                      for name, checks in right.items() if checks)]
        for finding in findings:
            for line in wrap(f"{glyphs.failed} {clean(finding, glyphs)}", width):
                yield Text(line, style="bold red")
        if not findings and (rules or questions or right):
            words = [f"{counted(len(rows), name)}, each with a mutant" for name, rows in
                     (("rule", rules), ("question", questions)) if rows]
            yield Text(f"{glyphs.passed} {'; '.join([*words, *(['correct work has full marks'] if right else [])])}",
                       style="green")

    return Drawing(parts)


def _times(times: int | None) -> str:
    return "not tried" if times is None else str(times)


def _rows(head: str, rows: Mapping[str, Sequence[str]], width: int, glyphs: Glyphs) -> Iterator[Text]:
    """A table: what each row is about, and what is said of it, wrapped; a blank line."""
    yield Text(head, style="dim")
    names = min(NAME, max(map(len, rows)))
    for name, words in rows.items():
        first, *more = wrap(one_line(name, glyphs), names)
        said = wrap(one_line(", ".join(words) or "none", glyphs), max(width - names - 2, 20))
        for number in range(max(len(said), len(more) + 1)):
            left = [first, *more][number] if number <= len(more) else ""
            yield Text(f"{left:<{names}}  {said[number] if number < len(said) else ''}".rstrip(),
                       style="" if words else "bold red")
    yield Text()
