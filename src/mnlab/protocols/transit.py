"""What became of packets between two capture points: which arrived, when, how often; what was sent is not what arrives.

A packet is recognised by its addresses, protocol, identification and fragment offset and by all that IP carries. So
a TCP segment that is sent again is another packet (its identification differs), a copy that the network made is not.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame


@dataclass(frozen=True)
class Transit:
    """A packet that left, and the times (s) at which it arrived: none if it was lost, several if it was copied."""

    frame: Frame
    packet: ip.Packet
    arrivals: tuple[float, ...]

    @property
    def time(self) -> float:
        return self.frame.time

    @property
    def lost(self) -> bool:
        return not self.arrivals

    @property
    def delay(self) -> float | None:
        """Seconds until it arrived first; None if it never did."""
        return self.arrivals[0] - self.frame.time if self.arrivals else None


def transits(sent: Iterable[Frame], arrived: Iterable[Frame], source: str) -> list[Transit]:
    """The packets from the IP address `source` in the capture `sent`, in order, each with its arrivals in `arrived`.

    Two packets that are the same in everything (an empty datagram sent twice) share their arrivals in order.
    """
    times: dict[tuple, list[float]] = {}
    for frame, packet in ip.packets(arrived):
        times.setdefault(_key(frame, packet), []).append(frame.time)
    left = [(frame, packet, _key(frame, packet)) for frame, packet in ip.packets(sent) if packet.source == source]
    last = {key: number for number, (_, _, key) in enumerate(left)}
    found = []
    for number, (frame, packet, key) in enumerate(left):
        waiting = times.get(key, [])
        mine = waiting if last[key] == number else waiting[:1]
        times[key] = waiting[len(mine):]
        found.append(Transit(frame, packet, tuple(mine)))
    return found


def _key(frame: Frame, packet: ip.Packet) -> tuple:
    return (packet.source, packet.target, packet.protocol, packet.ident, packet.fragment_offset,
            frame.data[packet.start:packet.end])
