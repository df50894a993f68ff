"""The retransmission timeout from measured round trips: as RFC 6298 says it, and as Linux does it. Times in seconds.

    RFC 6298, section 2                         Linux: net/ipv4/tcp_input.c, tcp_rtt_estimator() and tcp_set_rto()
    SRTT   <- 7/8 SRTT + 1/8 R                  the same, in microseconds times 8
    RTTVAR <- 3/4 RTTVAR + 1/4 |SRTT - R|       the greatest mean deviation of a round trip's samples, never below
                                                200 ms; it grows at once and shrinks by a quarter a round trip
    RTO    <- SRTT + max(G, 4 RTTVAR)           SRTT + RTTVAR: it holds 4 times the deviation already
    RTO at least 1 s                            follows: at least SRTT + 200 ms
    doubled by each timeout (5.5)               the same, up to 120 s

Who takes which samples is not decided here (Karn's algorithm, RFC 6298 section 3: none of a segment that was sent
twice, unless timestamps tell); see rtt.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

ALPHA, BETA, K = 1 / 8, 1 / 4, 4  # RFC 6298, section 2
INITIAL_RTO = 1.0  # before the first sample: RFC 6298 (2.1), TCP_TIMEOUT_INIT of Linux
LEAST_RTO = 1.0  # RFC 6298 (2.4)
RTO_MIN, RTO_MAX = 0.2, 120.0  # include/net/tcp.h: TCP_RTO_MIN, Linux's least deviation, and TCP_RTO_MAX
RETRIES = 15  # net.ipv4.tcp_retries2
SYN_RETRIES = 6  # net.ipv4.tcp_syn_retries


@dataclass(frozen=True)
class Estimate:
    """What a sender knows after the sample `rtt`."""

    rtt: float
    srtt: float
    rttvar: float
    rto: float


@dataclass
class Rfc6298:
    """The estimator and the timer of RFC 6298. `minimum`, `maximum`: bounds of the RTO; `granularity`: the clock's."""

    minimum: float = LEAST_RTO
    maximum: float = 60.0
    granularity: float = 0.0
    srtt: float | None = None
    rttvar: float | None = None
    rto: float = INITIAL_RTO

    def sample(self, rtt: float) -> None:
        """The round trip time of a segment that was sent once."""
        if self.srtt is None or self.rttvar is None:
            self.srtt, self.rttvar = rtt, rtt / 2
        else:
            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)  # before SRTT moves: (2.3)
            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt
        self.rto = self._bounded(self.srtt + max(self.granularity, K * self.rttvar))

    def timeout(self) -> None:
        """The timer went off: back off."""
        self.rto = self._bounded(2 * self.rto)

    def _bounded(self, rto: float) -> float:
        return min(max(rto, self.minimum), self.maximum)


class Linux:
    """The kernel's estimator, in its own integers: microseconds, the SRTT times 8, the mean deviation times 4."""

    def __init__(self):
        self._srtt = self._mdev = self._mdev_max = self._rttvar = 0  # srtt_us, mdev_us, mdev_max_us, rttvar_us
        self._mark = 0  # rtt_seq: when a number above it is acknowledged, a round trip is over

    def sample(self, rtt: float, acked: int | None = None, sent: int | None = None) -> None:
        """The sample of an ACK: numbers below `acked` are acknowledged now, and those below `sent` were sent when it
        came (snd_una, snd_nxt). Without them each sample is a round trip of its own: one segment in flight."""
        least, m = round(RTO_MIN * 1e6), max(1, round(rtt * 1e6))
        acked = self._mark + 1 if acked is None else acked
        sent = acked if sent is None else sent
        if not self._srtt:
            self._srtt, self._mdev, self._mark = 8 * m, 2 * m, sent
            self._rttvar = self._mdev_max = max(self._mdev, least)
            return
        error = m - (self._srtt >> 3)
        change = abs(error) - (self._mdev >> 2)
        if error < 0 and change > 0:
            change >>= 3  # a falling RTT must not raise the timeout
        self._srtt, self._mdev = max(1, self._srtt + error), self._mdev + change
        if self._mdev > self._mdev_max:
            self._mdev_max = self._mdev
            self._rttvar = max(self._rttvar, self._mdev_max)
        if acked > self._mark:
            if self._mdev_max < self._rttvar:
                self._rttvar -= (self._rttvar - self._mdev_max) >> 2
            self._mark, self._mdev_max = sent, least

    @property
    def srtt(self) -> float | None:
        """The smoothed round trip time (s); None before the first sample."""
        return (self._srtt >> 3) / 1e6 if self._srtt else None

    @property
    def deviation(self) -> float:
        """The mean deviation, which TCP_INFO shows as tcpi_rttvar."""
        return (self._mdev >> 2) / 1e6

    @property
    def term(self) -> float:
        """What is added to the SRTT."""
        return self._rttvar / 1e6 if self._srtt else RTO_MIN

    @property
    def rto(self) -> float:
        """The kernel's timer counts jiffies (4 ms at 250 Hz): it rounds this up."""
        return min(((self._srtt >> 3) + self._rttvar) / 1e6, RTO_MAX) if self._srtt else INITIAL_RTO


def rfc6298(samples: Iterable[float], granularity: float = 0.001, least: float = LEAST_RTO) -> list[Estimate]:
    """The estimates after each sample, by RFC 6298."""
    model, found = Rfc6298(minimum=least, granularity=granularity), []
    for rtt in samples:
        model.sample(rtt)
        assert model.srtt is not None and model.rttvar is not None
        found.append(Estimate(rtt, model.srtt, model.rttvar, model.rto))
    return found


def linux(samples: Iterable[tuple[float, int, int]]) -> list[Estimate]:
    """The kernel's estimates after each (rtt, acked, sent); see `Linux.sample`."""
    model, found = Linux(), []
    for rtt, acked, sent in samples:
        model.sample(rtt, acked, sent)
        assert model.srtt is not None
        found.append(Estimate(rtt, model.srtt, model.term, model.rto))
    return found


def schedule(rto: float, tries: int) -> list[float]:
    """The gaps before the first `tries` retransmissions: each twice the one before, 120 s at most."""
    return [min(rto * 2**n, RTO_MAX) for n in range(tries)]


def syn_schedule(linear: int, tries: int = SYN_RETRIES) -> list[float]:
    """The gap behind each SYN of a client that nobody answers; behind the last one it gives up.

    The first `linear` gaps are as long as the first timeout and count for no try, then each is twice the one before
    (net/ipv4/tcp_timer.c, tcp_retransmit_timer() and tcp_write_timeout()).
    """
    return [INITIAL_RTO] * linear + schedule(INITIAL_RTO, tries + 1)


def linear_timeouts(printed: str) -> int:
    """How many SYNs a host repeats without backing off, from what `sysctl -e net.ipv4.tcp_syn_linear_timeouts` printed
    there: 4 as Linux comes since 6.5 (Documentation/networking/ip-sysctl.rst), none where there is no such sysctl.
    """
    return int(printed.partition("=")[2] or 0)


def patience(retries: int = RETRIES) -> float:
    """Seconds for which Linux sends a segment again: it gives up when the timer goes off so long after the first
    retransmission, or later (net/ipv4/tcp_timer.c, retransmits_timed_out()).

    `retries` is turned into a time: that of so many retransmissions with an RTO of 200 ms (924.6 s for 15).
    """
    return sum(schedule(RTO_MIN, retries + 1))
