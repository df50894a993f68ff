"""What a page says of captures, Wireshark says, too: its dissectors (tshark) and ours on the same files. What differs is
in docs/wireshark.md, with who is right and why; a difference of another kind fails here."""

import shutil
import subprocess
from collections import Counter

import pytest

from mnlab.evidence import layout
from mnlab.evidence.run import Run
from mnlab.lab.lab import all_labs
from mnlab.protocols import dns, http, openflow, tcp, tls
from mnlab.protocols.tcp import CLIENT, SERVER

SIDES = (CLIENT, SERVER)
SOME = ("dns", "tls", "persistent", "learning_switch", "congestion", "retransmission")
each_lab = pytest.mark.parametrize("name", [pytest.param(lab.name, marks=[] if lab.name in SOME else pytest.mark.slow)
                                            for lab in all_labs()])
NANOSECONDS = 2e-9  # s; tshark prints nine digits
TCP = "6"  # IP's number for it
SYN = 0x02  # among TCP's flags
PATIENCE = 300  # s, for tshark on a busy computer


@pytest.fixture
def captures(page_of, name):
    """The captures of a lab's run: (path, frames) each."""
    if shutil.which("tshark") is None:
        pytest.skip("there is no tshark here to ask: sudo apt install tshark")
    run = Run(page_of(name).parent)
    return [(record.folder / layout.CAPTURES / f"{where}.pcap", frames)
            for record in run.scenes.values() for where, frames in record.captured().items() if frames]


