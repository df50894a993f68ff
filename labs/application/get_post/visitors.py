"""Visitors of the student's guest book: what they send, and what must stand in the book afterwards.

For the experiment, which sends it, and for the checks.
"""

import random
import string
from typing import NamedTuple
from urllib.parse import quote_plus, urlencode

URLENCODED = "application/x-www-form-urlencoded"
CUT = "----------------of-seven-parts"  # between the parts of multipart/form-data
CHUNK = 500  # bytes


class Body(NamedTuple):
    """What a POST brings: its Content-Type, its bytes, and whether it comes in chunks (RFC 9112, section 7.1)."""

    kind: str
    data: bytes
    chunked: bool = False

    def in_chunks(self) -> "Body":
        return self._replace(chunked=True)

    def sent(self) -> bytes:
        """Header lines, the blank line, the body."""
        if not self.chunked:
            return f"Content-Type: {self.kind}\r\nContent-Length: {len(self.data)}\r\n\r\n".encode() + self.data
        cut = [self.data[start:start + CHUNK] for start in range(0, len(self.data), CHUNK)]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*cut, b""])
        return f"Content-Type: {self.kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks


class Visit(NamedTuple):
    """A step: GET of a target, or POST of a body to it."""

    step: str
    target: str
    body: Body | None = None

    def request(self, host: str) -> bytes:
        method, rest = ("POST", self.body.sent()) if self.body else ("GET", b"\r\n")
        return f"{method} {self.target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n".encode() + rest


def book(p) -> dict[str, tuple[str, str]]:
    """Name and text of each entry that is written, in this order, by the last word of its step."""
    word, longest = p["_word"], p["limit"]
    return {
        "plain": (p["name"], f"{p['cake']} is what {word}a likes"),
        "odd": (p["friend"], f"tea and biscuits: 100% + (some) a=b; {word}b?"),
        "umlauts": ("Renée", f"crème brûlée \U0001f382 {word}c"),
        "turned": (p["name"], f"the text comes first {word}d"),
        "charset": (p["friend"], f"naïve {word}e"),
        "capitals": (p["friend"], f"loud {word}f"),
        "tags": (p["enemy"], f"<{word}>this</{word}> <script>alert('{word}g')</script>"),
        "named": (f"<{word}>{p['enemy']}", f"a name {word}h"),
        "entities": (p["enemy"], f"&lt;b&gt;  &amp;  &eacute; \"{word}i\""),
        "braces": (p["friend"], f"{{entries}} {{query}} {{}} {{0}} %s %(q)s $text C:\\new\\table {word}j"),
        "multipart": (p["friend"], f"-- crème 100%25 + a=b & {word}k; \"x\""),
        "parts-turned": ("Zoë", f"a part that comes first {word}l"),
        "quoted": (p["friend"], f"in a part with more of a head {word}q"),
        "lines": (p["friend"], f"one line\r\n\r\nand a third {word}r"),
        "twice": (p["name"], f"once more {word}m"), "twice-again": (p["name"], f"once more {word}m"),
        "chunked": (p["friend"], f"by and by {word}n"),
        "parts-chunked": (p["friend"], f"in parts, by and by {word}s"),
        "fits": (p["friend"], _fitting(p, longest, f"{word}o")),
        "fits-chunked": (p["friend"], _fitting(p, longest, f"{word}p")),
    }


#: Entries that nothing but the simplest POST is needed for.
SIMPLE = ("plain", "odd", "twice", "twice-again")


def visits(p) -> list[Visit]:
    """All of them, in order."""
    entries = book(p)
    how = {"turned": form(go="Sign", text=entries["turned"][1], name=entries["turned"][0]),
           "charset": form(*entries["charset"], kind=f"{URLENCODED}; charset=UTF-8"),
           "capitals": form(*entries["capitals"], kind=URLENCODED.upper()), "multipart": parts(*entries["multipart"]),
           "quoted": _quoted(*entries["quoted"]), "lines": parts(*entries["lines"]),
           "parts-turned": parts(go="Sign", text=entries["parts-turned"][1], name=entries["parts-turned"][0]),
           "parts-chunked": parts(*entries["parts-chunked"]).in_chunks(),
           **{key: form(*entries[key]).in_chunks() for key in ("chunked", "fits-chunked")}}
    signed = [Visit(f"sign-{key}", "/sign", how.get(key) or form(*entry)) for key, entry in entries.items()]
    searched = [Visit(f"search-{key}", f"/search?q={quote_plus(words)}") for key, words in searches(p).items()]
    return [Visit("front", "/"), signed[0], Visit("after-sign", "/"), *signed[1:], *_by_get(p), *_refused(p), *searched,
            Visit("search-bare", "/search"), Visit("search-empty", "/search?q="),
            Visit("list", "/"), Visit("list-again", "/")]


def searches(p) -> dict[str, str]:
    """What is looked for."""
    word = p["_word"]
    return {"text": f"{word}a", "name": p["name"], "name-part": p["name"][1:], "part": p["cake"][1:],
            "odd": "100% + (some) a=b;", "space": f"{word}b? ", "escaped": "quot;", "braces": "{entries} {query} \\n",
            "none": f"{word}zz", "across": f"{p['name']}: {p['cake']}", "between": f"{p['name']} {p['cake']}",
            "dots": f"{word}.", "umlauts": "crème brûlée", "accent": "é", "words": f"{word}b {p['cake']}",
            "plus": "tea and biscuits: 100% +",
            "found-tags": f"alert('{word}g')", "found-named": f"a name {word}h",
            "tags": f"\"><{word}> 'x' &amp; &lt;", "quoted": f"' onfocus='{word}"}


