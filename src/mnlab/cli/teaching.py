"""Commands before a class hands in: course init, course pins, variant, release."""

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.a_class import CourseFolder, Roster, a_place_in, in_words, the_course, the_roster
from mnlab.cli.options import (
    DEFAULT_MACHINE,
    Collections,
    Json,
    Machine,
    Place,
    WrongUsage,
    a_folder,
    insist_on_whole,
    machine_for,
)
from mnlab.lab import lab as labs

course_app = typer.Typer(no_args_is_help=True, help="A course: its labs, dates, weights and salt.")


def register(app: typer.Typer) -> None:
    course_app.command("init")(init)
    course_app.command("pins")(pins)
    app.add_typer(course_app, name="course")
    app.command()(variant)
    app.command()(release)


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", parser=a_folder, help="Where; the current folder unless given.")
    ] = Path(),
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
    with in_words():
        a_place_in(folder)
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
    with in_words():
        found = the_course(course)
        if found is None:
            raise WrongUsage(
                "there is no course.toml here: name its folder with --course, or begin one: mnlab course init"
            )
    student = student.strip()  # as a roster's cells are
    if not student:
        raise WrongUsage("whose variant? The id is empty")
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


def pins(machine: Machine = DEFAULT_MACHINE) -> None:
    """Print what evidence of this computer depends on, as [pins] for course.toml: computers that differ do not grade.

    Example: mnlab course pins >> networks/course.toml
    """
    machine_for(Place.vm, machine, None).prepare()
    from mnlab.course.worker import described
    print("\n[pins]")
    for part, value in described(machine).items():
        print(f"{part} = {jsonlib.dumps(value)}")


def release(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", parser=a_folder, help="Where to write it.")],
    roster: Roster = None,
    course: CourseFolder = None,
    lab: Annotated[
        list[str] | None,
        typer.Option("--lab", metavar="LAB", help="Only this one; may be repeated. Else the course's, or all."),
    ] = None,
    collections: Collections = None,
) -> None:
    """Write the students' edition: the labs without solutions and mutants, with as much of the checks as course.toml
    allows (student_checks). With a roster, also an archive for each student, with their own variants.

    Example: mnlab release edition/ --roster roster.csv --course networks
    """
    from mnlab.course import release as edition

    insist_on_whole("release")
    with in_words():
        found, people = the_course(course), the_roster(roster)
        if people and not found:
            raise WrongUsage("a variant for each student takes a course: name its folder with --course")
        names = lab or (list(found.labs) if found else []) or [one.name for one in labs.all_labs()]
        chosen = [labs.find(name) for name in dict.fromkeys(names)]
        a_place_in(folder)
        tree = edition.write(folder, chosen, found)
        print(tree)
        if found and people:
            count = sum(1 for _ in edition.archives(tree, folder, chosen, found, people))
            print(f"{count} archives, one a student, in {folder}")
