"""Take what comes over TCP: each connection's bytes become a file FOLDER/1, FOLDER/2, ...

Usage: sink.py FOLDER PORT
"""

import socketserver
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])


class Visit(socketserver.StreamRequestHandler):
    def handle(self):
        data = self.rfile.read()
        (FOLDER / str(len(list(FOLDER.iterdir())) + 1)).write_bytes(data)


socketserver.TCPServer.allow_reuse_address = True
with socketserver.TCPServer(("", int(sys.argv[2])), Visit) as server:
    server.serve_forever()
