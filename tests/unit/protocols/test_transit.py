"""What was sent against what arrived: lost, copied, late packets told apart."""

from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mnlab.protocols.capture import Frame
from mnlab.protocols.transit import transits

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
