"""The tables of header fields, held against scapy's dissection of the same bytes."""

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from mnlab.protocols.fields import FIELDS, headers

LINK = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
NET = IP(src="10.1.2.3", dst="10.3.2.1", tos=0xB9, id=0x1234, flags="DF", ttl=61)

#: A frame, the name of a header in it, and what scapy calls the fields: by our names.
EXAMPLES = [
    (LINK / NET / UDP(), "ethernet", Ether, {"type": "type"}),
    (LINK / Dot1Q(prio=5, vlan=77) / NET / UDP(), "vlan", Dot1Q, {"priority": "prio", "VLAN": "vlan", "type": "type"}),
    (LINK / ARP(op=2), "arp", ARP, {"hardware type": "hwtype", "protocol type": "ptype", "hardware size": "hwlen",
                                    "protocol size": "plen", "operation": "op"}),
    (LINK / NET / UDP(), "ipv4", IP, {
        "version": "version", "header length (words)": "ihl", "total length": "len", "identification": "id",
        "fragment offset (8 bytes)": "frag", "time to live": "ttl", "protocol": "proto", "checksum": "chksum"}),
    (LINK / NET / ICMP(id=7, seq=9), "icmp", ICMP, {"type": "type", "code": "code", "checksum": "chksum",
                                                    "identifier": "id", "sequence number": "seq"}),
    (LINK / NET / TCP(sport=4000, dport=80, seq=2**31 + 5, ack=77, window=501, flags="SA", urgptr=3,
                      options=[("MSS", 1460)]), "tcp", TCP, {
        "source port": "sport", "destination port": "dport", "sequence number": "seq", "acknowledgment number": "ack",
        "header length (words)": "dataofs", "window": "window", "checksum": "chksum", "urgent pointer": "urgptr"}),
    (LINK / NET / UDP(sport=4000, dport=9) / Raw(b"hello"), "udp", UDP, {
        "source port": "sport", "destination port": "dport", "length": "len", "checksum": "chksum"}),
    (LINK / NET / UDP(dport=53) / DNS(id=99, qr=1, opcode=2, rcode=3, qd=DNSQR(qname="a.b")), "dns", DNS, {
        "identifier": "id", "response": "qr", "opcode": "opcode", "response code": "rcode", "questions": "qdcount",
        "answers": "ancount"}),
]


def read(data, name):
    """The numbers of a header's fields, by their names."""
    header = next(one for one in headers(data) if one.name == name)
    bits = "".join(f"{byte:08b}" for byte in data[header.start:header.start + header.size])
    found, position = {}, 0
    for field in FIELDS[name]:
        width = field.bits or len(bits) - position
        if width:
            found[field.name] = int(bits[position:position + width], 2)
        position += width
    assert position == len(bits)
    return found


@pytest.mark.parametrize("packet, name, layer, same", EXAMPLES, ids=[one[1] for one in EXAMPLES])
def test_every_field_is_scapys(packet, name, layer, same):
    data = bytes(packet)
    found, theirs = read(data, name), Ether(data)[layer]
    assert {ours: found[ours] for ours in same} == {ours: int(getattr(theirs, name)) for ours, name in same.items()}


def test_flags_are_named_from_the_highest_bit_down():
    [flags] = [field for field in FIELDS["tcp"] if field.name == "flags"]
    for bit, name in enumerate(reversed(flags.names.split())):
        data = bytes(LINK / NET / TCP(flags=1 << bit))
        assert name[0] in str(Ether(data)[TCP].flags) and read(data, "tcp")["flags"] == 1 << bit


@pytest.mark.parametrize("payload, port, name", [
    (b"\x16\x03\x01\x00\x05hello", 443, "tls"), (b"\x04\x00\x00\x08\x00\x00\x00\x01", 6653, "openflow"),
    (b"\x00\x20" + bytes(DNS(id=5)), 53, "dns"), (b"GET / HTTP/1.1", 80, "tcp"), (b"\x16\x03", 443, "tcp")])
def test_an_application_is_told_by_its_port_or_its_first_bytes(payload, port, name):
    assert headers(bytes(LINK / NET / TCP(sport=40000, dport=port) / Raw(payload)))[-1].name == name


@pytest.mark.parametrize("size", range(80))
def test_a_frame_may_end_anywhere(size):
    data = bytes(LINK / NET / TCP(dport=53, options=[("MSS", 1460)]) / Raw(b"\x00\x20" + bytes(DNS(id=5))))[:size]
    assert all(header.start + header.size <= max(size, 0) for header in headers(data))
