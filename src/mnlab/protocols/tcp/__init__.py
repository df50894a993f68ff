"""TCP connections out of captures: who opened, what was sent, what was sent again, how it ended.

Theory of operation. Frames are sorted into connections by capture point and by the two ends (IP address and port). Each
connection is followed by a `Tracker` (track.py), which knows for each side which sequence numbers have passed, and
so can tell new data from a retransmission, a copy or a latecomer. The states of both ends follow from a table
(states.py), what is known of each end is in side.py, and a segment is decoded and described in segment.py.
What comes out is a `Connection`: the segments in the order of the capture, with relative numbers, and what can be asked
of them.

Where one looks matters. At the sender's own interface retransmissions and RTT samples are those of the sender. At the
receiver's, a retransmission may be the first copy that is seen (`Segment.fresh` > 0), and RTT samples show only the
receiver's own delay. A capture of both interfaces gives two connections, told apart by `where`.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame
from mnlab.protocols.ip import Endpoint
from mnlab.protocols.message import Message
from mnlab.protocols.tcp import words as tcp_words
from mnlab.protocols.tcp.repeats import Repeat, repeats
from mnlab.protocols.tcp.segment import PROBE, RETRANSMISSION, STRAY, Segment, decode
from mnlab.protocols.tcp.side import CLIENT, SERVER, RttSample, Side, StateChange
from mnlab.protocols.tcp.states import FINISHED
from mnlab.protocols.tcp.track import Tracker
from mnlab.protocols.tcp.words import words

__all__ = ["CLIENT", "SERVER", "Connection", "Handshake", "Piece", "Repeat", "RttSample", "Segment", "StateChange",
           "connections", "messages", "other", "words"]


class Handshake(NamedTuple):
    """The three segments that opened the connection; `syn` is the one that the SYN+ACK answered."""

    syn: Segment
    synack: Segment
    ack: Segment


class Piece(NamedTuple):
    """Bytes of a stream from `offset` on, brought by `segment` and complete (nothing missing before) at `time`."""

    offset: int
    data: bytes
    segment: Segment
    time: float


@dataclass
class Connection:
    """One TCP connection as seen at the capture point `where`. A `side` is "client" or "server"."""

    where: str
    client: Endpoint
    server: Endpoint
    segments: list[Segment] = field(repr=False)
    sides: dict[str, Side] = field(repr=False)

    @property
    def time(self) -> float:
        """When its first segment was captured (s)."""
        return self.segments[0].time

    def sent(self, side: str) -> list[Segment]:
        """The segments that one side sent."""
        return [segment for segment in self.segments if segment.sender == side]

    def endpoint(self, side: str) -> Endpoint:
        """The address and port of a side."""
        return self.client if side == CLIENT else self.server

    def isn(self, side: str) -> int | None:
        """The initial sequence number as on the wire (guessed if the SYN was not captured; None: nothing was)."""
        return self.sides[side].isn

    def syn_option(self, side: str, name: str):
        """An option of the side's SYN: "mss", "window_scale", "sack_permitted", ...; None if it was not there."""
        return next((segment.options.get(name) for segment in self.sent(side) if segment.syn), None)

    @cached_property
    def handshake(self) -> Handshake | None:
        """The opening's three segments; None unless all three were captured."""
        synack = next((segment for segment in self.sent(SERVER) if segment.syn and segment.ack is not None), None)
        if not synack:
            return None
        before = [segment for segment in self.sent(CLIENT) if segment.syn and segment.time <= synack.time]
        ack = next((segment for segment in self.sent(CLIENT) if not segment.syn and not segment.rst
                    and segment.ack is not None and segment.ack >= 1 and segment.time >= synack.time), None)
        return Handshake(before[-1], synack, ack) if before and ack else None

    @property
    def fins(self) -> dict[str, Segment]:
        """side -> its first FIN."""
        return {segment.sender: segment for segment in reversed(self.segments) if segment.fin}

    @property
    def resets(self) -> list[Segment]:
        """The segments with RST, of both sides."""
        return [segment for segment in self.segments if segment.rst]

    @property
    def closed_first(self) -> str | None:
        """The side that sent the first FIN or RST."""
        return next((segment.sender for segment in self.segments if segment.fin or segment.rst), None)

    @property
    def finished(self) -> bool:
        """Whether both ends are done (CLOSED or TIME-WAIT), as far as the capture shows."""
        return all(side.state in FINISHED for side in self.sides.values())

    def state(self, side: str, time: float | None = None) -> str:
        """The side's state at the end of the capture, or at a time (s), as states names it."""
        changes = self.sides[side].changes
        if time is None or not changes:
            return self.sides[side].state
        past = [change for change in changes if change.time <= time]
        return past[-1].state if past else changes[0].previous

    def states(self, side: str) -> list[StateChange]:
        """The states that the side went through, with time, event and segment; the one it began in is not listed."""
        return self.sides[side].changes

    def of_kind(self, kind: str, side: str | None = None) -> list[Segment]:
        """The segments of one kind (see segment), of one side or both."""
        return [segment for segment in self.segments if segment.kind == kind and side in (None, segment.sender)]

    def retransmissions(self, side: str | None = None) -> list[Segment]:
        """The segments that were sent again, by one side or both."""
        return self.of_kind(RETRANSMISSION, side)

    def data(self, side: str) -> list[Segment]:
        """The segments of a side that carry payload, sent for the first time or again."""
        return [segment for segment in self.sent(side) if segment.length and segment.kind not in (PROBE, STRAY)]

    def repeats(self, side: str, there: "Connection | None" = None, probes: bool | None = None) -> list[Repeat]:
        """What the side sent again and its probes, each with its cause (repeats); meaningful at its own interface.
        `there` is this connection as captured at the other end: it shows which ones were spurious; `probes`: whether
        the side sends tail loss probes, if that is known."""
        return repeats(self, side, there, probes)

    def rtt_samples(self, side: str) -> list[RttSample]:
        """RTTs of what the side sent, by the other's ACKs; meaningful at the side's own interface."""
        return self.sides[side].samples

    def stream(self, side: str) -> bytes:
        """The bytes that the side sent, in order, without repetition, up to the first gap in the capture."""
        return b"".join(piece.data for piece in self.pieces(side))

    def pieces(self, side: str) -> list[Piece]:
        """The stream as it was put together: what each segment added, and when nothing before it was missing."""
        return self._client_pieces if side == CLIENT else self._server_pieces

    def piece_at(self, side: str, offset: int) -> Piece:
        """The piece that holds the byte at `offset` of the side's stream."""
        pieces = self.pieces(side)
        return pieces[max(0, bisect_right(pieces, offset, key=lambda piece: piece.offset) - 1)]

    def when(self, side: str, offset: int) -> float:
        """The time (s) at which the byte at `offset` of the side's stream had arrived, with all before it."""
        return self.piece_at(side, offset).time

    @cached_property
    def _client_pieces(self) -> list[Piece]:
        return _assemble(self.data(CLIENT))

    @cached_property
    def _server_pieces(self) -> list[Piece]:
        return _assemble(self.data(SERVER))


