#!/bin/bash
# A root CA, an intermediate CA below it, and what the shop's request gets from it. Runs on the CA's host.
set -eu

certify() { # FILE SECTION DAYS SUBJECT [OPTION...]: a fresh key and a certificate for it
    openssl req -x509 -config ca.cnf -extensions "$2" -days "$3" -subj "/CN=$4" -out "$1.crt" \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" "${@:5}"
}

certify root root 3650 "Root of {{domain}}"
certify intermediate intermediate 1825 "Intermediate of {{domain}}" -CA root.crt -CAkey root.key

# The shop asks for a name, and for more than it should get: take its key, and nothing else (no -copy_extensions).
openssl x509 -req -in given/shop.csr -CA intermediate.crt -CAkey intermediate.key -days {{days}} \
    -extfile ca.cnf -extensions server -out shop.crt

cat shop.crt intermediate.crt > chain.pem
