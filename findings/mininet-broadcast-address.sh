#!/bin/sh
# Mininet gives its 255th host of a /24 the network's broadcast address
#
# Versions: mininet 2.3.0.dev6 (Debian 12's 2.3.0 has the same function).
# Expected: the host number of all ones is the broadcast address of the network and no host's own (RFC 1122, section
# 3.2.1.3, cases d and e). A network of 24 bits has room for 254 hosts; one more is an error.
# Seen: Mininet counts hosts from 1 and has a check for a full network, but allows the number 255: the host is
# 10.0.0.255, to which its neighbours send broadcasts. Only the 256th host is refused. The call is the one that
# Mininet.addHost makes with ipBase 10.0.0.0/24.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check mininet==2.3.0.dev6
"$room/venv/bin/python" - <<'EOF'
import ipaddress
import sys

from mininet.util import ipAdd, netParse

base, length = netParse("10.0.0.0/24")
network = ipaddress.ip_network("10.0.0.0/24")
seen = {}
for number in (254, 255, 256):
    try:
        seen[number] = ipAdd(number, ipBaseNum=base, prefixLen=length)
    except AssertionError as error:
        seen[number] = str(error)
    note = " (the broadcast address)" if seen[number] == str(network.broadcast_address) else ""
    print(f"host {number} of {network}: {seen[number]}{note}")
if seen != {254: "10.0.0.254", 255: "10.0.0.255", 256: "Not enough IP addresses in the subnet"}:
    sys.exit("this has changed")
EOF
