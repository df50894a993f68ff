"""Verdicts as grading platforms read them: a function for each, in FORMATS.

Inconclusive work gets no score anywhere: each platform is told in its own way that grading did not come to an end, so
that nobody loses a point by it. Whatever a student wrote is plain text in them, with nothing that a terminal would
obey, and no document is larger than LIMIT.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnlab import __version__
from mnlab.checks.points import cut
from mnlab.checks.verdicts import INCONCLUSIVE, NOT_APPLICABLE, PASSED, CheckResult, LabResult, overall
from mnlab.course.course import VISIBLE
from mnlab.machine.plain import plain

LIMIT = 1_000_000  # bytes: PrairieLearn's (its documentation, "External Grading"), and little to any other
LONGEST = 4000  # characters of a message, where there is room
BYTES = 6  # of a character, at most, in JSON
AGAIN = "Something that is not your work broke, so there is no score yet. Hand in again, or ask your teacher."


def gradescope(results: Sequence[LabResult], visibility: str) -> str | None:
    """results.json for Gradescope ("Autograder Specifications"). None for inconclusive work: the format has no way to
    say it, and without the file Gradescope says that the autograder failed, and gives no score."""
    if _status(results) == INCONCLUSIVE:
        return None
    return _json({
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "execution_time": round(sum(result.seconds for result in results)),
        "output": "\n".join(_reasons(results)),
        "extra_data": {"mnlab": __version__, "labs": [_facts(result) for result in results]},
        "tests": [{"name": name, "score": check.points, "max_score": check.max_points, **_mark(check),
                   "output": message} for name, check, message in _tests(results)],
    })


def _mark(check: CheckResult) -> dict[str, str]:
    """Gradescope's colour for a test; none where nothing was asked."""
    return {} if check.status == NOT_APPLICABLE else {"status": "passed" if check.status == PASSED else "failed"}


def autolab(results: Sequence[LabResult], visibility: str) -> str:
    """What an autograder of Autolab prints ("Guide for Lab Authors"): feedback, and as the last line the points of each
    lab, which is a problem of that name. Inconclusive work has no such line, and so no score."""
    lines = [*_reasons(results), *_feedback(results)]
    if _status(results) == INCONCLUSIVE:
        return "\n".join([*lines, AGAIN, ""])
    return "\n".join([*lines, json.dumps({"scores": {result.lab: result.points for result in results}}), ""])


def prairielearn(results: Sequence[LabResult], visibility: str) -> str:
    """results.json for PrairieLearn ("External Grading"). Inconclusive work is not gradable, which costs no attempt."""
    points, most = _sum(results)
    if _status(results) == INCONCLUSIVE:
        return _json({"gradable": False, "message": AGAIN,
                      "format_errors": [AGAIN, *_reasons(results), *_inconclusive(results)]})
    return _json({
        "gradable": True,
        "score": points / most if most else 1.0,
        "message": f"{points} of {most} points",
        "output": "\n".join(_reasons(results)),
        "tests": [{"name": name, "points": check.points, "max_points": check.max_points, "message": check.hint,
                   "output": message} for name, check, message in _tests(results)],
    })


def inginious(results: Sequence[LabResult], visibility: str) -> str:
    """The commands that tell INGInious ("Run file": feedback-result, feedback-grade, feedback-msg), for sh(1).
    Inconclusive work is a crash of the tests, without a grade."""
    points, most = _sum(results)
    lines = [*_reasons(results), *_feedback(results)]
    if _status(results) == INCONCLUSIVE:
        return _commands("feedback-result crash", _literal([AGAIN, *lines]))
    passed = _status(results) in (PASSED, NOT_APPLICABLE)
    return _commands(f"feedback-result {'success' if passed else 'failed'}",
                     f"feedback-grade {100 * points / most if most else 100:.2f}", _literal(lines))


