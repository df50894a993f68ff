"""A small application behind nginx (WSGI, PEP 3333), run by gunicorn.

    /ratio?a=N&b=N   one number divided by the other
    /latest          where the latest edition of the news is; POST /publish makes the next one
    /news/N          an edition
    /upload          POST: takes what is sent; also reached by its former names /v1/upload and /v2/upload
    /report          takes its time
"""

import time
from urllib.parse import parse_qs

REPORT = 2  # s of work for a report
editions = 1


def ratio(environ):
    given = parse_qs(environ["QUERY_STRING"])
    try:
        a, b = (int(given[name][0]) for name in "ab")
    except (KeyError, ValueError):
        return "400 Bad Request", {}, "a and b must be whole numbers\n"
    return "200 OK", {}, f"{a / b:.3f}\n"  # nobody has thought of b = 0


def latest(environ):
    return "302 Found", {"Location": f"/news/{editions}"}, ""


def publish(environ):
    global editions
    editions += 1
    return "201 Created", {"Location": f"/news/{editions}"}, ""


def news(environ):
    number = environ["PATH_INFO"].rpartition("/")[2]
    if not number.isdigit() or not 1 <= int(number) <= editions:
        return "404 Not Found", {}, "no such edition\n"
    return "200 OK", {}, f"edition {number}\n"


def upload(environ):
    if environ["REQUEST_METHOD"] != "POST":
        return "405 Method Not Allowed", {"Allow": "POST"}, "POST something\n"
    return "201 Created", {}, f"{len(environ['wsgi.input'].read())} bytes\n"


def first_move(environ):
    return "301 Moved Permanently", {"Location": "/upload"}, ""


def second_move(environ):
    return "308 Permanent Redirect", {"Location": "/upload"}, ""


def report(environ):
    time.sleep(REPORT)
    return "200 OK", {}, "all is well\n"


ROUTES = {"/ratio": ratio, "/latest": latest, "/publish": publish, "/upload": upload, "/v1/upload": first_move,
          "/v2/upload": second_move, "/report": report}


def application(environ, start_response):
    handler = news if environ["PATH_INFO"].startswith("/news/") else ROUTES.get(environ["PATH_INFO"])
    status, headers, text = handler(environ) if handler else ("404 Not Found", {}, "no such page\n")
    body = text.encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers.items()])
    return [body]
