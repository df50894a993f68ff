#!/bin/sh
# jc and syslog-rfc5424-parser lose syslog's repeated parameters, and leave or cut what is escaped in a value
#
# Versions: jc 1.26.1 and syslog-rfc5424-parser 0.3.2.
# Expected: a parameter may be repeated within a structured data element (RFC 5424, section 6.3.3); a sender with two
# addresses gives ip twice in its "origin" (section 7.2.1). In a value, the characters ", \ and ] are written with a
# backslash before them, and a reader takes that away (section 6.3.3).
# Seen: both keep a dictionary for each element, so that the last address alone is left of two. Of the value a]b"c\d
# jc leaves a]b, without its end; syslog-rfc5424-parser hands out the escaped text as it was on the wire.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check jc==1.26.1 syslog-rfc5424-parser==0.3.2
"$room/venv/bin/python" - <<'EOF'
import sys

import jc
from syslog_rfc5424_parser import SyslogMessage

START = "<165>1 2003-10-11T22:14:15.003Z lab app 1 - "


def by_jc(text):
    element, = jc.parse("syslog", text, quiet=True)[0]["structured_data"]
    return element["parameters"]


def by_parser(text):
    element, = SyslogMessage.parse(text).as_dict()["sd"].values()
    return element


cases = {'[origin ip="192.0.2.1" ip="192.0.2.2"]': ({"ip": "192.0.2.2"}, {"ip": "192.0.2.2"}),
         r'[a@32473 v="a\]b\"c\\d"]': ({"v": "a]b"}, {"v": r"a\]b\"c\\d"}),
         '[a@32473 v="plain" w="one"]': ({"v": "plain", "w": "one"},) * 2}
seen = {data: (by_jc(START + data), by_parser(START + data)) for data in cases}
for data, (one, other) in seen.items():
    print(f"{data}\n  jc:                    {one}\n  syslog-rfc5424-parser: {other}")
if seen != cases:
    sys.exit("this has changed")
EOF
