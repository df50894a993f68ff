"""The same server on socketserver, which reads lines from a file object; it says goodbye with 408."""

import datetime
import os
import re
import socketserver
import sys
from urllib.parse import unquote

IDLE = 0  # s
KINDS = {"html": "text/html", "txt": "text/plain;charset=UTF-8", "png": "image/png"}


class Handler(socketserver.StreamRequestHandler):
    timeout = IDLE

    def handle(self):
        try:
            while self.one():
                pass
        except TimeoutError:
            self.say(408, "Request Timeout", b"Too slow.\n", "Connection: close")
        except OSError:
            pass

    def refuse(self):
        self.say(400, "Bad Request", b"", "Connection: close")
        return False

    def one(self):
        line = self.rfile.readline(70000)
        if not line:
            return False
        text = line.decode("latin-1").rstrip("\r\n")
        fields, odd = {}, False
        while (line := self.rfile.readline(70000)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            odd = odd or name != name.rstrip()
            fields[name.title()] = value.strip()
        try:
            method, target, version = text.split(" ")
            major, minor = version.removeprefix("HTTP/").split(".")
            if not version.startswith("HTTP/") or not re.fullmatch("[0-9][0-9]", major + minor) or odd:
                raise ValueError
        except ValueError:
            return self.refuse()
        old = (int(major), int(minor)) < (1, 1)
        if not old and "Host" not in fields:
            return self.refuse()
        self.rfile.read(int(fields.get("Content-Length", 0)))
        last = old or "close" in [word.strip().lower() for word in fields.get("Connection", "").split(",")]
        goodbye = ["Connection: CLOSE"] if last else ["Connection: keep-alive"]
        if method in ("GET", "HEAD"):
            self.give(target, method == "HEAD", goodbye)
        elif method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
            self.say(405, "Method Not Allowed", b"", "Allow: GET", "Allow: HEAD", *goodbye)
        else:
            self.say(501, "Not Implemented", b"?" * 5000, *goodbye)
        return not last

    def give(self, target, head_only, goodbye):
        root = os.path.abspath(sys.argv[2])
        name = unquote(target.split("?", 1)[0])
        path = os.path.abspath(root + "/" + name)
        if name.endswith("/"):
            path = os.path.join(path, "index.html")
        try:
            if os.path.commonpath([root, path]) != root:
                raise FileNotFoundError
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                self.head(200, "Fine", size, "Content-Type: " + KINDS.get(path.rpartition(".")[2].lower(),
                                                                          "application/octet-stream"), *goodbye)
                while not head_only and (part := file.read(8192)):
                    self.wfile.write(part)
        except OSError:
            self.say(404, "Not Found", b"404\n", *goodbye, head_only=head_only)

    def say(self, status, reason, body, *fields, head_only=False):
        self.head(status, reason, len(body), *fields)
        if not head_only:
            self.wfile.write(body)

    def head(self, status, reason, size, *fields):
        now = datetime.datetime.now(datetime.UTC)
        lines = [f"HTTP/1.1 {status} {reason}", *fields, now.strftime("DATE: %a, %d %b %Y %H:%M:%S GMT"),
                 f"CONTENT-LENGTH: {size}"]
        self.wfile.write("".join(line + "\r\n" for line in [*lines, ""]).encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


with Server(("", int(sys.argv[1])), Handler) as server:
    server.serve_forever()
