"""What the kernel says of its own TCP: the text of tracefs' `trace` file, turned into events.

As Linux writes it (include/trace/events/tcp.h and sock.h), one event a line:

    iperf3-312     [000] ..s2.    12.345678: tcp_probe: family=AF_INET src=10.0.0.1:5201 dest=10.0.0.2:40000 ...
    |      |        |    |        |          |          key=value, much the same in every event
    task   pid      cpu  flags    seconds    name

Time is the trace clock's (`mono`), which tracefs prints to the microsecond, plus the offset that the caller gives.
The task is whatever happened to run when the segment arrived, so it is not kept.

Kernels differ in what they tell (6.12 puts skbaddr= and skaddr= first, 7.3 has err= in tcp_retransmit_skb, 5.10 has no
tcp_cong_state_set). Fields that are not known are passed over. A line that lacks one which is read here, and an event
that could not be recorded ("# absent: NAME" stands in the file, evidence/tracing.py), are `unknown`, not nothing.

`source` is always the end whose socket reports, `target` its peer: also when the peer's segment is the cause.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from mnlab.protocols.ip import Endpoint

#: icsk_ca_state (include/uapi/linux/tcp.h, enum tcp_ca_state).
CONGESTION_STATES = ("Open", "Disorder", "CWR", "Recovery", "Loss")

#: The kernel's "no slow start threshold yet" (TCP_INFINITE_SSTHRESH, include/net/tcp.h).
INFINITE_SSTHRESH = 0x7FFFFFFF

#: The kernel's names of states -> those of RFC 9293, as the rest of this package writes them.
SOCKET_STATES = {
    "TCP_ESTABLISHED": "ESTABLISHED", "TCP_SYN_SENT": "SYN-SENT", "TCP_SYN_RECV": "SYN-RECEIVED",
    "TCP_FIN_WAIT1": "FIN-WAIT-1", "TCP_FIN_WAIT2": "FIN-WAIT-2", "TCP_TIME_WAIT": "TIME-WAIT", "TCP_CLOSE": "CLOSED",
    "TCP_CLOSE_WAIT": "CLOSE-WAIT", "TCP_LAST_ACK": "LAST-ACK", "TCP_LISTEN": "LISTEN", "TCP_CLOSING": "CLOSING",
    "TCP_NEW_SYN_RECV": "SYN-RECEIVED",
}

#: A task may have any name, with a line's end in it, too: the line then begins within the name.
_LINE = re.compile(r"^.*-\d+ .*?\[\d+\] +\S+ +(?P<time>\d+\.\d+): (?P<name>\w+): (?P<rest>.*)$")
_FIELD = re.compile(r"(\w+)=(\S+)")
_ABSENT = re.compile(r"^# absent: (\w+)$", re.MULTILINE)
_LOST = re.compile(r"^CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]")


@dataclass(frozen=True)
class Event:
    """What every event says. `time` in seconds, `name` the tracepoint's."""

    name: ClassVar[str] = ""
    time: float
    source: Endpoint
    target: Endpoint

    @property
    def connection(self) -> frozenset:
        """The two ends, in no order: the same for both directions and for both hosts."""
        return frozenset((self.source, self.target))


