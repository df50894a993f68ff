#!/bin/bash
# Starts the shop's server. Runs as the user student on the computer `shop`, in a copy of this folder.
#
# given/ holds, once the run has begun:
#     shop.key            the shop's private key
#     shop.crt            its certificate, for the name {{shop_name}}, signed by the intermediate CA
#     intermediate.crt    the certificate of the intermediate CA, signed by the root
#     root.crt            the certificate of the root CA, signed by itself; the client has it

# What a client needs to get from the server's certificate to a root that it has: each certificate, then its issuer's.
cat given/shop.crt given/intermediate.crt > chain.pem

exec nginx -p "$PWD" -c nginx.conf -e stderr
