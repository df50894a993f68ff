"""The same server, with the standard library's framework."""

import socketserver
import sys


class Capitals(socketserver.DatagramRequestHandler):
    def handle(self):
        self.wfile.write(self.rfile.read().upper())


with socketserver.UDPServer(("", int(sys.argv[1])), Capitals) as server:
    server.serve_forever()