@dataclass(frozen=True)
class Probe(Event):
    """tcp:tcp_probe. A segment has arrived in an established connection and is *about to be* processed.

    So the values are those before the segment counts. Note the kernel's units:
    snd_cwnd    segments of one MSS
    ssthresh    segments, by tcp_current_ssthresh(): in CWR and Recovery the threshold itself; in other states
                max(threshold, 3/4 cwnd), so it creeps up with cwnd. `infinite_ssthresh` before the first loss.
    snd_wnd     bytes: the peer's advertised window; rcv_wnd: our own
    srtt        seconds here. The kernel keeps 8 times the smoothed RTT in microseconds (srtt_us); the event has
                shifted that down already (srtt_us >> 3), so the text holds microseconds.
    data_len    bytes of payload in the segment that arrived
    snd_nxt, snd_una    raw sequence numbers; `in_flight` is their difference in bytes
    """

    name: ClassVar[str] = "tcp_probe"
    data_len: int
    snd_nxt: int
    snd_una: int
    snd_cwnd: int
    ssthresh: int
    snd_wnd: int
    srtt: float
    rcv_wnd: int
    cookie: str  # tells sockets apart, also when ports are used again

    @property
    def in_flight(self) -> int:
        """Bytes that are sent and not acknowledged."""
        return (self.snd_nxt - self.snd_una) % 2**32

    @property
    def infinite_ssthresh(self) -> bool:
        """Whether no slow start threshold is set yet."""
        return self.ssthresh >= INFINITE_SSTHRESH


@dataclass(frozen=True)
class CongestionState(Event):
    """tcp:tcp_cong_state_set. The congestion state machine is set to `state` (a word of CONGESTION_STATES).

    The kernel reports every setting, also to the state it is in already.
    """

    name: ClassVar[str] = "tcp_cong_state_set"
    state: str


@dataclass(frozen=True)
class Retransmit(Event):
    """tcp:tcp_retransmit_skb. A segment is sent again; `state` is the socket's, as RFC 9293 names it."""

    name: ClassVar[str] = "tcp_retransmit_skb"
    state: str


@dataclass(frozen=True)
class SendReset(Event):
    """tcp:tcp_send_reset. An RST is sent for an existing socket (none is reported where there is no socket)."""

    name: ClassVar[str] = "tcp_send_reset"
    state: str


@dataclass(frozen=True)
class ReceiveReset(Event):
    """tcp:tcp_receive_reset. A valid RST has arrived for the socket `source`."""

    name: ClassVar[str] = "tcp_receive_reset"


@dataclass(frozen=True)
class SocketState(Event):
    """sock:inet_sock_set_state. A socket goes from `old` to `new` (RFC 9293 names).

    An active socket goes from CLOSED to SYN-SENT before its port is picked: that event's source has port 0. A passive
    one is first seen (LISTEN to SYN-RECEIVED) when the handshake's last ACK arrives, and up to Linux 6.12 its peer is
    not filled in by then (0.0.0.0:0), in 7.3 it is; before that it is a "request socket", which is not reported. A
    socket that enters TIME-WAIT is replaced by a small one, and reported as CLOSED at that moment.
    """

    name: ClassVar[str] = "inet_sock_set_state"
    old: str
    new: str


@dataclass(frozen=True)
class Account:
    """The `events` in a trace, in its order, and why it does not tell of others: tracepoint -> reason, in words. Under
    "" stands what may hide any of them."""

    events: list[Event]
    unknown: dict[str, str]


def events(text: str, offset: float = 0.0) -> list[Event]:
    """The events in the text of a `trace` file, in its order; lines of other tracepoints are passed over.

    `offset` (seconds) is added to the trace's clock.
    """
    return account(text, offset).events


def account(text: str, offset: float = 0.0) -> Account:
    """The same, and what the text cannot tell. Its last line may have been cut short, where tracing stopped."""
    found: list[Event] = []
    unknown = absent(text)
    for line in text.splitlines(keepends=True):
        match = _LINE.match(line)
        build = _BUILDERS.get(match["name"]) if match else None
        if match and build:
            try:
                fields = dict(_FIELD.findall(match["rest"]))
                found.append(build(float(match["time"]) + offset, *_ends(fields), fields))
            except (KeyError, ValueError, IndexError) as problem:
                if line.endswith("\n"):
                    lack = f"no {problem.args[0]}=" if isinstance(problem, KeyError) else "another form"
                    unknown.setdefault(match["name"], f"this kernel writes {match['name']} with {lack}")
    return Account(found, unknown | in_another_form(text))


