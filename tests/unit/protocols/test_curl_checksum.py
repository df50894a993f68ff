from mnlab.protocols import checksum, curl
from mnlab.protocols.capture import Frame

PRINTED = """HTTP/1.1 200 OK
Server: nginx
Strict-Transport-Security: max-age=60

first line

second
==== https://a.example/
HTTP/2 404
content-type: text/html

gone
==== https://a.example/x

==== http://a.example/
"""


def test_answers_are_told_apart_by_the_mark():
    page, missing, nothing = curl.answers(PRINTED, "====")
    assert (page.status, page.body) == (200, "first line\n\nsecond")
    assert page.headers == {"server": "nginx", "strict-transport-security": "max-age=60"}
    assert (missing.status, missing.headers, missing.body) == (404, {"content-type": "text/html"}, "gone")
    assert nothing == curl.Answer(0, {}, "")


def test_nothing_printed_is_no_answer():
    assert curl.answers("", "====") == []
    assert curl.answers("HTTP/1.1 200 OK\n\ncut short", "====") == []


def test_carriage_returns_may_be_there_or_not():
    (answer,) = curl.answers("HTTP/1.1 301 Moved\r\nLocation: https://b.example/\r\n\r\n\n==== http://b.example/\n", "====")
    assert (answer.status, answer.headers) == (301, {"location": "https://b.example/"})


def changed(frame, offset):
    data = bytearray(frame.data)
    data[offset] ^= 1
    return Frame(frame.number, frame.time, bytes(data), frame.where)


def test_a_changed_bit_does_not_fit_the_checksum(talk):
    for data in (b"even", b"odd"):
        frame = talk.c("PA", seq=1, ack=1, data=data)
        assert checksum.transport_fits(frame) is True
        assert checksum.transport_fits(changed(frame, len(frame.data) - 1)) is False
        assert checksum.transport_fits(changed(frame, 14 + 12)) is False, "the address is covered as well"


def test_udp_may_go_without_and_icmp_has_another(wire):
    from scapy.layers.inet import ICMP, IP, UDP
    from scapy.layers.l2 import Ether
    link = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2")
    assert checksum.transport_fits(wire.add(link / UDP(sport=1, dport=2) / b"x")) is True
    assert checksum.transport_fits(wire.add(link / UDP(sport=1, dport=2, chksum=0) / b"x")) is None
    assert checksum.transport_fits(wire.add(link / ICMP())) is None
