"""Another client: it reads a URL from left to right, keeps a connection to each server, and reads by Content-Length."""

import ipaddress
import socket
import string
import sys

UNRESERVED = set(string.ascii_letters + string.digits + "-._~")
USUAL = UNRESERVED | set("!$&'()*+,;=")
PATH = USUAL | set(":@/")
QUERY = PATH | set("?")


class Problem(Exception):
    def __init__(self, status: int):
        self.status = status


def valid(text: str, allowed: set[str]) -> bool:
    """Whether all of the text is allowed, or percent-encoded."""
    first, *parts = text.split("%")
    hexadecimal = all(len(part) >= 2 and set(part[:2]) <= set(string.hexdigits) for part in parts)
    return hexadecimal and set(first + "".join(part[2:] for part in parts)) <= allowed


def cut(text: str, marks: str) -> tuple[str, str]:
    """The text up to the first of the marks, and the rest from there on."""
    place = min((text.index(mark) for mark in marks if mark in text), default=len(text))
    return text[:place], text[place:]


def dissect(text: str) -> dict:
    """The parts that are there."""
    parts = {}
    begin, rest = cut(text, ":/?#")
    if rest.startswith(":"):
        parts["scheme"], text = begin, rest[1:]
    if text.startswith("//"):
        parts["authority"], text = cut(text[2:], "/?#")
    parts["path"], text = cut(text, "?#")
    if text.startswith("?"):
        query, text = cut(text, "#")
        parts["query"] = query[1:]
    if text:
        parts["fragment"] = text[1:]
    return parts


def without_dots(path: str) -> str:
    """RFC 3986, section 5.2.4, step by step."""
    done = ""
    while path:
        if path.startswith("/./") or path == "/.":
            path = "/" + path[3:]
        elif path.startswith("/../") or path == "/..":
            path, done = "/" + path[4:], done[:max(done.rfind("/"), 0)]
        else:
            place = path.find("/", 1)
            place = len(path) if place < 0 else place
            done, path = done + path[:place], path[place:]
    return done


def complete(page: dict, reference: dict) -> dict:
    """Section 5.2.2."""
    if "scheme" in reference:
        return reference
    found = {"scheme": page["scheme"]}
    if "authority" in reference:
        return found | reference
    found["authority"] = page["authority"]
    if reference["path"] == "":
        return found | ({"query": page["query"]} if "query" in page else {}) | reference | {"path": page["path"]}
    if not reference["path"].startswith("/"):
        folder = page["path"].rpartition("/")[0]
        return found | reference | {"path": f"{folder}/{reference['path']}"}
    return found | reference


def look_at(parts: dict) -> tuple[str, int]:
    """Host and port of a URL that may be asked for."""
    scheme = parts.get("scheme", "")
    letters = set(string.ascii_letters)
    if not (scheme and scheme[0] in letters and set(scheme) <= letters | set(string.digits + "+-.")):
        raise Problem(3)
    texts = [(parts["path"], PATH), (parts.get("query", ""), QUERY), (parts.get("fragment", ""), QUERY)]
    if not all(valid(text, allowed) for text, allowed in texts):
        raise Problem(3)
    if scheme.lower() != "http":
        raise Problem(1)
    user, _, place = parts.get("authority", "").rpartition("@")
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    if not colon:
        host, port = place, ""
    if not host or not valid(user, USUAL | {":"}) or not set(port) <= set(string.digits):
        raise Problem(3)
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1] if host.endswith("]") else "")
        except ValueError:
            raise Problem(3) from None
    elif not valid(host, USUAL):
        raise Problem(3)
    number = int(port or "80")
    if number > 65535:
        raise Problem(3)
    return host, number


class Client:
    def __init__(self):
        self.connections = {}

    def connection(self, host: str, port: int):
        """The connection to that server, new or kept."""
        if (host, port) not in self.connections:
            try:
                address = socket.gethostbyname(host)
            except OSError:
                raise Problem(6) from None
            try:
                sock = socket.create_connection((address, port), 10)
            except OSError:
                raise Problem(7) from None
            self.connections[host, port] = sock, sock.makefile("rb")
        return self.connections[host, port]

    def ask(self, parts: dict) -> tuple[int, dict[str, str]]:
        """Status and headers of the response."""
        host, port = look_at(parts)
        sock, reader = self.connection(host, port)
        target = (without_dots(parts["path"]) or "/") + (f"?{parts['query']}" if "query" in parts else "")
        sock.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}{f':{port}' if port != 80 else ''}\r\n\r\n".encode())
        status = int(reader.readline().split()[1])
        headers = {}
        while line := reader.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        reader.read(int(headers["content-length"]))
        if headers.get("connection") == "close":
            del self.connections[host, port]
        return status, headers

    def fetch(self, text: str) -> int:
        parts = dissect(text)
        while True:
            status, headers = self.ask(parts)
            if status not in (301, 302, 303, 307, 308):
                return 0
            parts = complete(parts, dissect(headers["location"]))


if __name__ == "__main__":
    client = Client()
    for url in sys.argv[1:]:
        try:
            print(client.fetch(url), url)
        except Problem as problem:
            print(problem.status, url)
