"""Reads the first TLS message in each file, and prints its fields: one JSON object a line.

    python3 hello.py given/*

Each file holds what one side of a TCP connection sent, from the first byte on: records (RFC 8446, section 5.1), and in
them handshake messages (section 4) or an alert (section 6).
"""

import json
import sys
from pathlib import Path

ALERT, HANDSHAKE = 21, 22
CLIENT_HELLO, SERVER_HELLO = 1, 2
SERVER_NAME, SUPPORTED_VERSIONS, KEY_SHARE = 0, 43, 51
#: The random value that makes a ServerHello a HelloRetryRequest: SHA-256 of its name (RFC 8446, section 4.1.3).
RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"


class Bytes:
    """Takes fields off the front of some bytes."""

    def __init__(self, data):
        self.data = data

    def __bool__(self):
        return bool(self.data)

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        if len(taken) < count:
            raise ValueError(f"{count} bytes expected, {len(taken)} left")
        return taken

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        """A field that begins with its own length, in `size` bytes."""
        return Bytes(self.take(self.number(size)))

    def numbers(self):
        """All that is left, as numbers of two bytes."""
        found = []
        while self:
            found.append(self.number(2))
        return found


def dotted(version):
    return f"{version >> 8}.{version & 255}"


def read(data):
    """The fields of the first message in what one side sent."""
    stream, message, found = Bytes(data), b"", {}
    while True:
        kind, version, contents = stream.number(1), stream.number(2), stream.vector(2)
        found.setdefault("record_version", dotted(version))
        if kind == ALERT:
            return found | {"message": "Alert", "level": contents.number(1), "description": contents.number(1)}
        message += contents.data  # a message may take several records
        if kind == HANDSHAKE and len(message) >= 4 and len(message) - 4 >= int.from_bytes(message[1:4], "big"):
            rest = Bytes(message)
            return found | hello(rest.number(1), rest.vector(3))


def hello(kind, body):
    found = {"legacy_version": dotted(body.number(2)), "random": body.take(32).hex(),
             "session_id": body.vector(1).data.hex()}
    if kind == CLIENT_HELLO:
        found["suites"] = body.vector(2).numbers()
        body.vector(1)  # compression methods
    else:
        found["suites"] = [body.number(2)]
        body.number(1)
    extensions = {}
    block = body.vector(2) if body else Bytes(b"")  # SSL 3.0 knew no extensions
    while block:
        number = block.number(2)
        extensions[number] = block.vector(2)
    found["extensions"] = list(extensions)
    found["versions"], found["key_shares"] = [found["legacy_version"]], []
    reader = client_extensions if kind == CLIENT_HELLO else server_extensions
    found |= reader(extensions)
    names = {CLIENT_HELLO: "ClientHello", SERVER_HELLO: "ServerHello"}
    retry = kind == SERVER_HELLO and found["random"] == RETRY
    found["message"] = "HelloRetryRequest" if retry else names[kind]
    return found


def client_extensions(extensions):
    found = {"server_name": None}
    if SUPPORTED_VERSIONS in extensions:
        found["versions"] = [dotted(version) for version in extensions[SUPPORTED_VERSIONS].vector(1).numbers()]
    if KEY_SHARE in extensions:
        shares, found["key_shares"] = extensions[KEY_SHARE].vector(2), []
        while shares:
            found["key_shares"].append(shares.number(2))
            shares.vector(2)
    if SERVER_NAME in extensions:
        names = extensions[SERVER_NAME].vector(2)
        names.number(1)  # the kind of name: there is only one
        found["server_name"] = names.vector(2).data.decode()
    return found


def server_extensions(extensions):
    found = {}
    if SUPPORTED_VERSIONS in extensions:
        found["versions"] = [dotted(extensions[SUPPORTED_VERSIONS].number(2))]
    if KEY_SHARE in extensions:
        found["key_shares"] = [extensions[KEY_SHARE].number(2)]
    return found


def main():
    for path in map(Path, sys.argv[1:]):
        print(json.dumps({"file": path.name} | read(path.read_bytes())))


if __name__ == "__main__":
    main()
