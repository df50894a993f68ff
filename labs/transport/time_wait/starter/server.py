"""A server that tells each visitor the same, and can be stopped and started at any time.

    python3 server.py PORT

A visitor asks `get`, a line; the answer is the line "N" and N bytes. On `bye`, a line, the server closes. If the
visitor closes without a word, so does the server.
"""

import socket
import sys

TEXT = b"the same once again, " * ({{body}} // 21)


def main():
    with socket.socket() as listener:
        # TODO: this is refused for a minute after the last visitor has said bye. Why? What would make the kernel agree?
        listener.bind(("", int(sys.argv[1])))
        listener.listen()
        while True:
            connection, _ = listener.accept()
            with connection:
                talk(connection)


def talk(connection):
    try:
        for line in connection.makefile("rb"):
            if line == b"bye\n":
                return
            connection.sendall(b"%d\n" % len(TEXT) + TEXT)
    except OSError as problem:
        print(f"a visitor was lost: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
