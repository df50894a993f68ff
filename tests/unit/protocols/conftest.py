"""Frames for the tests: built by scapy, timed by hand."""

import struct

import pytest

from mnlab.protocols.capture import Frame

H1, H2 = "10.0.0.1", "10.0.0.2"
MAC1, MAC2 = "02:00:00:00:00:01", "02:00:00:00:00:02"


class Wire:
    """A capture in the making: every packet added comes `after` seconds after the one before."""

    def __init__(self, where="h1-eth0"):
        self.frames, self.time, self.where = [], 0.0, where

    def add(self, packet, after=0.001):
        self.time += after
        self.frames.append(Frame(len(self.frames) + 1, self.time, bytes(packet), self.where))
        return self.frames[-1]


class Talk(Wire):
    """A TCP conversation: `c` sends a segment from the client, `s` from the server, numbers relative to the ISNs.

    Each end numbers its IP packets as Linux does; `ident` overrides that, to make copies and latecomers.
    """

    def __init__(self, where="h1-eth0", isn=(1000, 5000), ports=(40000, 80)):
        super().__init__(where)
        self.isn, self.ports, self.idents = isn, ports, [100, 200]

    def c(self, flags, **fields):
        return self._segment(0, flags, **fields)

    def s(self, flags, **fields):
        return self._segment(1, flags, **fields)

    def handshake(self, options=(("MSS", 1460), ("WScale", 7))):
        self.c("S", window=64240, options=options)
        self.s("SA", ack=1, window=65160, options=options)
        self.c("A", seq=1, ack=1, window=502)
        return self

    def _segment(self, end, flags, seq=0, ack=0, data=b"", window=500, options=(), ident=None, after=0.001):
        from scapy.layers.inet import IP, TCP
        from scapy.layers.l2 import Ether

        if ident is None:
            self.idents[end] = ident = (self.idents[end] + 1) % 65536
        raw_ack = (self.isn[1 - end] + ack) % 2**32 if "A" in flags else 0
        return self.add(
            Ether(src=(MAC1, MAC2)[end], dst=(MAC2, MAC1)[end])
            / IP(src=(H1, H2)[end], dst=(H2, H1)[end], id=ident)
            / TCP(sport=self.ports[end], dport=self.ports[1 - end], flags=flags, seq=(self.isn[end] + seq) % 2**32,
                  ack=raw_ack, window=window, options=list(options)) / data, after)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def talk():
    """A conversation whose handshake is still to come."""
    return Talk()


@pytest.fixture
def new_talk():
    """The class itself, for other ISNs, ports or capture points."""
    return Talk


@pytest.fixture
def pcap():
    """Makes the bytes of a pcap file: pcap([(ns, data), ...], magic=..., order="<", link_type=1)."""

    def build(frames, order="<", nanoseconds=True, link_type=1):
        magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
        contents = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
        for ns, data in frames:
            fraction = ns % 10**9 if nanoseconds else ns % 10**9 // 1000
            contents += struct.pack(order + "IIII", ns // 10**9, fraction, len(data), len(data)) + data
        return contents

    return build
