"""Commands about a class that was graded: class show, class forget, class export."""

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.a_class import Comma, CourseFolder, damaged, in_words, the_course
from mnlab.cli.options import Json, WrongUsage, a_folder, say

class_app = typer.Typer(no_args_is_help=True, help="The results of a class: look at them, remove a student.")
Grades = Annotated[
    Path, typer.Argument(metavar="GRADES", parser=a_folder, help="The folder that `mnlab grade` wrote.")
]


#: What names students all together, and is written anew.
TABLES = ("class.html", "class-without-names.html", "grades.csv", "canvas.csv", "moodle.csv", "moodle-feedback.zip",
          "flags.json")


def register(app: typer.Typer) -> None:
    class_app.command("show")(show)
    class_app.command("forget")(forget)
    class_app.command("export")(export)
    app.add_typer(class_app, name="class")


def show(grades: Grades, json: Json = False) -> None:
    """Show how a class did: what was missed most, who is inconclusive, who needs a look.

    Example: mnlab class show grades/
    """
    from mnlab.course import by_hand, summary

    rows = [row for _, row in sorted(_results_in(grades).rows.items())]
    with in_words():
        flags, hand = _flags(grades), by_hand.read(grades)
    if json:
        from mnlab.report.jsonout import document

        print(document("class", summary.as_dict(rows, flags, hand)))
        return
    for line in summary.lines(rows, flags, whole=True, hand=hand):
        print(line)


def _results_in(grades: Path):
    """The results in a folder. WrongUsage if there are none; lines that are none are told."""
    from mnlab.course import results

    kept = results.read(grades)
    if kept.damaged:
        say(damaged(kept))
    if not kept.rows:
        raise WrongUsage(f"there are no results in {grades}; `mnlab grade` writes them")
    return kept


def _flags(grades: Path) -> dict[tuple[str, str], list[str]]:
    """Whose work looked like whose when it was graded. WrongUsage if the file is damaged."""
    path = grades / "flags.json"
    try:
        found = jsonlib.loads(path.read_text()) if path.is_file() else []
        some = found["flags"] if isinstance(found, dict) else found  # a list: of before it said who wrote it
        return {(one["student"], one["lab"]): [str(word) for word in one["words"]] for one in some}
    except (ValueError, KeyError, TypeError, RecursionError):
        raise WrongUsage(f"{path} is damaged: remove it, and `mnlab grade` writes it again") from None


def forget(student: Annotated[str, typer.Argument(metavar="ID", help="The student's id.")], grades: Grades) -> None:
    """Remove all that is kept of a student: results, work, evidence, feedback; then grade again to renew the tables.

    Example: mnlab class forget 4711 grades/
    """
    import shutil

    from mnlab.course import by_hand, places, results
    from mnlab.report.drawing import counted

    if not any(name == student for name, _ in _results_in(grades).rows):
        raise WrongUsage(f"there is no result of {student} in {grades}")
    place, named = places.place(student), results.named(student)
    with in_words(), results.alone(grades):
        kept = results.read(grades)
        count = sum(name == student for name, _ in kept.rows)
        by_hand.forget(grades, student)
        for folder in (f"{places.WORK}/{place}", f"{places.EVIDENCE}/{place}", places.HANDED_IN, places.RECORDING):
            shutil.rmtree(grades / folder, ignore_errors=True)
        owners = [place, *map(places.place, kept.named_with(student))]  # a group's members, say
        pages = [grades / "feedback" / f"{owner}{ending}" for owner in owners for ending in (".md", ".html")]
        for path in (*pages, *(grades / name for name in TABLES)):
            path.unlink(missing_ok=True)
        kept.forget(student)  # the last of it: who is killed before can call again
    print(
        f"{counted(count, 'result')} of {student} removed, with work, evidence, feedback and what was decided by hand. "
        "The tables were removed, too, and feedback of others that named them. Remove the hand-in, and the line in the "
        "roster: then `mnlab grade` writes the rest again."
    )
    if (grades / by_hand.NAME).is_file() and named.search((grades / by_hand.NAME).read_text(errors="replace")):
        print(f"{student} is still named in {grades / by_hand.NAME}, where you wrote of others")
    print("Not removed: what was handed in, the roster, and what was imported elsewhere. Recorded runs that mnlab "
          "remembers have no names; `mnlab machine clean --runs` removes them.")


def export(
    grades: Grades,
    course: CourseFolder = None,
    comma: Comma = False,
) -> None:
    """Print a table of the results with pseudonyms, for who may not know whose they are: no names, ids, notes, digests.
    Only who has the course's salt can tell whose a pseudonym is.

    Example: mnlab class export grades/ --course networks > results.csv
    """
    from mnlab.course import export as pseudonymous
    from mnlab.report.gradebook import written

    with in_words():
        found = the_course(course)
    if found is None:
        raise WrongUsage("pseudonyms take a course's salt: name its folder with --course")
    kept = _results_in(grades)
    print(written(pseudonymous.table(kept.rows.values(), found.pseudonym), comma), end="")
