#!/usr/bin/env python3
"""A small client: from a URL (RFC 3986) to a request.

    python3 get.py URL...

For each URL one line is printed: a status as curl ends with it (0, 1, 3, 6, 7), and the URL.
"""

import re
import socket
import sys
from typing import NamedTuple

UNKNOWN_SCHEME, MALFORMED, NO_SUCH_NAME, NO_CONNECTION = 1, 3, 6, 7
REDIRECTS, TIMEOUT = 10, 10  # s

#: RFC 3986, appendix B: scheme, authority, path, query, fragment; each but the path may be absent.
PARTS = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
PLAIN = r"[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}"  # unreserved, sub-delims, pct-encoded
#: RFC 3986, section 3.2: userinfo, host, port. A host in brackets is an IPv6 address.
AUTHORITY = re.compile(rf"(?:(?:{PLAIN}|:)*@)?(\[[0-9A-Fa-f:.]+\]|(?:{PLAIN})*)(?::([0-9]*))?")
ALLOWED = re.compile(rf"(?:{PLAIN}|[:@/?])*")


class Failed(Exception):
    """The URL cannot be fetched; `args[0]` is the status that says why."""


class Url(NamedTuple):
    """The parts that are absent are None; a path is never absent."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    @classmethod
    def parse(cls, text: str) -> "Url":
        return cls(*PARTS.fullmatch(text).groups())

    def resolve(self, reference: "Url") -> "Url":
        """What a reference on the page at this URL means: RFC 3986, section 5.2.2."""
        if reference.scheme is not None:
            return reference
        if reference.authority is not None:
            return reference._replace(scheme=self.scheme)
        if not reference.path:
            query = self.query if reference.query is None else reference.query
            return self._replace(query=query, fragment=reference.fragment)
        path = reference.path
        if not path.startswith("/"):
            path = self.path[:self.path.rfind("/") + 1] + path
            path = path if path.startswith("/") else "/" + path
        return self._replace(path=path, query=reference.query, fragment=reference.fragment)

    def target(self) -> str:
        """The request target: path and query, never the fragment (RFC 9112, section 3.2.1)."""
        return (remove_dots(self.path) or "/") + ("" if self.query is None else f"?{self.query}")

    def place(self) -> tuple[str, int]:
        """Host and port. Failed if this is no URL, or there is something that an http URL must not have."""
        found = AUTHORITY.fullmatch(self.authority or "")
        others = (self.path, self.query or "", self.fragment or "")
        if not SCHEME.fullmatch(self.scheme or "") or not found or not all(map(ALLOWED.fullmatch, others)):
            raise Failed(MALFORMED)
        if self.scheme.lower() != "http":
            raise Failed(UNKNOWN_SCHEME)
        port = int(found[2] or 80)  # absent or empty: the scheme's default
        if not found[1] or not 0 < port < 65536:
            raise Failed(MALFORMED)
        return found[1].lower(), port


def remove_dots(path: str) -> str:
    """"/a/./b/../c" is "/a/c": RFC 3986, section 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
        if last and segment in (".", ".."):
            kept.append("")
    return "/".join(kept)


def get(url: Url) -> Url | None:
    """One request. Where it redirects to; None if it does not."""
    host, port = url.place()
    try:
        addresses = socket.getaddrinfo(host.strip("[]"), port, socket.AF_INET, socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: DNS can have no such name; a label is empty, say, or too long
        raise Failed(NO_SUCH_NAME) from None
    name = host if port == 80 else f"{host}:{port}"
    request = f"GET {url.target()} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(addresses[0][4], TIMEOUT) as sock, sock.makefile("rb") as stream:
            sock.sendall(request.encode("ascii"))
            head = stream.read().split(b"\r\n\r\n")[0].decode("latin-1")
    except OSError:
        raise Failed(NO_CONNECTION) from None
    location = re.search(r"^Location: *(.*?) *\r?$", head, re.M | re.I)
    redirected = re.match(r"HTTP/1\.. 30[12378] ", head) and location
    return url.resolve(Url.parse(location[1])) if redirected else None


def fetch(text: str) -> int:
    """Follow a URL to its end; the status."""
    url: Url | None = Url.parse(text)
    try:
        for _ in range(REDIRECTS):
            url = get(url)
            if url is None:
                return 0
    except Failed as failure:
        return failure.args[0]
    return 47  # too many redirects


def main() -> None:
    for text in sys.argv[1:]:
        print(fetch(text), text)


if __name__ == "__main__":
    main()
