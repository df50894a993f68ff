#!/bin/bash
# Your CA. Runs as the user student on the CA's host, in a copy of this folder. given/shop.csr is the shop's request.
#
# It has to leave here:
#     root.crt            your root CA: what clients put in their store
#     intermediate.crt    the certificate of the CA below it, and intermediate.key, its private key
#     chain.pem           what the shop's server sends
set -eu

certify() { # FILE SECTION DAYS SUBJECT [OPTION...]: a fresh key and a certificate for it
    openssl req -x509 -config ca.cnf -extensions "$2" -days "$3" -subj "/CN=$4" -out "$1.crt" \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" "${@:5}"
}

certify root root 3650 "Root of {{domain}}"
certify intermediate intermediate 3650 "Intermediate of {{domain}}"    # TODO: who signs it?

# TODO: the shop gets whatever it asks for, and for ten years. (What does it ask for?
#       openssl req -in given/shop.csr -noout -text)
openssl x509 -req -in given/shop.csr -CA intermediate.crt -CAkey intermediate.key -days 3650 \
    -copy_extensions copyall -out shop.crt

cat shop.crt > chain.pem    # TODO: what does a client need that has nothing but your root?
