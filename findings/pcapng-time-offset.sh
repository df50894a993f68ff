#!/bin/sh
# scapy and python-pcapng ignore the time offset of a pcapng interface, so that packets of today lie in 1970
#
# Versions: scapy 2.8.0 and python-pcapng 2.1.1; dpkt 1.9.8 to compare.
# Expected: an interface's option if_tsoffset (14) is a number of seconds that is added to each of its timestamps
# (pcapng, IETF draft draft-ietf-opsawg-pcapng, section on the Interface Description Block; left out, it is zero).
# Seen: a packet stamped 100.25 s on an interface whose offset is 1,700,000,000 s was captured in November 2023. dpkt
# says so. scapy and python-pcapng say 100.25 s, and give no warning, though python-pcapng parses the option itself.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check scapy==2.8.0 python-pcapng==2.1.1 dpkt==1.9.8
"$room/venv/bin/python" - <<'EOF'
import io
import struct
import sys

import dpkt
from pcapng import FileScanner
from pcapng.blocks import EnhancedPacket, InterfaceDescription
from scapy.utils import rdpcap


def block(kind, body):
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


OFFSET, TICKS = 1_700_000_000, 100_250_000  # seconds; microseconds, the unit when no option names one
frame = bytes.fromhex("ffffffffffff 020000000001 88b5") + bytes(46)
file = (block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
        + block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHq", 14, 8, OFFSET) + bytes(4))
        + block(6, struct.pack("<IIIII", 0, 0, TICKS, len(frame), len(frame)) + frame))

blocks = list(FileScanner(io.BytesIO(file)))
option, = (each.options["if_tsoffset"] for each in blocks if isinstance(each, InterfaceDescription))
seen = {"scapy": [float(each.time) for each in rdpcap(io.BytesIO(file))],
        "python-pcapng": [float(each.timestamp) for each in blocks if isinstance(each, EnhancedPacket)],
        "dpkt": [float(time) for time, _ in dpkt.pcapng.Reader(io.BytesIO(file))]}
print(f"offset {option} s, stamp 100.25 s")
for name, times in seen.items():
    print(f"{name:>13}: {times}")
if option != OFFSET or seen != {"scapy": [100.25], "python-pcapng": [100.25], "dpkt": [OFFSET + 100.25]}:
    sys.exit("this has changed")
EOF
