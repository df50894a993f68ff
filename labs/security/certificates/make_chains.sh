#!/bin/bash
# A CA, a CA below it, what they sign, and what Mallory makes of it. P-256 keys; certificates are valid from now on.
#
#     root ──signs──> below ──signs──> bank, other (another name), mallory (his own, true one), expired, revoked
#          └─signs──> direct
#     mallory-root ──signs──> unknown          mallory ──signs──> not-a-ca
#     false-root: the root's name, Mallory's key
#
# Usage: make_chains.sh FOLDER PKI.CNF CA-ADDRESS BANK-NAME OTHER-NAME MALLORY-NAME DAYS-SINCE-EXPIRY
set -eu
config=$(realpath "$2") && cd "$1"
export CA=$3 bank=$4 other=$5 mallory=$6 NAME

quietly() { "$@" 2> openssl.log || { cat openssl.log >&2; exit 1; }; }

key() { echo "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout $1.key"; }

certify() { # FILE KIND NAME "KEY OPTIONS" [OPTION...]
    NAME=$3 quietly openssl req -x509 -config "$config" -extensions "$2" -days 90 -out "$1.crt" $4 "${@:5}"
}

below="-CA below.crt -CAkey below.key"
certify root root "Lab Root" "$(key root)"
certify below below "Lab Intermediate" "$(key below)" -CA root.crt -CAkey root.key
certify bank server "$bank" "$(key bank)" $below
certify direct server "$bank" "-key bank.key" -CA root.crt -CAkey root.key
certify other server "$other" "-key bank.key" $below
certify mallory server "$mallory" "$(key mallory)" $below
certify mallory-root root "Trust Me Root" "-key mallory.key"
certify false-root root "Lab Root" "-key mallory.key"
certify unknown server "$bank" "-key mallory.key" -CA mallory-root.crt -CAkey mallory.key
certify not-a-ca server "$bank" "-key mallory.key" -CA mallory.crt -CAkey mallory.key

# The CA's books: what it signed that is over, and what it has taken back.
book() { quietly openssl ca -batch -config "$config" -cert below.crt -keyfile below.key -notext "$@"; }
export NAME=$bank
: > index.txt
quietly openssl req -new -config "$config" -key bank.key -out bank.csr
book -extensions server -in bank.csr -out expired.crt -startdate "$(date -ud "-$(($7 + 90)) days" +%y%m%d%H%M%SZ)" \
    -enddate "$(date -ud "-$7 days -1 hour" +%y%m%d%H%M%SZ)"
book -extensions server -in bank.csr -out revoked.crt
book -revoke revoked.crt -crl_reason keyCompromise
book -gencrl -out below.pem
openssl crl -in below.pem -outform DER -out below.crl
