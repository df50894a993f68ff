#!/bin/bash
# A root, valid from now on, and a certificate for the server's RSA key, signed by the root; and a stranger's root.
#
# Usage: make_certificates.sh FOLDER SERVER-NAME     (FOLDER holds server.key)
set -eu
cd "$1" && name=$2

certificate() { # NAME SUBJECT OPTION...
    openssl req -x509 -days 90 -out "$1.crt" -subj "/CN=$2" "${@:3}" 2> openssl.log || { cat openssl.log >&2; exit 1; }
}

root() { # NAME SUBJECT: a fresh P-256 key, and a certificate that signs itself
    certificate "$@" -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}

root root "Lab Root"
root stranger "A Stranger"
certificate server "$name" -key server.key -CA root.crt -CAkey root.key -addext "subjectAltName=DNS:$name" \
    -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature,keyEncipherment \
    -addext extendedKeyUsage=serverAuth
