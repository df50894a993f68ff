"""IGMP: joins and leaves of all versions, and bytes that are neither."""

import socket
import struct

from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from mnlab.protocols import igmp

GROUP = "239.129.2.3"


def report(*records):
    """Version 3: records are (type, group, sources)."""
    body = struct.pack("!BBHHH", 0x22, 0, 0, 0, len(records))
    for kind, group, sources in records:
        body += struct.pack("!BBH4s", kind, 0, len(sources), socket.inet_aton(group))
        body += b"".join(map(socket.inet_aton, sources))
    return body


def packet(body, target="224.0.0.22"):
    return Ether() / IP(src="10.0.0.1", dst=target, proto=2, ttl=1) / body


def test_a_report_of_version_3_names_several_groups(wire):
    wire.add(packet(report((4, GROUP, []), (1, "239.0.0.9", ["10.0.0.7"]), (3, "239.0.0.8", []))))
    found = igmp.messages_of(wire.frames)
    assert [(one.kind, one.group, one.ttl) for one in found] == [
        (igmp.JOIN, GROUP, 1), ("other", "239.0.0.9", 1), (igmp.LEAVE, "239.0.0.8", 1)]


def test_the_older_versions(wire):
    for kind, word in ((0x11, igmp.QUERY), (0x12, igmp.JOIN), (0x16, igmp.JOIN), (0x17, igmp.LEAVE)):
        wire.add(packet(struct.pack("!BBH4s", kind, 0, 0, socket.inet_aton(GROUP)), GROUP))
        assert igmp.messages_of(wire.frames)[-1].kind == word


def test_what_is_cut_short_says_what_it_can(wire):
    whole = report((4, GROUP, []), (4, "239.0.0.1", []))
    wire.add(packet(whole[:20]))
    wire.add(packet(whole[:5]))
    wire.add(packet(b"\x99" + bytes(20)))
    assert [one.group for one in igmp.messages_of(wire.frames)] == [GROUP]


def test_arrows(wire):
    wire.add(packet(report((4, GROUP, []))))
    assert [arrow.text for arrow in igmp.messages(wire.frames)] == [f"IGMP join {GROUP}"]


def test_the_mac_address_of_a_group_has_23_bits_of_it():
    assert igmp.group_mac("239.129.2.3") == igmp.group_mac("224.1.2.3") == "01:00:5e:01:02:03"
