"""The same with socketserver, a thread for each visitor."""

import socketserver
import sys

SENTENCE = "the same once again, "
TEXT = (SENTENCE * (int("{{body}}") // len(SENTENCE))).encode()


class Visit(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            while (line := self.rfile.readline()) and line.strip() != b"bye":
                if line.strip() == b"get":
                    self.wfile.write(str(len(TEXT)).encode() + b"\n")
                    self.wfile.write(TEXT)
        except ConnectionError:
            pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("", int(sys.argv[1])), Visit).serve_forever()
