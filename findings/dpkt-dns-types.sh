#!/bin/sh
# dpkt refuses a whole DNS response for one record of a type it does not know, such as HTTPS or RRSIG
#
# Versions: dpkt 1.9.8; dnspython 2.9.2 writes the messages.
# Expected: a record of an unknown type is data of the length that it states, to be kept as it is (RFC 3597, section
# 3; its section 4 also has no compression in such data that a reader would have to know of).
# Seen: dpkt raises UnpackError for the message, so that not even the question and the address record can be read. It
# is so for HTTPS, which browsers ask for with each name, for RRSIG, which comes with signed answers, and for any type
# that is yet to be made.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check dpkt==1.9.8 dnspython==2.9.2
"$room/venv/bin/python" - <<'EOF'
import sys

import dns.message
import dpkt

TEXT = """id 1
flags QR RD RA
;QUESTION
a.example. IN A
;ANSWER
a.example. 60 IN A 192.0.2.1
a.example. 60 IN {}
"""
cases = {"MX 10 a.example.": "1, 15",
         "HTTPS 1 . alpn=h2": "UnpackError: RR type 65 is not supported",
         "RRSIG A 13 2 60 20300101000000 20290101000000 1 example. AAAA": "UnpackError: RR type 46 is not supported",
         r"TYPE65280 \# 2 abcd": "UnpackError: RR type 65280 is not supported"}
seen = {}
for record in cases:
    data = dns.message.from_text(TEXT.format(record)).to_wire()
    try:
        seen[record] = ", ".join(str(each.type) for each in dpkt.dns.DNS(data).an)
    except dpkt.UnpackError as error:
        seen[record] = f"UnpackError: {error}"
    print(f"A and {record}: {seen[record]}")
if seen != cases:
    sys.exit("this has changed")
EOF
