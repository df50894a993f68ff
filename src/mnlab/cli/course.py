"""Commands about a class: course init, variant, grade, class show, class forget."""

import json as jsonlib
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import (
    DEFAULT_MACHINE,
    Collections,
    Json,
    Machine,
    Place,
    Quiet,
    WrongUsage,
    a_file,
    a_folder,
    machine_for,
    say,
)
from mnlab.lab import lab as labs

course_app = typer.Typer(no_args_is_help=True, help="A course: its labs, dates, weights and salt.")
class_app = typer.Typer(no_args_is_help=True, help="The results of a class: look at them, remove a student.")
CourseFolder = Annotated[
    Path | None,
    typer.Option(
        "--course",
        parser=a_folder,
        metavar="FOLDER",
        help="The folder of course.toml; the current one if it is there.",
    ),
]
Roster = Annotated[
    Path | None,
    typer.Option(
        "--roster",
        parser=a_file,
        metavar="FILE",
        help="A CSV file: id, name, email; or what Moodle, Canvas or Gradescope export.",
    ),
]
Grades = Annotated[
    Path, typer.Argument(metavar="GRADES", parser=a_folder, help="The folder that `mnlab grade` wrote.")
]
LINE = 10  # seconds between two lines about the progress, where there is no terminal


def register(app: typer.Typer) -> None:
    course_app.command("init")(init)
    class_app.command("show")(show)
    class_app.command("forget")(forget)
    app.add_typer(course_app, name="course")
    app.add_typer(class_app, name="class")
    app.command()(variant)
    app.command()(grade)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", parser=a_folder)] = Path(),
    title: Annotated[str, typer.Option("--title", help="What the course is called.")] = "Computer networking",
    lab: Annotated[
        list[str] | None, typer.Option("--lab", metavar="LAB", help="One of its labs; may be repeated.")
    ] = None,
    collections: Collections = None,
) -> None:
    """Begin a course: course.toml with its labs (all, unless some are named), and the salt that makes variants.

    Example: mnlab course init networks --lab arp --lab dns
    """
    from mnlab.course import course

    names = [labs.find(name).name for name in dict.fromkeys(lab or ())] or [one.name for one in labs.all_labs()]
    with _InWords():
        for path in course.begin(folder, title, names):
            print(path)
    print(f"Set weights and dates in {folder / course.ABOUT}; keep {course.SALT} secret, and a copy of it.")


def variant(
    student: Annotated[str, typer.Argument(metavar="ID", help="The student's id in the roster.")],
    lab: Annotated[str, typer.Argument(metavar="LAB", help="The name of a lab.")],
    course: CourseFolder = None,
    collections: Collections = None,
    json: Json = False,
) -> None:
    """Show the variant of a lab that a student has: it follows from the course's salt, the student's id and the lab.

    Example: mnlab variant 4711 arp
    """
    from mnlab.lab.work import shown

    one = labs.find(lab)
    with _InWords():
        found = _course(course)
        if found is None:
            raise WrongUsage(
                "there is no course.toml here: name its folder with --course, or begin one: mnlab course init"
            )
    seed = found.seed(student, one.name)
    if json:
        from mnlab.report.jsonout import document

        print(
            document("variant", {"student": student, "lab": one.name, "seed": seed, "params": shown(one.params(seed))})
        )
        return
    print(f"{student}: variant {seed} of {one.name}")
    for key, value in shown(one.params(seed)).items():
        print(f"  {key} = {value}")


