"""Visitors of the student's guest book: what they send, and what must stand in the book afterwards.

For the experiment, which lets curl send it, and for the checks.
"""

import random
import string
from typing import NamedTuple

URLENCODED = "application/x-www-form-urlencoded"


class Visit(NamedTuple):
    """A step: a path, and curl's options."""

    step: str
    path: str
    options: tuple[str, ...] = ()


def book(p) -> dict[str, tuple[str, str]]:
    """Name and text of each entry that is written, in this order, by the last word of its step."""
    word, longest = p["_word"], p["limit"]
    return {
        "plain": (p["name"], f"{p['cake']} is what {word}a likes"),
        "odd": (p["friend"], f"tea and biscuits: 100% + (some) a=b; {word}b?"),
        "umlauts": ("Renée", f"crème brûlée {word}c"),
        "turned": (p["name"], f"the text comes first {word}d"),
        "charset": (p["friend"], f"naïve {word}e"),
        "capitals": (p["friend"], f"loud {word}f"),
        "tags": (p["enemy"], f"<{word}>this</{word}> <script>alert('{word}g')</script>"),
        "named": (f"<{word}>{p['enemy']}", f"a name {word}h"),
        "entities": (p["enemy"], f"&lt;b&gt; &amp; &eacute; \"{word}i\""),
        "braces": (p["friend"], f"{{entries}} {{query}} {{}} {{0}} %s %(q)s $text {word}j"),
        "multipart": (p["friend"], f"-- crème 100%25 + a=b & {word}k; \"x\""),
        "parts-turned": ("Zoë", f"a part that comes first {word}l"),
        "twice": (p["name"], f"once more {word}m"), "twice-again": (p["name"], f"once more {word}m"),
        "chunked": (p["friend"], f"by and by {word}n"),
        "fits": (p["friend"], _fitting(p, longest, f"{word}o")),
        "fits-chunked": (p["friend"], _fitting(p, longest, f"{word}p")),
    }


#: Entries that nothing but the simplest POST is needed for.
SIMPLE = ("plain", "odd", "twice", "twice-again")


def visits(p) -> list[Visit]:
    """All of them, in order."""
    entries, word = book(p), p["_word"]
    how = {"turned": _encoded(*entries["turned"])[2:] + _encoded(*entries["turned"])[:2],
           "charset": _typed(f"{URLENCODED}; charset=UTF-8") + _encoded(*entries["charset"]),
           "capitals": _typed(URLENCODED.upper()) + _encoded(*entries["capitals"]),
           "multipart": _parts(*entries["multipart"]),
           "parts-turned": _parts(*entries["parts-turned"])[2:] + _parts(*entries["parts-turned"])[:2],
           **{key: CHUNKED + _encoded(*entries[key]) for key in ("chunked", "fits-chunked")}}
    signed = [Visit(f"sign-{key}", "/sign", how.get(key, _encoded(*entry))) for key, entry in entries.items()]
    searched = [Visit(f"search-{key}", "/search", ("-G", "--data-urlencode", f"q={words}"))
                for key, words in searches(p).items()]
    return [Visit("front", "/"), signed[0], Visit("after-sign", "/"), *signed[1:], *_by_get(p), *_refused(p),
            *searched, Visit("search-plus", "/search?q=tea+and+biscuits%3A+100%25+%2B"), Visit("list", "/"),
            Visit("list-again", "/")]


def searches(p) -> dict[str, str]:
    """What is looked for."""
    word = p["_word"]
    return {"text": f"{word}a", "name": p["name"], "part": p["cake"][1:], "odd": "100% + (some) a=b;",
            "none": f"{word}zz", "across": f"{p['name']}: {p['cake']}", "between": f"{p['name']} {p['cake']}",
            "dots": f"{word}.", "umlauts": "crème brûlée", "words": f"{word}b {p['cake']}",
            "tags": f"\"><{word}> 'x' &amp; &lt;", "quoted": f"' onfocus='{word}"}


