"""The verdict: each check with what was done, expected and seen, and the frames that decided it."""

import re

from markupsafe import Markup

from mnlab.checks.verdicts import FINE, PASSED, CheckResult
from mnlab.evidence.layout import STUDENT
from mnlab.report.drawing import UNICODE
from mnlab.report.page.frames import MORE
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import OUTPUT, shown
from mnlab.report.terminal import check_points, in_order, mark

PARTS = ("done", "expected", "seen", "hint")


def view(material: Material) -> View | None:
    result = material.result
    return View("verdict", "Verdict", render(
        "verdict.html", reason=shown(result.reason, OUTPUT), status=result.status.replace(" ", "-"),
        since=shown(material.since), left_out=result.left_out,
        checks=[_check(check, material) for check in in_order(result)]))


def _check(check: CheckResult, material: Material) -> dict:
    numbers = [material.frames.called(*which) for which in check.frames]
    material.frames.keep(numbers, MORE)
    observed = check.observation and material.result.work == STUDENT
    return {"name": check.name, "status": check.status, "kind": check.status.replace(" ", "-"),
            "mark": str(mark(check.status, UNICODE)), "title": _with_code(shown(check.title or check.name)),
            "claims": " ".join(check.claims), "points": check_points(check),
            "change": material.changes.get(check.name, ""),
            "open": check.status not in FINE and not observed,
            "parts": [(label, words) for label, words in parts(check)],
            "frames": [(number, material.frames.name(number)) for number in numbers],
            "filters": [(file, f"frame.number in {{{', '.join(map(str, found))}}}")
                        for file, found in material.frames.by_capture(numbers).items()]}


def _with_code(title: str) -> Markup:
    """A title in which what stands between backquotes is code."""
    pieces = re.split(r"`([^`]+)`", title)
    return Markup("").join(Markup("<code>{}</code>").format(piece) if place % 2 else piece
                           for place, piece in enumerate(pieces))


def parts(check: CheckResult) -> list[tuple[str, str]]:
    """What a check says, by what it is: done, expected, seen, hint; "" for what stands before the first of them."""
    if check.status == PASSED:
        return []
    pieces = re.split(rf"^({'|'.join(PARTS)}): *", check.message, flags=re.M)
    said = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return [(label, shown(words.strip(), OUTPUT)) for label, words in said if words.strip()]