#: What is looked for -> which of the entries that are simple, or the one with accents, must be found.
FOUND = {"text": ("plain",), "name": ("plain", "twice", "twice-again"),
         "name-part": ("plain", "twice", "twice-again"), "part": ("plain",), "odd": ("odd",), "none": (),
         "across": (), "between": (), "dots": (), "words": (), "space": (), "escaped": (), "plus": ("odd",),
         "umlauts": ("umlauts",), "accent": ("umlauts",)}  # in its name is an é, and in its text
#: Entries that no search but those for what is in them may find.
MARKED = ("entities", "multipart")
BY_GET = ("by-get", "by-get-front", "by-get-search")
NO_FORM = ("no-text", "no-name", "empty-text", "empty-name", "nothing", "no-part", "empty-part", "no-name-part",
           "empty-text-part", "in-query")
WRONG_TYPE = ("json", "plain", "mixed", "alike", "inside", "parts-alike", "parts-inside")
TOO_LONG = ("one-more", "far-more", "chunked-one-more", "chunked-far-more", "parts-more", "parts-chunked-more")


def gotcha(step: str) -> str:
    """What a visitor says whose entry may not be written."""
    return f"gotcha-{step}."


def _by_get(p) -> list[Visit]:
    asked = {"by-get": "/sign?", "by-get-front": "/?", "by-get-search": "/search?q=nothing&"}
    return [Visit(step, f"{path}name={p['enemy']}&text={gotcha(step)}") for step, path in asked.items()]


def _refused(p) -> list[Visit]:
    """What is wrong, and may not be written."""
    limit, enemy = p["limit"], p["enemy"]
    wrong = {
        "no-text": lambda said: form(name=said), "no-name": lambda said: form(text=said),
        "empty-text": lambda said: form(said, ""), "empty-name": lambda said: form("", said),
        "nothing": lambda said: Body(URLENCODED, b""), "no-part": lambda said: parts(name=said),
        "empty-part": lambda said: parts("", said), "no-name-part": lambda said: parts(text=said),
        "empty-text-part": lambda said: parts(said, ""),
        "in-query": lambda said: form(name=enemy),
        "json": lambda said: Body("application/json", f'{{"name": "x", "text": "{said}"}}'.encode()),
        "plain": lambda said: form(enemy, said, kind="text/plain"),
        "alike": lambda said: form(enemy, said, kind=f"{URLENCODED}ed"),
        "inside": lambda said: form(enemy, said, kind=f"text/plain; note={URLENCODED}"),
        "mixed": lambda said: parts(enemy, said, kind="multipart/mixed"),
        "parts-alike": lambda said: parts(enemy, said, kind="multipart/form-database"),
        "parts-inside": lambda said: parts(enemy, said, kind="text/plain; note=multipart/form-data"),
        "one-more": lambda said: _filled(p, said, limit + 1), "far-more": lambda said: _filled(p, said, 3 * limit),
        "chunked-one-more": lambda said: _filled(p, said, limit + 1).in_chunks(),
        "chunked-far-more": lambda said: _filled(p, said, 3 * limit).in_chunks(),
        "parts-chunked-more": lambda said: parts(enemy, said + "x" * limit).in_chunks(),
        # so many letters would be few enough; in UTF-8 each has two bytes
        "parts-more": lambda said: parts(enemy, said + "é" * (limit // 2)),
    }
    query = {"in-query": f"?text={gotcha('in-query')}"}
    return [Visit(step, f"/sign{query.get(step, '')}", body(gotcha(step))) for step, body in wrong.items()]


def form(*entry: str, kind: str = URLENCODED, **fields: str) -> Body:
    """Fields as application/x-www-form-urlencoded: name and text, or those that are named, in their order."""
    return Body(kind, urlencode(dict(zip(("name", "text"), entry)) | fields).encode())


def parts(*entry: str, kind: str = "multipart/form-data", **fields: str) -> Body:
    """The same as multipart/form-data."""
    given = dict(zip(("name", "text"), entry)) | fields
    each = [f'--{CUT}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in given.items()]
    return Body(f"{kind}; boundary={CUT}", "".join([*each, f"--{CUT}--\r\n"]).encode())


def _quoted(*entry: str) -> Body:
    """The same with a type in capitals, a boundary in quotation marks, and parts that say of what type they are."""
    plain = parts(*entry).data.replace(CUT.encode(), b"Of Seven PARTS")
    said = b"content-type: text/plain; charset=utf-8\r\ncontent-disposition"
    return Body('Multipart/Form-Data; boundary="Of Seven PARTS"', plain.replace(b"Content-Disposition", said))


def _fitting(p, size: int, seed: str) -> str:
    """A text of letters with which the body has just as many bytes as are allowed."""
    return "".join(random.Random(seed).choices(string.ascii_lowercase, k=size - len(f"name={p['friend']}&text=")))


def _filled(p, said: str, size: int) -> Body:
    head = f"name={p['enemy']}&text={said}"
    return Body(URLENCODED, (head + "x" * (size - len(head))).encode())
