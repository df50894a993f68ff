"""A guest book (WSGI, PEP 3333): the form, what has been written, a search.

    GET /               the form and all entries, each as <li>NAME: TEXT</li>
    POST /sign          a new entry: the fields name and text, urlencoded or multipart/form-data
    GET /search?q=...   the entries that contain q; q stands in the field q again

    gunicorn form:application

Python's standard library is all you need. It works on my computer, says whoever wrote this.
"""

from urllib.parse import parse_qs

LIMIT = {{limit}}  # bytes that the body of a request may have

PAGE = """<!doctype html>
<title>Guest book</title>
<form action="/sign">
<label>Name <input name="name"></label>
<label>Text <textarea name="text"></textarea></label>
<button>Sign</button>
</form>
<ul>
{entries}
</ul>
"""

entries = []


def application(environ, start_response):
    # TODO: which methods may do what? (405, with Allow)
    # TODO: a body may be too long (413), of another type (415), or no filled-in form (400).
    # TODO: /search
    body = environ["wsgi.input"].read().decode()
    fields = parse_qs(body or environ["QUERY_STRING"])
    if environ["PATH_INFO"] == "/sign":
        entries.append((fields["name"][0], fields["text"][0]))
    # TODO: what does a reload of this page repeat?
    # TODO: what if somebody writes HTML?
    rows = "\n".join(f"<li>{name}: {text}</li>" for name, text in entries)
    start_response("200 OK", [("Content-Type", "text/html")])
    return [PAGE.format(entries=rows).encode()]
