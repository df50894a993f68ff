"""rtnetlink's messages: what is sent, and what is read."""

import struct
from ipaddress import IPv4Interface

import pytest

from mnlab.net import netlink


@pytest.mark.parametrize("own", ["10.1.2.3/24", "10.0.0.9/8", "192.0.2.4/31", "192.0.2.5/32"])
def test_an_address_has_the_broadcast_address_of_its_network_if_that_is_no_hosts(own):
    wanted = IPv4Interface(own)
    (kind, body), = netlink.received(netlink.address(7, str(wanted.ip), wanted.network.prefixlen))
    assert kind == netlink.NEW_ADDRESS and netlink.ADDRESS.unpack_from(body)[4] == 7
    found = dict(netlink.attributes(body[netlink.ADDRESS.size:]))
    broadcast = {4: wanted.network.broadcast_address.packed} if wanted.network.prefixlen < 31 else {}  # RFC 3021
    assert found == {1: wanted.ip.packed, 2: wanted.ip.packed} | broadcast


def test_each_end_of_a_pair_has_its_own_name_address_and_namespace():
    (_, body), = netlink.received(netlink.veth(("a-eth0", "02:00:00:00:00:01", 11), ("b-eth0", "02:00:00:00:00:02", 12)))
    one = dict(netlink.attributes(body[netlink.LINK.size:]))
    data = dict(netlink.attributes(dict(netlink.attributes(one[18]))[2]))
    two = dict(netlink.attributes(data[1][netlink.LINK.size:]))
    assert [(end[3], end[1].hex(), struct.unpack("=I", end[19])) for end in (one, two)] == [
        (b"a-eth0\0", "020000000001", (11,)), (b"b-eth0\0", "020000000002", (12,))]


def test_what_is_not_given_is_left_as_it_is():
    (_, body), = netlink.received(netlink.change(3, up=True))
    assert netlink.LINK.unpack_from(body)[2:] == (3, netlink.IFF_UP, netlink.IFF_UP)
    assert list(netlink.attributes(body[netlink.LINK.size:])) == []
