"""A server that reads a whole request, answers it, and takes its leave in the right order.

    python3 server.py PORT

The answer to a request of n bytes is the line "n bytes" and the request backwards. A request of more than LIMIT bytes
is answered "too long", without waiting for its end.
"""

import socket
import sys
import time

LIMIT = {{limit}}  # bytes that a request may have
DRAIN = {{drain}}  # seconds for which a client may go on sending once it has its answer


def main():
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    serve(connection)
                except OSError as problem:  # the client has gone, or never ends: not a reason to stop serving others
                    print(f"a client was lost: {problem}", file=sys.stderr)


def serve(connection):
    connection.sendall(answer_to(read_request(connection)))
    connection.shutdown(socket.SHUT_WR)  # FIN behind the last byte; whatever the client still sends is received
    drain(connection, time.monotonic() + DRAIN)


def read_request(connection) -> bytes:
    """All that the client sends, up to its FIN; or more than LIMIT bytes."""
    request = bytearray()
    while len(request) <= LIMIT:
        part = connection.recv(65536)
        if not part:
            break
        request += part
    return bytes(request)


def answer_to(request: bytes) -> bytes:
    if len(request) > LIMIT:
        return b"too long\n"
    return b"%d bytes\n" % len(request) + request[::-1]


def drain(connection, deadline: float):
    """Throw away what still comes, until the client's FIN or the deadline.

    A close() with unread data would send a reset, and a reset may overtake the answer at the client.
    """
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        if not connection.recv(65536):
            return


if __name__ == "__main__":
    main()
