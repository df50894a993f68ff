"""ICMP echoes and errors, IP fragments, UDP datagrams."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP, fragment
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether

from mnlab.protocols import icmp, ip, udp

H1, H2, ROUTER = "10.0.0.1", "10.0.0.2", "10.0.0.254"


def echo(seq=1, kind=8, source=H1, target=H2, data=b"payload", ttl=64):
    return Ether() / IP(src=source, dst=target, ttl=ttl) / ICMP(type=kind, id=5, seq=seq) / data


def reply(seq=1):
    return echo(seq, 0, H2, H1)


def test_requests_meet_their_replies(wire):
    wire.add(echo(1))
    wire.add(echo(2))
    wire.add(reply(2), after=0.02)
    wire.add(reply(1), after=0.01)
    first, second = icmp.echoes(wire.frames)
    assert (first.seq, first.rtt) == (1, pytest.approx(0.031))
    assert (second.seq, second.rtt) == (2, pytest.approx(0.02))
    assert first.request.data == first.reply.data == b"payload" and first.request.checksum_ok
    assert [message.text for message in icmp.messages(wire.frames)] == [
        "echo request id 5 seq 1", "echo request id 5 seq 2", "echo reply id 5 seq 2", "echo reply id 5 seq 1"]


def test_no_reply_and_a_reply_twice(wire):
    for packet in (echo(1), echo(2), reply(2), reply(2)):
        wire.add(packet)
    lost, copied = icmp.echoes(wire.frames)
    assert (lost.reply, lost.rtt) == (None, None)
    assert len(copied.replies) == 2


def test_a_wrong_checksum_is_noticed(wire):
    wire.add(Ether() / IP(src=H1, dst=H2) / ICMP(type=8, chksum=0x1234) / b"odd")
    assert icmp.packets(wire.frames)[0].checksum_ok is False


@pytest.mark.parametrize("kind, code, text", [
    (11, 0, "TTL exceeded"), (3, 0, "network unreachable"), (3, 1, "host unreachable"), (3, 3, "port unreachable"),
    (3, 13, "communication administratively prohibited"), (3, 99, "ICMP error type 3 code 99"),
])
def test_errors_answer_the_echo_that_they_quote(wire, kind, code, text):
    request = echo(7, ttl=1)
    wire.add(request)
    wire.add(Ether() / IP(src=ROUTER, dst=H1) / ICMP(type=kind, code=code) / bytes(request[IP]))
    (error,) = icmp.errors(wire.frames)
    assert (error.text, error.reporter, error.quoted.target, error.quoted.seq) == (text, ROUTER, H2, 7)
    assert icmp.echoes(wire.frames)[0].error.text == text
    assert icmp.messages(wire.frames)[1].text == f"{text} (for {H2})"


def test_errors_about_udp_quote_ports_and_mtu(wire):
    datagram = IP(src=H1, dst=H2, id=77, flags="DF") / UDP(sport=4000, dport=9) / (b"x" * 30)
    wire.add(Ether() / IP(src=ROUTER, dst=H1) / ICMP(type=3, code=4, nexthopmtu=1400) / bytes(datagram)[:28])
    (error,) = icmp.errors(wire.frames)
    assert (error.quoted.source_port, error.quoted.target_port, error.quoted.ip_ident) == (4000, 9, 77)
    assert error.mtu == 1400
    assert icmp.messages(wire.frames)[0].text == f"fragmentation needed, next MTU 1400 (for {H2})"


def test_a_damaged_quote_is_no_quote(wire):
    wire.add(Ether() / IP(src=ROUTER, dst=H1) / ICMP(type=3, code=1) / b"\x45\x00")
    assert icmp.errors(wire.frames)[0].quoted is None


def test_fragments_are_put_together(wire):
    for piece in fragment(IP(src=H1, dst=H2, id=9) / ICMP(type=8, id=5, seq=1) / (b"x" * 3000), fragsize=1480):
        wire.add(Ether() / piece)
    (packet,) = ip.fragments(wire.frames)
    assert (packet.size, packet.complete, len(packet.frames)) == (3008, True, 3)
    assert [message.text for message in ip.messages(wire.frames)] == [
        "fragment of packet 9: bytes 0-1479", "fragment of packet 9: bytes 1480-2959",
        "fragment of packet 9: bytes 2960-3007 (last)"]
    assert not ip.fragments(wire.frames[:1] + wire.frames[2:])[0].complete
    (request,) = icmp.packets(wire.frames)
    assert request.checksum_ok is None  # not whole in this frame


def test_ethernet_padding_and_vlan_tags_are_not_payload(wire):
    wire.add(bytes(Ether() / Dot1Q(vlan=7) / IP(src=H1, dst=H2) / UDP(sport=1, dport=2) / b"hi") + b"\0" * 14)
    (datagram,) = udp.datagrams(wire.frames)
    assert (datagram.payload, datagram.length, str(datagram.target)) == (b"hi", 10, "10.0.0.2:2")
    assert udp.messages(wire.frames)[0].text == "datagram 2 bytes, port 1 to 2"


def test_ipv6(wire):
    wire.add(Ether() / IPv6(src="fd00::1", dst="fd00::2") / UDP(sport=1, dport=2) / b"hello")
    (datagram,) = udp.datagrams(wire.frames)
    assert (str(datagram.source), datagram.payload) == ("[fd00::1]:1", b"hello")


def test_short_and_foreign_frames_are_passed_over(wire):
    for data in (b"", b"\0" * 13, b"\0" * 14, bytes(echo())[:20], bytes(echo())[:36], b"\xff" * 60):
        wire.add(data)
    assert icmp.packets(wire.frames) == [] and udp.datagrams(wire.frames) == []
