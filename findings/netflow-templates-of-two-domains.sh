#!/bin/sh
# netflow decodes one observation domain's IPFIX records by another's template: sources become destinations
#
# Versions: netflow 0.12.2.
# Expected: a template's number is unique within one transport session and one observation domain only; two domains of
# a router use the same numbers for unlike templates (RFC 7011, section 3.4.1; NetFlow version 9 says the same of its
# source ID: RFC 3954, section 5.2).
# Seen: the parser keeps templates by their number alone and does not look at the domain in the header, so that the
# last template of any domain wins. Domain 1 says that 256 is a source address; after domain 2's template 256, a
# destination, domain 1's records are read as destinations, without a warning.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check netflow==0.12.2
"$room/venv/bin/python" - <<'EOF'
import ipaddress
import struct
import sys

import netflow

SOURCE, DESTINATION = 8, 12  # sourceIPv4Address, destinationIPv4Address in IANA's registry of IPFIX


def message(domain, *sets):
    body = b"".join(struct.pack("!HH", number, 4 + len(data)) + data for number, data in sets)
    return struct.pack("!HHIII", 10, 16 + len(body), 1_700_000_000, 0, domain) + body


def template(element):
    return 2, struct.pack("!HHHH", 256, 1, element, 4)


record = (256, ipaddress.ip_address("10.0.0.1").packed)
templates = {"ipfix": {}}
seen = []
for what, data in (("domain 1: template 256 is a source; 10.0.0.1", message(1, template(SOURCE), record)),
                   ("domain 2: template 256 is a destination", message(2, template(DESTINATION))),
                   ("domain 1: 10.0.0.1", message(1, record))):
    flows = [{name: str(ipaddress.ip_address(value)) for name, value in flow.data.items()}
             for flow in netflow.parse_packet(data, templates).flows]
    seen.append(flows)
    print(f"{what}: {flows}")
if seen != [[{"sourceIPv4Address": "10.0.0.1"}], [], [{"destinationIPv4Address": "10.0.0.1"}]]:
    sys.exit("this has changed")
EOF
