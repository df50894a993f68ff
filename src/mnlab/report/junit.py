"""Verdicts as JUnit XML, for continuous integration: a test suite for each lab, a test case for each check.

A failed check is a `failure`, an inconclusive one an `error`, one that is not applicable is `skipped`; so is one that
did not pass and is worth nothing: an observation, where a student's work is graded. Points are
properties, which readers that do not know them pass over. There is no time stamp in it: the same verdicts give the same
file.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, CheckResult, LabResult
from mnlab.machine.plain import plain

#: Everything that XML 1.0 (section 2.2) does not allow in a document, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ELEMENTS = {FAILED: "failure", INCONCLUSIVE: "error", NOT_APPLICABLE: "skipped"}
#: What a suite counts, by the elements of its cases.
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
WHOLE_LAB = "lab"  # the test case that says why a lab has no verdicts at all


def junit_xml(results: Sequence[LabResult]) -> str:
    """The whole document as text."""
    suites = [_suite(result) for result in results]
    total = {key: str(sum(int(suite.attrib[key]) for suite in suites)) for key in ("tests", *_COUNTED)}
    seconds = sum(result.seconds for result in results)
    root = ET.Element("testsuites", {"name": "mnlab", **total, "time": f"{seconds:.3f}"})
    root.extend(suites)
    ET.indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + ET.tostring(root, encoding="unicode") + "\n"


def write_junit(results: Sequence[LabResult], path: Path) -> None:
    """Writes the document to `path`."""
    Path(path).write_text(junit_xml(results), encoding="utf-8")


def _suite(result: LabResult) -> ET.Element:
    cases = [_case(result.lab, check) for check in result.checks] or [_no_verdicts(result)]
    counts = {key: str(sum(case.find(tag) is not None for case in cases)) for key, tag in _COUNTED.items()}
    suite = ET.Element("testsuite", {"name": _legal(result.lab), "tests": str(len(cases)), **counts,
                                     "time": f"{result.seconds:.3f}"})
    facts = {"seed": result.seed, "points": result.points, "max_points": result.max_points,
             "left_out": ",".join(result.left_out), "virtual_seconds": f"{result.virtual_seconds:.6f}",
             "evidence_sha256": result.evidence_sha256, "machine": result.machine,
             "image_sha256": result.image_sha256, "reason": result.reason}
    suite.append(_properties(facts))
    suite.extend(cases)
    return suite


def _case(lab: str, check: CheckResult) -> ET.Element:
    case = ET.Element("testcase", {"classname": _legal(lab), "name": _legal(check.name), "time": "0"})
    case.append(_properties({"title": check.title, "claim": ",".join(check.claims), "points": check.points,
                             "max_points": check.max_points}))
    if check.status in _ELEMENTS:
        element = "skipped" if check.observation and not check.max_points else _ELEMENTS[check.status]
        case.append(_problem(element, check.status, check.message, check.title))
    return case


def _no_verdicts(result: LabResult) -> ET.Element:
    case = ET.Element("testcase", {"classname": _legal(result.lab), "name": WHOLE_LAB, "time": "0"})
    case.append(_problem(_ELEMENTS[result.status], result.status, result.reason or "no check was run"))
    return case


def _problem(tag: str, kind: str, reason: str, title: str = "") -> ET.Element:
    """What readers list is the message: a check's title; the reason is its text. Without a title, the first line."""
    reason = _legal(reason).strip()
    element = ET.Element(tag, {"message": _legal(title) or reason.split("\n")[0], "type": kind})
    element.text = reason
    return element


def _properties(facts: dict) -> ET.Element:
    properties = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": name, "value": _legal(str(value))})
    return properties


def _legal(text: str) -> str:
    return _FORBIDDEN.sub("", plain(text))
