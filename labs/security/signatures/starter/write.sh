#!/bin/bash
# A letter to Bob. Anybody between can read it, and change it.
# Runs on your computer as the user student. Usage: write.sh ADDRESS-OF-BOBS-POSTBOX
#
# given/ holds: me.key and me.crt (your private key, and your certificate), bob.crt, ca.crt
set -eu
from={{student}}@{{domain}} to=bob@{{domain}}
from=${from,,}

# The part that is to be signed begins with its own headers; an empty line ends them.
printf 'Content-Type: text/plain\n\nPlease send {{order}}.\n' > text

# TODO: sign it, then seal it (openssl-cms(1): -sign, -encrypt). -from, -to and -subject make the outermost headers.
{ printf 'From: %s\nTo: %s\nSubject: Order\n' "$from" "$to"; cat text; } > letter

curl -sS --crlf "smtp://$1/{{student}}" --mail-from "$from" --mail-rcpt "$to" -T letter
