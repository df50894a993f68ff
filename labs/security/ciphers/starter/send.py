"""Send a message that only Bob can read: his public key locks a session key, and that one locks the message.

    Bob      his public key, in PEM
    you      256 bytes: a fresh session key (32 bytes), locked with RSA-OAEP (SHA-256, also in MGF1)
    you      12 bytes of nonce, 4 of length (big-endian), then so many bytes: the message, AES-256-GCM under that key
    Bob      the same form, his answer, under the same key

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


def read_public_key(stream):
    """The key that the other side sends first, in PEM."""
    text = b""
    while not text.endswith(END):
        line = stream.readline()
        if not line:
            sys.exit("no public key came")
        text += line
    return serialization.load_pem_public_key(text)


def main(host, port, expected, message):
    with socket.create_connection((host, int(port)), timeout=10) as connection, connection.makefile("rb") as stream:
        public = read_public_key(stream)
        # TODO: is it Bob's? `expected` is the SHA-256 of his key in DER (SubjectPublicKeyInfo), in hexadecimal.
        # TODO: a session key, locked with `public`; then the message, locked with the session key.
        connection.sendall(message.encode())
        # TODO: read Bob's answer, open it, print it.


main(*sys.argv[1:5])
