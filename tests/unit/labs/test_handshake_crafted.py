"""The segments that the handshake lab makes by hand."""

import importlib.util
import struct

from mnlab.lab.lab import ROOT
from mnlab.protocols.ip import internet_checksum


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"handshake_{name}", ROOT / f"labs/transport/handshake/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


crafted = load("crafted")
ONE, OTHER = ("10.0.0.1", 6101), ("10.0.0.2", 5000)


def fits(packet: bytes) -> bool:
    pseudo_header = packet[12:20] + struct.pack("!HH", 6, len(packet) - 20)
    return internet_checksum(pseudo_header + packet[20:]) == 0


def test_a_crafted_segment_is_what_scapy_would_make():
    from scapy.layers.inet import IP, TCP
    packet = crafted.segment(ONE, OTHER, crafted.SYN | crafted.ACK, 7, 9, options=crafted.MSS)
    seen = IP(packet)
    assert (seen.src, seen.dst, seen.proto) == ("10.0.0.1", "10.0.0.2", 6)
    assert (seen[TCP].sport, seen[TCP].dport, seen[TCP].seq, seen[TCP].ack) == (6101, 5000, 7, 9)
    assert seen[TCP].flags == "SA" and seen[TCP].options == [("MSS", 1460)]


def test_the_checksum_fits_unless_it_is_to_be_damaged():
    assert fits(crafted.segment(ONE, OTHER, crafted.SYN, 2**32 + 5, options=crafted.MSS))
    assert not fits(crafted.segment(ONE, OTHER, crafted.SYN, 5, damaged=True))


def test_what_is_heard_is_read_back():
    packet = crafted.segment(ONE, OTHER, crafted.SYN, 123456)
    assert (crafted.sender_port(packet), crafted.number(packet)) == (6101, 123456)


def test_numbers_wrap_around():
    assert crafted.number(crafted.segment(ONE, OTHER, crafted.ACK, 2**32 + 3)) == 3
