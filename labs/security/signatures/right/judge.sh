#!/bin/bash
# The judge by way of pipes; whose certificate it is, it finds out itself.
set -o pipefail
sender=$1
shift
while [ $# -gt 0 ]; do
    verdict=refused
    rm -f who
    if openssl cms -decrypt -inkey given/bob.key < "$1" | openssl cms -verify -CAfile given/ca.crt -signer who > text &&
        [ "$(openssl x509 -in who -noout -email)" = "$sender" ]; then
        verdict=genuine
    fi
    printf '%s %s\n' "$1" "$verdict"
    shift
done
