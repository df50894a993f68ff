"""Following one TCP connection, segment by segment.

`Tracker.add` takes a header from the wire and returns the `Segment`: numbers made relative, kind decided, states moved
on, RTT samples taken. What is known of each end meanwhile is in a `Side` (side.py).

    raw header -> relative numbers -> kind -> sequence space seen -> states -> RTT samples

If the capture began in the middle of a connection, the first number seen of a side counts as 1 (as if a SYN had gone
before it), window scales are unknown, and both ends are taken to be ESTABLISHED.
"""

from collections import deque

from mnlab.protocols.capture import Frame
from mnlab.protocols.tcp import states
from mnlab.protocols.tcp.segment import (
    ACK,
    CROSSED,
    DUPLICATE,
    DUPLICATE_ACK,
    FIN,
    NEW,
    PROBE,
    PURE_ACK,
    REORDERED,
    RESET,
    RETRANSMISSION,
    RST,
    STRAY,
    SYN,
    WINDOW_UPDATE,
    Header,
    Segment,
    parse_options,
)
from mnlab.protocols.tcp.side import CLIENT, SERVER, RttSample, Side, StateChange

#: Seconds within which the same IP packet seen twice is a copy made by the network. Linux numbers its packets, so its
#: retransmissions differ from the original; a program that writes its own packets may not, but it waits longer.
COPY_WINDOW = 0.1

#: Bytes: no window is larger (65535 << 14, RFC 7323). A number further away belongs to another connection.
LARGEST_WINDOW = 2**30

#: SYN and ACK flags of the first segment captured -> states of client and server before it. Without SYN: in the middle.
_FIRST_STATES = {SYN: (states.CLOSED, states.LISTEN), SYN | ACK: (states.SYN_SENT, states.LISTEN)}


