"""What became of packets between two capture points: which arrived, when, how often; what was sent is not what arrives.

A packet is recognised by its addresses, protocol, identification and fragment offset and by all that IP carries. So
a TCP segment that is sent again is another packet (its identification differs), a copy that the network made is not.
Across an address translator (RFC 3022) addresses, ports and checksums change, and the rest of the packet tells.
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
        """When it left (s)."""
        return self.frame.time

    @property
    def lost(self) -> bool:
        """Whether it arrived not once."""
        return not self.arrivals

    @property
    def delay(self) -> float | None:
        """Seconds until it arrived first; None if it never did."""
        return self.arrivals[0] - self.frame.time if self.arrivals else None


def transits(sent: Iterable[Frame], arrived: Iterable[Frame], source: str, translated: bool = False) -> list[Transit]:
    """The packets from the IP address `source` in the capture `sent`, in order, each with its arrivals in `arrived`.

    Two packets that are the same in everything (an empty datagram sent twice) share their arrivals in order.
    `translated`: an address translator lies between the two, so addresses and ports are not compared.
    """
    key_of = content if translated else _key
    times: dict[tuple, list[float]] = {}
    for frame, packet in ip.packets(arrived):
        times.setdefault(key_of(frame, packet), []).append(frame.time)
    left = [(frame, packet, key_of(frame, packet)) for frame, packet in ip.packets(sent) if packet.source == source]
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


#: Where ports, or an echo's identifier, and the checksum lie in what IP carries: an address translator changes them
#: (RFC 3022, section 4.1), and the same in the packet that an ICMP error quotes (RFC 5508, section 4).
_CHANGED = {ip.TCP: ((0, 4), (16, 18)), ip.UDP: ((0, 4), (6, 8)), ip.ICMP: ((2, 6),)}
_QUOTING = (b"\3", b"\5", b"\x0b", b"\x0c")  # the types of ICMP that quote a packet from byte 8 on (RFC 792)


def content(frame: Frame, packet: ip.Packet) -> tuple:
    """What an address translator leaves of a packet: all that IP carries but ports, echo identifiers and checksums."""
    carried = bytearray(frame.data[packet.start:packet.end])
    if packet.fragment_offset == 0:
        _clear(carried, 0, packet.protocol)
        quoted = ip.decode_ipv4(bytes(carried), 8) if packet.protocol == ip.ICMP and carried[:1] in _QUOTING else None
        if quoted:
            carried[18:28] = bytes(10)  # the quoted header's checksum and addresses
            _clear(carried, quoted.start, quoted.protocol)
    return packet.protocol, packet.ident, packet.fragment_offset, bytes(carried)


def _clear(carried: bytearray, start: int, protocol: int) -> None:
    for first, after in _CHANGED.get(protocol, ()):
        size = len(carried[start + first:start + after])
        carried[start + first:start + first + size] = bytes(size)
