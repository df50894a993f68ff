#!/bin/bash
# A small public-key infrastructure, valid from now on:
#
#     root ──signs──> intermediate ──signs──> bank
#                                  └─signs──> shop          and mallory, signed by nobody but himself
#
# Usage: make_certificates.sh FOLDER FILE=NAME... of the servers that are needed
set -eu
cd "$1"

new() { # NAME SUBJECT [OPTION...]: a fresh P-256 key and a certificate for it
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 90 -keyout "$1.key" -out "$1.crt" \
        -subj "/CN=$2" "${@:3}" 2> openssl.log || { cat openssl.log >&2; exit 1; }
}

authority() { new "$@" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign; }

server() { # NAME HOST-NAME [OPTION...]
    new "$@" -addext "subjectAltName=DNS:$2" -addext basicConstraints=critical,CA:FALSE \
        -addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=serverAuth
}

authority root "Lab Root"
authority intermediate "Lab Intermediate" -CA root.crt -CAkey root.key
for one in "${@:2}"; do
    file=${one%%=*} signed=(-CA intermediate.crt -CAkey intermediate.key)
    [ "$file" = mallory ] && signed=()
    server "$file" "${one#*=}" "${signed[@]}"
done
