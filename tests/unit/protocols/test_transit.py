"""What was sent against what arrived: lost, copied, late packets told apart."""

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.transit import content, transits

H1, H2 = "10.0.0.1", "10.0.0.2"


def datagram(wire, text, ident=0, source=H1, target=H2):
    return wire.add(Ether() / IP(src=source, dst=target, id=ident) / UDP(sport=1, dport=2) / text)


def at(frame, time):
    """The same frame at the other end, one hop further: another MAC address."""
    return Frame(frame.number, time, b"\2" * 12 + frame.data[12:], "h2-eth0")


def test_lost_copied_and_late_packets(wire):
    first, second, third = (datagram(wire, text) for text in (b"one", b"two", b"three"))
    arrived = [at(third, 1.0), at(first, 1.1), at(third, 1.2)]
    found = transits([first, second, third], arrived, H1)
    assert [one.lost for one in found] == [False, True, False]
    assert [one.arrivals for one in found] == [(1.1,), (), (1.0, 1.2)]
    assert found[1].delay is None and found[2].delay == 1.0 - third.time


def test_a_segment_sent_again_is_another_packet(talk):
    first = talk.c("A", seq=1, data=b"data")
    again = talk.c("A", seq=1, data=b"data")
    assert [one.lost for one in transits(talk.frames, [at(again, 1.0)], H1)] == [True, False]
    assert [one.lost for one in transits(talk.frames, [at(first, 1.0)], H1)] == [False, True]


def test_equal_datagrams_share_arrivals_in_order(wire):
    frames = [datagram(wire, b"") for _ in range(3)]
    found = transits(frames, [at(frames[0], 1.0), at(frames[0], 2.0)], H1)
    assert [one.arrivals for one in found] == [(1.0,), (2.0,), ()]


def test_only_one_source_is_followed(wire):
    frames = [datagram(wire, b"mine"), datagram(wire, b"theirs", source=H2, target=H1)]
    assert [one.packet.source for one in transits(frames, frames, H1)] == [H1]


def translate(packet, wire):
    """The packet as it leaves an address translator, headers made anew: what scapy computes is not ours."""
    packet = packet.copy()
    packet[IP].src = "203.0.113.2"
    for layer, fields in ((IP, ("chksum",)), (UDP, ("chksum",)), (TCP, ("chksum",)), (ICMP, ("chksum",))):
        if layer in packet:
            for field in fields:
                delattr(packet[layer], field)
    for layer in (UDP, TCP):
        if layer in packet:
            packet[layer].sport = 61000
    return wire.add(Ether(bytes(packet)))


PACKETS = [UDP(sport=40000, dport=53) / b"question", TCP(sport=40000, dport=80, flags="PA", seq=7, ack=9) / b"GET /",
           ICMP(type=8, id=3, seq=1) / b"ping", ICMP(type=3, code=3) / IP(src=H2, dst=H1) / UDP(dport=9) / b"quoted"]


@pytest.mark.parametrize("carried", PACKETS, ids=["udp", "tcp", "echo", "error"])
def test_a_translated_packet_has_the_same_content(wire, carried):
    sent = Ether(bytes(Ether() / IP(src=H1, dst=H2, id=5) / carried))
    other = Ether(bytes(Ether() / IP(src=H1, dst=H2, id=6) / carried))
    frames = [wire.add(sent), wire.add(other)]
    behind = [translate(other, wire)]
    assert [one.lost for one in transits(frames, behind, H1)] == [True, True]
    assert [one.lost for one in transits(frames, behind, H1, translated=True)] == [True, False]


def test_the_packet_that_an_error_quotes_is_translated_too(wire):
    quoted = Ether() / IP(src=H2, dst=H1, id=5) / ICMP(type=3, code=3)
    inside = IP(src=H1, dst=H2, id=9) / UDP(sport=40000, dport=9) / b"hello"
    outside = IP(src="203.0.113.2", dst=H2, id=9) / UDP(sport=61000, dport=9) / b"hello"
    here, there = (wire.add(quoted / one) for one in (inside, outside))
    assert content(here, ip.packet(here)) == content(there, ip.packet(there))
    other = wire.add(quoted / (IP(src=H1, dst=H2, id=10) / UDP(sport=40000, dport=9) / b"hello"))
    assert content(here, ip.packet(here)) != content(other, ip.packet(other))
