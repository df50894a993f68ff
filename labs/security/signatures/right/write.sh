#!/bin/bash
# The letter by way of Python and its smtplib; signed by `openssl smime`, sealed by `openssl cms`.
exec python3 - "$1" <<'PROGRAM'
import smtplib
import subprocess
import sys


def openssl(*words, data):
    return subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, check=True).stdout


text = b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nTEXT\n"
signed = openssl("smime", "-sign", "-md", "sha384", "-signer", "given/me.crt", "-inkey", "given/me.key", data=text)
sealed = openssl("cms", "-encrypt", "-aes128", "given/bob.crt", data=signed)
mine = subprocess.run(["openssl", "x509", "-in", "given/me.crt", "-noout", "-email"], capture_output=True, text=True).stdout
with smtplib.SMTP(sys.argv[1], 25, local_hostname="alice") as post:
    post.sendmail(mine.strip(), ["bob@" + mine.strip().split("@")[1]], sealed)
PROGRAM
