#!/bin/sh
# pypacker and impacket find a UDP header in the middle of a datagram, and pypacker writes a length and checksum there
#
# Versions: pypacker 5.4 and impacket 0.13.1; scapy 2.8.0 and dpkt 1.9.8 to compare.
# Expected: a fragment with an offset holds a later part of the datagram's data; the header of UDP is in the fragment
# of offset zero (RFC 791, sections 2.3 and 3.2). Its first bytes are anything.
# Seen: pypacker and impacket read ports from a later fragment: a resolver's answer from port 53 seems to have a part
# that comes from port 16705, the letters AA. When only the time to live of a fragment is changed, as a router does,
# pypacker also writes length and checksum anew: over four bytes of data in the later fragment, and in the first one
# over those of the whole datagram. scapy and dpkt take a later fragment for bytes.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check pypacker==5.4 impacket==0.13.1 scapy==2.8.0 dpkt==1.9.8
"$room/venv/bin/python" - <<'EOF'
import sys

import dpkt
from impacket.ImpactDecoder import IPDecoder
from pypacker.layer3.ip import IP as PypackerIP
from pypacker.layer4.udp import UDP as PypackerUDP
from scapy.layers.inet import IP, UDP, fragment

datagram = IP(src="10.0.0.1", dst="10.0.0.2", id=7) / UDP(sport=53, dport=5000) / (b"A" * 32)


def with_ttl(data):
    packet = PypackerIP(data)
    packet.ttl = 63
    return packet.bin()


seen = {}
for data in map(bytes, fragment(datagram, fragsize=24)):
    offset, after = IP(data).frag * 8, with_ttl(data)[20:]
    by_pypacker, by_impacket = PypackerIP(data)[PypackerUDP], IPDecoder().decode(data).child()
    seen[offset] = {"source port by pypacker": by_pypacker.sport, "by impacket": by_impacket.get_uh_sport(),
                    "payload by scapy": IP(data).payload.name, "by dpkt": type(dpkt.ip.IP(data).data).__name__,
                    "bytes of it changed by pypacker": [at for at in range(len(after)) if data[20 + at] != after[at]]}
    print(f"bytes from {offset} on: {data[20:].hex()}; by pypacker, with another time to live: {after.hex()}")
    for what, value in seen[offset].items():
        print(f"  {what}: {value}")
if seen != {0: {"source port by pypacker": 53, "by impacket": 53, "payload by scapy": "UDP", "by dpkt": "UDP",
                "bytes of it changed by pypacker": [5, 6, 7]},
            24: {"source port by pypacker": 16705, "by impacket": 16705, "payload by scapy": "Raw", "by dpkt": "bytes",
                 "bytes of it changed by pypacker": [4, 5, 6, 7]}}:
    sys.exit("this has changed")
EOF
