"""What a page's ladder says is lost, and what it does not."""

import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from mnlab.report.page.messages import of_scene

from ..test_page import MACS, NETWORK, maker, pcap


@pytest.fixture
def captured(tmp_path, lay_out):
    """captured(network, capture=frames...): the record of a scene with these captures."""
    def lay(network, **captures):
        record = maker(tmp_path, lay_out)(network=network).scene("experiment")
        for path in (record.folder / "captures").iterdir():
            path.unlink()
        for where, frames in captures.items():
            (record.folder / f"captures/{where.replace('_', '-')}.pcap").write_bytes(pcap(frames))
        return record

    return lay


def datagram(number):
    return bytes(Ether(src=MACS["h1"], dst=MACS["h2"]) / IP(src="10.0.0.1", dst="10.0.0.2", id=number)
                 / UDP(sport=4000, dport=9999) / (b"x" * number))


def lost(record):
    return [(arrow.time, arrow.lost) for arrow in of_scene(record, [])[0]]


def test_what_the_other_capture_does_not_have_is_lost(captured):
    sent = [(0.1, datagram(1)), (0.2, datagram(2)), (0.3, datagram(3))]
    assert lost(captured(NETWORK, h1_eth0=sent, h2_eth0=[sent[0], sent[2]])) == [(0.1, False), (0.2, True), (0.3, False)]


def test_whoever_was_not_captured_when_captures_began_anew_loses_nothing(captured):
    sent = [(0.1, datagram(1)), (0.2, datagram(2))]
    record = captured(NETWORK, **{"h1_eth0": sent, "h2_eth0": sent[1:], "h1_eth0.2": [(5.0, datagram(3))]})
    assert lost(record) == [(0.1, True), (0.2, False), (5.0, False)]


def test_whoever_was_captured_again_loses_again(captured):
    sent, again = [(0.1, datagram(1))], [(5.0, datagram(3)), (5.5, datagram(4))]
    record = captured(NETWORK, **{"h1_eth0": sent, "h2_eth0": sent, "h1_eth0.2": again, "h2_eth0.2": again[1:]})
    assert lost(record) == [(0.1, False), (5.0, True), (5.5, False)]


def test_a_switch_whose_ports_are_captured_loses_nothing_of_what_its_controller_says(captured):
    def told(source, target, kind, body=b""):
        message = struct.pack("!BBHI", 4, kind, 8 + len(body), 7) + body
        ports = (6653, 40000) if source == "h1" else (40000, 6653)
        said.append(Ether(src=MACS[source], dst=MACS[target]) / IP(src=f"10.0.0.{source[1]}", dst=f"10.0.0.{target[1]}")
                    / TCP(sport=ports[0], dport=ports[1], flags="PA", seq=1 + sum(sizes[source]), ack=1 + sum(
                        sizes[target])) / message)
        sizes[source].append(len(message))

    said, sizes = [], {"h1": [], "h2": []}
    told("h2", "h1", 6, struct.pack("!QIBB2xII", 0x2A, 0, 254, 0, 0, 0))  # features reply
    told("h1", "h2", 2)  # echo request
    network = {**NETWORK, "s1": {**NETWORK["s1"], "dpid": f"{0x2A:016x}"}}
    frames = [(0.1 * number, bytes(packet)) for number, packet in enumerate(said, start=1)]
    record = captured(network, h1_eth0=frames, s1_eth1=[(0.05, datagram(1))])
    control = [arrow for arrow in of_scene(record, [])[0] if arrow.protocol == "openflow"]
    assert [(arrow.source, arrow.target, arrow.lost) for arrow in control] == [("s1", "h1", False), ("h1", "s1", False)]
