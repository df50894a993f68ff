"""Whatever is in a capture, a file or a trace: every parser returns, or raises what its documentation says.

Frames and files that were recorded are changed here and there; a student's program can send any of it. What is found is
looked at as a whole, since much of it is worked out only when somebody asks.
"""

import logging
import ssl
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether

from mnlab.protocols import (
    arp,
    capture,
    checksum,
    curl,
    dns,
    dns_walk,
    http,
    icmp,
    igmp,
    ip,
    kernel,
    ladder_words,
    layers,
    neighbours,
    openflow,
    tcp,
    tls,
    transit,
    udp,
    waterfall,
)
from mnlab.protocols.capture import Frame
from mnlab.protocols.openflow import flow_table, tables
from mnlab.protocols.tcp import graph, rtt, sack, teardown, windows
from mnlab.protocols.tcp import kernel as tcp_kernel
from mnlab.protocols.tls import opening, story

from .test_flow_table import DUMP, KERNEL
from .test_igmp import packet as igmp_packet
from .test_igmp import report
from .test_neighbours import line
from .test_tls_opening import run, server_key  # noqa: F401  (fixtures)

HERE = Path(__file__).parent
FIXTURES = [HERE / "fixtures/h1-eth0.pcap", HERE / "fixtures/h2-eth0.pcap", HERE / "openflow.pcap"]
MOST = 12  # frames in a changed capture

#: How long each parser is tried: a few hundred examples, always the same; or new ones for seconds of processor time.
trials = pytest.mark.parametrize("seconds", [0, pytest.param(600, marks=pytest.mark.slow)], ids=["known", "new"])


def hammer(examples, parse, seconds: float) -> None:
    chosen = settings(max_examples=1000 if seconds else 100, derandomize=not seconds, database=None, deadline=None,
                      suppress_health_check=list(HealthCheck))
    end = time.process_time() + seconds
    while True:
        chosen(given(examples)(parse))()
        if time.process_time() >= end:
            return


# --- changed bytes, frames and texts ---

def changed(originals) -> st.SearchStrategy[bytes]:
    """One of the originals with some bytes overwritten, cut out or put in; now and then bytes of no origin."""
    return st.one_of(_changed(st.sampled_from(originals)), _changed(st.sampled_from(originals)),
                     st.binary(max_size=200))


@st.composite
def _changed(draw, originals):
    data = bytearray(draw(originals))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        new = draw(st.one_of(st.binary(min_size=1, max_size=4), st.sampled_from([b"\0", b"\xff", b"\xff\xff", b"\0\0"])))
        how = draw(st.sampled_from(["overwrite", "overwrite", "overwrite", "put in", "cut out", "cut off"]))
        data[at:{"overwrite": at + len(new), "put in": at, "cut out": at + len(new) * 4, "cut off": None}[how]] = \
            new if how in ("overwrite", "put in") else b""
    return bytes(data)


@st.composite
def conversations(draw, captures):
    """Some frames in a row of a capture: some changed, lost, sent twice or in another order; seen at two places."""
    whole = draw(st.sampled_from(captures))
    first = draw(st.integers(0, max(0, len(whole) - MOST)))
    sent = whole[first:first + MOST]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(sent) - 1))
        how = draw(st.sampled_from(["change", "change", "change", "lose", "again", "swap"]))
        if how == "change":
            sent = [*sent[:at], draw(changed([sent[at]])), *sent[at + 1:]]
        elif how == "lose" and len(sent) > 1:
            sent = sent[:at] + sent[at + 1:]
        elif how == "again":
            sent = [*sent, sent[at]]
        else:
            sent = [sent[at], *sent[:at], *sent[at + 1:]]
    return [Frame(number, number / 1000, data, where) for where in ("h1-eth0", "h2-eth0")[:draw(st.integers(1, 2))]
            for number, data in enumerate(sent, 1)]


def texts(original: str) -> st.SearchStrategy[str]:
    return changed([line.encode() for line in original.splitlines()] + [original.encode()]).map(
        lambda data: data.decode(errors="replace"))


