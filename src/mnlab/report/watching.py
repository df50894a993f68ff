"""The newest page of a lab, served on 127.0.0.1 and renewed when there is a newer one.

    /         a frame around the page, with a script that asks for news
    /page     the newest report.html, byte for byte
    /newest   which page is the newest, as soon as it is another than the one that is named: /newest?WHICH

Nothing else is served, and nobody else is: a request must name 127.0.0.1 or localhost as its host, so that no other
site's script can read what is here (DNS rebinding).
"""

import base64
import hashlib
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from mnlab.evidence import layout

HOST = "127.0.0.1"
WAIT, LOOK = 20.0, 0.2  # s: the longest that an answer about news is kept back, and how often we look

SCRIPT = """
"use strict";
const frame = document.querySelector("iframe"), wait = document.querySelector("p");
let known = "", place = null;
frame.addEventListener("load", () => { if (place) frame.contentWindow.scrollTo(0, place); place = null; });
(async () => {
  for (;;) {
    try {
      const newest = await (await fetch("/newest?" + known)).text();
      wait.hidden = Boolean(newest);
      frame.hidden = !newest;
      if (newest !== known && newest) {
        place = known ? frame.contentWindow.scrollY : null;
        const hash = known ? frame.contentWindow.location.hash : location.hash;
        document.title = newest.split(":")[0];
        frame.src = "/page?" + newest + hash;
      }
      known = newest;
    } catch { await new Promise(again => setTimeout(again, 1000)); }
  }
})();
"""
STYLE = """
html, body { margin: 0; height: 100%; font: 15px/1.5 system-ui, sans-serif; color-scheme: light dark; }
iframe { border: 0; width: 100%; height: 100%; display: block; } p { margin: 0; padding: 3rem; }
[hidden] { display: none; }
"""
AROUND = """<!doctype html><html lang="en"><meta charset="utf-8"><title>%(lab)s</title><style>%(style)s</style>
<p>There is no run of %(lab)s yet: <code>mnlab check %(lab)s</code>, and it is shown here.</p>
<iframe hidden title="The newest run"></iframe><script>%(script)s</script></html>"""


def newest(lab: str, folder: Path) -> Path | None:
    """The page of the run of a lab that was written last; None if there is none."""
    pages = []
    for path in folder.glob(f"{lab}-*/{layout.PAGE}"):
        before, _, number = path.parent.name.rpartition("-")
        with suppress(OSError):  # somebody may clear up meanwhile
            if before == lab and number.isdecimal() and path.is_file():
                pages.append((path.stat().st_mtime_ns, path))
    return max(pages)[1] if pages else None


def serve(lab: str, folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server, ready for serve_forever. OSError if the port is taken."""

    def which() -> str:
        with suppress(OSError):
            if page := newest(lab, folder):
                return f"{page.parent.name}:{page.stat().st_mtime_ns}"
        return ""

    def read() -> bytes:
        """The newest page; nothing if there is none that can be read."""
        with suppress(OSError):
            if page := newest(lab, folder):
                return page.read_bytes()
        return b""

    class Handler(BaseHTTPRequestHandler):
        """One request."""

        protocol_version = "HTTP/1.1"

        def do_GET(self):
            """Answer it."""
            asked = urlsplit(self.path)
            if (self.headers.get("Host") or "").rpartition(":")[0] not in (HOST, "localhost"):
                self.answer(403, "text/plain", b"only this computer is served")
            elif asked.path == "/":
                around = AROUND % {"lab": lab, "style": STYLE, "script": SCRIPT}
                self.answer(200, "text/html", around.encode(), "default-src 'none'; connect-src 'self'; "
                            f"frame-src 'self'; script-src '{_hash(SCRIPT)}'; style-src '{_hash(STYLE)}'")
            elif asked.path == "/page" and (page := read()):
                self.answer(200, "text/html", page)
            elif asked.path == "/newest":
                end = time.monotonic() + WAIT
                while which() == asked.query and time.monotonic() < end:
                    time.sleep(LOOK)
                self.answer(200, "text/plain", which().encode())
            else:
                self.answer(404, "text/plain", b"there is no such page")

        def answer(self, status: int, kind: str, body: bytes, policy: str = "") -> None:
            """Send it, never to be kept by the browser."""
            self.send_response(status)
            for name, value in (("Content-Type", f"{kind}; charset=utf-8"), ("Content-Length", str(len(body))),
                                ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
                                ("Content-Security-Policy", policy)):
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            """Nothing: a terminal is for what `check` says."""

    return _Server((HOST, port), Handler)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Nothing of a browser that went away: a terminal is for what `check` says."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
