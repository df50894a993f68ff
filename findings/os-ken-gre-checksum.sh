#!/bin/sh
# os-ken's GRE checksum leaves out the payload
#
# Versions: os-ken 4.2.2; scapy 2.8.0 to compare.
# Expected: the checksum covers all 16-bit words of the GRE header and of the payload packet (RFC 2784, section 2.5).
# Seen: os-ken sums its own header only, so that two packets with unlike payloads carry the same checksum. Over header
# and payload neither is right. It is right only when the payload sums to zero.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check os-ken==4.2.2 scapy==2.8.0
"$room/venv/bin/python" - <<'EOF'
import sys

from os_ken.lib.packet import gre, packet
from scapy.layers.l2 import GRE
from scapy.utils import checksum

seen = []
for payload in (b"", b"abcd", b"wxyz"):
    built = packet.Packet()
    built.add_protocol(gre.gre(protocol=0x0800, checksum=1))
    built.add_protocol(payload)
    built.serialize()
    data = bytes(built.data)
    scapys = GRE(bytes(GRE(chksum_present=1, proto=0x0800) / payload)).chksum
    whole = checksum(data)  # over header and payload, checksum and all: zero when it is right
    seen.append((data[4:6].hex(), whole == 0))
    print(f"payload {payload!r:8}: os-ken {data[4:6].hex()}, scapy {scapys:04x}; the sum over os-ken's packet is"
          f" {'right' if whole == 0 else f'off by {whole:04x}'}")
if seen != [("77ff", True), ("77ff", False), ("77ff", False)]:
    sys.exit("this has changed")
EOF
