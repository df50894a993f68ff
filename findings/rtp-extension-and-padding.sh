#!/bin/sh
# dpkt gives an RTP packet's header extension out as payload, and dpkt, rtp and scapy do so with its padding
#
# Versions: dpkt 1.9.8, rtp 0.0.4 and scapy 2.8.0.
# Expected: with the bit X, a header extension lies between the fixed header and the payload, and its length is in it
# (RFC 3550, sections 5.1 and 5.3.1); WebRTC has one in most packets. With the bit P, the last octet says how many
# octets at the end are padding and not part of the payload (section 5.1).
# Seen: the payload is the three bytes "pay". dpkt has eight bytes of extension before them; rtp and scapy take those
# away. None of the three takes away the padding, though each knows the bit.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check dpkt==1.9.8 rtp==0.0.4 scapy==2.8.0
"$room/venv/bin/python" - <<'EOF'
import struct
import sys

import dpkt
import scapy.layers.rtp
from rtp import RTP

PAYLOAD = b"pay"
EXTENSION = struct.pack("!HHI", 0xbede, 1, 0x10aa0000)  # RFC 8285: one byte of element 1
PADDING = b"\0\0\3"


def by_scapy(data):
    packet = scapy.layers.rtp.RTP(data)
    return bytes(packet.lastlayer())


seen = {}
for what, bits, before, after in (("neither", 0x80, b"", b""), ("extension", 0x90, EXTENSION, b""),
                                  ("padding", 0xa0, b"", PADDING)):
    data = struct.pack("!BBHII", bits, 96, 1, 1, 10) + before + PAYLOAD + after
    seen[what] = (dpkt.rtp.RTP(data).data, bytes(RTP().fromBytearray(bytearray(data)).payload), by_scapy(data))
    print(f"{what}: payload by dpkt {seen[what][0]}, by rtp {seen[what][1]}, by scapy {seen[what][2]}")
if seen != {"neither": (PAYLOAD,) * 3, "extension": (EXTENSION + PAYLOAD, PAYLOAD, PAYLOAD),
            "padding": (PAYLOAD + PADDING,) * 3}:
    sys.exit("this has changed")
EOF
