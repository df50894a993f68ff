"""Congestion control as one sender's kernel tells it: rounds, phases, and the episodes in which it noticed a loss.

Theory of operation. The kernel reports each ACK with the window as it was *before* the ACK counted (kernel.Probe), and
each move of its state machine (kernel.CongestionState). A `Trace` puts the two together into `Step`s: one for each ACK,
with the values before and after it. From the steps follow

    rounds      one RTT each: from an ACK to the ACK of the first segment that was sent after it
    phases      slow start (cwnd below ssthresh), congestion avoidance (at or above), fast recovery (RFC 5681)
    episodes    a sign of congestion, what the sender made of it, and what came of it
    inputs      what a controller of its own would have to be told to take the same decisions

All windows are in segments, as Linux counts them; times in seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mnlab.protocols.kernel import CongestionState, Event, Probe, Retransmit

SLOW_START, AVOIDANCE, RECOVERY = "slow start", "congestion avoidance", "fast recovery"
#: What a sender may be doing (RFC 5681).
PHASES = (SLOW_START, AVOIDANCE, RECOVERY)

DUPLICATE_ACKS, TIMEOUT = "three duplicate ACKs", "retransmission timeout"
#: What a sender may take for congestion.
SIGNS = (DUPLICATE_ACKS, TIMEOUT)
#: The state that the kernel enters when it takes a sign for congestion.
_SIGN_OF = {"Recovery": DUPLICATE_ACKS, "Loss": TIMEOUT}


@dataclass(frozen=True)
class Step:
    """One ACK. `cwnd`, `ssthresh` (None: no limit yet), `una`, `in_flight` (segments) are those before it counts.

    `state` is the congestion state before the ACK counts, `acked` how many segments it newly acknowledges, `cwnd_after`
    the window afterwards (None: unknown, for the last ACK and the last one before a timeout).
    """

    time: float
    cwnd: int
    ssthresh: int | None
    una: int
    nxt: int
    in_flight: float
    state: str
    acked: float
    cwnd_after: int | None

    @property
    def phase(self) -> str:
        """What the sender was doing when the ACK arrived.

        tcp_probe reports max(ssthresh, 3/4 cwnd), which lies above cwnd exactly if ssthresh itself does.
        """
        if self.state == "Recovery":
            return RECOVERY
        return SLOW_START if self.ssthresh is None or self.cwnd < self.ssthresh else AVOIDANCE


@dataclass(frozen=True)
class Round:
    """One RTT: `cwnd` at its beginning, `cwnd_after` at its end, and the phases of its ACKs."""

    start: float
    end: float
    cwnd: int
    cwnd_after: int
    phases: frozenset[str]


@dataclass(frozen=True)
class Phase:
    """The sender was in phase `name` from `start` to `end`."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Episode:
    """The sender noticed a loss at `time`, by `sign`.

    cwnd        the window when it did; `ssthresh` the threshold that it set (None: still none)
    ssthresh_before  the threshold that held until then, as tcp_probe shows it (None: none)
    duplicates  duplicate ACKs of the same segment that had arrived by then
    flight      segments sent and not acknowledged before the first duplicate ACK or, for a timeout, at that moment
    silence     seconds since the last ACK
    cwnd_next   the window when the next ACK arrived
    end         when the kernel was back in state Open (None: it never was), with the window `cwnd_end`
    retransmit  when the first segment was sent again
    """

    sign: str
    time: float
    cwnd: int
    ssthresh_before: int | None
    ssthresh: int | None
    duplicates: int
    flight: float
    silence: float
    cwnd_next: int
    retransmit: float | None
    end: float | None
    cwnd_end: int | None


@dataclass(frozen=True)
class Input:
    """What a controller is told: `kind` "ack" (`count` segments newly acknowledged), or a sign (`count` in flight).

    `cwnd` and `ssthresh` are the kernel's own values afterwards, when they are known.
    """

    kind: str
    count: float
    time: float
    cwnd: int | None = None
    ssthresh: int | None = None


