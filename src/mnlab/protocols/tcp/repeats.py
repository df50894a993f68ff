"""Why a segment was sent again: told from the capture at its sender's own interface.

Theory of operation. Recovery sends because of what has been heard, a timer because of what has not. So each repetition
is judged by what its sender knew (the scoreboard of ACKs and SACKs), by the time that its timer would have been set to
(rto, fed with the same round trips), and by which segment it chose.

    timeout                 the retransmission timer (RFC 6298, 5.4-5.6): the first unacknowledged segment, after a
                            silence; `attempt` counts them in a row, each twice as long as the one before
    fast retransmission     three duplicate ACKs (RFC 5681, 3.2), or SACKs of later segments (RFC 6675; RACK, RFC 8985,
                            needs only one, and a fraction of an RTT)
    recovery after timeout  what a timeout has left behind is sent again as ACKs come in (slow start, RFC 5681, 3.1)
    tail loss probe         the last segment once more, before the timeout, to draw an ACK (RFC 8985, section 7)
    asked again             a SYN+ACK for a SYN that came again
    zero window probe       one that asks whether the window is open again (RFC 9293, 3.8.6.1)
    keep-alive              one that asks an idle peer for a sign of life (RFC 9293, 3.8.4)

Which of the first four it was is the sender's secret; on the wire a lone segment's tail loss probe looks like its
timeout. Then the next wait tells: after a timeout it doubles, after a probe it does not. With no next one, and if
nobody says whether the sender probes at all (net.ipv4.tcp_early_retrans), a probe is assumed where SACK is in use, as
on Linux; but it is not `sure`.

A repetition was spurious if the original had arrived. The receiver's capture shows it; without that, the receiver says
so by DSACK (RFC 2883, 3708), or the first ACK that covers it echoes a timestamp older than its own (Eifel, RFC 3522).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mnlab.protocols.tcp import rto as tcp_rto
from mnlab.protocols.tcp import rtt as tcp_rtt
from mnlab.protocols.tcp import sack as tcp_sack
from mnlab.protocols.tcp.segment import DUPLICATE, DUPLICATE_ACK, PROBE, RETRANSMISSION, STRAY, Segment, signed

if TYPE_CHECKING:
    from mnlab.protocols.tcp import Connection

TIMEOUT, FAST, AFTER_TIMEOUT = "timeout", "fast retransmission", "recovery after timeout"
TAIL_PROBE, ASKED, WINDOW_PROBE, KEEP_ALIVE = "tail loss probe", "asked again", "zero window probe", "keep-alive"

BY_RECEIVER, BY_DSACK, BY_TIMESTAMP = "the receiver's capture", "DSACK", "timestamps"

DUPLICATES = 3  # that mean a loss: RFC 5681, section 2
AT_ONCE = 0.001  # s within which a segment follows the ACK that made it go
ANSWER = 0.05  # s within which a SYN that comes again is answered
DOUBLED = 1.85  # times the wait before, from which on a wait counts as doubled: timers count jiffies of up to 10 ms


@dataclass(frozen=True)
class Repeat:
    """`segment` was sent for the reason `cause`; all or some of it had been sent before, last with `original`.

    attempt     1 for the first timeout (or zero window probe, or unanswered keep-alive), 2 for the next in a row, ...;
                0 for the other causes
    waited      seconds since the timer was started, that is since the original or since the last ACK of something
                new; for a probe, since the last segment of either side
    spurious    what shows that it need not have been sent; "" if nothing does. None for probes, which carry nothing.
    sure        False if a tail loss probe may as well have been a timeout
    """

    segment: Segment
    original: Segment | None
    cause: str
    attempt: int
    waited: float
    spurious: str | None = ""
    sure: bool = True

    @property
    def time(self) -> float:
        """When the segment was captured (s)."""
        return self.segment.time

    @property
    def words(self) -> str:
        """"timeout", "timeout 2", "fast retransmission, spurious", "tail loss probe or timeout"."""
        return (self.cause + (f" {self.attempt}" if self.attempt > 1 else "") + ("" if self.sure else f" or {TIMEOUT}")
                + (", spurious" if self.spurious else ""))


def repeats(connection, side: str, there=None, probes: bool | None = None) -> list[Repeat]:
    """What `side` sent again, and its probes, in order. `there`: the same connection as its receiver captured it;
    `probes`: whether the sender sends tail loss probes, if that is known."""
    sender = _Sender(connection, side, probing=probes)
    for segment in connection.segments:
        if segment.kind in (STRAY, DUPLICATE) or segment.rst:
            continue
        (sender.send if segment.sender == side else sender.hear)(segment)
    found = sender.found
    if there is not None:
        arrived = {_packet(segment) for segment in there.sent(side)}
        return [replace(one, spurious=_arrived_before(one, connection, arrived)) for one in found]
    return found


@dataclass
class _Sender:
    """What the sender knows as the capture goes on."""

    connection: Connection
    side: str
    probing: bool | None = None  # whether it sends tail loss probes, if known
    board: tcp_sack.Scoreboard = field(default_factory=tcp_sack.Scoreboard)
    found: list[Repeat] = field(default_factory=list)
    unjudged: list[int] = field(default_factory=list)  # places in `found` of what no ACK has covered yet
    sent: list[Segment] = field(default_factory=list)  # not yet acknowledged, in order of sending
    top: int = 0  # after the highest number sent
    duplicates: int = 0
    delivered: float = float("-inf")  # the latest sending time of what is known to have arrived
    moved: float = float("-inf")  # when something was last acknowledged for good
    last: float = float("-inf")  # the last segment of either side
    heard: float = float("-inf")  # the last one of the peer
    window: int | None = None  # the peer's
    episode: str = ""  # FAST or AFTER_TIMEOUT while what it found lost is being repaired, ...
    until: int = 0  # ... which is so until this number is acknowledged, ...
    since: float = 0.0  # ... and began then
    doubtful: bool = False  # a timeout that came out of the blue: it may prove to be wrong
    arrived: set[Segment] = field(default_factory=set)  # those of `sent` that are known to have arrived
    timeouts: int = 0
    probes: int = 0
    probed: bool = False  # a tail loss probe is out

    def __post_init__(self):
        self.samples = tcp_rtt.samples(self.connection, self.side, timestamps=True)
        self.timer, self.measured, self.shortest = tcp_rto.Linux(), 0, 0.0  # of the samples so far (s)
        self.sacks = all(self.connection.syn_option(end, "sack_permitted") for end in ("client", "server"))

    # --- what comes in ---

    def hear(self, segment: Segment) -> None:
        """A segment of the peer's."""
        self.last = self.heard = segment.time
        while self.measured < len(self.samples) and self.samples[self.measured].time <= segment.time:
            sample = self.samples[self.measured]
            self.timer.sample(sample.rtt, sample.acked, sample.sent)
            self.shortest = min(self.shortest, sample.rtt) if self.measured else sample.rtt
            self.measured += 1
        if segment.ack is None:
            return
        una = self.board.una
        if self.board.note(segment):
            self._note_delivered(segment)
        self.duplicates = self.duplicates + 1 if segment.kind == DUPLICATE_ACK else self.duplicates
        if segment.window != 0 or self.window != 0:
            self.probes = 0
        self.window = segment.window
        self._judge_by_dsack(segment)
        if self.board.una > una:
            self._judge_by_timestamp(segment)
            self._advance(segment)

    def _advance(self, segment: Segment) -> None:
        una = self.board.una
        self.moved, self.duplicates, self.timeouts, self.probed = segment.time, 0, 0, False
        self.sent = [old for old in self.sent if old.end > una]
        self.arrived.intersection_update(self.sent)
        if una >= self.until:
            self.episode = ""

    def _note_delivered(self, ack: Segment) -> None:
        """Of a segment that was sent twice, the second one counts only if a round trip has passed since."""
        new = [old for old in self.sent if old not in self.arrived and self.board.has(old.seq, old.end)]
        self.arrived.update(new)
        for old in new:
            if old.time > self.delivered and (old.kind != RETRANSMISSION or ack.time - old.time >= self.shortest):
                self.delivered = old.time
        if self.doubtful and self.episode == AFTER_TIMEOUT and any(
                old.time < self.since and not any(one.segment.seq < old.end and old.seq < one.segment.end
                                                  for one in self._repaired()) for old in new):
            self.episode = ""  # not all was lost: Linux takes its timeout back (F-RTO, RFC 5682, step 3.b)

    def _judge_by_dsack(self, ack: Segment) -> None:
        """What arrived twice was sent twice: the latest repetition of it is the spurious one."""
        twice = tcp_sack.dsack(ack)
        if not twice:
            return
        for number in reversed(range(len(self.found))):
            one = self.found[number]
            if one.spurious == "" and twice[0] <= one.segment.seq < twice[1]:
                self.found[number] = replace(one, spurious=BY_DSACK)
                self._take_back()
                return

    def _judge_by_timestamp(self, ack: Segment) -> None:
        """By the first ACK that covers a repetition. If it covers several, only the first of them can tell: a receiver
        that delays its ACKs echoes the oldest segment that it answers (RFC 7323, section 4.3)."""
        assert ack.ack is not None
        covered = [number for number in self.unjudged if self.found[number].segment.end <= ack.ack]
        self.unjudged = [number for number in self.unjudged if number not in covered]
        if not covered or not _echoes_older(ack, min((self.found[n].segment for n in covered), key=lambda s: s.seq)):
            return
        for number in covered:
            one = self.found[number]
            self.found[number] = replace(one, spurious=one.spurious or BY_TIMESTAMP)
        self._take_back()

    def _take_back(self) -> None:
        """Linux undoes an episode in which all that it repeated was spurious (RFC 4015; tcp_may_undo)."""
        if all(one.spurious for one in self._repaired()):
            self.episode = ""

    def _repaired(self) -> list[Repeat]:
        """What was sent again in this episode."""
        return [one for one in self.found if one.time >= self.since and one.segment.size]

    # --- what goes out ---

    def send(self, segment: Segment) -> None:
        if segment.kind == PROBE:
            self._probe(segment)
        elif segment.kind == RETRANSMISSION:
            self._repeat(segment)
        if segment.size:
            self.sent.append(segment)
            self.top = max(self.top, segment.end)
        self.last = segment.time

    def _probe(self, segment: Segment) -> None:
        cause = WINDOW_PROBE if self.window == 0 else KEEP_ALIVE
        self.probes += 1
        self.found.append(Repeat(segment, None, cause, self.probes, segment.time - self.last, None))

    def _repeat(self, segment: Segment) -> None:
        original = next((old for old in reversed(self.sent) if old.seq < segment.end and segment.seq < old.end), None)
        begun = max(self.moved, original.time if original else float("-inf"))
        waited = segment.time - begun if begun > float("-inf") else 0.0
        cause, sure = self._cause(segment, original, waited)
        attempt = 0
        if cause == TIMEOUT:
            self.timeouts += 1
            attempt = self.timeouts
        self.probed |= cause == TAIL_PROBE
        if cause == TIMEOUT:
            self.doubtful = not self.episode or self.timeouts > 1
        if cause == TIMEOUT or (cause == FAST and self.episode != FAST):
            self.episode, self.until = AFTER_TIMEOUT if cause == TIMEOUT else FAST, self.top
            self.since = segment.time
        self.unjudged.append(len(self.found))
        self.found.append(Repeat(segment, original, cause, attempt, waited, sure=sure))

    def _cause(self, segment: Segment, original: Segment | None, waited: float) -> tuple[str, bool]:
        """Why, and whether that is sure. The order of the questions matters: what was heard comes before timers."""
        if segment.syn:
            return (ASKED if segment.ack is not None and segment.time - self.heard < ANSWER else TIMEOUT), True
        reason = (bool(self.episode) or self.duplicates >= DUPLICATES or self.board.highest > segment.end
                  or self._overtaken(original))
        if reason and (segment.seq > self.board.una or not self._due(segment, original)):
            return (FAST if not self.episode or self._lost_again(original) else self.episode), True
        if not self._may_be_tail_probe(segment):
            return TIMEOUT, True
        if self.probing or segment.seq > self.board.una:  # a timeout sends the first one
            return TAIL_PROBE, True
        doubled = self._doubles(segment, waited)
        return (TIMEOUT if doubled else TAIL_PROBE), doubled is not None

    def _due(self, segment: Segment, original: Segment | None) -> bool:
        """Whether it is the retransmission timer that sends this: not an ACK, and not before its time."""
        started = original.time if original else float("-inf")
        if self.episode == AFTER_TIMEOUT:
            started = max(started, self.moved)  # what the timeout left behind waits for its turn, not for the timer
        return segment.time - self.heard > AT_ONCE and segment.time - started > self.timer.rto - AT_ONCE

    def _lost_again(self, original: Segment | None) -> bool:
        """Whether what is sent again has been repaired once in this episode already: Linux then takes up fast recovery,
        also after a timeout (FLAG_LOST_RETRANS in tcp_fastretrans_alert)."""
        return original is not None and original.kind == RETRANSMISSION and original.time >= self.since

    def _overtaken(self, original: Segment | None) -> bool:
        """Whether something is known to have arrived that was sent later (RACK, RFC 8985, section 6.2)."""
        return original is not None and original.time < self.delivered

    def _may_be_tail_probe(self, segment: Segment) -> bool:
        return (self.sacks and self.probing is not False and not self.probed and not self.episode
                and not self.timeouts and not self.board.blocks and segment.end == self.top)

    def _doubles(self, segment: Segment, waited: float) -> bool | None:
        """Whether the next repetition waits twice as long as this one did; None if something is heard before it."""
        for later in self.connection.segments[self._index(segment) + 1:]:
            if later.sender != self.side and later.ack is not None and later.ack > self.board.una:
                return None
            if later.sender == self.side and later.kind == RETRANSMISSION and later.seq == segment.seq:
                return later.time - segment.time > DOUBLED * waited
        return None

    def _index(self, segment: Segment) -> int:
        return self.connection.segments.index(segment)


def _echoes_older(ack: Segment, repetition: Segment) -> bool:
    """Whether the echoed timestamp was sent before the repetition's own (RFC 3522, section 3.2, step 5)."""
    echoed, sent = ack.options.get("timestamp"), repetition.options.get("timestamp")
    return signed(echoed[1] - sent[0]) < 0 if echoed and sent else False


def _packet(segment: Segment) -> tuple:
    """What is the same of one IP packet at both ends."""
    header = segment.header
    return (*header[2:7], header.length, header.ip_ident)


def _arrived_before(one: Repeat, connection, arrived: set[tuple]) -> str | None:
    """Whether an earlier sending of the same numbers is among the packets that arrived."""
    if one.spurious is None:
        return None
    for old in connection.sent(one.segment.sender):
        if old is one.segment:
            break
        if old.size and old.seq <= one.segment.seq and one.segment.end <= old.end and _packet(old) in arrived:
            return BY_RECEIVER
    return ""
