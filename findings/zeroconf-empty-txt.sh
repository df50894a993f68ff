#!/bin/sh
# zeroconf announces a service without properties by a TXT record of no strings, which the standards do not allow
#
# Versions: zeroconf 0.154.0; dnspython 2.9.2 to read.
# Expected: TXT data is one or more strings (RFC 1035, section 3.3.14). A service that has nothing to say sends one
# empty string, a single zero byte; a record with zero strings is not allowed (RFC 6763, section 6.1).
# Seen: the record that python-zeroconf sends has a length of zero. dnspython refuses the whole message. With one
# property the record is right.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check zeroconf==0.154.0 dnspython==2.9.2
"$room/venv/bin/python" - <<'EOF'
import sys

import dns.exception
import dns.message
from zeroconf import DNSOutgoing, ServiceInfo

seen = {}
for properties in ({}, {"a": "1"}):
    service = ServiceInfo("_http._tcp.local.", "lab._http._tcp.local.", port=80, server="lab.local.",
                          properties=properties)
    answer = DNSOutgoing(0x8400)  # a response, authoritative
    answer.add_answer_at_time(service.dns_text(), 0)
    data, = answer.packets()
    strings = len(service.text)
    try:
        read = str(dns.message.from_wire(data, ignore_trailing=False).answer[0][0])
    except dns.exception.FormError as error:
        read = f"refused: {type(error).__name__}"
    seen[str(properties)] = strings, read
    print(f"properties {properties}: {strings} bytes of data, {data.hex()}; dnspython: {read}")
if seen != {"{}": (0, "refused: FormError"), "{'a': '1'}": (4, '"a=1"')}:
    sys.exit("this has changed")
EOF
