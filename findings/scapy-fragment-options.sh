#!/bin/sh
# scapy's fragment() repeats IPv4 options in every fragment that belong into the first one only
#
# Versions: scapy 2.8.0.
# Expected: the first bit of an option's type says whether it is copied into all fragments. Record Route does not have
# it and goes in the first fragment only; the source routes have it (RFC 791, section 3.1). Linux blanks the options
# without the bit in later fragments (net/ipv4/ip_options.c, ip_options_fragment).
# Seen: scapy copies all options into all fragments, so that each part records a route and none is shorter. Its own
# field copy_flag of that option reads 0.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check scapy==2.8.0
"$room/venv/bin/python" - <<'EOF'
import sys

from scapy.layers.inet import IP, UDP, IPOption_LSRR, IPOption_RR, fragment

seen = {}
for option in (IPOption_RR(routers=["0.0.0.0"]), IPOption_LSRR(routers=["10.0.0.2"])):
    packet = IP(src="10.0.0.1", dst="10.0.0.2", options=[option]) / UDP() / (b"x" * 2000)
    seen[option.name] = [(part.frag * 8, part.options[0].name, part.options[0].copy_flag)
                         for part in (IP(bytes(each)) for each in fragment(packet, fragsize=1000))]
    print(option.name)
    for offset, name, copied in seen[option.name]:
        print(f"  fragment from {offset} on: {name}, copy_flag {copied}")
if seen != {name: [(offset, name, copied) for offset in (0, 1000, 2000)]
            for name, copied in (("IP Option Record Route", 0), ("IP Option Loose Source and Record Route", 1))}:
    sys.exit("this has changed")
EOF
