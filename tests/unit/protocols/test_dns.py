"""DNS: each kind of response, over UDP and TCP, repeated, unanswered and damaged."""

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, DNSRRSOA
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mnlab.protocols import dns


def both(one, other):
    """Two records of one section: a list since scapy 2.6, a chain before that."""
    return [one, other] if isinstance(DNS(bytes(DNS(qd=DNSQR()))).qd, list) else one / other


CLIENT, SERVER = "10.0.0.1", "10.0.0.53"
WWW = DNSRR(rrname="www.lab.", type="A", ttl=300, rdata="10.0.0.2")
SOA = DNSRRSOA(rrname="lab.", ttl=60, mname="ns.lab.", rname="root.lab.", serial=7, refresh=1, retry=2, expire=3,
               minimum=4)
NS = DNSRR(rrname="lab.", type="NS", ttl=60, rdata="ns1.lab.")
GLUE = DNSRR(rrname="ns1.lab.", type="A", ttl=60, rdata="10.0.0.4")
ALIAS = DNSRR(rrname="alias.lab.", type="CNAME", ttl=60, rdata="www.lab.")
OPT = DNSRROPT(rclass=1232)


def question(name="www.lab.", kind="A", id=7, rd=1, **fields):
    return DNS(id=id, rd=rd, qd=DNSQR(qname=name, qtype=kind), **fields)


def response(name="www.lab.", kind="A", id=7, **fields):
    return DNS(id=id, qr=1, qd=DNSQR(qname=name, qtype=kind), **fields)


def ask(message, port=5353):
    return Ether() / IP(src=CLIENT, dst=SERVER) / UDP(sport=port, dport=53) / message


def say(message, port=5353):
    return Ether() / IP(src=SERVER, dst=CLIENT) / UDP(sport=53, dport=port) / message


def test_a_question_and_its_answer(wire):
    wire.add(ask(question(ar=OPT)))
    wire.add(say(response(aa=1, ra=1, an=WWW)), after=0.02)
    (transaction,) = dns.transactions(wire.frames)
    assert (transaction.name, transaction.type, transaction.kind) == ("www.lab", "A", "answer")
    assert (str(transaction.client), str(transaction.server)) == ("10.0.0.1:5353", "10.0.0.53:53")
    assert transaction.recursive and transaction.query.edns_size == 1232 and transaction.query.additional == ()
    assert transaction.latency == pytest.approx(0.02) and transaction.addresses == ["10.0.0.2"]
    assert transaction.response.answers == (dns.Record("www.lab", "A", 300, "10.0.0.2"),)
    assert (transaction.response.aa, transaction.response.ra, transaction.response.tc) == (True, True, False)
    assert [message.text for message in dns.messages(wire.frames)] == [
        "A www.lab? (recursion desired)", "A www.lab = 10.0.0.2 (authoritative)"]


@pytest.mark.parametrize("message, kind, text", [
    (response(an=WWW), "answer", "A www.lab = 10.0.0.2"),
    (response("alias.lab.", an=both(ALIAS, WWW)), "answer", "A alias.lab = CNAME www.lab, 10.0.0.2"),
    (response("alias.lab.", an=ALIAS), "alias", "A alias.lab = CNAME www.lab"),
    (response(ns=NS, ar=both(GLUE, OPT)), "referral", "referral: ask ns1.lab 10.0.0.4"),
    (response(ns=NS), "referral", "referral: ask ns1.lab"),
    (response(aa=1, ns=SOA), "nodata", "www.lab has no A record"),
    (response(aa=1, rcode=3, ns=SOA), "nxdomain", "no such name: www.lab"),
    (response(rcode=2), "servfail", "server failure: A www.lab"),
    (response(rcode=5), "refused", "refused: A www.lab"),
    (response(rcode=4), "notimp", "notimp: www.lab"),
    (response(tc=1), "truncated", "A www.lab: too long, ask again over TCP"),
    (response("lab.", "NS", aa=1, an=NS, ar=GLUE), "answer", "NS lab = ns1.lab (authoritative)"),
    (response(".", "NS", ns=DNSRR(rrname="lab.", type="NS", rdata="ns.lab.")), "referral", "referral: ask ns.lab"),
])
def test_kinds_of_responses(wire, message, kind, text):
    wire.add(say(message))
    (found,) = dns.dns_messages(wire.frames)
    assert found.kind == kind
    assert dns.messages(wire.frames)[0].text == text


