#!/bin/bash
# The same CA by way of `openssl ca`: requests, books, and dates that are written out.
set -eu

begin=$(date -ud "-5 minutes" +%y%m%d%H%M%SZ)
end() { date -ud "+$1 days" +%y%m%d%H%M%SZ; }

cat > books.cnf <<END
[ ca ]
default_ca = books
[ books ]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha384
policy = anything
unique_subject = no
[ anything ]
commonName = optional
END
: > index.txt

request() { # NAME SUBJECT
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$1.key"
    openssl req -new -key "$1.key" -subj "/O=Our shops/CN=$2" -out "$1.csr"
}

grant() { # REQUEST NAME SECTION DAYS OPTION...
    openssl ca -batch -config books.cnf -notext -in "$1" -out "$2.crt" -extfile ca.cnf -extensions "$3" \
        -startdate "$begin" -enddate "$(end "$4")" "${@:5}"
}

request root "The root"
request intermediate "The one below"
grant root.csr root root 7300 -selfsign -keyfile root.key
grant intermediate.csr intermediate intermediate 400 -cert root.crt -keyfile root.key
grant given/shop.csr shop server DAYS -cert intermediate.crt -keyfile intermediate.key
sed '' shop.crt intermediate.crt root.crt > chain.pem
