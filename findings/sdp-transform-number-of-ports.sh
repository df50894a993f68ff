#!/bin/sh
# sdp-transform drops an SDP media line that has a number of ports, and cannot write what it has read
#
# Versions: sdp-transform 1.1.0.
# Expected: a media line's port may be followed by a slash and a number of ports: m=video 49170/2 RTP/AVP 31 means two
# pairs of RTP and RTCP ports (RFC 8866, section 5.14, whose example it is).
# Seen: sdp-transform leaves type, port, protocol and formats of such a medium out, without an error, and keeps the
# attributes that belong to it. Writing the same description raises a TypeError. Without the slash all is there, and
# the description comes back as it was.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check sdp-transform==1.1.0
"$room/venv/bin/python" - <<'EOF'
import sys

import sdp_transform

TEXT = """v=0
o=- 1 1 IN IP4 192.0.2.1
s=-
t=0 0
m=video {port} RTP/AVP 31
a=sendonly
"""


def written(description):
    try:
        return sdp_transform.write(description).replace("\r\n", "\n")
    except TypeError as error:
        return type(error).__name__


seen = {}
for port in ("49170", "49170/2"):
    text = TEXT.format(port=port)
    description = sdp_transform.parse(text)
    medium, = description["media"]
    medium = {key: value for key, value in medium.items() if value not in ([], None)}
    back = written(description)
    seen[port] = medium, "the same" if back == text else back
    print(f"m=video {port} RTP/AVP 31\n  read:    {medium}\n  written: {seen[port][1]}")
if seen != {"49170": ({"type": "video", "port": 49170, "protocol": "RTP/AVP", "payloads": 31,
                       "direction": "sendonly"}, "the same"),
            "49170/2": ({"direction": "sendonly"}, "TypeError")}:
    sys.exit("this has changed")
EOF
