#!/bin/bash
# A CA and certificates for people's mail addresses, on P-256. Mallory has a true one of his own, and makes a false one.
# And he has the keys of true ones for a Malice, whose address ends like hers, for another Alice, whose address begins
# like hers, and for one whose address has another character where hers has its dot; and a CA of his own with the name of
# the true one, by which he has a certificate for Alice.
#
# Usage: make_people.sh FOLDER PKI.CNF DOMAIN STUDENT
set -eu
config=$(realpath "$2") && cd "$1" && domain=$3
export NAME MAIL

certify() { # FILE KIND NAME [OPTION...]
    NAME=$3 MAIL=${3,,}@$domain$more openssl req -x509 -config "$config" -extensions "$2" -days 90 -out "$1.crt" \
        -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key" "${@:4}" 2> openssl.log ||
        { cat openssl.log >&2; exit 1; }
}

more='' signed="-CA ca.crt -CAkey ca.key"
certify ca ca "CA of $domain"
certify alice person Alice $signed
certify bob person Bob $signed
certify mallory person Mallory $signed
certify student person "$4" $signed
certify false-alice person Alice
certify alike person Malice $signed
certify false-ca ca "CA of $domain"
certify by-false-ca person Alice -CA false-ca.crt -CAkey false-ca.key
more=.test
certify namesake person Alice $signed
more='' domain=${domain/./-}
certify dotless person Alice $signed
