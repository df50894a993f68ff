"""Send a message that only Bob can read: his public key locks a session key, and that one locks the message.

Usage: send.py BOB PORT FINGERPRINT MESSAGE      prints Bob's answer
"""

import hashlib
import os
import socket
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

END = b"-----END PUBLIC KEY-----\n"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def read_public_key(stream):
    """The key that the other side sends first, in PEM."""
    text = b""
    while not text.endswith(END):
        line = stream.readline()
        if not line:
            sys.exit("no public key came")
        text += line
    return serialization.load_pem_public_key(text)


def fingerprint(key) -> str:
    """SHA-256 of the key in DER, in hexadecimal."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER, form)).hexdigest()


def main(host, port, expected, message):
    with socket.create_connection((host, int(port)), timeout=10) as connection, connection.makefile("rb") as stream:
        public = read_public_key(stream)
        if fingerprint(public) != expected:
            sys.exit("this is not Bob's key: nothing was sent")
        key, nonce = AESGCM.generate_key(bit_length=256), os.urandom(12)
        session = AESGCM(key)
        locked = session.encrypt(nonce, message.encode(), None)
        connection.sendall(public.encrypt(key, OAEP) + nonce + len(locked).to_bytes(4, "big") + locked)
        nonce, size = stream.read(12), int.from_bytes(stream.read(4), "big")
        print(session.decrypt(nonce, stream.read(size), None).decode())


main(*sys.argv[1:5])