def grade(
    lab: Annotated[
        list[str], typer.Argument(metavar="LAB... SUBMISSIONS", help="Labs, then the folder of hand-ins.")
    ],
    roster: Roster = None,
    course: CourseFolder = None,
    out: Annotated[Path, typer.Option("--out", parser=a_folder, metavar="FOLDER")] = Path("grades"),
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, max=256, help="How many at a time; unless given, one a processor that has memory."
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Grade also what is graded and has not changed.")] = False,
    comma: Annotated[bool, typer.Option("--decimal-comma", help="Tables with 1,5 instead of 1.5.")] = False,
    machine: Machine = DEFAULT_MACHINE,
    collections: Collections = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Grade a class: a folder of what students handed in, as Moodle, Canvas, Gradescope or git hosting give it.

    Each result is written as it comes. Called again, it goes on where it stopped, and grades only what has changed.

    Exit status: 0 if every hand-in was graded; 3 if something is inconclusive.

    Example: mnlab grade arp submissions/ --roster roster.csv
    """
    from mnlab.course import grading, results
    from mnlab.course import workers as at_work

    *names, folder = lab
    if not names:
        raise WrongUsage("name the labs, and then the folder of hand-ins: mnlab grade arp submissions/")
    submissions = a_folder(folder)
    if not submissions.is_dir():
        raise WrongUsage(f"there is no folder {submissions}. Name the labs first, then the folder of hand-ins")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise WrongUsage(f"{out} lies in {submissions}, and would be taken for a hand-in: choose another --out")
    chosen = [labs.find(name) for name in dict.fromkeys(names)]
    place = machine_for(Place.vm, machine, None, quiet)
    with _InWords():
        found, people = _course(course), _roster(roster)
        place.prepare()
        out.mkdir(parents=True, exist_ok=True)
        kept = results.read(out)
        hand = results.by_hand(out)
        if kept.damaged:
            say(f"{out / results.RESULTS}: {kept.damaged} lines were cut short; they are graded again")
        task = grading.Grading(
            chosen, labs.all_labs(), submissions, out, machine, place.describe()["image_sha256"], people, found
        )
        if not quiet:
            say(f"looking at {submissions}")
        todo = task.todo()
        progress = _Progress(len(todo), quiet)
        try:
            grading.carry_out(todo, kept, workers or at_work.usual(), progress.done, progress.lost, again)
        finally:
            _write(out, kept, task, hand, comma)
    _tell(out, kept, todo, json)
    statuses = {kept.rows[one.row["student"], one.row["lab"]]["status"] for one in todo}
    raise typer.Exit(3 if "inconclusive" in statuses else 0)


class _Progress:
    """How far it is, how fast, and how long it will take: a line every ten seconds."""

    def __init__(self, total: int, quiet: bool):
        self.total, self.quiet, self.count = total, quiet, 0
        self.began = self.told = time.monotonic()

    def done(self, row: dict) -> None:
        self.count += 1
        now = time.monotonic()
        if not self.quiet and (now - self.told >= LINE or sys.stderr.isatty()):
            self.told = now
            rate = self.count / max(now - self.began, 1e-6)
            say(
                f"{self.count} of {self.total}: {row['student']} {row['lab']} {row['status']}; "
                f"{60 * rate:.0f} a minute, "
                f"{(self.total - self.count) / rate / 60:.0f} minutes left at most"
            )

    def lost(self, job: dict) -> None:
        say(f"a worker died at {job['student']} {job['lab']}: that is tried again")


def _write(out: Path, kept, task, hand: dict, comma: bool) -> None:
    """All that is made of the results: tables and pages."""
    from mnlab.course import grading, hidden
    from mnlab.course.results import replace
    from mnlab.course.roster import Student
    from mnlab.report import feedback, gradebook
    from mnlab.report.page import class_page

    names = {student for student, _ in kept.rows}
    people = [*task.roster, *(Student(key) for key in sorted(names - {student.id for student in task.roster}))]
    every = list(dict.fromkeys(name for _, name in kept.rows))
    weights = {name: (task.course.labs.get(name, 1) if task.course else 1) for name in every}
    flags = grading.look_alike(kept, [one for one in task.every_lab if one.name in every])
    tables = {
        "grades.csv": gradebook.whole(kept, people, weights, hand, flags),
        "canvas.csv": gradebook.canvas(kept, people, weights, hand),
        "moodle.csv": gradebook.moodle(kept, people, weights, hand),
    }
    for name, rows in tables.items():
        replace(out / name, "\ufeff" + gradebook.written(rows, comma))
    replace(
        out / "flags.json",
        jsonlib.dumps(
            [{"student": student, "lab": name, "words": words} for (student, name), words in sorted(flags.items())],
            indent=1,
        ),
    )
    by_name = {lab.name: lab for lab in task.every_lab}

    def told(row: dict) -> dict:
        lab, course = by_name.get(row["lab"]), task.course
        if lab is None or course is None or row["seed"] is None:
            return row
        return hidden.without(row, hidden.values(lab, row["seed"], course.secret))

    for student in people:
        if theirs := [told(kept.rows[key]) for key in sorted(kept.rows) if key[0] == student.id]:
            path = out / "feedback" / f"{grading.place(student.id)}.md"
            replace(path, feedback.page(student.name or student.id, theirs, hand))
            replace(path.with_suffix(".html"), feedback.html(student.name or student.id, theirs, hand))
    made = class_page.Made(kept, people, weights, hand, flags, grading.place)
    replace(out / class_page.NAME, class_page.html(made))
    replace(out / class_page.PROJECTED, class_page.html(made, names=False))


def _tell(out: Path, kept, todo, json: bool) -> None:
    from mnlab.course import summary

    rows = [kept.rows[one.row["student"], one.row["lab"]] for one in todo]
    if json:
        from mnlab.report.jsonout import document

        print(document("grades", {"results": rows}))
        return
    for line in summary.lines(rows):
        print(line)
    print(f"tables, feedback and evidence are in {out}/: grades.csv, canvas.csv, moodle.csv, class.html, feedback/")


def show(grades: Grades, json: Json = False) -> None:
    """Show how a class did: what was missed most, who is inconclusive, who needs a look.

    Example: mnlab class show grades/
    """
    from mnlab.course import results, summary

    kept = results.read(grades)
    if not kept.rows:
        raise WrongUsage(f"there are no results in {grades}; `mnlab grade` writes them")
    flags = {(one["student"], one["lab"]): one["words"] for one in _flags(grades)}
    if json:
        from mnlab.report.jsonout import document

        print(document("class", summary.as_dict(list(kept.rows.values()), flags)))
        return
    for line in summary.lines(list(kept.rows.values()), flags, whole=True):
        print(line)


def _flags(grades: Path) -> list[dict]:
    path = grades / "flags.json"
    return jsonlib.loads(path.read_text()) if path.is_file() else []


def forget(student: Annotated[str, typer.Argument(metavar="ID", help="The student's id.")], grades: Grades) -> None:
    """Remove all that is kept of a student: results, work, evidence, feedback; then grade again to renew the tables.

    Example: mnlab class forget 4711 grades/
    """
    import shutil

    from mnlab.course import grading, results

    kept = results.read(grades)
    if not any(name == student for name, _ in kept.rows):
        raise WrongUsage(f"there is no result of {student} in {grades}")
    lines = kept.forget(student)
    place = grading.place(student)
    for folder in (grading.WORK, grading.EVIDENCE):
        shutil.rmtree(grades / folder / place, ignore_errors=True)
    for path in (
        grades / "feedback" / f"{place}.md",
        grades / "feedback" / f"{place}.html",
        grades / "class.html",
        grades / "class-without-names.html",
        grades / "grades.csv",
        grades / "canvas.csv",
        grades / "moodle.csv",
        grades / "flags.json",
    ):
        path.unlink(missing_ok=True)
    print(
        f"{lines} results of {student} removed, with work, evidence and feedback. The tables were removed, too: "
        "`mnlab grade` writes them again."
    )


def _course(folder: Path | None):
    """The course that is named, or the one of the current folder; None if there is none and none was named."""
    from mnlab.course import course

    if folder is None and not Path(course.ABOUT).is_file():
        return None
    return course.read(folder or Path())


def _roster(path: Path | None) -> list:
    from mnlab.course import roster

    return roster.read(path) if path else []


class _InWords:
    """What a course, a roster or a table of decisions gets wrong is wrong usage, in words."""

    def __enter__(self):
        pass

    def __exit__(self, kind, problem, traceback):
        from mnlab.course.course import BadCourse
        from mnlab.course.handins import BadSubmissions
        from mnlab.course.results import BadByHand
        from mnlab.course.roster import BadRoster

        if isinstance(problem, (BadCourse, BadRoster, BadByHand, BadSubmissions)):
            raise WrongUsage(str(problem)) from None
