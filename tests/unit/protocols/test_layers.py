"""Frames taken apart into their headers, made with scapy as the reference."""

import pytest
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw

from mnlab.protocols.layers import nest

LINK = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
NET = IP(src="10.0.0.1", dst="10.0.0.2")


def shape(packet) -> list[tuple[str, int, int]]:
    return [(header.name, header.start, header.size) for header in nest(bytes(packet)).headers]


@pytest.mark.parametrize(("packet", "names"), [
    (LINK / ARP(), "ethernet arp"), (LINK / NET / ICMP() / Raw(b"x" * 8), "ethernet ipv4 icmp"),
    (LINK / NET / UDP(sport=40000, dport=53) / DNS(qd=DNSQR(qname="a.test")), "ethernet ipv4 udp"),
    (LINK / NET / TCP(sport=40000, dport=80, options=[("MSS", 1460)]) / Raw(b"GET"), "ethernet ipv4 tcp"),
    (LINK / Dot1Q(vlan=7) / NET / ICMP(), "ethernet vlan ipv4 icmp"),
    (LINK / Dot1Q(vlan=7) / Dot1Q(vlan=8) / ARP(), "ethernet vlan vlan arp"),
    (Ether(type=0x88B5) / Raw(b"local"), "ethernet"),
])
def test_headers_are_found_from_the_outside_in(packet, names):
    apart = nest(bytes(packet))
    assert apart.names == tuple(names.split())
    assert [header.start for header in apart.headers[1:]] == [h.start + h.size for h in apart.headers[:-1]]
    assert sum(header.size for header in apart.headers) + apart.data_size == apart.length == len(bytes(packet))


def test_each_header_names_the_next():
    apart = nest(bytes(LINK / Dot1Q(vlan=7) / NET / TCP(sport=40000, dport=443)))
    assert [header.next for header in apart.headers] == [0x8100, 0x0800, 6, 443]


def test_options_make_headers_longer():
    packet = LINK / IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x01\x01\x01\x00") / TCP(options=[("MSS", 1460)])
    assert shape(packet) == [("ethernet", 0, 14), ("ipv4", 14, 24), ("tcp", 38, 24)]


def test_padding_behind_the_packet_is_no_data():
    apart = nest(bytes(LINK / NET / UDP() / Raw(b"abc")) + bytes(15))
    assert apart.data_size == 3 and apart.length == apart.end + 15


def test_a_later_fragment_has_no_transport_header():
    assert nest(bytes(LINK / IP(src="10.0.0.1", dst="10.0.0.2", frag=185, proto=17) / Raw(b"x" * 9))).names == (
        "ethernet", "ipv4")


@pytest.mark.parametrize("size", range(55))
def test_a_cut_frame_has_the_headers_that_are_whole(size):
    data = bytes(LINK / NET / TCP() / Raw(b"data"))[:size]
    apart = nest(data)
    assert apart.end <= len(data) and all(header.start + header.size <= len(data) for header in apart.headers)
