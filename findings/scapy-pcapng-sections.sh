#!/bin/sh
# scapy reads a second pcapng section with the first section's interfaces, and its times are off a thousandfold
#
# Versions: scapy 2.8.0; python-pcapng 2.1.1 to compare.
# Expected: a pcapng file is one or more sections; interfaces are numbered from zero in each, and one section's
# descriptions say nothing of another's packets (pcapng, IETF draft draft-ietf-opsawg-pcapng, sections on the Section
# Header Block and the Interface Description Block). Two files put together by cat are such a file.
# Seen: scapy keeps the list of interfaces over the section header. With microseconds in the first section and
# nanoseconds in the second, a packet a second later seems to come 54 thousand years later. The link type is the first
# section's as well: an IPv4 packet without a link header is read as Ethernet.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check scapy==2.8.0 python-pcapng==2.1.1
"$room/venv/bin/python" - <<'EOF'
import io
import struct
import sys

from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import rdpcap

SECOND = 1_700_000_000


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def section(resolution, linktype, ticks, data):
    """One section: an interface with 10**-resolution s a tick, a packet on it."""
    return (block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
            + block(1, struct.pack("<HHI", linktype, 0, 0) + struct.pack("<HHB7x", 9, 1, resolution))
            + block(6, struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xffffffff, len(data), len(data)) + data))


inner = IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / bytes(16)
first = section(6, 1, SECOND * 10**6, bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inner))
second = section(9, 101, (SECOND + 1) * 10**9, bytes(inner))

both = rdpcap(io.BytesIO(first + second))
alone = rdpcap(io.BytesIO(second))
other = [float(each.timestamp) for each in FileScanner(io.BytesIO(first + second)) if isinstance(each, EnhancedPacket)]
seen = {"scapy": [(float(each.time), type(each).__name__) for each in both],
        "scapy, second section alone": [(float(each.time), type(each).__name__) for each in alone],
        "python-pcapng": other}
for name, packets in seen.items():
    print(f"{name}: {packets}")
if seen != {"scapy": [(SECOND, "Ether"), ((SECOND + 1) * 1000.0, "Ether")],
            "scapy, second section alone": [(SECOND + 1, "IP")],
            "python-pcapng": [SECOND, SECOND + 1]}:
    sys.exit("this has changed")
EOF
