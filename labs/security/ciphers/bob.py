"""Bob's program: a session key comes locked with his public key, then messages go both ways under the session key.

    Bob      his public key, in PEM
    client   256 bytes: the session key (32 bytes), locked with RSA-OAEP (SHA-256)
    client   12 bytes of nonce, 4 of length, then so many bytes: the message, AES-256-GCM
    Bob      the same, his answer

First he measures, and prints as JSON, what each cipher costs here: seconds for 256 bytes. (All in one program, as it is
dear in the lab machine to start another one with these libraries.)

He has an answer for each client, the first one again when all are used. What he sends, he sends in pieces: each leaves
when the one before has arrived (Nagle's algorithm, RFC 1122 section 4.2.3.4), as the network might cut it up, too. The
second client's answer is cut within its nonce.

Usage: bob.py PRIVATE-KEY PORT ANSWER...
"""

import json
import socketserver
import sys
from itertools import cycle
from pathlib import Path
from time import perf_counter

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = serialization.load_pem_private_key(Path(sys.argv[1]).read_bytes(), None)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
LONGEST, NONCE = 1 << 20, b"bob's answer"  # one answer for each session key: so one nonce will do
ANSWERS, CUTS = cycle(sys.argv[3:]), cycle((20, 6, 20))  # texts; bytes of the first piece


def seconds(work, times: int) -> float:
    """The least of several turns: what disturbs only adds."""
    best = 1e9
    for _ in range(times):
        begin = perf_counter()
        work()
        best = min(best, perf_counter() - begin)
    return best


def costs() -> dict[str, float]:
    aes = Cipher(algorithms.AES(bytes(32)), modes.CBC(bytes(16))).encryptor()
    locked = KEY.public_key().encrypt(bytes(32), OAEP)
    return {"aes": seconds(lambda: aes.update(bytes(256)), 30),
            "rsa_public": seconds(lambda: KEY.public_key().encrypt(bytes(32), OAEP), 30),
            "rsa_private": seconds(lambda: KEY.decrypt(locked, OAEP), 10)}


class Visit(socketserver.StreamRequestHandler):
    timeout = 10  # s

    def handle(self):
        text, cut = next(ANSWERS), next(CUTS)
        self.send(PUBLIC, len(PUBLIC) // 2)
        locked, nonce = self.rfile.read(256), self.rfile.read(12)
        size = min(int.from_bytes(self.rfile.read(4), "big"), LONGEST)
        try:
            session = AESGCM(KEY.decrypt(locked, OAEP))
            session.decrypt(nonce, self.rfile.read(size), None)
        except (ValueError, InvalidTag) as problem:
            print(f"{type(problem).__name__}: {problem}", flush=True)
            return
        answer = session.encrypt(NONCE, text.encode(), None)
        self.send(NONCE + len(answer).to_bytes(4, "big") + answer, cut)

    def send(self, data, first):
        self.wfile.write(data[:first])
        self.wfile.write(data[first:])


class Server(socketserver.TCPServer):
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        print(f"{sys.exc_info()[0].__name__}: {sys.exc_info()[1]}", flush=True)


print(json.dumps(costs()), flush=True)
with Server(("", int(sys.argv[2])), Visit) as server:
    server.serve_forever()
