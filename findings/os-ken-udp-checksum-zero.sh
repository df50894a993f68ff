#!/bin/sh
# os-ken sends UDP's checksum 0 as it is, which says "none" over IPv4 and is forbidden over IPv6
#
# Versions: os-ken 4.2.2; scapy 2.8.0 to compare.
# Expected: a UDP checksum that comes out as zero goes on the wire as ffff, since zero says that the sender made none
# (RFC 768, description of the checksum). Over IPv6 there is no such thing as none: a receiver discards the datagram
# (RFC 8200, section 8.1). One datagram in 65,536 is such a one.
# Seen: a payload chosen so that the sum is zero leaves os-ken with 0000, over IPv4 and over IPv6. The IPv6 datagram
# is lost at any host that follows the standard. scapy writes ffff for the same bytes.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check os-ken==4.2.2 scapy==2.8.0
"$room/venv/bin/python" - <<'EOF'
import struct
import sys

from os_ken.lib.packet import ipv4, ipv6, packet, udp
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6


def by_os_ken(network, payload):
    built = packet.Packet()
    for layer in (network, udp.udp(src_port=1000, dst_port=2000), payload):
        built.add_protocol(layer)
    built.serialize()
    return bytes(built.data)[-len(payload) - 2:-len(payload)].hex()


def by_scapy(network, payload):
    return bytes(network / UDP(sport=1000, dport=2000) / payload)[-len(payload) - 2:-len(payload)].hex()


seen = {}
for version, network, other in (
        ("IPv4", lambda: ipv4.ipv4(src="10.0.0.1", dst="10.0.0.2", proto=17),
         lambda: IP(src="10.0.0.1", dst="10.0.0.2")),
        ("IPv6", lambda: ipv6.ipv6(src="fe80::1", dst="fe80::2", nxt=17),
         lambda: IPv6(src="fe80::1", dst="fe80::2"))):
    # The checksum of a payload of zeros, used as the payload, brings the sum to all ones and so the checksum to zero.
    payload = bytes.fromhex(by_os_ken(network(), bytes(2)))
    seen[version] = by_os_ken(network(), payload), by_scapy(other(), payload)
    print(f"{version}: payload {payload.hex()}: checksum by os-ken {seen[version][0]}, by scapy {seen[version][1]}")
if seen != {"IPv4": ("0000", "ffff"), "IPv6": ("0000", "ffff")}:
    sys.exit("this has changed")
EOF
