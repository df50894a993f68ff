#!/bin/bash
# Starts the shop's server. Runs as the user student on the computer `shop`, in a copy of this folder.
#
# given/ holds, once the run has begun:
#     shop.key            the shop's private key
#     shop.crt            its certificate, for the name {{shop_name}}, signed by the intermediate CA
#     intermediate.crt    the certificate of the intermediate CA, signed by the root
#     root.crt            the certificate of the root CA, signed by itself; the client has it

# nginx wants all the certificates that it is to send in one file. (nginx.conf does not use this one yet; is it right?)
cat given/root.crt given/intermediate.crt given/shop.crt > chain.pem

exec nginx -p "$PWD" -c nginx.conf -e stderr
