"""A segment in words, for the ladder diagram."""

from collections.abc import Iterable

from mnlab.protocols.message import Message
from mnlab.protocols.tcp.segment import (
    DUPLICATE,
    DUPLICATE_ACK,
    PROBE,
    REORDERED,
    RESET,
    RETRANSMISSION,
    STRAY,
    Segment,
)
from mnlab.protocols.tcp.side import CLIENT, SERVER

#: Bytes: an ACK that advertises less than this says so even in a few words; larger windows are the usual case.
SMALL_WINDOW = 16384


def messages(connection) -> list[Message]:
    """Each segment of a connection as an arrow."""
    causes = {repeat.segment: repeat.words for side in (CLIENT, SERVER) for repeat in connection.repeats(side)}
    return [_message(segment, causes.get(segment, "")) for segment in connection.segments]


def _message(segment: Segment, cause: str) -> Message:
    header = segment.header
    identity = (header.source.port, header.target.port, *header[2:7], header.length, header.ip_ident)
    return Message(segment.time, segment.source.ip, segment.target.ip, words(segment), "tcp", segment.frame.where,
                   _style(segment), brief(segment), _NOTES.get(segment.kind, ""), cause, identity)


def words(segment: Segment) -> str:
    """A segment in words: "SYN seq=0 win=64240 mss=1460", "PSH+ACK seq=1 ack=1 len=1448 win=64128", "ACK ack=1449
    win=64128 sack=2897-4345". The window is in bytes, a SACK block from its first byte to the one after its last."""
    parts = [*_numbers(segment, all_of_them=True)]
    if not segment.rst:
        parts.append(f"win={segment.window}")
    if segment.syn and "mss" in segment.options:
        parts.append(f"mss={segment.options['mss']}")
    if segment.sack:
        (first, after), more = segment.sack[0], len(segment.sack) - 1
        parts.append(f"sack={first}-{after}" + (f" and {more} more" if more else ""))
    return " ".join(parts)


def brief(segment: Segment) -> str:
    """The same in fewer words: "PSH+ACK seq=1 len=1448", "ACK ack=1449"."""
    parts = [*_numbers(segment, all_of_them=False)]
    if not segment.size and not segment.rst and segment.window < SMALL_WINDOW:
        parts.append(f"win={segment.window}")
    return " ".join(parts)


def _numbers(segment: Segment, all_of_them: bool) -> Iterable[str]:
    """Flags, relative numbers and length. A bare ACK's own number is left out, unless it is told to be a probe's."""
    yield segment.flags
    if segment.size or segment.rst or segment.kind == PROBE:
        yield f"seq={segment.seq}"
    if segment.ack is not None and (all_of_them or segment.syn or segment.fin or not segment.length):
        yield f"ack={segment.ack}"
    if segment.length:
        yield f"len={segment.length}"


_STYLES = {RETRANSMISSION: "again", DUPLICATE: "again", DUPLICATE_ACK: "again", REORDERED: "late", PROBE: "probe",
           RESET: "error", STRAY: "error"}
_NOTES = {RETRANSMISSION: "retransmission", DUPLICATE: "a copy", DUPLICATE_ACK: "duplicate", PROBE: "probe"}


def _style(segment: Segment) -> str:
    return _STYLES.get(segment.kind) or ("control" if segment.syn or segment.fin else "")
