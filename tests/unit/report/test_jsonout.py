import json

from mnlab import __version__
from mnlab.report.jsonout import as_dict, dumps


def test_the_contract_of_the_object(results):
    lab = as_dict(results)["labs"][0]
    assert list(as_dict(results)) == ["labs", "points", "max_points", "status"]
    assert list(lab) == ["lab", "seed", "seed_from", "work", "work_sha256", "status", "points", "max_points", "seconds",
                         "virtual_seconds", "evidence", "evidence_sha256", "machine", "image_sha256",
                         "signature", "secrets", "left_out",
                         "reason", "checks"]
    assert {key: value for key, value in lab.items() if key != "checks"} == {
        "lab": "arp", "seed": 7, "seed_from": "variant.toml", "work": "student", "work_sha256": "cd34",
        "signature": "unverified", "status": "failed", "points": 2, "max_points": 5, "seconds": 1.314, "virtual_seconds": 63.2,
        "evidence": "runs/arp-7", "evidence_sha256": "ab12", "secrets": "local",
        "left_out": [], "reason": "", "machine": "debian13", "image_sha256": "ef56",
    }
    assert list(lab["checks"][1].items())[:6] == [
        ("name", "check_b"), ("title", "What check_b says."), ("claim", "ARP-4,ARP-5"), ("status", "failed"), ("points", 0),
        ("max_points", 3)]
    assert list(lab["checks"][1])[6:] == ["observation", "message", "done", "expected", "seen", "hint"]


def test_totals_and_the_weightiest_verdict(results):
    total = as_dict(results)
    assert (total["points"], total["max_points"], total["status"]) == (6, 10, "inconclusive")
    assert as_dict(results[:2])["status"] == "failed"
    assert as_dict(results[1:2])["status"] == "passed"


def test_the_text_is_one_ascii_object_that_reads_back(results):
    text = dumps(results)
    assert text.isascii() and json.loads(text) == {"schema": 1, "kind": "results", "mnlab": __version__} | as_dict(results)


def test_what_is_unknown_is_null_or_empty(results):
    lab = as_dict(results)["labs"][2]
    assert lab["evidence"] is None and lab["evidence_sha256"] == "" and lab["work"] is None and lab["checks"][0]["claim"] == ""
