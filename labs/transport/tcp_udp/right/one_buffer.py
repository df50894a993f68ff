"""The same with one loop, one buffer for each client, and a selector; what cannot be sent yet waits."""

import contextlib
import selectors
import socket
import sys

LIMIT = int("{{limit}}")


class Client:
    def __init__(self, connection):
        self.connection, self.come, self.to_go, self.over = connection, bytearray(), bytearray(), False

    def read(self):
        part = self.connection.recv(4096)
        self.over = self.over or not part
        self.come += part
        while not self.over or self.come:
            size = int.from_bytes(self.come[0:4], "big") if len(self.come) > 3 else -1
            if size > LIMIT:
                self.over = True
                self.come.clear()
            if size < 0 or len(self.come) < 4 + size:
                break
            answer = self.come[4:4 + size]
            answer.reverse()
            self.to_go += self.come[:4] + answer
            del self.come[:4 + size]

    def write(self):
        del self.to_go[:self.connection.send(self.to_go)]


def main(port):
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, True)
    door.bind(("0.0.0.0", port))
    door.listen(50)
    chosen = selectors.DefaultSelector()
    chosen.register(door, selectors.EVENT_READ, None)
    while True:
        for key, events in chosen.select():
            client = key.data
            if client is None:
                connection = door.accept()[0]
                connection.setblocking(False)
                chosen.register(connection, selectors.EVENT_READ, Client(connection))
                continue
            gone = False
            try:
                if events & selectors.EVENT_READ and not client.over:
                    client.read()
                if client.to_go:
                    with contextlib.suppress(BlockingIOError):
                        client.write()
            except OSError:
                gone = True
            if gone or client.over and not client.to_go:
                chosen.unregister(client.connection)
                client.connection.close()
            elif client.over:
                chosen.modify(client.connection, selectors.EVENT_WRITE, client)
            else:
                chosen.modify(client.connection, selectors.EVENT_READ
                              | (selectors.EVENT_WRITE if client.to_go else 0), client)


main(int(sys.argv[1]))