def test_data_of_other_types_is_text(wire):
    records = [SOA, DNSRR(rrname="lab.", type="TXT", rdata=[b"one", b"two"]),
               DNSRR(rrname="lab.", type="AAAA", rdata="fd00::1")]
    for id, record in enumerate(records):
        wire.add(say(response("lab.", record.type, id, an=record)))
    assert [message.answers[0].data for message in dns.dns_messages(wire.frames)] == [
        "ns.lab root.lab 7 1 2 3 4", "one two", "fd00::1"]
    assert [message.type for message in dns.dns_messages(wire.frames)] == ["SOA", "TXT", "AAAA"]


@pytest.mark.parametrize("type, data, text", [
    (15, b"\0\x0a\x04mail\3lab\0", "MX: 10 mail.lab"), (33, b"\0\1\0\2\0\3\1a\0", "SRV: 1 2 3 a"),
    (2, b"\0", "NS: ."), (16, b"\3a b\2\xff.", r"TXT: a b \xff."), (16, b"\2c.", "TXT: c."),
    (999, b"\1\2", r"TYPE999: \# 2 0102"), (5, b"\3a.b\3l\x1bb\0", r"CNAME: a\.b.l\027b")])
def test_data_as_a_zone_file_writes_it(wire, type, data, text):
    """RFC 1035, section 5.1; RFC 3597 for types that nobody knows."""
    head = bytes(response(an=WWW))[:-14]
    wire.add(say(head + type.to_bytes(2, "big") + b"\0\1\0\0\0\7" + len(data).to_bytes(2, "big") + data))
    [message] = dns.dns_messages(wire.frames)
    assert ": ".join(message.answers[0][1::2]) == text and message.answers[0].ttl == 7


def test_a_message_that_is_signed_is_read(wire):
    """With a transaction signature (RFC 8945), whose key nobody knows here."""
    name, rest = b"\1k\0", b"\0" * 6 + b"\1\x2c\0\0\0\7\0\0\0\0"
    data = b"\x0bhmac-sha256\0" + rest
    signature = name + b"\0\xfa\0\xff\0\0\0\0" + len(data).to_bytes(2, "big") + data
    message = bytearray(bytes(question()) + signature)
    message[11] += 1  # one more additional record
    wire.add(ask(bytes(message)))
    assert [transaction.name for transaction in dns.transactions(wire.frames)] == ["www.lab"]


def test_repetitions_and_silence(wire):
    wire.add(ask(question(id=1)))
    wire.add(ask(question(id=1)), after=5)
    wire.add(ask(question(id=2, name="other.lab.")))
    wire.add(say(response(id=1, an=WWW)))
    answered, silent = dns.transactions(wire.frames)
    assert len(answered.queries) == 2 and answered.latency == pytest.approx(5.002)
    assert (silent.kind, silent.response, silent.latency) == ("unanswered", None, None)
    assert dns.messages(wire.frames)[1].style == "again"


def test_the_same_question_after_its_answer_is_a_new_transaction(wire):
    for packet in (ask(question()), say(response(an=WWW)), ask(question()), say(response(an=WWW))):
        wire.add(packet)
    assert [transaction.kind for transaction in dns.transactions(wire.frames)] == ["answer", "answer"]


def test_a_response_to_somebody_else_or_another_question_does_not_count(wire):
    wire.add(ask(question(id=1)))
    wire.add(say(response(id=2, an=WWW)))
    wire.add(say(response(id=1, an=WWW), port=6000))
    wire.add(say(response(id=1, name="evil.lab.", an=WWW)))
    (transaction,) = dns.transactions(wire.frames)
    assert transaction.kind == "unanswered"


def test_over_tcp_two_questions_share_segments(new_talk):
    talk = new_talk(ports=(40000, 53)).handshake()
    asked = b"".join(len(data).to_bytes(2, "big") + data for data in (bytes(question(id=1)), bytes(question(id=2))))
    told = bytes(response(id=2, an=WWW))
    talk.c("PA", seq=1, ack=1, data=asked[:5])
    talk.c("PA", seq=6, ack=1, data=asked[5:])
    talk.s("PA", seq=1, ack=1 + len(asked), data=len(told).to_bytes(2, "big") + told)
    first, second = dns.transactions(talk.frames)
    assert (first.transport, first.kind, second.kind) == ("tcp", "unanswered", "answer")
    assert first.time == talk.frames[4].time
    assert dns.messages(talk.frames)[0].text == "A www.lab? (recursion desired) over TCP"


def test_damaged_messages_are_left_out(wire):
    whole = bytes(response(an=WWW))
    for data in (b"", b"\0" * 12, whole[:20], whole[:-16], b"\xff" * 40):
        wire.add(Ether() / IP(src=SERVER, dst=CLIENT) / UDP(sport=53, dport=5353) / data)
    assert dns.dns_messages(wire.frames) == []