class Tracker:
    """One connection in the making; `add` every segment of it in order."""

    def __init__(self, first: Header):
        """For the connection that `first` is the first captured segment of."""
        from_client = _is_from_client(first)
        self.client, self.server = (first.source, first.target) if from_client else (first.target, first.source)
        self.names = {self.client: CLIENT, self.server: SERVER}
        client, server = _FIRST_STATES.get(first.flags & (SYN | ACK), (states.ESTABLISHED, states.ESTABLISHED))
        self.sides = {CLIENT: Side(CLIENT, client), SERVER: Side(SERVER, server)}
        self.segments: list[Segment] = []

    def add(self, frame: Frame, header: Header) -> Segment:
        sender = self.sides[self.names[header.source]]
        receiver = self.sides[self.names[header.target]]
        foreign = self._answers_another(receiver, header)
        if not foreign:
            self._learn_numbers(sender, receiver, header)
        seq = sender.relative(header.seq) if sender.isn is not None else 0
        ack = receiver.relative(header.ack) if header.flags & ACK else None
        end = seq + header.length + bool(header.flags & SYN) + bool(header.flags & FIN)
        window = header.window << self._shift(sender, receiver, header)
        fresh = sender.fresh(seq, end) if end > seq and not header.flags & RST and not foreign else 0
        kind = STRAY if foreign else _kind(frame.time, header, sender, receiver, seq, end, ack, window, fresh)
        segment = Segment(frame, sender.name, header.source, header.target, seq, ack, header.flags, header.length,
                          window, kind, fresh, header)
        self.segments.append(segment)
        if kind != STRAY:
            self._note(segment, sender, receiver)
        return segment

    def begins_another(self, header: Header) -> bool:
        """Whether this header is a SYN of a new connection between the same two ends."""
        if header.flags & (SYN | ACK) != SYN:
            return False
        sender = self.sides[self.names[header.source]]
        if sender.isn == header.seq and sender.syn_seen:
            return False  # the same SYN once more
        unanswered = all(segment.syn and segment.ack is None for segment in self.segments)
        return sender.fin is not None or sender.state in states.FINISHED or (unanswered and sender.syn_seen)

    @staticmethod
    def _answers_another(receiver: Side, header: Header) -> bool:
        """Whether this acknowledges another SYN than the one its receiver has sent: an old duplicate's, which the
        receiver answers with a reset (RFC 9293, section 3.5.1 and figure 8)."""
        return (receiver.state == states.SYN_SENT and receiver.syn_seen and header.flags & (ACK | RST) == ACK
                and not 1 <= receiver.relative(header.ack) <= receiver.top)

    def _learn_numbers(self, sender: Side, receiver: Side, header: Header) -> None:
        """Initial sequence numbers: from a SYN, or else guessed from the first number seen."""
        if header.flags & SYN and not sender.syn_seen:
            if sender.isn not in (None, header.seq):
                sender.next = sender.top = 0  # what had been guessed
            sender.isn, sender.syn_seen = header.seq, True
            sender.scale = parse_options(header.options).get("window_scale")
        if sender.isn is None:
            sender.isn, sender.next, sender.top = (header.seq - 1) % 2**32, 1, 1
        if receiver.isn is None and header.flags & ACK:
            receiver.isn, receiver.next, receiver.top = (header.ack - 1) % 2**32, 1, 1

    @staticmethod
    def _shift(sender: Side, receiver: Side, header: Header) -> int:
        """The window's scale (RFC 7323, section 2.2): never in a SYN, and only if both SYNs offered it."""
        if header.flags & SYN or sender.scale is None or (receiver.syn_seen and receiver.scale is None):
            return 0
        return min(sender.scale, 14)

    def _note(self, segment: Segment, sender: Side, receiver: Side) -> None:
        """Everything that changes by a segment, besides its own description."""
        acceptable = _acceptable_reset(segment, sender, receiver)
        if segment.size and not segment.rst:
            self._note_numbers(segment, sender)
        withdrawn = self._withdraw(segment, sender, receiver)
        for side, event in _state_events(segment, sender, receiver, acceptable):
            self._move(side, event, segment)
        if withdrawn:
            self._move(sender, withdrawn, segment)
        if segment.ack is not None and not segment.rst:
            self._note_ack(segment, sender, receiver)
        header = segment.header
        sender.copies[_identity(header)] = segment.time
        if header.ip_ident and (not sender.newest_ident or _later_ident(header.ip_ident, sender.newest_ident)):
            sender.newest_ident = header.ip_ident

    @staticmethod
    def _note_numbers(segment: Segment, sender: Side) -> None:
        """The sequence numbers that a segment uses."""
        sender.passed(segment.seq, segment.end)
        if segment.fin:
            sender.fin = segment.end - 1
        if segment.kind == NEW:
            sender.unacked.append(segment)
        elif segment.kind in (RETRANSMISSION, CROSSED):
            sender.unacked = deque(old for old in sender.unacked if old.end <= segment.seq or old.seq >= segment.end)

    @staticmethod
    def _note_ack(segment: Segment, sender: Side, receiver: Side) -> None:
        """What a segment acknowledges, by its number or (behind a gap) by its SACK blocks, and its window."""
        assert segment.ack is not None
        sender.acked = segment.ack if sender.acked is None else max(sender.acked, segment.ack)
        sender.window = segment.window
        if receiver.next < segment.ack <= receiver.top:
            receiver.passed(receiver.next, segment.ack)  # it has arrived, so the capture has missed it
        waiting = receiver.unacked
        while waiting and waiting[0].end <= segment.ack:
            receiver.samples.append(RttSample(waiting.popleft(), segment))
        for left, right in segment.sack if waiting else ():
            held = [old for old in receiver.unacked if left <= old.seq and old.end <= right]
            if held:
                receiver.samples += [RttSample(old, segment) for old in held]
                receiver.unacked = deque(old for old in receiver.unacked if not (left <= old.seq and old.end <= right))

    @staticmethod
    def _withdraw(segment: Segment, sender: Side, receiver: Side) -> str | None:
        """Take back that the sender had received a SYN or FIN, if what it sends shows that it had not.

        The SYN or FIN has passed the capture point and is still on its way (both opened or closed at once): the event
        that was taken back is returned, to happen after this segment.
        """
        last = sender.changes[-1] if sender.changes else None
        if last is None or segment.rst:
            return None
        bare_syn = segment.syn and segment.ack is None and last.event == states.RECEIVE_SYN
        old_ack = last.event == states.RECEIVE_FIN and segment.ack is not None \
            and receiver.fin is not None and segment.ack <= receiver.fin
        if not (bare_syn or old_ack):
            return None
        sender.changes.pop()
        sender.state = last.previous
        return last.event

    @staticmethod
    def _move(side: Side, event: str, segment: Segment) -> None:
        state, previous = states.after(side.state, event), side.state
        if state == side.state:
            return
        if side.changes and side.changes[-1].segment is segment and previous == states.SYN_RECEIVED:
            previous = side.changes.pop().previous  # a SYN+ACK leads from SYN-SENT to ESTABLISHED at once
        if event == states.SEND_RST and not side.syn_seen:
            side.changes.clear()  # nobody listened, although a SYN was sent to it
            previous = states.CLOSED
        side.state = state
        side.changes.append(StateChange(segment.time, state, previous, event, segment))