#: What is looked for where nothing but words is -> the simple entries (of book()) that must be found.
FOUND = {"text": ("plain",), "name": ("plain", "twice", "twice-again"), "part": ("plain",), "odd": ("odd",), "none": (),
         "across": (), "between": (), "dots": (), "words": (), "plus": ("odd",)}
BY_GET = ("by-get", "by-get-front", "by-get-search")
NO_FORM = ("no-text", "no-name", "empty-text", "empty-name", "nothing", "no-part", "empty-part")
WRONG_TYPE = ("json", "plain", "mixed", "alike", "inside")
TOO_LONG = ("one-more", "far-more", "chunked-one-more", "chunked-far-more", "parts-more")
CHUNKED = ("-H", "Transfer-Encoding: chunked")


def gotcha(step: str) -> str:
    """What a visitor says whose entry may not be written."""
    return f"gotcha-{step}."


def _by_get(p) -> list[Visit]:
    asked = {"by-get": "/sign?", "by-get-front": "/?", "by-get-search": "/search?q=nothing&"}
    return [Visit(step, f"{path}name={p['enemy']}&text={gotcha(step)}") for step, path in asked.items()]


def _refused(p) -> list[Visit]:
    """What is wrong, and may not be written."""
    limit = p["limit"]
    wrong = {
        "no-text": lambda said: ("-d", f"name={said}"), "no-name": lambda said: ("-d", f"text={said}"),
        "empty-text": lambda said: ("-d", f"name={said}&text="),
        "empty-name": lambda said: ("-d", f"name=&text={said}"),
        "nothing": lambda said: ("-d", ""), "no-part": lambda said: ("--form-string", f"name={said}"),
        "empty-part": lambda said: _parts("", said),
        "json": lambda said: (*_typed("application/json"), "-d", f'{{"name": "x", "text": "{said}"}}'),
        "plain": lambda said: _typed("text/plain") + _encoded(p["enemy"], said),
        "alike": lambda said: _typed(f"{URLENCODED}ed") + _encoded(p["enemy"], said),
        "inside": lambda said: _typed(f"text/plain; note={URLENCODED}") + _encoded(p["enemy"], said),
        "mixed": lambda said: (*_typed("multipart/mixed; boundary=cut"), "--data-binary", _mixed(p["enemy"], said)),
        "one-more": lambda said: ("-d", _filled(p, said, limit + 1)),
        "far-more": lambda said: ("-d", _filled(p, said, 3 * limit)),
        "chunked-one-more": lambda said: (*CHUNKED, "-d", _filled(p, said, limit + 1)),
        "chunked-far-more": lambda said: (*CHUNKED, "-d", _filled(p, said, 3 * limit)),
        # so many letters would be few enough; in UTF-8 each has two bytes
        "parts-more": lambda said: _parts(p["enemy"], said + "é" * (limit // 2)),
    }
    return [Visit(step, "/sign", options(gotcha(step))) for step, options in wrong.items()]


def _encoded(name: str, text: str) -> tuple[str, ...]:
    """curl's options for a form with two fields, as application/x-www-form-urlencoded."""
    return "--data-urlencode", f"name={name}", "--data-urlencode", f"text={text}"


def _parts(name: str, text: str) -> tuple[str, ...]:
    """The same as multipart/form-data."""
    return "--form-string", f"name={name}", "--form-string", f"text={text}"


def _mixed(name: str, text: str) -> str:
    parts = [f'--cut\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
             for key, value in (("name", name), ("text", text))]
    return "".join([*parts, "--cut--\r\n"])


def _typed(kind: str) -> tuple[str, str]:
    return "-H", f"Content-Type: {kind}"


def _fitting(p, size: int, seed: str) -> str:
    """A text of letters with which the body has just as many bytes as are allowed."""
    return "".join(random.Random(seed).choices(string.ascii_lowercase, k=size - len(f"name={p['friend']}&text=")))


def _filled(p, said: str, size: int) -> str:
    head = f"name={p['enemy']}&text={said}"
    return head + "x" * (size - len(head))
