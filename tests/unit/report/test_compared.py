"""Two runs side by side: what differs is found, and what differs by chance is not."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from mnlab.checks.verdicts import CheckResult, LabResult
from mnlab.report import compared
from mnlab.report.sightings import Arrow

HELLO = [Arrow(0.1, "h1", "", "who has 10.0.0.2? tell 10.0.0.1", "arp"),
         Arrow(0.2, "h2", "h1", "10.0.0.2 is at 02:00:00:00:00:02", "arp"),
         Arrow(0.3, "h1", "h2", "echo request id 553 seq 1", "icmp")]


def check(name, status, message=""):
    return CheckResult(name, f"It does {name}.", ("X-1",), status, 0, 1, message)


@pytest.fixture
def side():
    def made(name, arrows=tuple(HELLO), checks=(), addresses=("10.0.0", "02:00:00"), machine="debian13"):
        def name_of(address):
            known = {f"{addresses[0]}.{n}": f"h{n}" for n in (1, 2)} | {f"{addresses[1]}:00:00:0{n}": f"h{n}" for n in (1, 2)}
            return known.get(address, address)

        record = SimpleNamespace(name_of=name_of, manifest={"kernel": f"{machine}'s kernel"})
        run = SimpleNamespace(scenes={"lan": record}, title=str.upper, manifest={"machine": {"name": machine}})
        return compared.Side(name, run, LabResult("arp", 1, tuple(checks)), {"lan": list(arrows)})
    return made


def test_equal_runs_have_nothing_that_differs(side):
    one, other = side("arp-1"), side("arp-2")
    assert compared.verdicts(one, other) == compared.partings(one, other) == []
    assert not any(differs for *_, differs in compared.facts(one, other))
    assert compared.in_words(one, other)[-1] == "all messages are the same"


def test_times_addresses_of_a_variant_and_process_ids_do_not_count(side):
    moved = [replace(arrow, time=arrow.time + 1, text=arrow.text.replace("10.0.0.", "10.9.9.").replace(
        "02:00:00:", "02:aa:bb:").replace("553", "600")) for arrow in HELLO]
    assert compared.partings(side("one"), side("other", moved, addresses=("10.9.9", "02:aa:bb"))) == []


@pytest.mark.parametrize("change", [{"text": "10.0.0.2 is at 02:00:00:00:00:01"}, {"lost": True}, {"target": "h3"}])
def test_the_first_message_that_differs_is_found(side, change):
    other = [HELLO[0], replace(HELLO[1], **change), HELLO[2]]
    (parting,) = compared.partings(side("one"), side("other", other))
    assert (parting.scene, parting.title, parting.same) == ("lan", "LAN", 1)
    assert parting.words == "1 message is the same"
    assert parting.before == (HELLO[0],) and parting.one[0] == HELLO[1] and parting.other[0] == other[1]


def test_a_run_whose_messages_end_earlier_says_so(side):
    one, other = side("one"), side("other", HELLO[:2])
    (parting,) = compared.partings(one, other)
    assert parting.other == () and parting.same == 2
    assert "  other: no more" in compared.in_words(one, other)


def test_verdicts_that_differ_and_checks_that_only_one_has(side):
    one = side("one", checks=[check("a", "passed"), check("b", "failed", "seen: none"), check("c", "passed")])
    other = side("other", checks=[check("a", "passed"), check("b", "passed"), check("d", "failed")], machine="latest")
    assert [verdict.title for verdict in compared.verdicts(one, other)] == ["It does b.", "It does c.", "It does d."]
    words = compared.in_words(one, other)
    assert "3 verdicts differ" in words and "  failed | passed  It does b." in words
    assert "  no such check | failed  It does d." in words
    assert {name for name, *_, differs in compared.facts(one, other) if differs} == {"machine", "kernel"}
    told = compared.as_dict(one, other, "page.html")
    assert told["verdicts"][0] == {"title": "It does b.", "statuses": ["failed", "passed"]} and told["messages"] == []
