"""A receiver of mail on port 25 (SMTP, RFC 5321: what a client needs to hand over a message, and no more).

Each message becomes a file FOLDER/1.eml, FOLDER/2.eml, ... with lines that end as in the local system.
Usage: postbox.py FOLDER
"""

import socketserver
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
LINE, MESSAGE = 4096, 1 << 20  # bytes: the longest line and the longest message that are taken
ANSWERS = {b"HELO": b"250 postbox", b"EHLO": b"250 postbox", b"MAIL": b"250 ok", b"RCPT": b"250 ok",
           b"RSET": b"250 ok", b"NOOP": b"250 ok"}


class Visit(socketserver.StreamRequestHandler):
    timeout = 20  # s

    def handle(self):
        self.say(b"220 postbox")
        while line := self.rfile.readline(LINE):
            verb = line[:4].upper()
            if verb == b"QUIT":
                return self.say(b"221 bye")
            if verb == b"DATA":
                self.say(b"354 go on, end with a dot")
                self.say(self.take())
            else:
                self.say(ANSWERS.get(verb, b"500 what?"))

    def say(self, text):
        self.wfile.write(text + b"\r\n")

    def take(self):
        """The message, up to the line that is a dot; a dot that begins any other line was doubled (section 4.5.2)."""
        lines, size = [], 0
        while (line := self.rfile.readline(LINE)) and line.rstrip(b"\r\n") != b".":
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
            size += len(line)
            if size > MESSAGE:
                return b"552 too long"
        (FOLDER / f"{len(list(FOLDER.iterdir())) + 1}.eml").write_bytes(b"".join(lines))
        return b"250 taken"


socketserver.TCPServer.allow_reuse_address = True
with socketserver.TCPServer(("", 25), Visit) as server:
    server.serve_forever()
