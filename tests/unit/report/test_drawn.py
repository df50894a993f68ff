"""The pictures of a run: whose MAC address it is that was changed, and what a command saw and was told."""

import struct
from types import SimpleNamespace

import pytest
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether

from mnlab.evidence.record import Command
from mnlab.evidence.run import Run
from mnlab.lab import Diagram
from mnlab.protocols.capture import Frame
from mnlab.report.drawing import ASCII
from mnlab.report.drawn import pictures, with_changed_macs
from mnlab.report.timeline import TOLD, timeline, what_ran

NEW, LIAR = "02:00:00:00:00:99", "02:00:00:00:00:66"


def announcement(number, time, mac, ip, *places):
    data = bytes(Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op=2, hwsrc=mac, psrc=ip, pdst=ip))
    return [Frame(number, time + delay / 1e6, data, place) for delay, place in enumerate(places)]


def test_a_host_has_the_mac_that_it_announces_and_is_the_first_to_see(lan):
    frames = announcement(1, 1.0, NEW, "10.0.0.2", "h2-eth0", "h1-eth0", "h3-eth0")
    name_of = with_changed_macs(frames, lan.name_of)
    assert [name_of(address) for address in (NEW, lan.macs["h1"], "10.0.0.3", LIAR)] == ["h2", "h1", "h3", LIAR]


def test_a_mac_that_another_claims_in_its_name_stays_nobodys(lan):
    frames = announcement(1, 1.0, LIAR, "10.0.0.2", "h3-eth0", "h1-eth0", "h2-eth0")
    assert with_changed_macs(frames, lan.name_of)(LIAR) == LIAR


def test_a_known_mac_keeps_its_owner(lan):
    """h3 says that h2's address is at its own MAC: that is still h3's."""
    frames = announcement(1, 1.0, lan.macs["h3"], "10.0.0.2", "h2-eth0")
    assert with_changed_macs(frames, lan.name_of)(lan.macs["h3"]) == "h3"


@pytest.fixture
def told(tmp_path, lay_out):
    """The record of a ping before a mark, at 1 s, and of a student's, at 3 s, that was told what to do."""
    ports = {f"h{n}": {"interfaces": {f"h{n}-eth0": {"mac": f"02:00:00:00:00:0{n}", "ip": f"10.0.0.{n}"}}}
             for n in (1, 2)}
    lines = [{"name": "yours-now", "kind": "mark", "start": 2.0, "end": 2.0},
             {"name": "yours", "kind": "student", "host": "h1", "argv": ["python3", "ping.py"], "start": 2.5,
              "end": 4.0, "status": 0}]
    run, place = lay_out(tmp_path / "run", {}, {"network": ports}, lines), tmp_path / "run/scenes/experiment"
    for folder in ("output", "captures"):
        (place / folder).mkdir()
    (place / "output/yours.in").write_text("ping 10.0.0.2\x1b[2J 5 64\n" + "again\n" * 30)
    pcap = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
    for seq in (1, 3):
        data = bytes(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=8, id=7, seq=seq))
        pcap += struct.pack("<IIII", seq, 0, len(data), len(data)) + data
    (place / "captures/h1-eth0.pcap").write_bytes(pcap)
    return Run(run)


def drawn_text(lab, record) -> list[str]:
    return ["\n".join(str(line) for line in drawing.parts(200, ASCII)) for drawing in pictures(lab, record)]


def lab_with(diagram):
    return SimpleNamespace(experiment=SimpleNamespace(diagram=diagram), figures=lambda record: [],
                           scenes=(SimpleNamespace(name="experiment"),))


def test_a_lab_may_have_a_diagram_of_its_own_part_and_one_of_the_students(told):
    seen = {"captures": ("h1",), "protocols": ("icmp",)}
    lab = lab_with((Diagram(**seen, last="yours-now"), Diagram(**seen, during="yours")))
    first, words, second = drawn_text(lab, told)
    assert "seq 1" in first and "seq 3" not in first
    assert "seq 3" in second and "seq 1" not in second
    assert words.splitlines()[:2] == ["yours: python3 ping.py", "  < ping 10.0.0.2 5 64"]


def test_the_timeline_has_what_a_command_was_told_cut_if_it_is_long(told):
    [table] = timeline(told).parts(200, ASCII)
    lines = str(list(table.columns[2].cells)[1]).splitlines()
    assert len(lines) == 1 + TOLD and lines[1] == "  < ping 10.0.0.2 5 64"
    assert lines[-1] == "  < ... 20 more lines in output/yours.in"


def test_a_command_of_many_pages_and_what_it_was_told_are_cut_to_a_few_lines():
    command = Command("send", "student", 0.0, 1.0, "h1", ("python3", "send.py", "word " * 14_000), 0,
                      stdin="word " * 14_000)
    [text] = what_ran(command).parts(80, ASCII)
    typed, told = str(text).splitlines()
    assert typed.startswith("send: python3 send.py word word") and typed.endswith("...")
    assert told.startswith("  < word word") and max(len(typed), len(told)) < 10 * 100
