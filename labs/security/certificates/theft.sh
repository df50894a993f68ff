#!/bin/bash
# What a thief makes with the stolen key of an intermediate CA: a certificate for a name of its domain, two for names of
# somebody else, and a CA of his own below it with a certificate from that one.
#
# Usage: theft.sh FOLDER PKI.CNF NAME FOREIGN-NAME NAME-ELSEWHERE
set -eu
config=$(realpath "$2") && cd "$1"
export CA=192.0.2.1 NAME  # RFC 5737: nobody is there

certify() { # FILE KIND NAME "KEY OPTIONS" [OPTION...]
    NAME=$3 openssl req -x509 -config "$config" -extensions "$2" -days 7 -out "thief-$1.crt" $4 "${@:5}"
}

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out thief.key
stolen="-CA your-intermediate.crt -CAkey your-intermediate.key"
certify own server "$3" "-key thief.key" $stolen
certify foreign server "$4" "-key thief.key" $stolen
certify elsewhere server "$5" "-key thief.key" $stolen
certify ca below "Thief's CA" "-key thief.key" $stolen
certify leaf server "$3" "-key shop.key" -CA thief-ca.crt -CAkey thief.key
cat thief-ca.crt your-intermediate.crt > thief-both.pem
