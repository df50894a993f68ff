#!/bin/sh
# dnslib reads the escapes of a zone file otherwise than the standard: three digits as octal, an escaped dot as a dot
#
# Versions: dnslib 0.9.26; dnspython 2.9.2 to compare.
# Expected: in a zone file, a backslash and three digits stand for the octet of that decimal value, and a backslash
# before another character takes away its meaning: an escaped dot belongs to the label (RFC 1035, section 5.1; its
# section 8 needs it for the mailbox in SOA).
# Seen: in TXT, the escape 101, the letter e, becomes A (101 octal is 65). In a name, first\.last.example. becomes
# four labels on the wire, and the first one ends in a backslash; written with 046 it is split just the same.
# dnspython gets all of it right.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check dnslib==0.9.26 dnspython==2.9.2
"$room/venv/bin/python" - <<'EOF'
import sys

import dns.rdata
from dnslib import RR


def by_dnslib(kind, text):
    record, = RR.fromZone(f"a.example. 60 IN {kind} {text}\n")
    if kind == "TXT":
        return tuple(record.rdata.data)
    return tuple(record.rdata.label.label)


def by_dnspython(kind, text):
    data = dns.rdata.from_text("IN", kind, text)
    if kind == "TXT":
        return data.strings
    return tuple(label for label in data.target.labels if label)


cases = {("TXT", r'"b\101d"'): ((b"bAd",), (b"bed",)),
         ("CNAME", r"first\.last.example."): ((b"first\\", b"last", b"example"), (b"first.last", b"example")),
         ("CNAME", r"first\046last.example."): ((b"first", b"last", b"example"), (b"first.last", b"example"))}
seen = {case: (by_dnslib(*case), by_dnspython(*case)) for case in cases}
for (kind, text), (one, other) in seen.items():
    print(f"{kind} {text}\n  dnslib:    {one}\n  dnspython: {other}")
if seen != cases:
    sys.exit("this has changed")
EOF
