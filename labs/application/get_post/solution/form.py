"""A guest book (WSGI, PEP 3333): the form, what has been written, a search.

    GET /               the form and all entries
    POST /sign          a new entry: the fields name and text, urlencoded or multipart/form-data
    GET /search?q=...   the entries that contain q

    gunicorn form:application
"""

from email import message_from_bytes
from html import escape
from urllib.parse import parse_qs

LIMIT = {{limit}}  # bytes that the body of a request may have
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Guest book</title>
<form method="post" action="/sign">
<label>Name <input name="name" required></label>
<label>Text <textarea name="text" required></textarea></label>
<button>Sign</button>
</form>
<form action="/search"><input name="q" value="{query}"><button>Search</button></form>
<ul>
{entries}
</ul>
"""

entries: list[tuple[str, str]] = []


class Refused(Exception):
    """The request cannot be granted: a status, and a word about it."""


def front(environ):
    return page(entries)


def search(environ):
    query = parse_qs(environ["QUERY_STRING"]).get("q", [""])[0]
    return page([entry for entry in entries if any(query in part for part in entry)], query)


def sign(environ):
    fields = read_form(environ)
    name, text = (fields.get(key, "").strip() for key in ("name", "text"))
    if not name or not text:
        raise Refused("400 Bad Request", "name and text, please")
    entries.append((name, text))
    return "303 See Other", {"Location": "/"}, ""  # a reload repeats the GET that follows, not this POST


def page(found, query=""):
    """Whatever visitors have written is text, and never HTML."""
    rows = "\n".join(f"<li>{escape(name)}: {escape(text)}</li>" for name, text in found)
    return "200 OK", {}, PAGE.format(query=escape(query), entries=rows)


def read_form(environ) -> dict[str, str]:
    """The fields in a request's body, read no further than LIMIT, however long it says that it is."""
    body = environ["wsgi.input"].read(LIMIT + 1)
    if len(body) > LIMIT:
        raise Refused("413 Content Too Large", f"at most {LIMIT} bytes")
    given = environ.get("CONTENT_TYPE", "")
    kind = given.partition(";")[0].strip().lower()
    try:
        if kind == URLENCODED:
            return {name: values[0] for name, values in parse_qs(body.decode(), errors="strict").items()}
        if kind == MULTIPART:
            message = message_from_bytes(f"Content-Type: {given}\r\n\r\n".encode() + body)
            return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
                    for part in message.get_payload()}
    except (ValueError, AttributeError):
        raise Refused("400 Bad Request", "this is no form") from None
    raise Refused("415 Unsupported Media Type", f"{URLENCODED} or {MULTIPART}, please")


ROUTES = {"/": {"GET": front}, "/search": {"GET": search}, "/sign": {"POST": sign}}


def application(environ, start_response):
    try:
        methods = ROUTES.get(environ["PATH_INFO"])
        if methods is None:
            raise Refused("404 Not Found", "no such page")
        handler = methods.get(environ["REQUEST_METHOD"])
        if handler:
            status, headers, text = handler(environ)
        else:
            status, headers, text = "405 Method Not Allowed", {"Allow": ", ".join(methods)}, "not like this"
    except Refused as refusal:
        (status, text), headers = refusal.args, {}
        text = escape(text)
    body = text.encode()
    start_response(status, [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))),
                            *headers.items()])
    return [body]
