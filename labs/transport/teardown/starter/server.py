"""A server that reads a whole request, answers it, and takes its leave in the right order.

    python3 server.py PORT

The answer to a request of n bytes is the line "n bytes" and the request backwards. A request of more than LIMIT bytes
is answered "too long", without waiting for its end.
"""

import socket
import sys

LIMIT = {{limit}}  # bytes that a request may have
DRAIN = {{drain}}  # seconds for which a client may go on sending once it has its answer


def main():
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:  # this closes the connection in the end, whatever has been read of it
                # TODO: a client that has gone must not keep others from being served.
                serve(connection)


def serve(connection):
    # TODO: say that the answer is all, and hear the client out for DRAIN seconds at most, before the connection closes.
    connection.sendall(answer_to(read_request(connection)))


def read_request(connection) -> bytes:
    """All that the client sends, up to its FIN; or more than LIMIT bytes."""
    # TODO: this is what happens to be there. The request ends where the client half-closes.
    return connection.recv(65536)


def answer_to(request: bytes) -> bytes:
    if len(request) > LIMIT:
        return b"too long\n"
    return b"%d bytes\n" % len(request) + request[::-1]


if __name__ == "__main__":
    main()
