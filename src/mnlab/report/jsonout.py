"""What commands print with --json: the keys and their order are a promise to those who read it (docs/formats.md,
schema/output.json)."""

import json
from collections.abc import Sequence

from mnlab import __version__
from mnlab.checks.verdicts import CheckResult, LabResult, overall

SCHEMA = 1  # a reader of one number understands all that has it: fields are added, none changes or goes
WALL_DIGITS = 3  # decimals of wall time: milliseconds
VIRTUAL_DIGITS = 6  # decimals of lab time: microseconds


def document(kind: str, body: dict) -> str:
    """One object as text, with what all of them begin with: the schema's number, what `kind` it is, and which mnlab
    wrote it. In ASCII, so it survives every encoding of standard output."""
    return json.dumps({"schema": SCHEMA, "kind": kind, "mnlab": __version__, **body}, indent=2, allow_nan=False)


def as_dict(results: Sequence[LabResult]) -> dict:
    """The object for one or several labs. No labs at all count as passed."""
    return {
        "labs": [_lab(result) for result in results],
        "points": sum(result.points for result in results),
        "max_points": sum(result.max_points for result in results),
        "status": overall([result.status for result in results]),
    }


def dumps(results: Sequence[LabResult]) -> str:
    """The object as text."""
    return document("results", as_dict(results))


def _lab(result: LabResult) -> dict:
    return {
        "lab": result.lab,
        "seed": result.seed,
        "seed_from": result.seed_from,
        "work": result.work or None,
        "work_sha256": result.work_sha256,
        "status": result.status,
        "points": result.points,
        "max_points": result.max_points,
        "seconds": round(result.seconds, WALL_DIGITS),
        "virtual_seconds": round(result.virtual_seconds, VIRTUAL_DIGITS),
        "evidence": str(result.evidence) if result.evidence else None,
        "evidence_sha256": result.evidence_sha256,
        "machine": result.machine,
        "image_sha256": result.image_sha256,
        "signature": result.signature,
        "secrets": result.secrets,
        "left_out": list(result.left_out),
        "reason": result.reason,
        "checks": [_check(check) for check in result.checks],
    }


def _check(check: CheckResult) -> dict:
    return {
        "name": check.name,
        "title": check.title,
        "claim": ",".join(check.claims),
        "status": check.status,
        "points": check.points,
        "max_points": check.max_points,
        "observation": check.observation,
        "message": check.message,
        "done": check.done,
        "expected": check.expected,
        "seen": check.seen,
        "hint": check.hint,
    }
