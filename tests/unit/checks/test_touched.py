"""The frames that decided a check: those that it held when it said what it expects."""

import pytest
from scapy.layers.l2 import ARP, Ether
from scapy.utils import wrpcap

from mnlab.checks import expect
from mnlab.checks.grade import judged
from mnlab.checks.points import same
from mnlab.checks.touched import LONGEST, MOST
from mnlab.evidence.run import Run
from mnlab.protocols import arp
from mnlab.protocols.capture import Frame

MANY = 60
QUESTION = Ether(src="02:00:00:00:00:01", dst="ff:ff:ff:ff:ff:ff") / ARP(
    hwsrc="02:00:00:00:00:01", psrc="10.0.0.1", pdst="10.0.0.2")
ANSWER = Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01") / ARP(
    op=2, hwsrc="02:00:00:00:00:02", psrc="10.0.0.2", hwdst="02:00:00:00:00:01", pdst="10.0.0.1")


@pytest.fixture(scope="module")
def run(tmp_path_factory, lay_out):
    """A run whose h1 has captured an ARP exchange, again and again."""
    folder = lay_out(tmp_path_factory.mktemp("touched") / "arp-1")
    (folder / "scenes/experiment/captures").mkdir()
    frames = [packet.copy() for _ in range(MANY) for packet in (QUESTION, ANSWER)]
    for number, packet in enumerate(frames):
        packet.time = 0.1 * number
    wrpcap(str(folder / "scenes/experiment/captures/h1-eth0.pcap"), frames)
    return Run(folder)


def numbers(check, run):
    return [number for scene, where, number in judged(check, run, None).frames
            if (scene, where) == ("experiment", "h1-eth0")]


def test_an_event_leads_to_its_frame(run):
    def check_one(evidence):
        packet = arp.packets(evidence.frames("h1"))[3]
        expect(packet.kind == "reply")
    assert numbers(check_one, run) == [4]


def test_each_turn_of_a_loop_counts(run):
    def check_loop(evidence):
        for frame in evidence.frames("h1")[4:8]:
            expect(frame.length > 0)
    assert numbers(check_loop, run) == [5, 6, 7, 8]


def test_what_a_helper_holds_counts(run):
    def helper(packet):
        same(packet.kind, "request", "kind")

    def check_with_help(evidence):
        helper(arp.packets(evidence.frames("h1"))[2])
    assert numbers(check_with_help, run) == [3]


def test_a_pair_of_frames_and_an_exchange_count(run):
    def check_pairs(evidence):
        pair, exchange = tuple(evidence.frames("h1")[:2]), arp.exchanges(evidence.frames("h1"))[3]
        expect(pair and exchange)
    assert {1, 2, 7, 8} <= {*numbers(check_pairs, run)}


def test_a_whole_capture_decides_nothing_by_itself(run):
    def check_all(evidence):
        frames = evidence.frames("h1")
        expect(len(frames) == 2 * MANY)
    assert len(run.scene("experiment").frames("h1")) > LONGEST and numbers(check_all, run) == []


def test_a_failed_assertion_has_its_frames_too(run):
    def check_plain(evidence):
        frame = evidence.frames("h1")[9]
        assert not frame
    assert numbers(check_plain, run) == [10]


def test_of_many_the_first_and_the_last_are_kept(run):
    def check_many(evidence):
        for frame in evidence.frames("h1")[:50]:
            expect(frame)
    assert numbers(check_many, run) == [*range(1, MOST // 2 + 1), *range(51 - MOST // 2, 51)]


def test_a_frame_of_no_capture_is_none(run):
    def check_made_up(evidence):
        frame = Frame(1, 0.0, bytes(QUESTION), "h1-eth0")
        expect(frame)
    assert numbers(check_made_up, run) == []


def test_what_cannot_be_looked_at_costs_nothing(run):
    class Odd:
        __module__ = "mnlab.protocols.odd"
        __dataclass_fields__ = ("one", "two")

        def __getattr__(self, name):
            raise AttributeError(name)

    def check_odd(evidence):
        odd, itself = Odd(), []
        itself.append(itself)
        expect(odd and itself)
    assert judged(check_odd, run, None).status == "passed"


def test_where_the_answer_stands_is_not_given_away(run):
    def check_answer(evidence, answers):
        packet = arp.packets(evidence.frames("h1"))[3]
        expect(answers["kind"] == packet.kind)
    given = {right: judged(check_answer, run, {"kind": right}).frames for right in ("reply", "request")}
    assert len(given["reply"]) == 1 and given["request"] == ()
