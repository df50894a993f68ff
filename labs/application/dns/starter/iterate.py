#!/usr/bin/env python3
"""An iterative resolver on a plain UDP socket (RFC 1034, section 5.3.3; messages as in RFC 1035, section 4).

    python3 iterate.py ROOT NAME...

ROOT is the address of a root name server. For each NAME one line is to be printed: "NAME ADDRESS" or
"NAME does not exist". Python's standard library is all you need; no DNS library.
"""

import os
import socket
import struct
import sys

A, NS, CNAME = 1, 2, 5  # record types
NXDOMAIN = 3  # a response code


def encode_name(name: str) -> bytes:
    """Each label with its length before it, then the root's empty label."""
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def decode_name(message: bytes, place: int) -> tuple[str, int]:
    """The name at `place` in the message, and the place after it."""
    raise NotImplementedError  # TODO: labels; and pointers to earlier names (RFC 1035, section 4.1.4)


def make_query(ident: bytes, name: str) -> bytes:
    """A question for the A record of `name`. `ident` is two bytes of your choice, which the response repeats."""
    flags = 0x0100  # TODO: is this what one asks a root server?
    return ident + struct.pack("!5H", flags, 1, 0, 0, 0) + encode_name(name) + struct.pack("!2H", A, 1)


def ask(server: str, name: str) -> bytes:
    """One question to one server; its response."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect((server, 53))
        sock.send(make_query(os.urandom(2), name))
        return sock.recv(4096)


def resolve(root: str, name: str):
    """The address of `name`, found from the root down; None if it does not exist."""
    response = ask(root, name)
    # TODO: an answer? an alias (CNAME)? a referral: NS records in the authority section, their addresses in the
    # additional section? "no such name"? Go on until you know.
    raise NotImplementedError(f"{len(response)} bytes came from the root; now read them")


def main() -> None:
    root, *names = sys.argv[1:]
    for name in names:
        address = resolve(root, name)
        print(name, address or "does not exist")


if __name__ == "__main__":
    main()
