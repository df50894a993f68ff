#!/bin/sh
# os-ken takes the first pad option of a DHCP message for its end
#
# Versions: os-ken 4.2.2; scapy 2.8.0 writes the message, dpkt 1.9.8 reads it too.
# Expected: the pad option aligns what follows on word boundaries, and only the end option ends the options (RFC 2132,
# sections 3.1 and 3.2). What comes after a pad is read.
# Seen: os-ken drops every option behind a pad without a word: a client's requested address is lost to the controller.
# dpkt reads it.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check os-ken==4.2.2 scapy==2.8.0 dpkt==1.9.8
"$room/venv/bin/python" - <<'EOF'
import sys

import dpkt
from os_ken.lib.packet import dhcp
from scapy.layers.dhcp import BOOTP, DHCP

options = [("message-type", "request"), "pad", ("requested_addr", "10.0.0.7"), "end"]
seen = {}
for pads in (False, True):
    data = bytes(BOOTP(chaddr=bytes(6)) / DHCP(options=[each for each in options if pads or each != "pad"]))
    seen[pads] = ([option.tag for option in dhcp.dhcp.parser(data)[0].options.option_list],
                  [tag for tag, _ in dpkt.dhcp.DHCP(data).opts])
    print(f"{'with' if pads else 'without'} a pad, bytes {data[240:].hex()}: options by os-ken {seen[pads][0]},"
          f" by dpkt {seen[pads][1]}")
if seen != {False: ([53, 50], [53, 50]), True: ([53], [53, 50])}:
    sys.exit("this has changed")
EOF
