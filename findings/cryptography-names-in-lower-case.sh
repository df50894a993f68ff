#!/bin/sh
# cryptography refuses a distinguished name whose attribute types are in lower case, cn=lab,dc=example,dc=com
#
# Versions: cryptography 50.0.2; ldap3 2.9.1 to compare.
# Expected: an attribute type in the text of a distinguished name is a short name or an object identifier (RFC 4514,
# section 3); short names are case-insensitive (RFC 4512, section 1.4). Directories and their tools mostly write cn, dc.
# Seen: cryptography reads CN, OU and DC, and raises a ValueError that says nothing for cn, ou and dc. ldap3 reads
# both, and takes the names apart in the same way.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$room/venv"
"$room/venv/bin/pip" install --quiet --disable-pip-version-check cryptography==50.0.2 ldap3==2.9.1
"$room/venv/bin/python" - <<'EOF'
import sys

from cryptography.x509 import Name
from ldap3.utils.dn import parse_dn


def by_cryptography(text):
    try:
        return [part.rfc4514_string() for part in reversed(Name.from_rfc4514_string(text).rdns)]
    except ValueError as error:
        return repr(error)


def by_ldap3(text):
    return [f"{kind.upper()}={value}" for kind, value, _ in parse_dn(text)]


WHOLE = ["CN=lab", "DC=example", "DC=com"]
seen = {}
for text in ("CN=lab,DC=example,DC=com", "cn=lab,dc=example,dc=com", "Cn=lab,DC=example,DC=com"):
    seen[text] = by_cryptography(text), by_ldap3(text)
    print(f"{text}\n  cryptography: {seen[text][0]}\n  ldap3:        {seen[text][1]}")
if list(seen.values()) != [(WHOLE, WHOLE), ("ValueError()", WHOLE), ("ValueError()", WHOLE)]:
    sys.exit("this has changed")
EOF
