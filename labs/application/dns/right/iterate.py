"""Another iterative resolver: one socket for all questions, EDNS (RFC 6891), a reader that walks through a message."""

import itertools
import socket
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address

OPT = bytes(1) + (41).to_bytes(2) + (1232).to_bytes(2) + bytes(6)  # root, type, largest answer, no flags, no options
TYPE_A, TYPE_CNAME = 1, 5


@dataclass
class Reader:
    message: bytes
    place: int = 0

    def number(self, size: int) -> int:
        self.place += size
        return int.from_bytes(self.message[self.place - size:self.place])

    def name(self) -> bytes:
        """The labels, each with its length before it; capitals made small."""
        labels = []
        while size := self.number(1):
            if size & 0xC0 == 0xC0:
                self.place -= 1
                target = self.number(2) & 0x3FFF
                labels.append(Reader(self.message, target).name())
                return b"".join(labels).lower()
            labels.append(self.message[self.place - 1:self.place + size])
            self.place += size
        return b"".join(labels).lower()

    def record(self) -> tuple[bytes, int, "Reader"]:
        owner, kind = self.name(), self.number(2)
        self.number(2), self.number(4)
        size = self.number(2)
        data = Reader(self.message, self.place)
        self.place += size
        return owner, kind, data


def wire(name: str) -> bytes:
    return b"".join(len(label).to_bytes(1) + label.encode() for label in name.lower().split("."))


class Resolver:
    def __init__(self, root: str):
        self.root = root
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(5)
        self.ids = itertools.count(4711)

    def ask(self, server: str, name: bytes) -> Reader:
        ident = next(self.ids).to_bytes(2)
        question = ident + bytes.fromhex("0000 0001 0000 0000 0001") + name + bytes.fromhex("00 0001 0001") + OPT
        self.socket.sendto(question, (server, 53))
        while True:
            message, sender = self.socket.recvfrom(4096)
            if message.startswith(ident) and sender[0] == server:
                return Reader(message)

    def find(self, name: bytes, server: str) -> str:
        said = self.ask(server, name)
        said.place = 2
        code, questions = said.number(2) % 16, said.number(2)
        sizes = [said.number(2) for _ in range(3)]
        for _ in range(questions):
            said.name(), said.number(4)
        answers, _, additional = ([said.record() for _ in range(size)] for size in sizes)
        for owner, kind, data in answers:
            if kind == TYPE_A:
                return str(IPv4Address(data.number(4)))
            if kind == TYPE_CNAME and owner == name:
                return self.find(data.name(), self.root)
        if code == 3:
            return "does not exist"
        glue = [data for _, kind, data in additional if kind == TYPE_A]
        return self.find(name, str(IPv4Address(glue[0].number(4))))


if __name__ == "__main__":
    resolver = Resolver(sys.argv[1])
    for each in sys.argv[2:]:
        sys.stdout.write(f"{each} {resolver.find(wire(each), resolver.root)}\n")
