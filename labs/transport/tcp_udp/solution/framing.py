"""Messages over TCP: a server that answers each message with the same message backwards.

    python3 framing.py PORT

On the wire a message is its length, four bytes with the most significant first, and then so many bytes. It may be
empty. It may not be longer than LIMIT.
"""

import socket
import struct
import sys
import traceback

LENGTH = struct.Struct("!I")
LIMIT = {{limit}}  # bytes


class BrokenOff(Exception):
    """The stream ended in the middle of a message."""


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """The next `count` bytes of the stream, however TCP brings them; fewer if the stream ends before."""
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            break
        data += part
    return bytes(data)


def receive(connection: socket.socket) -> bytes | None:
    """The next message; None if the peer has ended the stream and there is no more."""
    prefix = read_exactly(connection, LENGTH.size)
    if not prefix:
        return None
    if len(prefix) < LENGTH.size:
        raise BrokenOff("in the middle of a length")
    length, = LENGTH.unpack(prefix)
    if length > LIMIT:
        raise ValueError(f"a message of {length} bytes is announced; {LIMIT} are allowed")
    message = read_exactly(connection, length)
    if len(message) < length:
        raise BrokenOff(f"{length - len(message)} bytes of a message are missing")
    return message


def send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(LENGTH.pack(len(message)) + message)


def serve(connection: socket.socket) -> None:
    """Answer messages, one after the other, until there are no more."""
    while (message := receive(connection)) is not None:
        send(connection, message[::-1])


def main():
    with socket.create_server(("", int(sys.argv[1]))) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                try:
                    serve(connection)
                except (BrokenOff, ValueError, OSError):
                    traceback.print_exc()  # this client is done; the next one is not


if __name__ == "__main__":
    main()
