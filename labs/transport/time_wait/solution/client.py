"""Ask a server some questions, each over a connection of its own, all from the same port.

    python3 client.py SERVER PORT OWN_PORT COUNT

Asks once a second, and prints the answers, one a line. A question is the line `get`, an answer the line "N" and N
bytes. On `bye`, a line, the server closes the connection.
"""

import socket
import sys
import time


def main():
    server, port, own_port, count = sys.argv[1], *map(int, sys.argv[2:5])
    for _ in range(count):
        print(ask(server, port, own_port))
        time.sleep(1)


def ask(server, port, own_port) -> str:
    with socket.socket() as connection:
        connection.bind(("", own_port))
        connection.connect((server, port))
        connection.sendall(b"get\n")
        stream = connection.makefile("rb")
        answer = stream.read(int(stream.readline()))
        # Who closes first waits a minute, and the port with it. Let that be the server: its connections wait for
        # four-tuples that our next SYN, with a higher number, may have.
        connection.sendall(b"bye\n")
        stream.read()
    return answer.decode()


if __name__ == "__main__":
    main()