# --- looking at everything ---

def look_at(found, seen=None) -> None:
    """Every field and property of what a parser found, and of all that is in it."""
    seen = {} if seen is None else seen
    if id(found) in seen:
        return
    if isinstance(found, (list, tuple, set, frozenset, dict)):
        for one in found.items() if isinstance(found, dict) else found:
            look_at(one, seen)
    kind = type(found)
    if kind.__module__.startswith("mnlab.protocols"):
        seen[id(found)] = found
        repr(found)
        late = [name for name in dir(kind) if isinstance(getattr(kind, name), (property, cached_property))]
        for name in [*late, *getattr(found, "__dict__", ())]:
            look_at(getattr(found, name), seen)


def look_at_connection(connection: tcp.Connection) -> None:
    for side in (tcp.CLIENT, tcp.SERVER):
        look_at([connection.repeats(side), connection.repeats(side, connection, True), connection.states(side),
                 connection.state(side, 0.003), connection.pieces(side), connection.rtt_samples(side),
                 rtt.samples(connection, side), rtt.samples(connection, side, True),
                 rtt.timestamp_samples(connection, side), sack.scoreboard(connection, side),
                 teardown.resets(connection, side),
                 windows.advertised(connection, side), windows.closed(connection, side),
                 windows.updates(connection, side), windows.flight(connection, side),
                 windows.limited(connection, side), graph.graph(connection, side), graph.bands(connection, side)])
    look_at([sack.dsack(segment) for segment in connection.segments])
    teardown.in_words(teardown.closing(connection))
    for fin in connection.fins.values():
        teardown.ack_of(connection, fin)


def read_frames(frames: list[Frame]) -> None:
    look_at(ladder_words.messages(frames, ladder_words.MESSAGES))
    look_at([arp.exchanges(frames), arp.gratuitous(frames), arp.probes(frames), arp.unsolicited(frames)])
    look_at([dns.transactions(frames), http.exchanges(frames), icmp.echoes(frames), icmp.errors(frames)])
    look_at([igmp.messages_of(frames), ip.fragments(frames), openflow.channels(frames), udp.datagrams(frames)])
    look_at([tls.sessions(frames), transit.transits(frames, frames, "10.0.0.1")])
    look_at([(checksum.transport_fits(frame), layers.nest(frame.data)) for frame in frames])
    look_at([dns_walk.walks(dns.transactions(frames)), waterfall.waterfall(tcp.connections(frames))])
    look_at(tables.entries(openflow.openflow_messages(frames)))
    for connection in tcp.connections(frames):
        look_at_connection(connection)


# --- what is changed ---

@pytest.fixture(scope="module", autouse=True)
def scapy_is_quiet():
    logging.getLogger("scapy.runtime").setLevel(logging.ERROR)


