"""What the kernel says of one of its TCP sockets when it is asked: the socket option TCP_INFO (tcp(7)).

The numbers behind `ss -ti`, without a program to start and text to read.
"""

import socket
import struct

#: include/uapi/linux/tcp.h, struct tcp_info, as far as tcpi_snd_wnd. Later kernels append to it.
_LAYOUT = struct.Struct("=8B24I4Q6I4Q2I2Q4I")
SIZE = _LAYOUT.size
_NAMES = (
    "state", "ca_state", "retransmits", "probes", "backoff", "options", "scales", "flags",
    "rto", "ato", "snd_mss", "rcv_mss", "unacked", "sacked", "lost", "retrans", "fackets",
    "last_data_sent", "last_ack_sent", "last_data_recv", "last_ack_recv",
    "pmtu", "rcv_ssthresh", "rtt", "rttvar", "snd_ssthresh", "snd_cwnd", "advmss", "reordering",
    "rcv_rtt", "rcv_space", "total_retrans",
    "pacing_rate", "max_pacing_rate", "bytes_acked", "bytes_received",
    "segs_out", "segs_in", "notsent_bytes", "min_rtt", "data_segs_in", "data_segs_out",
    "delivery_rate", "busy_time", "rwnd_limited", "sndbuf_limited", "delivered", "delivered_ce",
    "bytes_sent", "bytes_retrans", "dsack_dups", "reord_seen", "rcv_ooopack", "snd_wnd")


def tcp_info(connection: socket.socket) -> dict[str, int]:
    """TCP_INFO of a socket, by the kernel's names without `tcpi_`.

    Times are in microseconds (`rto`, `rtt`, `rttvar`, `ato`, `min_rtt`, `busy_time`, ...), `last_*` in milliseconds;
    `unacked`, `lost`, `snd_cwnd` ... in segments; `snd_wnd` in bytes; `state` is a number of net.sockets.STATES.
    """
    return parse(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAYOUT.size))


def parse(data: bytes) -> dict[str, int]:
    """The same from the option's bytes; what an older kernel does not tell is 0."""
    return dict(zip(_NAMES, _LAYOUT.unpack(data.ljust(_LAYOUT.size, b"\0")), strict=True))
