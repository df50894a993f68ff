"""Whether a segment's or datagram's own checksum fits it: all that TCP and UDP know of changes on the way.

RFC 9293 section 3.1 and RFC 768: the internet checksum over a pseudo-header (addresses, protocol, length) and all that
follows the IP header. Means something where offloads are off, so that what is captured is what a wire would carry.
"""

from mnlab.protocols import ip
from mnlab.protocols.capture import Frame


def transport_fits(frame: Frame) -> bool | None:
    """Whether the TCP or UDP checksum of a frame fits; None for anything else, and for UDP without a checksum."""
    packet = ip.packet(frame)
    if packet is None or packet.protocol not in (ip.TCP, ip.UDP) or packet.fragment_offset or packet.more_fragments:
        return None
    data = frame.data[packet.start:packet.end]
    if packet.protocol == ip.UDP and data[6:8] == b"\0\0":
        return None
    addresses = bytes(int(part) for address in (packet.source, packet.target) for part in address.split("."))
    pseudo_header = addresses + bytes([0, packet.protocol]) + len(data).to_bytes(2, "big")
    return ip.internet_checksum(pseudo_header + data) == 0