def in_another_form(text: str) -> dict[str, str]:
    """Why nothing can be read of a trace that has lines, and none of the form known here; {} if there is one."""
    told = [line for line in text.splitlines(keepends=True)
            if line.endswith("\n") and line.strip() and not line.startswith("#") and not _LOST.match(line)]
    return {"": "this kernel's trace has another form"} if told and not any(map(_LINE.match, told)) else {}


def name_in(line: str) -> str:
    """The tracepoint that a line of a trace tells of; "" if it tells of none."""
    match = _LINE.match(line)
    return match["name"] if match else ""


def absent(text: str) -> dict[str, str]:
    """The tracepoints that could not be recorded, as the text itself says, each with the reason."""
    return {name: f"this kernel has no tracepoint {name}" for name in _ABSENT.findall(text)}


def lost(text: str) -> int:
    """How many events the trace buffer had to drop, as `trace` itself says. Evidence is whole only if this is 0."""
    total = sum(int(match[1] or 1) for match in filter(None, map(_LOST.match, text.splitlines())))
    header = re.search(r"^# entries-in-buffer/entries-written: (\d+)/(\d+)", text, re.MULTILINE)
    return max(total, int(header[2]) - int(header[1]) if header else 0)


def congestion_states(found: list[Event]) -> Iterator[CongestionState]:
    """The congestion state changes, without the settings that change nothing; each connection starts in Open."""
    current: dict[tuple, str] = {}
    for event in found:
        if isinstance(event, CongestionState):
            key = (event.source, event.target)
            if current.get(key, "Open") != event.state:
                current[key] = event.state
                yield event


def _probe(time: float, source: Endpoint, target: Endpoint, fields: dict[str, str]) -> Probe:
    number = {key: int(fields[key], 0) for key in
              ("data_len", "snd_nxt", "snd_una", "snd_cwnd", "ssthresh", "snd_wnd", "rcv_wnd")}
    return Probe(time, source, target, srtt=int(fields["srtt"]) / 1e6, cookie=fields.get("sock_cookie", ""), **number)


_BUILDERS = {
    "tcp_probe": _probe,
    "tcp_cong_state_set": lambda time, source, target, fields: CongestionState(
        time, source, target, CONGESTION_STATES[int(fields["cong_state"])]),
    "tcp_retransmit_skb": lambda time, source, target, fields: Retransmit(
        time, source, target, _state(fields["state"])),
    "tcp_send_reset": lambda time, source, target, fields: SendReset(time, source, target, _state(fields["state"])),
    "tcp_receive_reset": lambda time, source, target, fields: ReceiveReset(time, source, target),
    "inet_sock_set_state": lambda time, source, target, fields: SocketState(
        time, source, target, _state(fields["oldstate"]), _state(fields["newstate"])),
}


def _state(name: str) -> str:
    return SOCKET_STATES.get(name, name)


def _ends(fields: dict[str, str]) -> tuple[Endpoint, Endpoint]:
    """(source, target): tcp_probe writes src= and dest= with ports, the others four fields and IPv6 beside IPv4."""
    if "src" in fields:
        return _endpoint(fields["src"]), _endpoint(fields["dest"])
    version = "v6" if fields.get("family") == "AF_INET6" else ""
    ends = ((fields["saddr" + version], fields["sport"]), (fields["daddr" + version], fields["dport"]))
    (source, source_port), (target, target_port) = ((_plain(address), int(port)) for address, port in ends)
    return Endpoint(source, source_port), Endpoint(target, target_port)


def _endpoint(text: str) -> Endpoint:
    """"10.0.0.1:80" or "[::1]:80"."""
    address, _, port = text.rpartition(":")
    return Endpoint(_plain(address.strip("[]")), int(port))


def _plain(address: str) -> str:
    """An IPv4 address used through an IPv6 socket, as the wire has it."""
    return address.removeprefix("::ffff:") if "." in address else address
