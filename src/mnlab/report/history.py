"""What has changed since the last run of a lab: the verdicts of each run are kept beside its evidence."""

import json
from pathlib import Path

from mnlab.checks.verdicts import NOT_APPLICABLE, PASSED, LabResult
from mnlab.evidence import layout
from mnlab.report.jsonout import as_dict


def keep(result: LabResult) -> None:
    """Write the verdicts beside the evidence, as `--json` has them."""
    if result.evidence:
        (result.evidence / layout.VERDICTS).write_text(json.dumps(as_dict([result]), indent=1))


def since(result: LabResult) -> str:
    """What is different from the run before, in words: "+4 since arp-3: 2 checks more pass"; "" if there was none."""
    before = _before(result.evidence, result.left_out) if result.evidence else None
    if not before or not result.checks:
        return ""
    name, known = before
    passed, beyond = ({check["name"] for check in known["checks"] if check["status"] == status}
                      for status in (PASSED, NOT_APPLICABLE))
    now, beyond_now = {check.name for check in result.checks if check.status == PASSED}, {*result.not_applicable}
    words = ", ".join(_checks(len(some), *what) for some, *what in (
        (now - passed - beyond, "more passes", "more pass"),
        (passed - now - beyond_now, "no longer passes", "no longer pass"),
        (beyond_now - beyond, "is not applicable on this machine", "are not applicable on this machine"),
        (beyond - beyond_now, "was not applicable on that machine", "were not applicable on that machine")) if some)
    change = result.points - known["points"]
    text = f"{change:+d} since {name}" if change else f"as many points as {name}"
    return f"{text}: {words}" if words else text


def changes(result: LabResult) -> dict[str, str]:
    """Of each check that did not pass in the run before and does now, or the other way round: what has become of it."""
    before = _before(result.evidence, result.left_out) if result.evidence else None
    were = {check["name"]: check["status"] for check in before[1]["checks"]} if before else {}
    return {check.name: "passes now" if check.status == PASSED else "no longer passes" for check in result.checks
            if (was := were.get(check.name, NOT_APPLICABLE)) != check.status and PASSED in (was, check.status)
            and NOT_APPLICABLE not in (was, check.status)}


def _checks(count: int, one: str, several: str) -> str:
    return f"1 check {one}" if count == 1 else f"{count} checks {several}"


def _before(evidence: Path, left_out: tuple[str, ...]) -> tuple[str, dict] | None:
    """The run of the same lab, and as many of its scenes, with the next lower number that has verdicts: its name, and
    they."""
    lab, _, number = evidence.name.rpartition("-")
    if not number.isdecimal():
        return None
    for earlier in range(int(number) - 1, 0, -1):
        folder = evidence.with_name(f"{lab}-{earlier}")
        try:
            [known] = json.loads((folder / layout.VERDICTS).read_text())["labs"]
            if known["lab"] == lab and known["work"] == layout.STUDENT and isinstance(known["points"], int) \
                    and known["left_out"] == list(left_out):
                return folder.name, known
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
