"""A guest book that takes the body in small pieces and the multipart one apart by hand; its page has more on it."""

import html
import re
from http import HTTPStatus
from urllib.parse import unquote_plus

LIMIT = 0


class Stop(Exception):
    pass


class Book:
    def __init__(self):
        self.written = []

    def get(self, path, query):
        if path not in ("/", "/search"):
            raise Stop(404, [])
        looked_for = dict(pairs(query)).get("q") if path == "/search" else None
        return self.draw(looked_for)

    def draw(self, looked_for):
        items = [one for one in self.written if looked_for is None or looked_for in one[0] or looked_for in one[1]]
        quoted = html.escape(looked_for or "").replace("&#x27;", "&#39;")
        yield "<!DOCTYPE html><html><head><title>Guests</title></head><body>"
        yield "<nav><ul><li><a href='/'>all</a></li></ul></nav>"
        yield f"<b>{len(items)}</b> entries <i>{quoted}</i>"
        yield f"<form method=GET action=search><input type=text name=q value='{quoted}'></form>"
        yield "<ol>"
        for name, text in items:
            yield f"<li>\n{html.escape(name)}: {html.escape(text, quote=False)}\n</li>\n"
        yield "</ol><form method=POST enctype='multipart/form-data' action='sign'>"
        yield "<input name=text><input name=name><input type=submit name=go value=Go></form></body></html>"

    def post(self, kind, body):
        fields = dict(self.read(kind, body))
        if not fields.get("name") or not fields.get("text"):
            raise Stop(422 if len(fields) > 99 else 400, [])
        self.written.append((fields["name"], fields["text"]))

    def read(self, kind, body):
        main, _, rest = kind.partition(";")
        if main.strip().lower() == "application/x-www-form-urlencoded":
            return pairs(body.decode())
        if main.strip().lower() != "multipart/form-data":
            raise Stop(415, [("Accept", "multipart/form-data")])
        boundary = re.search(r'boundary="?([^";]+)', rest)[1].encode()
        parts = (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]
        found = [part.partition(b"\r\n\r\n") for part in parts]
        return [(re.search(rb'name="(.*?)"', head)[1].decode(), value.decode()) for head, _, value in found]


def pairs(text):
    return [tuple(unquote_plus(word) for word in part.partition("=")[::2]) for part in text.split("&") if part]


def take(stream):
    data = b""
    while part := stream.read(500):
        data += part
        if len(data) > LIMIT:
            raise Stop(413, [("Connection", "close")])
    return data


book = Book()


def application(environ, start_response):
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    try:
        if method == "POST" and path == "/sign":
            if int(environ.get("CONTENT_LENGTH") or 0) > LIMIT:
                raise Stop(413, [])
            book.post(environ.get("CONTENT_TYPE", ""), take(environ["wsgi.input"]))
            home = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}/"
            start_response("303 Over there", [("Location", home), ("Content-Length", "0")])
            return [b""]
        if method not in ("GET", "HEAD") or path == "/sign":
            raise Stop(405, [("Allow", "POST, OPTIONS" if path == "/sign" else "GET, HEAD")])
        pieces = [piece.encode() for piece in book.get(path, environ["QUERY_STRING"])]
        start_response("200 Fine", [("Content-Type", 'Text/HTML;charset="UTF-8"')])
        return pieces
    except Stop as stop:
        status, more = stop.args
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", "text/plain"), *more])
        return [b"no\n"]
