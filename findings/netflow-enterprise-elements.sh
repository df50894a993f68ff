#!/bin/sh
# netflow reads an enterprise's element as IANA's of the same number: a biflow's reverse octets replace the forward ones
#
# Versions: netflow 0.12.2; ipfix 0.9.7 to compare.
# Expected: a field with the enterprise bit is named by the enterprise's number together with its own; without the
# bit, the number is IANA's (RFC 7011, section 3.2). Number 1 of enterprise 29305 is the octets of the way back, an
# element of its own (RFC 5103, section 6.1).
# Seen: netflow reads the enterprise's number and then looks the element up by its own number alone. A record of
# 7 octets there and 9 octets back is a record of 9 octets there, and of nothing back. ipfix gets both.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check netflow==0.12.2 ipfix==0.9.7
"$room/venv/bin/python" - <<'EOF'
import io
import struct
import sys

import ipfix.ie
import ipfix.reader
import netflow

REVERSE = 29305         # the enterprise of RFC 5103
OCTETS = 1              # octetDeltaCount in IANA's registry of IPFIX

ipfix.ie.use_iana_default()
ipfix.ie.use_5103_default()


def a_set(number, data):
    return struct.pack("!HH", number, 4 + len(data)) + data


def message(*fields):
    """A template, 256, and one record; a field: element, enterprise or None, value of four bytes."""
    template, record = struct.pack("!HH", 256, len(fields)), b""
    for element, enterprise, value in fields:
        if enterprise is None:
            template += struct.pack("!HH", element, 4)
        else:
            template += struct.pack("!HHI", element | 0x8000, 4, enterprise)
        record += struct.pack("!I", value)
    body = a_set(2, template) + a_set(256, record)
    return struct.pack("!HHIII", 10, 16 + len(body), 1_700_000_000, 0, 1) + body


seen = []
for what, fields in (("7 octets there", [(OCTETS, None, 7)]),
                     ("7 octets there, 9 back", [(OCTETS, None, 7), (OCTETS, REVERSE, 9)])):
    data = message(*fields)
    one, = netflow.parse_packet(data, {"ipfix": {}}).flows
    other, = ipfix.reader.from_stream(io.BytesIO(data)).namedict_iterator()
    seen.append((one.data, other))
    print(f"{what}\n  netflow: {one.data}\n  ipfix:   {other}")
if seen != [({"octetDeltaCount": 7}, {"octetDeltaCount": 7}),
            ({"octetDeltaCount": 9}, {"octetDeltaCount": 7, "reverseOctetDeltaCount": 9})]:
    sys.exit("this has changed")
EOF
