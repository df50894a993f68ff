"""`mnlab grade`: what a class handed in, from a folder to tables, feedback and evidence."""

import re
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.a_class import (
    Comma,
    CourseFolder,
    Progress,
    Roster,
    a_place_in,
    damaged,
    in_words,
    the_course,
    the_roster,
)
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
    a_path,
    insist_on_whole,
    machine_for,
    say,
)
from mnlab.lab import lab as labs
from mnlab.machine import plain

NAMED = 5  # students in one line

Asked = Annotated[
    list[str] | None, typer.Argument(metavar="LAB... SUBMISSIONS", help="Labs, then the folder of hand-ins.")
]
Due = Annotated[
    str | None,
    typer.Option("--due", metavar="DATE", help="Instead of course.toml's: 2027-01-15T23:59, with +01:00 or not."),
]
Times = Annotated[
    Path | None,
    typer.Option("--times", parser=a_file, metavar="FILE",
                 help="When hand-ins came: Moodle's grading worksheet, or a CSV file: id, received."),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=256, help="How many at a time; else one a processor that has memory."),
]
Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ssh:HOSTS.txt|tcp://SCHEDULER", help="Many computers, by Dask."),
]
Again = Annotated[
    bool,
    typer.Option(
        "--again/--resume", help="Grade everything again; or, as ever, only what is new or has changed."
    ),
]
Regrade = Annotated[
    list[str] | None,
    typer.Option(
        "--regrade", metavar="LAB", help="Only new checks on the evidence in --out; may be repeated. No machine."
    ),
]
Audit = Annotated[
    float,
    typer.Option(
        "--audit", min=0, max=100, metavar="PERCENT", help="How much is run twice, the second time elsewhere."
    ),
]


def register(app: typer.Typer) -> None:
    app.command()(grade)


