"""The table of protocols, and that no bytes whatever make a reader of captures fall over."""

import random

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether

from mnlab.protocols import ladder_words
from mnlab.protocols.capture import Frame
from mnlab.protocols.message import STYLES


def sample_frames(talk):
    talk.add(Ether() / ARP(pdst="10.0.0.2"))
    talk.add(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP(type=8, id=1, seq=1) / b"ping")
    talk.add(Ether() / IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=11) / bytes(talk.frames[-1].data[14:42]))
    answer = DNS(qr=1, qd=DNSQR(qname="www.lab."), an=DNSRR(rrname="www.lab.", rdata="10.0.0.2"))
    talk.add(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=53, dport=999) / answer)
    talk.handshake()
    talk.c("PA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\n\r\n")
    talk.s("PA", seq=1, ack=19, data=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
    talk.c("PA", seq=19, ack=58, data=b"\x16\x03\x01\x00\x04\x01\x00\x00\x00")
    return talk.frames


def test_the_arrows_of_several_protocols_come_in_order_of_time(talk):
    arrows = ladder_words.messages(sample_frames(talk), ["http", "arp", "icmp"])
    assert [arrow.protocol for arrow in arrows] == ["arp", "icmp", "icmp", "http", "http"]
    assert all(arrow.where == "h1-eth0" and arrow.style in STYLES for arrow in arrows)


def copied(frames, where, delay=0.01):
    """The frames as another place sees them."""
    return [Frame(frame.number, frame.time + delay, frame.data, where) for frame in frames]


def test_a_segment_that_carries_upper_words_is_drawn_with_those_alone(talk):
    frames = sample_frames(talk)[4:]
    arrows = ladder_words.messages(frames, ["tcp", "http"])
    assert [arrow.text for arrow in arrows[3:5]] == ["GET /", "200 OK"]
    assert [arrow.protocol for arrow in arrows] == ["tcp", "tcp", "tcp", "http", "http", "tcp"]
    assert len(ladder_words.messages(frames, ["tcp"])) == len(arrows)


def test_the_words_are_those_of_the_segment_wherever_it_was_seen(talk):
    """The request is lost and sent again: the client's capture has it twice, the server's the second one."""
    talk.handshake()
    first, again = (talk.c("PA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\n\r\n", after=0.3) for _ in range(2))
    there = copied([frame for frame in talk.frames if frame is not first], "h2-eth0")
    arrows = ladder_words.messages([*talk.frames, *there], ["tcp", "http"])
    found = [(arrow.where, arrow.time) for arrow in arrows if arrow.text == "GET /"]
    assert found == [("h1-eth0", first.time), ("h1-eth0", again.time), ("h2-eth0", again.time + 0.01)]
    assert not any("len=" in arrow.text for arrow in arrows)


def test_upper_words_still_say_that_the_connection_closes(talk):
    talk.handshake()
    talk.c("FPA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\n\r\n")
    assert ladder_words.messages(talk.frames, ["tcp", "http"])[-1].text == "GET / [FIN+PSH+ACK]"


def test_an_unknown_protocol_is_an_error(talk):
    with pytest.raises(KeyError):
        ladder_words.messages([], ["smtp"])


def test_damaged_frames_never_raise(talk):
    """Bytes changed, cut and repeated at random (the same every time)."""
    chance = random.Random(2026)
    frames = sample_frames(talk)
    for _ in range(60):
        damaged = []
        for frame in frames:
            data = bytearray(frame.data)
            for _ in range(chance.randrange(4)):
                data[chance.randrange(14, len(data))] = chance.randrange(256)
            cut = chance.randrange(len(data) + 1) if chance.random() < 0.2 else len(data)
            damaged += [Frame(frame.number, frame.time, bytes(data[:cut]), frame.where)] * chance.choice((1, 1, 2))
        chance.shuffle(damaged)
        for arrow in ladder_words.messages(damaged, ladder_words.MESSAGES):
            assert arrow.style in STYLES and "\n" not in arrow.text, arrow


def test_behind_a_translator_the_words_are_those_of_the_host_that_has_them(talk):
    """The translator kept the port, so the segment has the same numbers on both sides of it."""
    talk.handshake()
    talk.c("PA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\n\r\n")
    inside, outside = bytes([10, 0, 0, 1]), bytes([203, 0, 113, 2])
    behind = [Frame(frame.number, frame.time + 0.01, frame.data.replace(inside, outside), "h2-eth0")
              for frame in talk.frames]
    arrows = ladder_words.messages([*talk.frames, *behind], ["tcp", "http"])
    here, there = (arrow for arrow in arrows if arrow.protocol == "http")
    assert (here.source, there.source) == ("10.0.0.1", "203.0.113.2")
    assert here.content == there.content != ()
