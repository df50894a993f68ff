"""What both ends saw, told to the student's program in lines. Runs inside the machine, on the captures just made.

    connection NAME CLIENT_ISN SERVER_ISN
    send NUMBER SIDE FLAGS LENGTH              a segment leaves its sender; the numbers count from 1
    send NUMBER SIDE FLAGS LENGTH again OLD    it is segment OLD once more
    arrive NUMBER                              it reaches the other end (a lost one never does)
"""

from pathlib import Path

from mnlab.evidence import layout
from mnlab.protocols import tcp
from mnlab.protocols.capture import read_capture


def story(folder: Path, start_ns: int, names: dict[int, str]) -> str:
    """The connections whose client ports are in `names`, in the order in which they were opened."""
    views = [{one.client.port: one for one in tcp.connections(
        read_capture(folder / layout.CAPTURES / f"{host}-eth0.pcap", start_ns))} for host in ("h1", "h2")]
    return "".join(one_story(name, views[0][port], views[1][port]) for port, name in names.items()
                   if all(port in view for view in views))


def one_story(name: str, at_client: tcp.Connection, at_server: tcp.Connection) -> str:
    """One connection, seen at both ends. A segment leaves in its sender's capture and arrives in the other one."""
    own = {tcp.CLIENT: at_client, tcp.SERVER: at_server}
    sent = sorted((segment for side in own for segment in own[side].sent(side)), key=lambda segment: segment.time)
    events = []
    for number, segment in enumerate(sent, start=1):
        old = max((k for k, other in enumerate(sent[:number - 1], start=1) if is_again(segment, other)), default=0)
        again = f" again {old}" if old else ""
        events.append((segment.time, f"send {number} {segment.sender} {segment.flags} {segment.length}{again}"))
        other_end = own[tcp.other(segment.sender)]
        arrival = next((seen.time for seen in other_end.sent(segment.sender) if seen.header == segment.header), None)
        if arrival is not None:
            events.append((arrival, f"arrive {number}"))
    lines = [f"connection {name} {at_client.isn(tcp.CLIENT)} {at_server.isn(tcp.SERVER)}"]
    return "\n".join([*lines, *(line for _, line in sorted(events, key=lambda event: event[0]))]) + "\n"


def with_copies(told: str) -> str:
    """The same story, if the path had copied segments: what arrives, arrives three times more, at once, soon
    after, and long after."""
    lines = told.splitlines()
    ends = [at for at, line in enumerate(lines) if line.startswith("connection")] + [len(lines)]
    events = list(enumerate(lines))
    for at, line in enumerate(lines):
        if line.startswith("arrive"):
            last = min(end for end in ends if end > at) - 1  # of its connection
            events += [(min(at + later, last) + 0.5, line) for later in (0, 2, 25)]
    return "\n".join(line for _, line in sorted(events, key=lambda event: event[0])) + "\n"


def is_again(segment, earlier) -> bool:
    """Whether `segment` brings the numbers of `earlier` once more."""
    return (segment.sender, segment.seq) == (earlier.sender, earlier.seq) and segment.size > 0 < earlier.size