def _is_from_client(first: Header) -> bool:
    """Whether the first segment captured was sent by the client. Without a SYN: servers have the lower port number."""
    if first.flags & SYN:
        return not first.flags & ACK
    return first.source.port >= first.target.port


def _kind(time, header: Header, sender: Side, receiver: Side, seq: int, end: int, ack, window: int, fresh: int) -> str:
    """Which of the kinds in segment.py a segment is; the order of the questions matters."""
    if (header.flags & SYN and header.seq != sender.isn) or abs(seq - sender.next) > LARGEST_WINDOW:
        return STRAY
    if header.flags & RST:
        return RESET
    if time - sender.copies.get(_identity(header), float("-inf")) < COPY_WINDOW:
        return DUPLICATE
    if header.length <= 1 and not header.flags & (SYN | FIN) and seq == sender.top - 1 and \
            (header.length == 0 or receiver.window == 0):
        return PROBE
    if end > seq:
        return _kind_of_numbers(header, sender, seq, fresh)
    if ack is None or sender.acked is None or ack > sender.acked:
        return PURE_ACK
    if receiver.top > ack and (window == sender.window or "sack" in parse_options(header.options)):
        return DUPLICATE_ACK
    return WINDOW_UPDATE if window != sender.window else PURE_ACK


def _kind_of_numbers(header: Header, sender: Side, seq: int, fresh: int) -> str:
    """For a segment that uses sequence numbers: is it new, or sent again, or late?"""
    if seq >= sender.top:
        return NEW
    if header.flags & SYN and header.flags & ACK and sender.acked is None:
        return CROSSED  # its first SYN had nothing to acknowledge; nothing was lost
    if fresh and header.ip_ident and _later_ident(sender.newest_ident, header.ip_ident):
        return REORDERED  # Linux counts its IP packets: this one was sent before one that has passed already
    return RETRANSMISSION


def _identity(header: Header) -> tuple:
    """What two copies of one IP packet have in common, and hardly any two packets otherwise."""
    return header[2:7] + header[8:]  # all but the addresses (known) and the payload (long)


def _later_ident(one: int, other: int) -> bool:
    """Whether IP identification `one` was counted after `other` (16 bits, which wrap around)."""
    return 0 < (one - other) % 2**16 < 2**15


def _acceptable_reset(segment: Segment, sender: Side, receiver: Side) -> bool:
    """Whether the receiver obeys this RST (RFC 9293 section 3.10.7.3, RFC 5961 section 3.2)."""
    if receiver.state == states.SYN_SENT:
        return segment.ack is not None and segment.ack >= 1  # it must acknowledge the SYN
    return segment.seq == sender.next


def _state_events(segment: Segment, sender: Side, receiver: Side, acceptable: bool) -> list[tuple[Side, str]]:
    """What a segment means to its two ends, in the order in which RFC 9293 section 3.10.7 looks at it."""
    events: tuple[tuple[bool, Side, str], ...]
    if segment.rst:
        own = segment.ack is not None or 0 <= segment.seq <= sender.top  # else it answers a segment of no connection
        events = ((own, sender, states.SEND_RST), (acceptable, receiver, states.RECEIVE_RST))
        return [(side, event) for happens, side, event in events if happens]
    ack = segment.ack
    covers_syn = ack is not None and 1 <= ack <= receiver.top
    covers_fin = ack is not None and receiver.fin is not None and ack > receiver.fin
    events = (
        (covers_syn, sender, states.RECEIVE_SYN),  # who acknowledges something has received it
        (covers_fin, sender, states.RECEIVE_FIN),
        (segment.syn and ack is None, sender, states.SEND_SYN),
        (segment.fin, sender, states.SEND_FIN),
        (segment.syn, receiver, states.RECEIVE_SYN),
        (covers_syn, receiver, states.ACK_OF_SYN),
        (covers_fin, receiver, states.ACK_OF_FIN),
        (sender.fin is not None and sender.next > sender.fin, receiver, states.RECEIVE_FIN),
    )
    return [(side, event) for happens, side, event in events if happens]
