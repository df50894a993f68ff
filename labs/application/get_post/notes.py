"""A small application (WSGI, PEP 3333) that takes fields by GET and by POST, on the standard library's own server.

    python3 notes.py PORT OTHER

    /search   what was found for the fields, however they came
    /order    POST: an order, with its number
    /leave    leads to a page of the site OTHER
"""

import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

KEEP = 60  # s for which a cache may keep what was found
orders = 0


def search(fields):
    found = ", ".join(f"{name} ({len(''.join(values))} letters)" for name, values in sorted(fields.items()))
    return "200 OK", {"Cache-Control": f"max-age={KEEP}"}, f"nothing found for {found}\n"


def order(fields):
    global orders
    orders += 1
    return "201 Created", {}, f"order {orders}\n"


def leave(fields):
    return "302 Found", {"Location": f"http://{sys.argv[2]}/banner.txt"}, ""


ROUTES = {("GET", "/search"): search, ("POST", "/search"): search, ("POST", "/order"): order,
          ("GET", "/leave"): leave, ("POST", "/leave"): leave}


def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    given = environ["wsgi.input"].read(length).decode() if length else environ["QUERY_STRING"]
    handler = ROUTES.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
    status, headers, text = handler(parse_qs(given)) if handler else ("404 Not Found", {}, "no such page\n")
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(text))), *headers.items()])
    return [text.encode()]


if __name__ == "__main__":
    with WSGIServer(("127.0.0.1", int(sys.argv[1])), WSGIRequestHandler) as server:
        server.set_app(application)
        server.serve_forever()
