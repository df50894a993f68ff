#!/bin/sh
# jc loses the prefix of a blackhole route, the gateways of a route over two paths, and a next hop in IPv6
#
# Versions: jc 1.26.1.
# Expected: ip route prints a route's type before its prefix when it is not unicast, the paths of a route on lines of
# their own that start with nexthop, and the gateway as "via [ FAMILY ] ADDRESS" when it is of another family than the
# route (ip-route(8): TYPE PREFIX, NH). IPv4 routes over IPv6 next hops are as in RFC 8950. The lines below are what
# ip of iproute2 6.1.0 prints.
# Seen: the blackhole route is to "blackhole", its prefix nowhere. The default route has no gateway, and two routes to
# "nexthop" without their weights follow. The gateway of the route over IPv6 is "inet6", and the address is nowhere.
# An ordinary line is read as it should be.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check jc==1.26.1
"$room/venv/bin/python" - <<'EOF'
import sys

import jc

cases = {
    "default via 10.0.0.1 dev d0 metric 5 \n": [{"ip": "default", "via": "10.0.0.1", "dev": "d0", "metric": 5}],
    "blackhole 10.8.0.0/16 metric 5 \n": [{"ip": "blackhole", "metric": 5}],
    "unreachable 10.9.0.0/16 \n": [{"ip": "unreachable"}],
    "default \n\tnexthop via 10.0.0.1 dev d0 weight 1 \n\tnexthop via 10.0.1.1 dev d1 weight 2 \n":
        [{"ip": "default"}, {"ip": "nexthop", "via": "10.0.0.1", "dev": "d0"},
         {"ip": "nexthop", "via": "10.0.1.1", "dev": "d1"}],
    "192.0.2.0/24 via inet6 fe80::1 dev d0 \n": [{"ip": "192.0.2.0/24", "via": "inet6", "dev": "d0"}],
}
seen = {text: jc.parse("ip_route", text, quiet=True) for text in cases}
for text, routes in seen.items():
    print(text + "".join(f"  {route}\n" for route in routes), end="")
if seen != cases:
    sys.exit("this has changed")
EOF