def markdown(results: Sequence[LabResult], visibility: str) -> str:
    """A summary for GitHub's job page ("Workflow commands": a job summary has 1 MiB at most), or for reading."""
    lines = []
    for result in results:
        lines += [f"## {_escaped(result.lab)}: {result.status}, {result.points} of {result.max_points} points", ""]
        lines += [f"    {line}" for line in plain(cut(result.reason, LONGEST)).splitlines()]
        lines += ["", "| | check | points |", "|---|---|---|"]
        lines += [f"| {'✓' if check.status == PASSED else check.status} | {_escaped(name)} | "
                  f"{check.points}/{check.max_points} |" for name, check, _ in _tests([result])]
        for name, check, message in _tests([result]):
            if check.status != PASSED:
                lines += ["", f"**{_escaped(name)}**", "", *(f"    {line}" for line in message.splitlines())]
        lines += ["", f"seed {result.seed} · {result.machine or 'no machine'} · evidence "
                      f"`{result.evidence_sha256[:16]}`", ""]
    return "\n".join(lines)


Writer = Callable[[Sequence[LabResult], str], str | None]
#: Name of a platform: how it is told.
FORMATS: dict[str, Writer] = {"gradescope": gradescope, "autolab": autolab, "prairielearn": prairielearn,
                              "inginious": inginious, "markdown": markdown}


@dataclass(frozen=True)
class Report:
    """A file that a platform reads, and which format it has. `visibility` is Gradescope's."""

    platform: str
    path: Path
    visibility: str = VISIBLE

    def write(self, results: Sequence[LabResult]) -> bool:
        """Write it. False if there is nothing that the platform could be told: then there is no such file."""
        text = FORMATS[self.platform](results, self.visibility)
        if text is None:
            self.path.unlink(missing_ok=True)
            return False
        self.path.write_text(text, encoding="utf-8")
        return True


def _status(results: Sequence[LabResult]) -> str:
    return overall([result.status for result in results])


def _sum(results: Sequence[LabResult]) -> tuple[int, int]:
    return sum(result.points for result in results), sum(result.max_points for result in results)


def _tests(results: Sequence[LabResult]) -> Iterator[tuple[str, CheckResult, str]]:
    """Each check that a student has points for: a name that is one line, the verdict, and a message that leaves room
    for all. Observations of a student's run are worth nothing, and are left out."""
    shown = [(result, check) for result in results for check in result.checks
             if not (check.observation and not check.max_points)]
    longest = min(LONGEST, LIMIT // (4 * BYTES * max(1, len(shown))))
    for result, check in shown:
        name = " ".join(plain(check.title).split())
        yield (f"{result.lab}: {name}" if len(results) > 1 else name), check, plain(cut(check.message, longest))


def _reasons(results: Sequence[LabResult]) -> list[str]:
    """Why a lab as a whole is inconclusive, or what in the student's work broke."""
    return [plain(cut(f"{result.lab}: {result.reason}", LONGEST)) for result in results if result.reason]


def _inconclusive(results: Sequence[LabResult]) -> list[str]:
    return [f"{name}: {message}" for name, check, message in _tests(results) if check.status == INCONCLUSIVE]


def _feedback(results: Sequence[LabResult]) -> list[str]:
    """The verdicts as lines of text."""
    lines = []
    for name, check, message in _tests(results):
        lines += [f"[{check.points}/{check.max_points}] {check.status}: {name}",
                  *(f"    {line}" for line in message.splitlines())]
    return [*lines, *(f"{result.lab}: {result.points} of {result.max_points} points" for result in results)]


def _facts(result: LabResult) -> dict:
    return {"lab": result.lab, "seed": result.seed, "machine": result.machine, "image_sha256": result.image_sha256,
            "evidence_sha256": result.evidence_sha256, "work_sha256": result.work_sha256}


def _json(body: dict) -> str:
    return json.dumps(body, indent=1, allow_nan=False) + "\n"


def _literal(lines: list[str]) -> str:
    """A command that takes `lines` for a literal block of reStructuredText. printf is built in, so that the text may be
    of any length."""
    text = "::\n\n" + "\n".join(f"    {line}" for line in "\n".join(lines).splitlines()) + "\n"
    return f"printf %s {shlex.quote(text)} | feedback-msg"


def _commands(*lines: str) -> str:
    return "\n".join(["#!/bin/sh", *lines, ""])


def _escaped(text: str) -> str:
    """Words without what Markdown or HTML would take for markup, for a cell of a table."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&~])", r"\\\1", " ".join(plain(text).split()))
