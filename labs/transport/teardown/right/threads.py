"""The same with socketserver: a thread for each client, and a file to read from."""

import contextlib
import select
import socketserver
import sys
from time import monotonic

LIMIT = int("{{limit}}")
DRAIN = int("{{drain}}")


class Guest(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(ConnectionError, TimeoutError):
            request = self.rfile.read1(LIMIT + 1)
            while len(request) <= LIMIT and (more := self.rfile.read1(LIMIT + 1 - len(request))):
                request += more
            if len(request) > LIMIT:
                self.wfile.write(b"too long\n")
            else:
                self.wfile.write(b"".join([str(len(request)).encode(), b" bytes\n", bytes(reversed(request))]))
            self.wfile.flush()
            self.request.shutdown(1)
            until = monotonic() + DRAIN
            while monotonic() < until and select.select([self.request], [], [], max(0, until - monotonic()))[0]:
                if not self.request.recv(4096):
                    break

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server(("0.0.0.0", int(sys.argv[1])), Guest) as server:
    server.serve_forever()
