#!/bin/sh
# dnslib takes an at sign in a record's data for a name, and a relative name in SRV for an absolute one
#
# Versions: dnslib 0.9.26; dnspython 2.9.2 to compare.
# Expected: an @ by itself stands for the current origin, and a name without a dot at its end is relative to the
# origin, as a record's owner and in its data (RFC 1035, section 5.1). "MX 10 @" and "CNAME @" are everyday lines.
# Seen: as an owner @ is the origin, but in the data of MX and CNAME it becomes a label of its own, @.example.,
# without an error. In SRV the origin is not added at all: pbx becomes a name at the root. dnspython reads all of them
# as the standard says.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check dnslib==0.9.26 dnspython==2.9.2
"$room/venv/bin/python" - <<'EOF'
import sys

import dns.zone
from dnslib import RR

cases = {"@ MX 10 @": ("@.example.", "example."), "www CNAME @": ("@.example.", "example."),
         "_sip._tcp SRV 0 0 5060 pbx": ("pbx.", "pbx.example.")}
seen = {}
for line in cases:
    record, = RR.fromZone(f"{line}\n", origin="example.", ttl=60)
    owner, kind = line.split()[:2]
    zone = dns.zone.from_text(f"$TTL 60\n{line}\n", origin="example.", relativize=False, check_origin=False)
    (_, _, data), = zone.iterate_rdatas(kind)
    seen[line] = str(record.rdata).split()[-1], data.to_text().split()[-1]
    print(f"{line}: dnslib's owner {record.rname}, target {seen[line][0]}; dnspython's target {seen[line][1]}")
if seen != cases:
    sys.exit("this has changed")
EOF
