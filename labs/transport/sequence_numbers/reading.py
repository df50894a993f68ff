"""Reading the evidence of this lab: what checks.py asks of captures and of the student's program.

Numbers are relative to each side's own initial one (the SYN is 0), unless they are a segment's header's.
"""

from functools import lru_cache

from mnlab.checks import expect
from mnlab.evidence.record import Missing
from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER

PORTS = {"table": 6101, "twice": 6102, "cookie": 6103, "fast": 6104, "refused": 6105, "losses": 6106, "yours": 6107,
         "back": 6108}
TABLE = f"h1 and h2 talked ({PORTS['table']}, the connection of the table)"
LOST = f"s1 lost four segments of the connection from port {PORTS['losses']}: SYN, ACK, data, FIN"


# --- the wire ---

@lru_cache(maxsize=8)
def views(evidence, host) -> list:
    return tcp.connections(evidence.frames(host))


def wires(evidence, name, host="h1") -> list[tcp.Connection]:
    """The connections with this name's port, as captured on a host."""
    found = [one for one in views(evidence, host) if one.client.port == PORTS[name]]
    if not found:
        raise Missing(f"no connection from port {PORTS[name]} was captured on {host}")
    return found


def wire(evidence, name, host="h1") -> tcp.Connection:
    return wires(evidence, name, host)[0]


def shown(segments) -> str:
    """Segments in words, for "seen"."""
    return "; ".join(f"{segment.sender}: {tcp.words(segment)}" for segment in segments) or "nothing"


def first(segments, what: str, done: str):
    """The first of `segments`; the check fails if there is none."""
    segments = list(segments)
    expect(segments, done=done, expected=what, seen="none")
    return segments[0]


def carrying(connection, side, size):
    """The side's first segment with exactly `size` bytes of data."""
    name = "h1" if side == CLIENT else "h2"
    return first((segment for segment in connection.data(side) if segment.length == size),
                 f"a segment from {name} with {size} bytes", f"h1 and h2 talked ({connection.client})")


def after(connection, segment) -> list:
    """What the same side sent later."""
    sent = connection.sent(segment.sender)
    return sent[sent.index(segment) + 1:]


def vanished(evidence, name) -> list:
    """The segments that left h1 and never came to h2."""
    arrived = [segment.header for segment in wire(evidence, name, "h2").sent(CLIENT)]
    gone = []
    for segment in wire(evidence, name).sent(CLIENT):
        if segment.header in arrived:
            arrived.remove(segment.header)
        else:
            gone.append(segment)
    return gone


def kind(segment) -> str:
    """What a segment of h1's is, in a word."""
    return "SYN" if segment.syn else "FIN" if segment.fin else "data" if segment.length else "ACK"


def lost(evidence, what: str):
    """The SYN, ACK, data or FIN of the last connection that was lost on the way."""
    return first((segment for segment in vanished(evidence, "losses") if kind(segment) == what),
                 f"a segment of the kind {what} that leaves h1 and never comes to h2", LOST)


def fast_syn(evidence, name, done):
    """The SYN of a Fast Open connection; the check fails unless it carries cookie and data."""
    size, syn = evidence.params[f"{name}_data"], wire(evidence, name).sent(CLIENT)[0]
    cookie = wire(evidence, "cookie").syn_option(SERVER, "fast_open")
    expect(syn.syn and cookie and (syn.length, syn.options.get("fast_open")) == (size, cookie), done=done,
           expected=f"a SYN with {size} bytes and the cookie that h2 gave", seen=f"{shown([syn])} {syn.options}")
    return syn


def row(evidence, number: int):
    """A row of the table in answers.toml: the segments as h1 sees them."""
    segments = wire(evidence, "table").segments
    expect(len(segments) >= number, done=TABLE, expected=f"{number} segments at least", seen=len(segments))
    return segments[number - 1]


# --- the student's program ---

@lru_cache(maxsize=8)
def told(evidence) -> dict[tuple[str, int], str]:
    """What the program was told of each segment: (connection, number) -> "client ACK 0"."""
    found, name = {}, ""
    for words in map(str.split, evidence.text("story").splitlines()):
        if words[0] == "connection":
            name = words[1]
        elif words[0] == "send":
            found[name, int(words[1])] = " ".join(words[2:])
    return found


def sent_in_order(evidence, name) -> list:
    """The segments of a connection, each as its sender's capture has it, in order of time."""
    both = [*wire(evidence, name, "h1").sent(CLIENT), *wire(evidence, name, "h2").sent(SERVER)]
    return sorted(both, key=lambda segment: segment.time)


def printed(evidence, connection, run) -> dict[int, str]:
    """What the program printed of a connection: number -> "seq ack". The check fails unless that is a line for each
    segment."""
    program = evidence.command(run)
    lines = [words for words in map(str.split, program.stdout.splitlines()) if words[:1] == [connection]]
    found = {int(words[1]): " ".join(words[2:]) for words in lines
             if len(words) == 4 and words[1].isdecimal() and len(words[1]) < 10}
    wanted = {number for name, number in told(evidence) if name == connection}
    how = program.stopped or (f"it ended with status {program.status}" if program.status else "")
    expect(found.keys() == wanted and len(lines) == len(wanted),
           done=f"numbers.py was told of the connection {connection}",
           expected=f"{len(wanted)} lines of the form NAME NUMBER SEQ ACK, one for each segment sent",
           seen="\n".join([f"{len(lines)} lines, {len(found)} of that form", how, *program.stderr.splitlines()[-4:]]))
    return found


def agree(evidence, name, of_interest, run="your-numbers") -> None:
    """Fail unless the program's numbers are the wire's for the segments `of_interest(number, segment)`."""
    compared, lines = 0, printed(evidence, name, run)
    told_that = "numbers.py was told" + (" that all that came had come several times" if run == "with-copies" else "")
    for number, segment in enumerate(sent_in_order(evidence, name), start=1):
        if not of_interest(number, segment):
            continue
        compared += 1
        right = f"{segment.header.seq} {segment.header.ack if segment.ack is not None else '-'}"
        seen = lines[number]  # two words, whatever it is
        wrong = [what for what, one, other in zip(("SEQ", "ACK"), right.split(), seen.split(), strict=True)
                 if one != other]
        expect(seen == right, done=f"{told_that}: {name}: send {number} {told(evidence).get((name, number))}",
               expected="the numbers of that segment in the captures",
               seen=f"{name} {number} {seen}, {' and '.join(wrong)} differs")
    expect(compared, done=f"numbers.py was told of the connection {name}", expected="segments to compare", seen="none")