def connections(frames: Iterable[Frame]) -> list[Connection]:
    """The TCP connections in order of their first segment; also attempts that nobody answered."""
    trackers: list[tuple[str, Tracker]] = []
    current: dict[tuple, Tracker] = {}
    for frame, packet in ip.packets(frames, ip.TCP):
        header = decode(frame, packet)
        if header is None:
            continue
        key = (frame.where, *sorted((header.source, header.target)))
        tracker = current.get(key)
        if tracker is None or tracker.begins_another(header):
            tracker = current[key] = Tracker(header)
            trackers.append((frame.where, tracker))
        tracker.add(frame, header)
    return [Connection(where, tracker.client, tracker.server, tracker.segments, tracker.sides)
            for where, tracker in trackers]


def other(side: str) -> str:
    """"client" for "server", and the other way round."""
    return SERVER if side == CLIENT else CLIENT


def messages(frames: Iterable[Frame]) -> list[Message]:
    """Each segment as an arrow, in order of time."""
    arrows = [arrow for connection in connections(frames) for arrow in tcp_words.messages(connection)]
    return sorted(arrows, key=lambda arrow: arrow.time)  # stable: one connection's segments keep their order


def _assemble(segments: list[Segment]) -> list[Piece]:
    """Put payloads in order of their numbers; the first copy of a byte counts, and a gap ends the stream."""
    pieces, position, time = [], 1, float("-inf")
    for segment in sorted(segments, key=lambda segment: segment.seq):
        first = segment.seq + segment.syn  # a SYN uses the number before its data (Fast Open)
        if first > position:
            break
        data = segment.payload[position - first:]
        if data:
            time = max(time, segment.time)
            pieces.append(Piece(position - 1, data, segment, time))
            position += len(data)
        if len(segment.payload) < segment.length and first + segment.length > position:
            break  # the capture kept only the beginning of this frame
    return pieces