class Trace:
    """One sender's kernel events, with the size of its segments in bytes."""

    def __init__(self, events: Iterable[Event], segment: int):
        self.events, self.segment = list(events), segment

    @cached_property
    def steps(self) -> list[Step]:
        """The ACKs, in order."""
        found = []
        for (_, probe, state), following in zip(self._reports, [*self._reports[1:], None], strict=False):
            after = following and following[1]
            acked = (after.snd_una - probe.snd_una) % 2**32 / self.segment if after else 0
            # If values hold only since something later than this ACK, a timeout came between: it has changed them.
            known = following is not None and not (following[2] == "Loss" != state)
            found.append(Step(probe.time, probe.snd_cwnd, _limit(probe), probe.snd_una, probe.snd_nxt,
                              probe.in_flight / self.segment, state, acked,
                              after.snd_cwnd if after and known else None))
        return found

    @cached_property
    def window(self) -> list[tuple[float, int]]:
        """(time, cwnd): a value holds from its time on. The kernel tells it one event late; this sets that right."""
        return [(since, probe.snd_cwnd) for since, probe, _ in self._reports]

    @cached_property
    def threshold(self) -> list[tuple[float, int]]:
        """(time, ssthresh) likewise, where it changes, without tcp_probe's creeping up.

        tcp_current_ssthresh() (include/net/tcp.h) says cwnd/2 + cwnd/4 outside of Recovery wherever the threshold
        itself is lower: then nothing is known of it, and nothing is told here.
        """
        kept: list[tuple[float, int]] = []
        for since, probe, state in self._reports:
            creeping = state != "Recovery" and probe.ssthresh == (probe.snd_cwnd >> 1) + (probe.snd_cwnd >> 2)
            if not creeping and (not kept or kept[-1][1] != probe.ssthresh):
                kept.append((since, probe.ssthresh))
        return kept

    @cached_property
    def _reports(self) -> list[tuple[float, Probe, str]]:
        """Each probe with the time since which its values hold, and the state in which it came."""
        found: list[tuple[float, Probe, str]] = []
        since, state = self.events[0].time if self.events else 0.0, "Open"
        for event in self.events:
            if isinstance(event, Probe):
                found.append((since, event, state))
            elif isinstance(event, CongestionState):
                state = event.state
            if isinstance(event, (Probe, CongestionState)):
                since = event.time
        return found

    @cached_property
    def rounds(self) -> list[Round]:
        """The rounds, one after the other, from the first ACK on; those that a loss breaks off are left out.

        A round begins with the first ACK after the last one's end; it ends when what was sent until then is
        acknowledged. The ACKs of fast recovery and after a timeout make no rounds: what they tell of was sent long ago.
        """
        found: list[Round] = []
        first: Step | None = None
        seen: set[str] = set()
        for step in self.steps:
            if step.state in ("Recovery", "Loss"):
                first = None
                continue
            if first is not None and (step.una - first.nxt) % 2**32 < 2**31:
                found.append(Round(first.time, step.time, first.cwnd, step.cwnd, frozenset(seen)))
                first = None
            if first is None:
                first, seen = step, set()
            seen.add(step.phase)
        return found

    @cached_property
    def phases(self) -> list[Phase]:
        """What the sender did, from its first ACK to its last. An episode begins at its sign, not at the next ACK."""
        moments = [(step.time, step.phase) for step in self.steps]
        begins = [(episode.time, RECOVERY if episode.sign == DUPLICATE_ACKS else SLOW_START)
                  for episode in self.episodes]
        found: list[Phase] = []
        last = moments[-1][0] if moments else 0.0
        for time, name in sorted(moments + begins, key=lambda moment: moment[0]):
            if (time, name) in begins or not found or found[-1].name != name:
                if found:
                    found[-1] = Phase(found[-1].name, found[-1].start, time)
                found.append(Phase(name, time, last))
        return [phase for phase in found if phase.end > phase.start]

    def phase_at(self, time: float) -> str | None:
        """The phase at a moment; None before the first ACK and after the last."""
        return next((phase.name for phase in self.phases if phase.start <= time < phase.end), None)

    @cached_property
    def episodes(self) -> list[Episode]:
        """Each loss that the sender noticed. A timeout during fast recovery is an episode of its own."""
        found, state = [], "Open"
        for number, event in enumerate(self.events):
            if not isinstance(event, CongestionState):
                continue
            if event.state != state and event.state in _SIGN_OF:
                episode = self._episode(number, _SIGN_OF[event.state])
                found += [episode] if episode else []
            state = event.state
        return found

    def _episode(self, number: int, sign: str) -> Episode | None:
        event = self.events[number]
        before = [probe for probe in self.events[:number] if isinstance(probe, Probe)]
        after = [probe for probe in self.events[number:] if isinstance(probe, Probe)]
        if not before or not after:
            return None  # in the handshake, or cut off by the end of the trace
        last, after_that = before[-1], after[0]
        copies = _copies(before)
        noticed = copies[0] if sign == DUPLICATE_ACKS and copies else last
        in_flight = noticed.in_flight if sign == DUPLICATE_ACKS else after_that.in_flight
        end = next((later for later in self.events[number:]
                    if isinstance(later, CongestionState) and later.state == "Open"), None)
        settled = next((probe for probe in after if end and probe.time > end.time), None)
        again = next((later.time for later in self.events[number:] if isinstance(later, Retransmit)), None)
        return Episode(
            sign=sign, time=event.time, cwnd=last.snd_cwnd, ssthresh_before=_limit(last), ssthresh=_limit(after_that),
            duplicates=len(copies), flight=in_flight / self.segment, silence=event.time - last.time,
            cwnd_next=after_that.snd_cwnd, retransmit=again, end=end.time if end else None,
            cwnd_end=settled.snd_cwnd if settled else None)

    @cached_property
    def inputs(self) -> list[Input]:
        """The ACKs and the signs of congestion, in order.

        ACKs during fast recovery are left out: what Linux does with them (proportional rate reduction, RFC 6937) only
        spreads over one RTT the halving that the sign has decided.
        """
        signs = [Input(episode.sign, round(episode.flight), episode.time,
                       episode.ssthresh if episode.sign == DUPLICATE_ACKS else episode.cwnd_next, episode.ssthresh)
                 for episode in self.episodes]
        entries = {episode.time for episode in self.episodes}
        acks = [Input("ack", round(step.acked), step.time, step.cwnd_after, None) for step in self.steps
                if step.state != "Recovery" and round(step.acked) >= 1 and step.time not in entries]
        return sorted(acks + signs, key=lambda one: one.time)


def _copies(probes: list[Probe]) -> list[Probe]:
    """The ACKs at the end of `probes` that acknowledge nothing new; tcp_probe shows `una` before the ACK counts."""
    newest = probes[-1]
    run = []
    for probe in reversed(probes):
        if probe.snd_una != newest.snd_una:
            break
        run.append(probe)
    return run[::-1]


def _limit(probe: Probe) -> int | None:
    return None if probe.infinite_ssthresh else probe.ssthresh
