"""Requests as bytes: what the experiment itself sends to the shop, good and bad, for the checks to look up again."""

#: Statuses by what the standards say and nginx 1.22 does. 400: RFC 9112, sections 3, 3.2, 5.1, 6.1; RFC 9110, 15.5.1.
#: 505: RFC 9110, section 15.6.6. A lone LF, empty lines ahead and HTTP/1.0 without Host are to be put up with (RFC
#: 9112, section 2.2; RFC 1945). The target may be a whole URL, and then counts in place of Host (RFC 9112, 3.2.2).
QUIZ = {
    "no Host": ("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", 400),
    "no Host, version 1.0": ("GET / HTTP/1.0\r\nAccept: */*\r\n\r\n", 200),
    "empty Host": ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "small letters": ("get / HTTP/1.1\r\nHost: SHOP\r\n\r\n", 400),
    "whole URL": ("GET http://SHOP/ HTTP/1.1\r\nHost: somebody.example\r\n\r\n", 200),
    "lone newlines": ("GET / HTTP/1.1\nHost: SHOP\n\n", 200),
    "empty line ahead": ("\r\nGET / HTTP/1.1\r\nHost: SHOP\r\n\r\n", 200),
    "space ahead of the colon": ("GET / HTTP/1.1\r\nHost: SHOP\r\nAccept : */*\r\n\r\n", 400),
    "version 2.0 in text": ("GET / HTTP/2.0\r\nHost: SHOP\r\n\r\n", 505),
    "unknown method": ("BREW / HTTP/1.1\r\nHost: SHOP\r\n\r\n", 405),
    "no such page": ("GET /nowhere HTTP/1.1\r\nHost: SHOP\r\n\r\n", 404),
    "small header names": ("GET / HTTP/1.1\r\nhost:SHOP\r\naccept:*/*\r\n\r\n", 200),
}

#: The notes' own example of a request message, with headers such as they put below it. A slash is missing.
NOTES = """\
POST / HTTP1.1
Host: SHOP
User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64)
Accept: text/html,application/xhtml+xml
Accept-Language: en
Content-Type: application/x-www-form-urlencoded
Content-Length: 17
Connection: keep-alive

name=dune&price=9"""


def quiz(params: dict) -> list[bytes]:
    """The requests of this variant's quiz, in order."""
    return [QUIZ[name][0].replace("SHOP", params["shop"]).encode() for name in params["quiz"]]


def shown(text: str) -> str:
    """A request on one line, as it stands in answers.toml."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def notes(params: dict, version: str) -> bytes:
    return NOTES.replace("HTTP1.1", version).replace("\n", "\r\n").replace("SHOP", params["shop"]).encode()


def without_blank_line(params: dict) -> bytes:
    """A request all but its last line end."""
    return f"GET / HTTP/1.1\r\nHost: {params['shop']}\r\n".encode()


def order(params: dict, length: int) -> bytes:
    """An order whose Content-Length is `length`; the body is the variant's, whatever that says."""
    return (f"POST /order HTTP/1.1\r\nHost: {params['shop']}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {length}\r\n\r\n{params['body']}").encode()
