"""Another fetcher: it asks for one document, and, if the server keeps the connection, for the rest at once."""

import argparse
import socket
from zlib import crc32


class Connection:
    def __init__(self, address: str, port: int):
        self.socket = socket.socket()
        self.socket.settimeout(8)
        self.socket.connect((address, port))
        self.field = f"Host: {address}:{port}"
        self.buffer = bytearray()

    def ask(self, paths) -> None:
        self.socket.send("".join(f"GET {path} HTTP/1.1\r\n{self.field}\r\n\r\n" for path in paths).encode())

    def more(self) -> None:
        part = self.socket.recv(1000)
        if not part:
            raise EOFError
        self.buffer += part

    def answer(self) -> tuple[str, bytes, bool]:
        """Status, body, and whether this is the last one. EOFError if there is none."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            self.more()
        status, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        fields = {}
        for line in lines:
            name, value = line.split(":", 1)
            fields[name.casefold()] = value.strip()
        begin, size = end + 4, int(fields["content-length"])
        while len(self.buffer) < begin + size:
            self.more()
        body = bytes(self.buffer[begin:begin + size])
        del self.buffer[:begin + size]
        return status.split(" ")[1], body, fields.get("connection", "").casefold() == "close"


def some(address: str, port: int, paths: list[str]) -> list[str]:
    """What one connection brings, as lines."""
    lines: list[str] = []
    connection = Connection(address, port)
    connection.ask(paths[:1])
    try:
        while len(lines) < len(paths):
            status, body, last = connection.answer()
            path = paths[len(lines)]
            lines.append(f"{path} {status} {len(body)} {crc32(body):0>8x}")
            if last:
                break
            if len(lines) == 1:
                connection.ask(paths[1:])
    except (EOFError, ConnectionError):
        pass
    connection.socket.close()
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("paths", nargs="+")
    given = parser.parse_args()
    printed: list[str] = []
    while len(printed) < len(given.paths):
        printed += some(given.address, given.port, given.paths[len(printed):])
    print(*printed, sep="\n")
