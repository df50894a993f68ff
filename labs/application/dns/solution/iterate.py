#!/usr/bin/env python3
"""An iterative resolver on a plain UDP socket (RFC 1034, section 5.3.3; messages as in RFC 1035, section 4).

    python3 iterate.py ROOT NAME...

ROOT is the address of a root name server. For each NAME one line is printed: "NAME ADDRESS", "NAME does not exist" or
"NAME failed: why".
"""

import os
import socket
import struct
import sys

A, NS, CNAME = 1, 2, 5
NXDOMAIN = 3
TIMEOUT, TRIES, STEPS = 2.0, 3, 20


class Failed(Exception):
    """The name cannot be looked up; the text says why."""


def encode_name(name: str) -> bytes:
    """Each label with its length before it, then the root's empty label."""
    labels = name.rstrip(".").split(".")
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def decode_name(message: bytes, place: int) -> tuple[str, int]:
    """The name at `place`, and the place after it. Two top bits set make a pointer (RFC 1035, section 4.1.4)."""
    labels, after = [], None
    for _ in range(128):  # a pointer may lead to a pointer, but not for ever
        length = message[place]
        if length >= 0xC0:
            after = place + 2 if after is None else after
            place = struct.unpack_from("!H", message, place)[0] & 0x3FFF
        elif length == 0:
            return ".".join(labels).lower(), place + 1 if after is None else after
        else:
            labels.append(message[place + 1:place + 1 + length].decode("ascii"))
            place += 1 + length
    raise Failed("a name without end")


def make_query(ident: bytes, name: str) -> bytes:
    """A question for the A record of `name`; flags are 0, so RD is: do not recurse for me."""
    return ident + struct.pack("!5H", 0, 1, 0, 0, 0) + encode_name(name) + struct.pack("!2H", A, 1)


def parse(message: bytes) -> tuple[int, list[list[tuple]]]:
    """The response code, and answers, authority and additional: lists of (name, type, data)."""
    _, flags, questions, *counts = struct.unpack_from("!6H", message)
    place = 12
    for _ in range(questions):
        place = decode_name(message, place)[1] + 4
    sections = []
    for count in counts:
        records = []
        for _ in range(count):
            name, place = decode_name(message, place)
            kind, _, _, length = struct.unpack_from("!HHIH", message, place)
            place += 10
            records.append((name, kind, read_data(message, kind, place, length)))
            place += length
        sections.append(records)
    return flags & 0xF, sections


def read_data(message: bytes, kind: int, place: int, length: int) -> str:
    """An address or a name as text; anything else is not needed."""
    if kind == A:
        return socket.inet_ntoa(message[place:place + 4])
    return decode_name(message, place)[0] if kind in (NS, CNAME) else ""


def ask(server: str, name: str) -> tuple[int, list[list[tuple]]]:
    """One question to one server, repeated if no answer comes; an answer to something else is passed over."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        sock.connect((server, 53))  # takes datagrams from this server only
        for _ in range(TRIES):
            ident = os.urandom(2)
            sock.send(make_query(ident, name))
            try:
                message = sock.recv(4096)
                while message[:2] != ident:
                    message = sock.recv(4096)
                return parse(message)
            except OSError:
                continue
    raise Failed(f"{server} does not answer")


def resolve(root: str, name: str) -> str | None:
    """The address of `name`, found from the root down; None if it does not exist."""
    server, wanted = root, name.lower()
    for _ in range(STEPS):
        rcode, (answers, authority, additional) = ask(server, wanted)
        if rcode == NXDOMAIN:
            return None
        found = {(owner, kind): data for owner, kind, data in answers}
        if (wanted, A) in found:
            return found[wanted, A]
        if (wanted, CNAME) in found:
            server, wanted = root, found[wanted, CNAME]  # another name: begin again at the root
            continue
        servers = [data for _, kind, data in authority if kind == NS]
        glue = [data for owner, kind, data in additional if kind == A and owner in servers]
        if not servers:
            raise Failed("it has no address")
        server = glue[0] if glue else resolve(root, servers[0])
    raise Failed("no end in sight")


def main() -> None:
    root, *names = sys.argv[1:]
    for name in names:
        try:
            address = resolve(root, name)
            print(name, address or "does not exist")
        except Failed as problem:
            print(f"{name} failed: {problem}")


if __name__ == "__main__":
    main()
