"""How a TCP connection ends: the segments of its closing, who acknowledges what, and the kernels' states meanwhile."""

from collections.abc import Iterable

from mnlab.protocols import tcp
from mnlab.protocols.kernel import SocketState
from mnlab.protocols.tcp import Connection, Segment


def closing(connection: Connection) -> list[Segment]:
    """The segments from the first FIN or RST on."""
    segments = connection.segments
    first = next((index for index, segment in enumerate(segments) if segment.fin or segment.rst), len(segments))
    return segments[first:]


def ack_of(connection: Connection, fin: Segment) -> Segment | None:
    """The other end's first segment that acknowledges this FIN."""
    return next((segment for segment in connection.sent(tcp.other(fin.sender)) if segment.time >= fin.time
                 and segment.ack is not None and segment.ack >= fin.end and not segment.rst), None)


def resets(connection: Connection, side: str) -> list[Segment]:
    """The resets that one side sent."""
    return [segment for segment in connection.resets if segment.sender == side]


def in_words(segments: Iterable[Segment], client: str = "h1", server: str = "h2") -> str:
    """"h1 FIN+ACK, h2 ACK", with the names of the two ends."""
    names = {tcp.CLIENT: client, tcp.SERVER: server}
    return ", ".join(f"{names[segment.sender]} {segment.flags}" for segment in segments) or "nothing"


def socket_states(events: Iterable, connection: Connection, side: str) -> dict[str, float]:
    """The states that one end's socket entered by its kernel's account (protocols.kernel), in order, with their times.

    The kernel reports TIME-WAIT as CLOSED. LISTEN and SYN-RECEIVED of a server's end are not here: only later kernels
    than 6.12 name their peer.
    """
    own, peer = connection.endpoint(side), connection.endpoint(tcp.other(side))
    return {event.new: event.time for event in events
            if isinstance(event, SocketState) and (event.source, event.target) == (own, peer)
            and event.old != "LISTEN" and event.time >= connection.time - 1}
