#!/bin/bash
# A letter to Bob that nobody can change, and nobody but Bob can read: signed first, then sealed.
# Runs on Alice's computer. Usage: write.sh ADDRESS-OF-BOBS-POSTBOX
set -eu
from={{student}}@{{domain}} to=bob@{{domain}}
from=${from,,}

printf 'Content-Type: text/plain\n\nPlease send {{order}}.\n' > text

openssl cms -sign -md sha256 -in text -signer given/me.crt -inkey given/me.key -out signed
openssl cms -encrypt -aes-256-cbc -in signed -from "$from" -to "$to" -subject Order -out sealed given/bob.crt

curl -sS --crlf "smtp://$1/{{student}}" --mail-from "$from" --mail-rcpt "$to" -T sealed
