"""Whose work, or whose answers, look like whose: words for a teacher, who decides."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mnlab.course import similar
from mnlab.course.foreign_answers import foreign, says_something, values
from mnlab.course.places import WORK, place
from mnlab.course.results import UNCHANGED, Results, Row
from mnlab.lab.lab import Lab
from mnlab.lab.student_toml import LIMIT
from mnlab.lab.work import ANSWERS, VARIANT
from mnlab.machine import plain


def look_alike(results: Results, labs: list[Lab], known: dict[str, similar.Print] | None = None,
               seed_of: Callable[[str, Lab], int | None] = lambda student, lab: None,
               people: Iterable[str] = ()) -> dict[tuple[str, str], list[str]]:
    """Of whose work looks like whose: words by (student, lab). Who hands in as a group is not held against itself.
    `known` prints (print_kept) need not be made. `seed_of` says which network each of `people` has, also of those who
    handed in nothing."""
    found: dict[tuple[str, str], list[str]] = {}
    people = list(people)
    for lab in labs:
        prints, answers = _handed_in(results, lab, {} if known is None else known)

        def together(one: str, other: str, lab: Lab = lab) -> bool:
            return other in results.rows[one, lab.name]["group"]

        starter = similar.print_of(_files(lab.starter))
        for student, like in similar.alike(prints, starter, together).items():
            found.setdefault((student, lab.name), []).extend(_words(like))
        for student, others in _same_answers(answers, results, lab).items():
            if others := [other for other in others if not together(student, other)]:
                whose = _some(others[:similar.NAMED], len(others))
                found.setdefault((student, lab.name), []).append(
                    f"the same answers as {whose}, who has another variant" if len(others) == 1 else
                    f"the same answers as {whose}, who have other variants")
        for student, words in _of_anothers_network(answers, results, lab, seed_of, people, together):
            found.setdefault((student, lab.name), []).append(words)
    return found


def _of_anothers_network(answers: dict[str, bytes], results: Results, lab: Lab,
                         seed_of: Callable[[str, Lab], int | None], people: Iterable[str],
                         together: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
    """Whose answers, not all of them right, are about somebody else's network, in words."""
    given = {student: data for student, data in answers.items()
             if says_something(data) and results.rows[student, lab.name]["status"] != "passed"}
    if not given:
        return
    networks = {student: values(lab.params(seed)) for student in {*people, *answers}
                if (seed := seed_of(student, lab)) is not None}
    for student, (whose, strange) in foreign(given, networks, together).items():
        yield student, f"answers about the network of {_some(whose, len(whose))}: {plain.names(strange, similar.NAMED)}"


def print_kept(row: Row, out: Path, known: dict[str, similar.Print]) -> similar.Print | None:
    """The print of the work of a row, without the answers, made unless it is known; None if it says nothing."""
    kept, work = out / WORK / place(row["student"]) / row["lab"], row["work_sha256"]
    if not work or UNCHANGED in row["flags"] or not kept.is_dir():
        return None
    if work not in known:
        known[work] = similar.print_of(_files(kept))
    return known[work]


def _handed_in(results: Results, lab: Lab, known: dict[str, similar.Print]) -> tuple[
        dict[str, similar.Print], dict[str, bytes]]:
    """The print of what each student handed in for a lab; and the answers."""
    prints, answers = {}, {}
    for (student, name), row in results.rows.items():
        if name == lab.name and (made := print_kept(row, results.folder, known)):
            prints[student] = made
            answers[student] = _start(results.folder / WORK / place(student) / name / ANSWERS)
    return prints, answers


def _files(folder: Path) -> dict[str, bytes]:
    """The files of a work that are compared."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder).parts[0] not in (ANSWERS, VARIANT)}


def _start(path: Path) -> bytes:
    """So much of a student's answers as counts; b"" if there are none."""
    try:
        with open(path, "rb") as file:
            return file.read(LIMIT)
    except OSError:
        return b""


def _words(like: similar.Like) -> list[str]:
    equal = [key for key, share in like.nearest if share == 1]
    near = [(key, share) for key, share in like.nearest if share < 1]
    rest = like.count - len(like.nearest)
    words = [f"equal to the work of {_some(equal, len(equal) + (0 if near else rest))}"] if equal else []
    return words + [f"{100 * share:.0f} % like the work of {key}" + (
        f", and so are {_others(rest)}" if rest and key == near[-1][0] else "") for key, share in near]


def _some(keys: list[str], count: int) -> str:
    """The first of `count` keys, in words."""
    rest = count - len(keys)
    parts = [*keys, *([_others(rest)] if rest else [])]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _others(count: int) -> str:
    return f"{count} other{'s' if count > 1 else ''}"


def _same_answers(answers: dict[str, bytes], results: Results, lab: Lab) -> dict[str, list[str]]:
    """Who has the answers of somebody whose network has other numbers: the same to half of the questions at least, not
    all of them right. A question that has no answer yet says nothing."""
    begun = _answered((lab.starter / ANSWERS).read_bytes() if (lab.starter / ANSWERS).is_file() else b"")
    groups: dict[frozenset[bytes], list[str]] = {}
    for student, data in answers.items():
        own = _answered(data) - begun
        if own and 2 * len(own) >= len(begun) and results.rows[student, lab.name]["status"] != "passed":
            groups.setdefault(own, []).append(student)
    seeds = {student: results.rows[student, lab.name]["seed"] for student in answers}
    found: dict[str, list[str]] = {}
    for some in groups.values():
        if len({seeds[one] for one in some}) > 1:
            found |= {one: [other for other in some if seeds[other] != seeds[one]] for one in some}
    return found


def _answered(data: bytes) -> frozenset[bytes]:
    """The lines of a file of answers that are no comments."""
    return frozenset(line.strip() for line in data.splitlines() if b"=" in line and not line.lstrip().startswith(b"#"))