@pytest.fixture
def captures(new_talk, run):  # noqa: F811
    """A list of captures, each the bytes of its frames; every protocol is in one of them."""
    found = [[frame.data for frame in capture.read_capture(path)] for path in FIXTURES]
    question, addresses = DNSQR(qname="www.lab", qtype="A"), IP(src="10.0.0.1", dst="10.0.0.2")
    answer = DNS(id=7, qr=1, qd=question, an=DNSRR(rrname="www.lab", rdata="10.0.0.3") / DNSRR(
        rrname="www.lab", type="MX", rdata=b"\0\1\3abc\0"), ar=DNSRROPT(rclass=1232))
    echo = addresses / ICMP(id=1, seq=1) / b"abcd"
    found.append([bytes(Ether() / part) for part in (
        ARP(op=1, psrc="10.0.0.1", pdst="10.0.0.2"), ARP(op=2, psrc="10.0.0.2", pdst="10.0.0.1"),
        Dot1Q(vlan=3) / ARP(op=1, psrc="10.0.0.3", pdst="10.0.0.3"), echo,
        IP(src="10.0.0.2", dst="10.0.0.1") / ICMP(type=0, id=1, seq=1) / b"abcd",
        IP(src="10.0.0.9", dst="10.0.0.1") / ICMP(type=3, code=4) / echo,
        addresses / UDP(sport=40000, dport=53) / DNS(id=7, rd=1, qd=question),
        IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=53, dport=40000) / answer,
        IP(src="10.0.0.1", dst="10.0.0.2", flags="MF", id=9) / UDP(sport=1, dport=2) / bytes(16),
        IP(src="10.0.0.1", dst="10.0.0.2", frag=3, proto=17, id=9) / bytes(16),
        igmp_packet(report((4, "239.1.1.1", []), (1, "239.1.1.2", ["10.0.0.7"])))[IP])])
    carried = {
        80: (b"GET /a HTTP/1.1\r\nHost: h2\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial Content\r\n"
             b"Content-Range: bytes 0-9/99\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nabcde\r\n0\r\nA: b\r\n\r\n"),
        53: tuple(len(bytes(one)).to_bytes(2, "big") + bytes(one) for one in (DNS(id=7, qd=question), answer))}
    for port, (asked, said) in carried.items():
        talk = new_talk(ports=(40000, port)).handshake(options=(("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0))))
        talk.c("PA", seq=1, ack=1, data=asked)
        talk.s("PA", seq=1, ack=1 + len(asked), data=said[:40])
        talk.s("PA", seq=41, ack=1 + len(asked), data=said[40:])
        talk.c("A", seq=1 + len(asked), ack=1, options=(("SAck", (41, 60)),))
        talk.s("PA", seq=1, ack=1 + len(asked), data=said[:40])
        talk.s("FA", seq=1 + len(said), ack=1 + len(asked))
        found.append([frame.data for frame in talk.frames])
    session, _ = run(ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256")
    found.append([segment.frame.data for segment in session.connection.segments])
    return found


@trials
def test_frames(captures, seconds):
    hammer(conversations(captures), read_frames, seconds)


@trials
def test_a_file_is_a_capture_or_a_bad_one(seconds):
    def parse(contents):
        try:
            frames = capture.parse_capture(contents)
        except capture.BadCapture as problem:
            assert len(str(problem).splitlines()) == 1
        else:
            look_at(frames[:3])

    hammer(changed([path.read_bytes()[:400] for path in FIXTURES]), parse, seconds)


@trials
@pytest.mark.parametrize("version, suite", [(ssl.TLSVersion.TLSv1_3, None),
                                            (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256")], ids=["1.3", "1.2"])
def test_a_session_that_is_opened(run, server_key, version, suite, seconds):  # noqa: F811
    session, log = run(version, suite)

    def parse(changes):
        frames, lines = changes
        secrets = opening.read_key_log(lines)
        look_at(waterfall.waterfall(tcp.connections(frames), secrets))
        for found in tls.sessions(frames):
            opened = opening.with_key_log(found, secrets)
            look_at([opened, opening.with_private_key(found, server_key[1]), story.story(opened)])

    frames = [segment.frame.data for segment in session.connection.segments]
    hammer(st.tuples(conversations([frames]), st.one_of(st.just(log), texts(log))), parse, seconds)


@trials
def test_what_the_kernel_and_programs_print(seconds):
    trace = "\n".join((HERE / "fixtures/tcp.trace").read_text().splitlines()[:60])
    printed = "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\n==== http://h2/\n"
    around = "\n".join([line("100.0", "reachable"), line("143.25", "stale")])

    def parse(text):
        found = kernel.events(text)
        look_at([found, kernel.lost(text), list(kernel.congestion_states(found)), tcp_kernel.reasons(found),
                 kernel.account(text), neighbours.changes(text), neighbours.unknown(text), curl.answers(text, "===="), opening.read_key_log(text),
                 flow_table.kernel_flows(text)])
        with suppress(ValueError):
            look_at(flow_table.flows(text))

    hammer(texts("\n".join([trace, printed, around, DUMP, KERNEL])), parse, seconds)
