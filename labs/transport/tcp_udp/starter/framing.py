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


def receive(connection: socket.socket) -> bytes | None:
    """The next message; None if the peer has ended the stream and there is no more."""
    # TODO: this takes what one recv() gets for one message. TCP promises nothing of the kind: it may be a part of one,
    # the end of one and the beginning of the next, or several at once.
    # TODO: what if the stream ends in the middle of a message? What if the length is above LIMIT?
    data = connection.recv(65536)
    if not data:
        return None
    return data[LENGTH.size:]


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
                except (ValueError, OSError):
                    traceback.print_exc()  # this client is done; the next one is not


if __name__ == "__main__":
    main()
