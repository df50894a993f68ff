"""The TCP state machine (RFC 9293, figure 5), as a table.

Theory of operation. A capture shows segments, not states; but each end's state follows from what it has sent and what
it has received. Every segment is broken into events of its two ends: for its sender "send SYN" (bare), "send FIN",
"send RST"; for its receiver "receive SYN", "receive FIN" (once everything before it has arrived), "receive ACK of SYN",
"receive ACK of FIN", "receive RST" (if its number is one that RFC 5961 accepts). Each event looks up (state, event) in
`TRANSITIONS`; what the table does not hold changes nothing.

The machine believes that whatever passes the capture point arrives. At an end's own interface, that end's states are
thus its true states; the other end's may be ahead of the truth, until a segment of its own shows how far it is.
What no segment shows is not shown here either: an end leaves TIME-WAIT by a timer.
"""

#: The states (RFC 9293, section 3.3.2).
CLOSED, LISTEN, SYN_SENT, SYN_RECEIVED, ESTABLISHED = "CLOSED", "LISTEN", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"
FIN_WAIT_1, FIN_WAIT_2, CLOSING, TIME_WAIT = "FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT"
CLOSE_WAIT, LAST_ACK = "CLOSE-WAIT", "LAST-ACK"

#: What may happen to an end.
SEND_SYN, SEND_FIN, SEND_RST = "send SYN", "send FIN", "send RST"
RECEIVE_SYN, RECEIVE_FIN, RECEIVE_RST = "receive SYN", "receive FIN", "receive RST"
ACK_OF_SYN, ACK_OF_FIN = "receive ACK of SYN", "receive ACK of FIN"

#: State -> {event -> the state that follows} (RFC 9293, figure 5).
TRANSITIONS = {
    CLOSED: {SEND_SYN: SYN_SENT},
    LISTEN: {RECEIVE_SYN: SYN_RECEIVED, SEND_SYN: SYN_SENT},
    SYN_SENT: {RECEIVE_SYN: SYN_RECEIVED},  # a SYN+ACK brings "ACK of SYN" too, and so goes on to ESTABLISHED
    SYN_RECEIVED: {ACK_OF_SYN: ESTABLISHED, SEND_FIN: FIN_WAIT_1, RECEIVE_FIN: CLOSE_WAIT},
    ESTABLISHED: {SEND_FIN: FIN_WAIT_1, RECEIVE_FIN: CLOSE_WAIT},
    FIN_WAIT_1: {ACK_OF_FIN: FIN_WAIT_2, RECEIVE_FIN: CLOSING},
    FIN_WAIT_2: {RECEIVE_FIN: TIME_WAIT},
    CLOSING: {ACK_OF_FIN: TIME_WAIT},
    TIME_WAIT: {},
    CLOSE_WAIT: {SEND_FIN: LAST_ACK},
    LAST_ACK: {ACK_OF_FIN: CLOSED},
}
for _table in TRANSITIONS.values():
    _table.update({SEND_RST: CLOSED, RECEIVE_RST: CLOSED})

#: Both ends in these: the connection is over, and a new SYN between the same ports begins another one.
FINISHED = {CLOSED, TIME_WAIT}


def after(state: str, event: str) -> str:
    """The state that follows; the same one if the event means nothing in it."""
    return TRANSITIONS[state].get(event, state)