def grade(
    lab: Asked = None,
    roster: Roster = None,
    course: CourseFolder = None,
    out: Annotated[Path, typer.Option(
        "--out", parser=a_folder, metavar="FOLDER", help="Folder for results, tables, feedback and evidence.")
    ] = Path("grades"),
    due: Due = None,
    times: Times = None,
    workers: Workers = None,
    cluster: Cluster = None,
    again: Again = False,
    regrade: Regrade = None,
    audit: Audit = 1,
    comma: Comma = False,
    machine: Machine = DEFAULT_MACHINE,
    collections: Collections = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Grade a class: a folder of what students handed in, as Moodle, Canvas, Gradescope or git hosting give it.

    Each result is written as it comes. Called again, it goes on where it stopped, and grades only what has changed.

    Exit status: 0 if every hand-in was graded, or is told to be none; 3 if something is inconclusive or nobody's, or
    an audit found another digest.

    Example: mnlab grade arp submissions/ --roster roster.csv

    Example: mnlab grade --regrade arp --roster roster.csv --course networks
    """
    from mnlab.cli.grades_folder import GradesFolder
    from mnlab.course import by_hand, carry_out, grading, places, results
    from mnlab.course.roster import canvas_columns

    insist_on_whole("grade")
    if cluster is not None:
        _insist_on_cluster(cluster, regrade)
    chosen, submissions = _asked(lab, regrade, out)
    with in_words():
        found, people = the_course(course), the_roster(roster)
        came = _times(times, people, regrade)
        before = results.read(out)
        _tell_strangers(found, people, [one.name for one in chosen] + [name for _, name in before.rows])
        _insist_on_the_same(before, found, people)
        if regrade:
            _insist_on_results(before, chosen)
        a_place_in(out)
        places.make(out)
        with results.alone(out), _pool(workers, cluster, machine, found, regrade, quiet) as (pool, image):
            kept, hand = results.read(out), by_hand.read(out)
            if kept.damaged:
                say(f"{damaged(kept)}; that is graded again")
            task = grading.Grading(
                chosen, labs.all_labs(), submissions, out, machine, image, people, found, _date(due), came,
                canvas_columns(roster, [one.name for one in labs.all_labs()]) if roster else {},
            )
            made = GradesFolder(task, kept, hand, comma)
            with Progress(kept.count(chosen) if regrade else _counted(task, quiet), quiet) as progress:
                def tell(row: dict) -> None:
                    progress.done(row)
                    made.add(row)

                try:
                    if regrade:
                        carry_out.regrade(kept, chosen, pool, found.secret.hex() if found else "", tell)
                    else:
                        for words in carry_out.carry_out(task.todo(), kept, pool, tell, again, audit):
                            say(f"could not be run a second time (audit): {words}")
                    _remove_strays(kept, chosen, progress.rows, regrade)
                finally:
                    flags = made.finish()
            if not regrade:
                _tell_gone(kept, chosen, progress.rows, task.absent)
            for student, name in sorted(hand.keys() - kept.rows.keys()):
                say(f"{out / by_hand.NAME}: there is no result for [{student}.{name}], so it was ignored")
    rows = [kept.rows[key] for key in _in_order(progress.rows, people, [one.name for one in chosen])]
    _tell(out, rows, flags, hand, json)
    open_ = {"inconclusive"} & {row["status"] for row in rows} or results.unowned(rows)
    raise typer.Exit(3 if open_ or any(results.AUDIT in row["flags"] for row in rows) else 0)


def _in_order(keys: Iterable[tuple[str, str]], people: list, labs_asked: list[str]) -> list[tuple[str, str]]:
    """Students and labs in the order of the roster and of the command, not that in which results came."""
    place = {student.id: number for number, student in enumerate(people)}
    order = {name: number for number, name in enumerate(labs_asked)}
    return sorted(keys, key=lambda key: (order.get(key[1], len(order)), place.get(key[0], len(place)), key[0]))


def _asked(words: list[str] | None, regrade: list[str] | None, out: Path) -> tuple[list[labs.Lab], Path]:
    """The labs that are meant, and the folder of hand-ins, which is of no use where evidence is graded again."""
    if regrade:
        if words:
            raise WrongUsage("--regrade goes by the evidence in --out: leave out other labs and the folder of hand-ins")
        return [labs.find(name) for name in dict.fromkeys(regrade)], out
    *names, folder = words or [""]
    if not names:
        raise WrongUsage("name the labs, and then the folder of hand-ins: mnlab grade arp submissions/")
    submissions = a_folder(folder)
    if not submissions.is_dir():
        raise WrongUsage(f"{submissions} is a file: unpack it, and name the folder" if submissions.is_file() else
                         f"there is no folder {submissions}. Name the labs first, then the folder of hand-ins")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise WrongUsage(f"{out} lies in {submissions}, and would be taken for a hand-in: choose another --out")
    return [labs.find(name) for name in dict.fromkeys(names)], submissions


def _insist_on_cluster(cluster: str, regrade: list[str] | None) -> None:
    """WrongUsage if a cluster is of no use, or named as none can be."""
    if regrade:
        raise WrongUsage("--regrade needs no machine, and the evidence is here: leave out --cluster")
    kind, _, rest = cluster.partition(":")
    if kind == "ssh" and not a_path(rest).is_file():
        raise WrongUsage(f"there is no file {rest}; it has a computer a line, as ssh knows it")
    if kind != "ssh" and not re.search(r".:\d+/?$", cluster):
        raise WrongUsage("--cluster is ssh:FILE, with a computer a line in the file, or the address of a scheduler, as "
                         f"in tcp://10.0.0.1:8786; not {cluster!r}")


def _insist_on_the_same(kept, course, people: list) -> None:
    """WrongUsage if there was a roster, or a course, and none is named now: tables would lose names and weights, and
    feedback would show what is hidden."""
    from mnlab.course.handins import NOBODY

    if not people and any(not student.startswith(NOBODY) for student, _ in kept.rows):
        raise WrongUsage(f"{kept.folder} has results of students in a roster: name it again (--roster), or choose "
                         "another --out")
    if course is None and any(row.get("seed_from") == "course" for row in kept.rows.values()):
        raise WrongUsage(f"{kept.folder} has results of a course: name its folder again (--course), or choose another "
                         "--out")


def _insist_on_results(kept, chosen: list[labs.Lab]) -> None:
    """WrongUsage if there is a lab without results to grade again."""
    if not kept.rows:
        raise WrongUsage(f"there are no results in {kept.folder}; `mnlab grade` writes them")
    for one in chosen:
        if not kept.count([one]):
            raise WrongUsage(f"there are no results of {one.name} with evidence in {kept.folder}")


def _date(text: str | None) -> datetime | None:
    """A date and a time, with this computer's zone unless it says another. A date alone says nothing of its end."""
    try:
        if text is None or re.match(r"\d{4}-\d\d-\d\d[T ]\d\d", text):
            return datetime.fromisoformat(text).astimezone() if text is not None else None
    except (ValueError, OverflowError):
        pass
    raise WrongUsage(f"--due is a date like 2027-01-15T23:59 or 2027-01-15T23:59+01:00, not {text!r}")


def _times(file: Path | None, people: list, regrade: list[str] | None) -> dict[str, datetime]:
    """When hand-ins came, by student; {} if no table is named. WrongUsage where it would be of no use."""
    from mnlab.course import times

    if file is None:
        return {}
    if regrade or not people:
        raise WrongUsage("--times is of no use with --regrade: when hand-ins came is known" if regrade else
                         "--times tells when a student's hand-in came: name the students, too (--roster)")
    return times.read(file, people, [lab.name for lab in labs.all_labs()])


def _tell_strangers(course, people: list, graded: list[str]) -> None:
    """Who has more time, and is nobody, and which lab is not the course's: a slip of the pen costs a student points."""
    for name in dict.fromkeys(graded) if course and course.labs else ():
        if name not in course.labs:
            say(f"course.toml has no [labs.{name}]: it counts with a weight of 1")
    known = {student.id for student in people}
    for student in dict.fromkeys(student for student, _ in course.extensions) if course and people else ():
        if student not in known:
            say(f"course.toml gives more time to {student}, who is not in the roster")


def _counted(task, quiet: bool) -> int:
    """How much there is to grade; and whose lateness nobody knows."""
    from mnlab.report.drawing import counted

    if not quiet:
        there, absent = counted(len(task.handed_in), "hand-in"), counted(len(task.absent), "student")
        say(f"{task.submissions}: {there}; {absent} without one")
    if not len(task):
        raise WrongUsage(f"there is no hand-in in {task.submissions}")
    if task.undated and not quiet:
        say(f"{counted(task.undated, 'hand-in')} without a time: lateness cannot be judged (--times)")
    return len(task)


@contextmanager
def _pool(count: int | None, cluster: str | None, machine: str, course, regrade, quiet: bool):
    """Who grades: workers of this computer or of a cluster; and the digest of the image that they have."""
    from mnlab.course import workers

    def lost(job: dict) -> None:
        say(f"a worker died at {job['student']} {job['lab']}: that is tried again")

    expected = course.pins if course else {}
    if cluster:
        from mnlab.course.cluster import opened

        with opened(cluster, count, machine, expected, say if not quiet else lambda text: None) as computers:
            yield partial(computers.each, lost=lost), computers.image
        return
    image = ""
    if not regrade:
        from mnlab.course.worker import described, differences

        machine_for(Place.vm, machine, None, quiet).prepare()
        about = described(machine)
        if strange := differences(about, expected):
            raise WrongUsage(f"this computer is not what course.toml pins: {strange}")
        image = about["image"]
    yield partial(workers.each, count=count or workers.usual(), lost=lost), image


def _tell(out: Path, rows: list[dict], flags: dict, hand: dict, json: bool) -> None:
    from mnlab.course import results, summary
    from mnlab.report.drawing import counted

    if json:
        from mnlab.report.jsonout import document

        print(document("grades", {"results": rows}))
        return
    keys = {(row["student"], row["lab"]) for row in rows}
    for line in summary.lines(rows, flags, hand={key: one for key, one in hand.items() if key in keys}):
        print(line)
    if results.unowned(rows):
        strays = {row["student"] for row in rows if results.NOBODYS in row["flags"]}
        print(f"{counted(len(strays), 'hand-in')} of no student in the roster: rename each to the student's id, and "
              "grade again. Until then, who handed in nothing has no grade in canvas.csv and moodle.csv")
    foreign = sum(results.FOREIGN in row["flags"] for row in rows)
    if foreign > 1 and 2 * foreign > sum(bool(row["checks"]) for row in rows):
        print("most work is of other variants: was the edition released with a roster of other ids?")
    print(f"tables, feedback and evidence are in {out}/: grades.csv, canvas.csv, moodle.csv, class.html, feedback/")


def _remove_strays(kept, chosen: list[labs.Lab], now: dict, regrade: list[str] | None) -> None:
    """Results of hand-ins that were nobody's, and are not there any more: they were renamed, say."""
    import shutil

    from mnlab.course import places, results

    names = {one.name for one in chosen}
    gone = {key for key, row in kept.rows.items()
            if results.NOBODYS in row["flags"] and key[1] in names and key not in now}
    if not gone or regrade:
        return
    kept.remove(gone)
    say(f"removed, as it is not there any more: {plain.names(sorted({student for student, _ in gone}), NAMED)}")
    for student, name in gone:
        place, alone = places.place(student), not any(one == student for one, _ in kept.rows)
        for folder in (places.WORK, places.EVIDENCE):
            of_lab = name if folder == places.WORK else f"{name}-1"
            shutil.rmtree(kept.folder / folder / place / ("" if alone else of_lab), ignore_errors=True)
        if alone:
            for ending in (".md", ".html"):
                (kept.folder / "feedback" / f"{place}{ending}").unlink(missing_ok=True)


def _tell_gone(kept, chosen: list[labs.Lab], now: dict, absent: list) -> None:
    """Whose results are of before: who handed in to another folder, or is in the roster no more."""
    from mnlab.course.results import MISSING

    names = {one.name for one in chosen}
    gone = sorted({student for student, name in kept.rows if name in names and (student, name) not in now})
    without = sorted({student.id for student in absent for name in names
                      if kept.rows[student.id, name]["status"] != MISSING})
    if without:
        say(f"no hand-in in this folder, results of before kept: {plain.names(without, NAMED)}")
    if gone:
        say(f"still in the tables, without a hand-in now: {plain.names(gone, NAMED)}. `mnlab class forget ID "
            f"{kept.folder}` removes one")
