import xml.etree.ElementTree as ET
from dataclasses import replace

from mnlab.checks.verdicts import NOT_APPLICABLE, LabResult
from mnlab.report.junit import junit_xml, write_junit


def test_a_suite_for_each_lab_and_a_case_for_each_check(results):
    root = ET.fromstring(junit_xml(results))
    assert root.tag == "testsuites"
    assert [root.get(key) for key in ("tests", "failures", "errors")] == ["4", "1", "1"]
    assert [suite.get("name") for suite in root] == ["arp", "ping", "dns"]
    assert [case.get("name") for case in root.iter("testcase")] == ["check_a", "check_b", "check_p", "check_c"]
    assert {case.get("classname") for case in root[0].iter("testcase")} == {"arp"}


def test_failed_is_a_failure_and_inconclusive_an_error(results):
    root = ET.fromstring(junit_xml(results))
    [failure], [error] = root.iter("failure"), root.iter("error")
    assert failure.get("message") == "What check_b says." and failure.text.startswith("h1 pinged h2.\nExpected: a reply.")
    assert error.get("message") == "What check_c says." and error.text == "the qdisc was refused"


def test_what_is_not_applicable_is_skipped_with_its_reason(check):
    beyond = check("check_b", NOT_APPLICABLE, most=0, message="RACK is always on.\nNo points are asked for it.")
    root = ET.fromstring(junit_xml([LabResult("arp", 1, (check("check_a"), beyond))]))
    [skipped] = root.iter("skipped")
    assert skipped.get("message") == "What check_b says." and skipped.text.startswith("RACK is always on.") and skipped.get("type") == "not applicable"
    for counted in (root, root[0]):
        assert [counted.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["2", "0", "0", "1"]


def test_escape_sequences_are_removed(results):
    [failure] = ET.fromstring(junit_xml(results)).iter("failure")
    assert failure.text.endswith("Seen: nothing? <&> at all.")


def test_lone_surrogates_do_not_stop_the_file_from_being_written(check, tmp_path):
    path = tmp_path / "junit.xml"
    write_junit([LabResult("arp", 1, (check(status="failed", message="a \udc80 \ufffe b 😀"),))], path)
    [failure] = ET.parse(path).iter("failure")
    assert failure.text == "a ?  b 😀"


def test_points_and_claims_are_properties(results):
    root = ET.fromstring(junit_xml(results))
    case = root[0].findall("testcase")[1]
    facts = {item.get("name"): item.get("value") for item in case.find("properties")}
    assert facts == {"title": "What check_b says.", "claim": "ARP-4,ARP-5", "points": "0", "max_points": "3"}
    root = ET.fromstring(junit_xml([replace(results[0], left_out=("kernel", "doors"))]))
    facts = {item.get("name"): item.get("value") for item in root[0].find("properties")}
    assert facts["left_out"] == "kernel,doors"
    assert (facts["seed"], facts["points"], facts["max_points"]) == ("7", "2", "5")


def test_a_lab_without_verdicts_is_an_error_and_not_an_empty_suite():
    root = ET.fromstring(junit_xml([LabResult("arp", 1, (), reason="no machine")]))
    [error] = root.iter("error")
    assert error.text == "no machine" and root.get("errors") == root.get("tests") == "1"


def test_the_same_verdicts_give_the_same_text(results):
    assert junit_xml(results) == junit_xml(list(results))
