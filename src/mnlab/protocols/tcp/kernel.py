"""The kernel's own account of one end of a connection (protocols.kernel), in the words of the analyser.

The congestion state machine (icsk_ca_state) tells why Linux sends a segment again: its timer sets Loss and then sends
(tcp_retransmit_timer), recovery has set Recovery before (tcp_fastretrans_alert), and a tail loss probe leaves the state
alone (tcp_send_loss_probe).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mnlab.protocols.kernel import CongestionState, Event, Retransmit
from mnlab.protocols.tcp.repeats import AFTER_TIMEOUT, FAST, TAIL_PROBE, TIMEOUT

AT_ONCE = 0.001  # s; from the timer's setting of Loss to its retransmission: the same function


@dataclass(frozen=True)
class Reason:
    """A retransmission that the kernel reports, with the congestion state it was in, and what follows from that."""

    event: Retransmit
    state: str
    cause: str

    @property
    def time(self) -> float:
        """When it was sent again (s)."""
        return self.event.time


def of_end(events: Iterable[Event], connection, side: str) -> list[Event]:
    """What the kernel says of the socket at one end of a connection, as long as the capture shows it."""
    ends = connection.client, connection.server
    ends = ends if side == "client" else ends[::-1]
    first, last = connection.segments[0].time, connection.segments[-1].time
    return [event for event in events if (event.source, event.target) == ends
            and first - AT_ONCE <= event.time <= last + AT_ONCE]


def reasons(events: Iterable[Event]) -> list[Reason]:
    """The retransmissions among `events`, in order, each with its reason."""
    found: list[Reason] = []
    states: dict[tuple, tuple[str, float]] = {}  # socket -> congestion state, and when it was set
    for event in events:
        socket = event.source, event.target
        if isinstance(event, CongestionState):
            states[socket] = event.state, event.time
        elif isinstance(event, Retransmit):
            state, since = states.get(socket, ("Open", float("-inf")))
            found.append(Reason(event, state, _cause(state, event.time - since)))
            states[socket] = state, float("-inf")  # only the first one after Loss is the timer's
    return found


def _cause(state: str, since: float) -> str:
    if state == "Loss":
        return TIMEOUT if since < AT_ONCE else AFTER_TIMEOUT
    return FAST if state == "Recovery" else TAIL_PROBE
