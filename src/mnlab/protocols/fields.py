"""The fields of each header, in their order: a name, so many bits, and how the number in them is written.

Ethernet (IEEE 802.3), VLAN tags (IEEE 802.1Q), ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), TCP (RFC 9293), UDP (RFC
768); of what they carry the headers of DNS (RFC 1035), TLS records (RFC 8446) and OpenFlow (1.0 and 1.3, section A.1).
"""

from typing import NamedTuple

from mnlab.protocols import layers
from mnlab.protocols.layers import Header


class Field(NamedTuple):
    """`bits` wide, 0 for the rest of the header. `form`: "number", "hex", "mac", "ipv4", "flags" (`names`: from the
    highest bit down, separated by blanks), "options" (TCP's) or "bytes". `names` is otherwise what single values mean.
    """

    name: str
    bits: int
    form: str = "number"
    names: dict[int, str] | str = ""


_ETHERTYPES = {0x0800: "IPv4", 0x0806: "ARP", 0x86DD: "IPv6", 0x8100: "VLAN", 0x88CC: "LLDP"}
_PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP"}
_ICMP = {0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded"}
_RECORDS = {20: "change cipher spec", 21: "alert", 22: "handshake", 23: "application data"}
_VERSIONS = {0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}

#: Each header's fields, by the header's name (layers.Header).
FIELDS: dict[str, tuple[Field, ...]] = {
    "ethernet": (Field("destination", 48, "mac"), Field("source", 48, "mac"), Field("type", 16, "hex", _ETHERTYPES)),
    "vlan": (Field("priority", 3), Field("drop eligible", 1), Field("VLAN", 12), Field("type", 16, "hex", _ETHERTYPES)),
    "arp": (Field("hardware type", 16, "number", {1: "Ethernet"}), Field("protocol type", 16, "hex", _ETHERTYPES),
            Field("hardware size", 8), Field("protocol size", 8),
            Field("operation", 16, "number", {1: "request", 2: "reply"}), Field("sender MAC", 48, "mac"),
            Field("sender IP", 32, "ipv4"), Field("target MAC", 48, "mac"), Field("target IP", 32, "ipv4")),
    "ipv4": (Field("version", 4), Field("header length (words)", 4), Field("DSCP", 6), Field("ECN", 2),
             Field("total length", 16), Field("identification", 16, "hex"), Field("flags", 3, "flags", "- DF MF"),
             Field("fragment offset (8 bytes)", 13), Field("time to live", 8),
             Field("protocol", 8, "number", _PROTOCOLS), Field("checksum", 16, "hex"), Field("source", 32, "ipv4"),
             Field("destination", 32, "ipv4"), Field("options", 0, "bytes")),
    "icmp": (Field("type", 8, "number", _ICMP), Field("code", 8), Field("checksum", 16, "hex"),
             Field("identifier", 16), Field("sequence number", 16)),
    "tcp": (Field("source port", 16), Field("destination port", 16), Field("sequence number", 32),
            Field("acknowledgment number", 32), Field("header length (words)", 4), Field("reserved", 4),
            Field("flags", 8, "flags", "CWR ECE URG ACK PSH RST SYN FIN"), Field("window", 16),
            Field("checksum", 16, "hex"), Field("urgent pointer", 16), Field("options", 0, "options")),
    "udp": (Field("source port", 16), Field("destination port", 16), Field("length", 16),
            Field("checksum", 16, "hex")),
    "dns": (Field("identifier", 16, "hex"), Field("response", 1), Field("opcode", 4),
            Field("flags", 7, "flags", "AA TC RD RA Z AD CD"), Field("response code", 4, "number", {
                0: "no error", 1: "format error", 2: "server failure", 3: "no such name", 5: "refused"}),
            Field("questions", 16), Field("answers", 16), Field("authority records", 16),
            Field("additional records", 16)),
    "tls": (Field("content type", 8, "number", _RECORDS), Field("version", 16, "hex", _VERSIONS), Field("length", 16)),
    "openflow": (Field("version", 8, "number", {1: "OpenFlow 1.0", 4: "OpenFlow 1.3"}), Field("type", 8),
                 Field("length", 16), Field("transaction", 32, "hex")),
}

DNS_PORT, OPENFLOW_PORTS = 53, (6633, 6653)  # RFC 1035, section 4.2; the OpenFlow specification 1.3.3, section 6.3.3


def headers(data: bytes) -> list[Header]:
    """The headers of a frame from the outside in, with that of an application whose port or first bytes tell it."""
    nest = layers.nest(data)
    found = list(nest.headers)
    start, left = nest.start, nest.end - nest.start
    if found and found[-1].name in ("tcp", "udp"):
        ports = {int.from_bytes(data[found[-1].start + at:found[-1].start + at + 2], "big") for at in (0, 2)}
        over_tcp = found[-1].name == "tcp"
        if DNS_PORT in ports and left >= 12 + 2 * over_tcp:
            found.append(Header("dns", start + 2 * over_tcp, 12, None))  # over TCP its length stands before it
        elif over_tcp and ports & {*OPENFLOW_PORTS} and left >= 8:
            found.append(Header("openflow", start, 8, None))
        elif over_tcp and left >= 5 and data[start] in _RECORDS and data[start + 1] == 3:
            found.append(Header("tls", start, 5, None))
    return found
