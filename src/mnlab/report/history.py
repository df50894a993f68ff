"""What has changed since the last run of a lab: the verdicts of each run are kept beside its evidence."""

import json
from pathlib import Path

from mnlab.checks.verdicts import PASSED, LabResult
from mnlab.evidence import layout
from mnlab.report.jsonout import as_dict


def keep(result: LabResult) -> None:
    """Write the verdicts beside the evidence, as `--json` has them."""
    (result.evidence / layout.VERDICTS).write_text(json.dumps(as_dict([result]), indent=1))


def since(result: LabResult) -> str:
    """What is different from the run before, in words: "+4 since arp-3: 2 checks more pass"; "" if there was none."""
    before = _before(result.evidence)
    if not before:
        return ""
    name, known = before
    passed = {check["name"] for check in known["checks"] if check["status"] == PASSED}
    now = {check.name for check in result.checks if check.status == PASSED}
    words = [f"{len(some)} check{'s' * (len(some) != 1)} {what}" for some, what in
             ((now - passed, "more pass" + "es" * (len(now - passed) == 1)), (passed - now, "no longer pass"
              + "es" * (len(passed - now) == 1))) if some]
    change = result.points - known["points"]
    return (f"{change:+d} since {name}" if change else f"as many points as {name}") + (f": {', '.join(words)}" if words else "")


def _before(evidence: Path) -> tuple[str, dict] | None:
    """The run of the same lab with the next lower number that has verdicts: its name, and they."""
    lab, _, number = evidence.name.rpartition("-")
    if not number.isdecimal():
        return None
    for earlier in range(int(number) - 1, 0, -1):
        folder = evidence.with_name(f"{lab}-{earlier}")
        try:
            [known] = json.loads((folder / layout.VERDICTS).read_text())["labs"]
            if known["lab"] == lab and known["work"] == layout.STUDENT and isinstance(known["points"], int):
                return folder.name, known
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None
