"""The same by way of GCM's own parts, recv, struct, and the key's DER taken out of its PEM by hand."""

import base64
import hashlib
import hmac
import secrets
import socket
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_der_public_key

TAG = 16


class Peer:
    def __init__(self, address):
        self.socket = socket.create_connection(address)
        self.socket.settimeout(20)
        self.rest = b""

    def more(self):
        data = self.socket.recv(700)
        if not data:
            raise SystemExit("the other side hung up")
        self.rest += data

    def until(self, end):
        while end not in self.rest:
            self.more()
        line, self.rest = self.rest.split(end, 1)
        return line

    def take(self, count):
        while len(self.rest) < count:
            self.more()
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken


def gcm(key, nonce, tag=None):
    return Cipher(algorithms.AES(key), modes.GCM(nonce, tag))


host, port, fingerprint, message = sys.argv[1:]
bob = Peer((host, int(port)))
pem = bob.until(b"-----END PUBLIC KEY-----\n")
der = base64.b64decode(b"".join(pem.split(b"\n")[1:]))
if not hmac.compare_digest(hashlib.sha256(der).hexdigest(), fingerprint.lower()):
    print("somebody else's key", file=sys.stderr)
    raise SystemExit(3)

key, nonce = secrets.token_bytes(32), bytes(12)  # a new key each time: so any nonce will do
bob.socket.send(load_der_public_key(der).encrypt(key, OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), b"")))
lock = gcm(key, nonce).encryptor()
locked = lock.update(message.encode("utf-8")) + lock.finalize() + lock.tag
bob.socket.sendall(nonce + struct.pack(">I", len(locked)))
bob.socket.sendall(locked)
bob.socket.shutdown(socket.SHUT_WR)

nonce, (size,) = bob.take(12), struct.unpack(">I", bob.take(4))
answer = bob.take(size)
unlock = gcm(key, nonce, answer[-TAG:]).decryptor()
sys.stdout.buffer.write(unlock.update(answer[:-TAG]) + unlock.finalize())
