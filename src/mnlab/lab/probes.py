"""Inside a machine: try each feature (lab/features.py) that its kernel may show or not. The entry of a machine's job.

A function of a feature's name returns "" if the kernel shows it, and else what was seen instead. A trial is made with
what is asked for and without, and the two must differ: so nothing passes because a sysctl means nothing any more.
"""

import json
import os
import select
import socket
import time
from pathlib import Path

from mnlab.lab.features import FEATURES
from mnlab.net import namespace, netlink
from mnlab.net.tcp_info import tcp_info

RECOVERY = 3  # TCP_CA_Recovery: sent again because of ACKs, not of the timer (include/uapi/linux/tcp.h, tcp_ca_state)
TRIES = 5  # of a trial that a busy computer spoilt: its peer was late, and the timer ran out

NEAR, FAR = "10.9.9.1", "10.9.9.2"
NEAR_END, FAR_END = ("probe-near", "02:00:00:09:09:01"), ("probe-far", "02:00:00:09:09:02")
#: Seconds. The timer runs RTT + 0.2 s after what was sent (tcp_rto_min), so 0.2 s after the ACKs. RACK waits a quarter
#: of an RTT for a segment that may only be late (RFC 8985, section 6.2): 0.01 s.
RTT, QUIET, AT_ONCE = 0.04, 0.1, 0.05
PIECE, PIECES = 100, 4  # bytes of a segment; one that is lost, and three that arrive


def main(name: str) -> int:
    """Leave what was found in the result, as the JSON file `name`: {feature: "", or why the kernel does not show it}.
    Raises if one could not be tried."""
    found = {feature: globals()[feature]() for feature in FEATURES}
    Path(os.environ.get("MNLAB_RESULT", "/result"), name).write_text(json.dumps(found, sort_keys=True))
    return 0


def classic_recovery() -> str:
    """A sender whose first of four segments is lost, with RACK (tcp_recovery = 1) and without (0): after how many
    duplicate ACKs does it send it again? With RACK after two, a quarter of an RTT later; RFC 6675 says three."""
    with _Far() as far:
        for name, value in (("tcp_early_retrans", 0), ("tcp_autocorking", 0)):  # no loss probe; each piece a segment
            namespace.set_sysctl(f"net.ipv4.{name}", value)
        with_rack, without = (_needed(far, recovery) for recovery in (1, 0))
    if (with_rack, without) == (2, 3):
        return ""
    return (f"a lost segment is sent again after {with_rack} duplicate ACKs with tcp_recovery = 1, and after {without} "
            "with 0" + (": RACK cannot be turned off" if with_rack == without == 2 else ""))


def _needed(far: "_Far", recovery: int) -> int:
    """After how many duplicate ACKs the sender sends again, within the time for that."""
    namespace.set_sysctl("net.ipv4.tcp_recovery", recovery)
    for _ in range(TRIES):
        with socket.socket() as near:
            if (needed := _repeat(far, near)) > 1:  # no rule takes one: what came then was meant for later
                return needed
    raise TimeoutError(f"with tcp_recovery = {recovery} each of {TRIES} trials came out of step (the sender was "
                       "early, or its timer ran out): this computer is too busy")


def _repeat(far: "_Far", near: socket.socket) -> int:
    """One trial: the number of duplicate ACKs after which the first segment came again; 0 if it was the timer's."""
    first = far.take(near)
    for number in range(PIECES):
        near.send(bytes(PIECE))
        if far.hear(AT_ONCE, first + number * PIECE) is None:
            return 0
    time.sleep(RTT)  # the way of the ACKs
    for duplicates, patience in ((1, 0.0), (2, QUIET), (3, AT_ONCE)):
        far.say(flags="A", ack=first, options=[("SAck", (first + PIECE, first + (1 + duplicates) * PIECE))])
        if far.hear(patience, first) is not None:
            return duplicates if tcp_info(near)["ca_state"] == RECOVERY else 0
    return 0


class _Far:
    """The far end of a cable to this kernel, played by hand: it says what a trial wants, and when."""

    def __enter__(self):
        import scapy.layers.inet  # noqa: F401  # now: while a slow computer reads it, the kernel would give up asking
        pid = os.getpid()
        netlink.tell([netlink.veth((*NEAR_END, pid), (*FAR_END, pid))], "making a cable")
        near, far = (socket.if_nametoindex(end) for end, _ in (NEAR_END, FAR_END))
        netlink.tell([netlink.address(near, NEAR, 24), netlink.change(near, up=True), netlink.change(far, up=True)],
                     "setting up the cable")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # ETH_P_ALL
        self.socket.bind((FAR_END[0], 3))
        self.port, self.answer = 6100, 0
        return self

    def __exit__(self, *_):
        self.socket.close()
        netlink.tell([netlink.delete(socket.if_nametoindex(NEAR_END[0]))], "taking the cable away")

    def take(self, near: socket.socket) -> int:
        """Let `near` open a connection; the number of the first byte that it will send."""
        self.port += 1
        near.setblocking(False)
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        near.bind((NEAR, self.port))
        near.connect_ex((FAR, self.port))
        syn = self.hear(QUIET * 20)
        if syn is None:
            raise TimeoutError("the kernel sent no SYN to the far end of its own cable")
        time.sleep(RTT)  # the way there and back, of which the sender takes its RTT
        self.answer = 1
        self.say(flags="SA", seq=0, ack=syn + 1, options=[("MSS", 1460), ("SAckOK", b"")])
        if self.hear(QUIET * 20, syn + 1) is None:
            raise TimeoutError("the kernel did not open the connection")
        return syn + 1

    def say(self, flags: str, ack: int, options: list, seq: int | None = None) -> None:
        """Send a segment to the kernel."""
        from scapy.layers.inet import IP, TCP
        self._send(IP(src=FAR, dst=NEAR) / TCP(sport=self.port, dport=self.port, flags=flags, ack=ack % 2**32,
                                               seq=self.answer if seq is None else seq, window=65535, options=options))

    def hear(self, seconds: float, number: int | None = None) -> int | None:
        """The number of the kernel's next segment, or of the next with this `number`; None if none comes in time. What
        has come is looked at whatever the time. Asked for an address, the far end tells it."""
        from scapy.layers.inet import TCP
        from scapy.layers.l2 import ARP, Ether
        deadline = time.monotonic() + seconds
        while select.select([self.socket], [], [], max(0, deadline - time.monotonic()))[0]:
            data, whence = self.socket.recvfrom(2048)
            if whence[2] == socket.PACKET_OUTGOING:
                continue
            frame = Ether(data)
            if ARP in frame and frame[ARP].op == 1:
                self._send(ARP(op=2, hwsrc=FAR_END[1], psrc=FAR, hwdst=NEAR_END[1], pdst=NEAR))
            elif TCP in frame and frame[TCP].sport == self.port and number in (None, frame[TCP].seq):
                return frame[TCP].seq
        return None

    def _send(self, packet) -> None:
        from scapy.layers.l2 import Ether
        self.socket.send(bytes(Ether(src=FAR_END[1], dst=NEAR_END[1]) / packet))