def ask(path, *fields, only="", all_of_them=True):
    """What tshark says of the frames of a file: field -> value, several joined by |, of each frame."""
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|", "-E",
               f"occurrence={'a' if all_of_them else 'f'}", *(["-Y", only] if only else [])]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return [dict(zip(fields, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]


def parts(text):
    return [part for part in text.split("|") if part]


def one_beginning(connection) -> bool:
    """Whether each end has begun with one number: else there are two to count from, and each may take another."""
    begun = {(segment.sender, segment.seq) for segment in connection.segments if segment.bits & SYN}
    return len(begun) == len({sender for sender, _ in begun})


@each_lab
def test_segments(captures):
    """Which frames are segments, their relative numbers, lengths and windows: all equal. What is before a connection's
    first number is below zero with us, and with tshark as far below 2^32. Connections that begin with two numbers of one end are left out."""
    for path, frames in captures:
        rows = ask(path, "frame.number", "ip.proto", "tcp.seq", "tcp.ack", "tcp.len", "tcp.window_size", "tcp.flags",
                   only="tcp", all_of_them=False)  # the first: an ICMP error and OpenFlow carry others'
        theirs = {int(row["frame.number"]): (
            int(row["tcp.seq"]), int(row["tcp.ack"]) if int(row["tcp.flags"], 16) & 0x10 else None, int(row["tcp.len"]),
            int(row["tcp.window_size"])) for row in rows if row["ip.proto"] == TCP and row["tcp.seq"]}
        ours = {segment.frame.number: (
            segment.seq % 2 ** 32, segment.ack if segment.ack is None else segment.ack % 2 ** 32, segment.length,
            segment.window)
                for connection in tcp.connections(frames) if one_beginning(connection) for segment in connection.segments
                if segment.kind != "stray"}
        assert ours.keys() <= theirs.keys(), path
        differing = {number: (theirs[number], said) for number, said in ours.items() if theirs[number] != said}
        assert not differing, path


@each_lab
def test_round_trips(captures):
    """Where both measure one, it is the same to the nanosecond; where only Wireshark does, it is one that a sender must
    not take: of a segment that was sent twice, or that was known to have arrived, or that was answered by a reset."""
    for path, frames in captures:
        connections = tcp.connections(frames)
        segments = {segment.frame.number: (segment, connection) for connection in connections
                    for segment in connection.segments}
        ours = {(sample.segment.frame.number, sample.ack.frame.number): sample.rtt
                for connection in connections for side in SIDES for sample in connection.rtt_samples(side)}
        for row in ask(path, "frame.number", "tcp.analysis.acks_frame", "tcp.analysis.ack_rtt",
                       only="tcp.analysis.ack_rtt", all_of_them=False):
            pair = int(row["tcp.analysis.acks_frame"]), int(row["frame.number"])
            if pair in ours:
                assert abs(float(row["tcp.analysis.ack_rtt"]) - ours[pair]) < NANOSECONDS, (path, pair)
            elif pair[0] in segments and pair[1] in segments:
                assert why_not(*segments[pair[0]], segments[pair[1]][0]), (path, pair)


def why_not(segment, connection, ack):
    """Why an ACK gives no sample of a segment; "" if it should."""
    before = [other for other in connection.segments if other is not segment and other.time < ack.time]
    if any(other.sender == segment.sender and other.size and other.seq < segment.end and segment.seq < other.end
           for other in before):
        return "sent twice (Karn)"
    if any(other.sender != segment.sender and left <= segment.seq and segment.end <= right
           for other in before for left, right in other.sack):
        return "was known to have arrived (SACK)"
    return "no answer: a reset" if ack.rst else "sent again, or out of order" if segment.kind != "new" else ""


@each_lab
def test_dns(captures):
    """Each message: its frame, id, name, whether it is a response, records, addresses; and how long the answer took."""
    for path, frames in captures:
        rows = {int(row["frame.number"]): row for row in ask(
            path, "frame.number", "dns.id", "dns.qry.name", "dns.flags.response", "dns.count.answers",
            "dns.count.auth_rr", "dns.a", "dns.time", only="dns && !icmp && !mdns")}
        ours = {message.frame.number: message for message in dns.dns_messages(frames)}
        assert rows.keys() == ours.keys(), path
        asked = {one.response.frame.number: one.queries[-1].time for one in dns.transactions(frames) if one.response}
        for number, message in ours.items():
            row = {field: parts(value)[:1] or [""] for field, value in rows[number].items() if field != "dns.a"}
            name = row["dns.qry.name"][0].removesuffix("<Root>") or "."
            addresses = [record.data for record in (*message.answers, *message.authority, *message.additional)
                         if record.type == "A"]
            assert (int(row["dns.id"][0], 16), name, row["dns.flags.response"][0] in ("1", "True"),
                    int(row["dns.count.answers"][0]), int(row["dns.count.auth_rr"][0]), parts(rows[number]["dns.a"])) == (
                message.id, message.name, message.qr, len(message.answers), len(message.authority), addresses), path
            if row["dns.time"][0] and number in asked:
                assert abs(float(row["dns.time"][0]) - (message.time - asked[number])) < NANOSECONDS, (path, number)


#: The methods that tshark takes for a request's (RFC 9110, section 9.3; RFC 5789).
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}


@each_lab
def test_http(captures):
    """The requests and the status codes of each connection, in their order; what was cut off only we show, and what is
    on a connection with a method that nobody registered, perhaps."""
    for path, frames in captures:
        theirs: dict[str, list] = {}
        for row in ask(path, "tcp.stream", "http.request.method", "http.request.uri", "http.response.code",
                       only="http && !icmp"):
            said = theirs.setdefault(row["tcp.stream"].split("|")[0], [])
            said += zip(parts(row["http.request.method"]), parts(row["http.request.uri"]), strict=True)
            said += map(int, parts(row["http.response.code"]))
        whole, perhaps = Counter(), Counter()
        exchanges = list(http.exchanges(frames))
        odd = {id(exchange.connection) for exchange in exchanges if exchange.request.method not in METHODS}
        for exchange in exchanges:
            for message in (exchange.request, *exchange.interim, exchange.response):
                if message:
                    begun = message.status or message.method  # with a start line that is one
                    sure = begun and message.complete and id(exchange.connection) not in odd
                    (whole if sure else perhaps)[message.status or (message.method, message.target_uri)] += 1
        seen = Counter(said for some in theirs.values() for said in some)
        assert seen - whole - perhaps == Counter() and whole - seen == Counter(), path


@each_lab
def test_tls(captures):
    """The lengths of all records, and the handshake messages in the clear of each session, in their order."""
    for path, frames in captures:
        streams: dict[str, list[int]] = {}
        lengths = Counter()
        for row in ask(path, "tcp.stream", "tls.handshake.type", "tls.record.length", only="tls && !icmp"):
            streams.setdefault(row["tcp.stream"], []).extend(map(int, parts(row["tls.handshake.type"])))
            lengths.update(map(int, parts(row["tls.record.length"])))
        sessions = tls.sessions(frames)
        assert Counter(record.length for session in sessions for record in session.records) == lengths, path
        assert Counter(tuple(message.type for message in session.handshakes) for session in sessions) == Counter(
            map(tuple, streams.values())), path


@each_lab
def test_openflow(captures):
    """The type and the transaction id of each message."""
    for path, frames in captures:
        theirs = Counter()
        for row in ask(path, "openflow_v4.type", "openflow_v4.xid", only="openflow_v4"):
            theirs.update(zip(map(int, parts(row["openflow_v4.type"])), map(int, parts(row["openflow_v4.xid"])),
                              strict=True))
        ours = Counter((message.data[1], message.xid) for message in openflow.openflow_messages(frames)
                       if message.data[0] == 4)
        assert ours == theirs, path
