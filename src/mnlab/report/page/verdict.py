"""The verdict: each check with what was done, expected and seen, and the frames that decided it."""

from mnlab.checks.verdicts import FINE, PASSED, CheckResult
from mnlab.evidence.layout import STUDENT
from mnlab.report.drawing import UNICODE
from mnlab.report.page.frames import MORE
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import OUTPUT, coded, shown
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
            "mark": str(mark(check.status, UNICODE)), "title": coded(shown(check.title or check.name)),
            "claims": " ".join(check.claims), "points": check_points(check),
            "change": material.changes.get(check.name, ""),
            "open": check.status not in FINE and not observed,
            "parts": [(label, words) for label, words in parts(check)],
            "frames": [(number, material.frames.name(number)) for number in numbers],
            "filters": [(file, f"frame.number in {{{', '.join(map(str, found))}}}")
                        for file, found in material.frames.by_capture(numbers).items()]}


def parts(check: CheckResult) -> list[tuple[str, str]]:
    """What a check says, by what it is: done, expected, seen, hint; or, under "", the whole, if it has no parts."""
    if check.status == PASSED:
        return []
    said = [(label, getattr(check, label)) for label in PARTS if getattr(check, label)]
    return [(label, shown(words, OUTPUT)) for label, words in said or [("", check.message)] if words]
