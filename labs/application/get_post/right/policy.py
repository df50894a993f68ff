"""A guest book with the email package's newer reader, a template, and markup by entities of its own."""

from email.parser import BytesParser
from email.policy import HTTP
from string import Template
from urllib.parse import parse_qsl

LIMIT = 0
PAGE = Template("""<html><head><meta charset=utf-8><title>Book</title></head>
<body><ul>$rows</ul>
<form id=find action="/search" method="get"><input name="q" value="$words"></form>
<form id=sign action="/sign" method="post"><input name=name value=""><textarea name=text></textarea><button>!</button>
</form></body></html>
""")
rows = []


def plain(text):
    return "".join(letter if letter.isalnum() or letter == " " else f"&#{ord(letter)};" for letter in text)


def show(found, words=""):
    items = "".join(f"<li>{name}: {text}" for _, (name, text) in found)
    return "200 OK", [], PAGE.substitute(rows=items, words=plain(words))


def fields(environ):
    body = environ["wsgi.input"].read()
    if len(body) > LIMIT:
        return 413
    head = f"Content-Type: {environ.get('CONTENT_TYPE', 'text/plain')}\r\n\r\n".encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if message.get_content_type() == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8")))
    if message.get_content_type() == "multipart/form-data":
        return {part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode("utf-8")
                for part in message.iter_parts()}
    return 415


def application(environ, start_response):
    path, query = environ["PATH_INFO"], dict(parse_qsl(environ["QUERY_STRING"]))
    if path == "/sign" and environ["REQUEST_METHOD"] != "POST":
        answer = "405 No", [("Allow", "POST")], ""
    elif path == "/sign":
        given = fields(environ)
        if isinstance(given, dict) and not (given.get("name") and given.get("text")):
            given = 400
        if isinstance(given, dict):
            pair = given["name"], given["text"]
            rows.append((pair, [plain(word) for word in pair]))
            answer = "303 See Other", [("Location", "/")], "See <a href='/'>there</a>"
        else:
            answer = f"{given} No", [], f"{given}: no"
    elif path == "/search":
        words = query.get("q", "")
        answer = show([row for row in rows if any(words.lower() in word.lower() for word in row[0])], words)
    else:
        answer = show(rows)
    status, head, text = answer
    start_response(status, [("Content-Type", "text/html;charset=utf-8"), *head])
    return [text.encode()]
