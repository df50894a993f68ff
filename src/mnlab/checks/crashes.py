"""A student's program that crashed: told once, at the head of the verdicts, and not again by each check that misses
what it would have done."""

import re
from collections.abc import Callable, Collection, Iterable

from mnlab.evidence.record import Command, Missing, Record
from mnlab.net.errors import describe_status

#: How the standard error of a program ends that Python stopped: with an exception that nobody caught, or no such file.
UNCAUGHT = re.compile(r"^(?:[A-Za-z_][\w.]*(?:Error|Exception|Iteration|Interrupt|Group)\b.*"
                      r"|.*: can't open file .*|.*: No module named .*)$")
NOT_STARTED = (126, 127)  # what a shell says of a program that cannot be executed, or is not there (POSIX, 2.8.2)
#: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV; and SIGKILL: where it was not stopped, it was its own doing.
FAULTS = (-4, -6, -7, -8, -11, -9)
IN_TIME = ("at the end", "by itself")  # how a service ends as it should, or is found to have ended (recorder.py)
WANTED = "ENDS_WITH_AN_ERROR"
LINES = 8  # of a traceback's end
LONGEST = 300  # characters of a line


def crashed(program: Command) -> bool:
    """Whether a student's program ended because it crashed, and not because it chose to or was stopped."""
    if program.kind != "student" or program.stopped or not program.status:
        return False
    words = program.stderr.strip().splitlines()
    return program.status in (*NOT_STARTED, *FAULTS) or program.status > 0 and bool(words and UNCAUGHT.match(words[-1]))


def stopped(record: Record) -> list[str]:
    """Of each of the student's programs that was stopped in a scene before its time, why. Checks say it where there are
    any."""
    try:
        programs = [one for one in record.timeline if one.kind == "student" and one.stopped not in ("", *IN_TIME)]
    except Missing:
        return []
    return list(dict.fromkeys(f"your program {one.name}: {one.stopped[:LONGEST]}" for one in programs))


def rightly(checks: Iterable[Callable]) -> frozenset[str]:
    """The student's programs that are to end with an error, as a rule asks for it: their lab's checks.py names them in
    ENDS_WITH_AN_ERROR. To Python such an error may look like any crash."""
    return frozenset(name for check in checks for name in getattr(check, "__globals__", {}).get(WANTED, ()))


def crashes(record: Record, wanted: Collection[str] = ()) -> list[str]:
    """Of each of the student's programs that crashed in a scene, how, in a few lines; what came twice alike, once.

    Of programs with a `wanted` name nothing is said."""
    said: dict[str, str] = {}
    try:
        programs = [program for program in record.timeline if crashed(program) and program.name not in wanted]
    except Missing:  # the run did not get that far, and says so itself
        return []
    for program in programs:
        words = [line[:LONGEST] for line in program.stderr.strip().splitlines()[-LINES:]]
        key = words[-1] if words else str(program.status)
        head = f"your program {program.name} crashed ({describe_status(program.status)})"
        said.setdefault(key, "\n".join([head + (":" if words else ""), *words]))
    return list(said.values())
