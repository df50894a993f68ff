#!/bin/sh
# os-ken's checksums are wrong behind an IPv6 extension header
#
# Versions: os-ken 4.2.2; scapy 2.8.0 to compare.
# Expected: the Next Header in the pseudo-header is that of the upper layer, 17 for UDP, 6 for TCP, 58 for ICMPv6, and
# may differ from the one in the IPv6 header when extension headers lie between (RFC 8200, section 8.1).
# Seen: os-ken sums the Next Header of the IPv6 header itself: 60 when a Destination Options header follows. The
# checksum of UDP and TCP is off by 60 less the right number, and the receiver drops the packet. Without the extension
# header it is right.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check os-ken==4.2.2 scapy==2.8.0
"$room/venv/bin/python" - <<'EOF'
import sys

from os_ken.lib.packet import ipv6, packet, tcp, udp
from scapy.layers.inet import TCP, UDP
from scapy.layers.inet6 import IPv6

seen = {}
for name, number, upper, layer in (("UDP", 17, lambda: udp.udp(1000, 2000), UDP),
                                   ("TCP", 6, lambda: tcp.tcp(1000, 2000), TCP)):
    for options in (False, True):
        built = packet.Packet()
        built.add_protocol(ipv6.ipv6(src="2001:db8::1", dst="2001:db8::2", nxt=60 if options else number,
                                     ext_hdrs=[ipv6.dst_opts(nxt=number)] if options else []))
        built.add_protocol(upper())
        built.add_protocol(b"abcd")
        built.serialize()
        read = IPv6(bytes(built.data))
        found = read[layer].chksum
        del read[layer].chksum
        right = IPv6(bytes(read))[layer].chksum
        off = (right - found) % 0xffff
        seen[name, options] = off
        where = "behind destination options" if options else "alone"
        print(f"{name} {where:<26}: os-ken {found:04x}, scapy {right:04x}, difference {off}")
if seen != {("UDP", False): 0, ("UDP", True): 60 - 17, ("TCP", False): 0, ("TCP", True): 60 - 6}:
    sys.exit("this has changed")
EOF
