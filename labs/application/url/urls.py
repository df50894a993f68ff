"""The URLs of this lab: what curl is given, what the student's program is given, and what must come of each.

What is expected follows from RFC 3986; the statuses of failures are curl's own (curl(1), EXIT CODES).
"""

from typing import NamedTuple

UNKNOWN_SCHEME, MALFORMED, NO_SUCH_NAME, NO_CONNECTION = 1, 3, 6, 7


class Wanted(NamedTuple):
    """What a good URL leads to: the last request, to which site and port, for what, by which Host."""

    url: str
    site: str  # the name that is asked for by DNS; "" for an address
    port: int
    target: str
    host: str
    requests: int = 1  # with those that were redirected


#: Malformed or out of reach, for curl: name -> (URL, curl's exit status). BAD is a name that nobody else asks for.
BAD = {
    "no host": ("http://", MALFORMED),
    "a port that is no number": ("http://BAD:port/", MALFORMED),
    "a port that is too great": ("http://BAD:70000/", MALFORMED),
    "a space in the path": ("http://BAD/two words", MALFORMED),
    "a space in the host": ("http://BAD 1/", MALFORMED),
    "a bracket that is not closed": ("http://[::1/", MALFORMED),
    "a scheme with a typing error": ("htpp://BAD/", UNKNOWN_SCHEME),
    "a name that does not exist": ("http://BAD/", NO_SUCH_NAME),
    "a port where nobody listens": ("http://FIRST:CLOSED/", NO_CONNECTION),
}

#: More of them for the student's program, which is to follow RFC 3986 to the letter.
STRICT = {
    "a percent sign alone": ("http://BAD/100%", MALFORMED),
    "a percent sign before other digits": ("http://BAD/%zz", MALFORMED),
    "no scheme": ("//BAD/", MALFORMED),
    "a scheme that begins with a digit": ("2http://BAD/", MALFORMED),
    "a letter beyond ASCII": ("http://BAD/caf\u00e9", MALFORMED),
}


def bad(params: dict, which: str) -> list[tuple[str, str, int]]:
    """(what is wrong, URL, status) of the variant's bad URLs: `which` is "curl_bad" or "_own_bad"."""
    table, found = BAD | STRICT, []
    for number, name in enumerate(params[which], start=1):
        url, status = table[name]
        url = url.replace("BAD", bad_host(params, which, number)).replace("FIRST", params["first"])
        found.append((name, url.replace("CLOSED", str(params["closed"])), status))
    return found


def bad_host(params: dict, which: str, number: int) -> str:
    """A name that stands in this bad URL only, so that a question for it gives it away."""
    return f"{'c' if which == 'curl_bad' else 'y'}{number}.{params['zone']}"


def by_curl(params: dict) -> list[str]:
    """The good URLs that curl is given, in order: all parts, the default ports, an address, and the other names."""
    first = params["first"]
    return [params["parts_url"], f"http://{first}/", f"https://{first}/", f"http://{first}:80/",
            f"http://{params['ip_web']}/", f"http://{params['second']}/", f"http://{params['third']}/"]


def good(params: dict) -> list[Wanted]:
    """The good URLs for the student's program."""
    first, second, port, ip = params["first"], params["second"], params["port"], params["ip_web"]
    word, query = params["word"], params["query"]
    return [
        Wanted(f"http://{first}:{port}/{word}/page?{query}#part-2", first, port, f"/{word}/page?{query}",
               f"{first}:{port}"),
        Wanted(f"HTTP://{second.upper()}/{word.upper()}", second, 80, f"/{word.upper()}", second),
        Wanted(f"http://{first}?{query}", first, 80, f"/?{query}", first),
        Wanted(f"http://{first}:/{word}-port", first, 80, f"/{word}-port", first),
        Wanted(f"http://{second}@{first}/{word}-user", first, 80, f"/{word}-user", first),
        Wanted(f"http://{ip}:{port}/{word}-address", "", port, f"/{word}-address", f"{ip}:{port}"),
        Wanted(f"http://{first}/{word}%20one%2Ftwo", first, 80, f"/{word}%20one%2Ftwo", first),
        Wanted(f"http://{first}/a/{word}/.././b/../c", first, 80, "/a/c", first),
        Wanted(f"http://{first}/old/start", first, 80, "/new/place?from=old", first, 2),
        Wanted(f"http://{first}/away", second, 80, "/arrived", second, 2),
    ]


#: Pairs of spellings: does nginx take them for the same? By RFC 3986, sections 2.2 and 6.2.2, it should where a plain
#: letter is encoded, and need not where a reserved one is: nginx makes a difference for %3F, and none for %2F.
SPELLINGS = {
    "%7E for ~": ("/~WORD", "/%7EWORD", True),
    "%61 for a": ("/aWORD", "/%61WORD", True),
    "%2F for /": ("/WORD/x", "/WORD%2Fx", True),
    "%3F for ?": ("/WORD?x", "/WORD%3Fx", False),
    "%2e%2e for ..": ("/a/../WORD", "/a/%2e%2e/WORD", True),
    "%c3 for %C3": ("/%C3%A9WORD", "/%c3%a9WORD", True),
    "capitals in the path": ("/WORD", "/CAPITALS", False),
    "+ for %20": ("/WORD%20x", "/WORD+x", False),
}


def spellings(params: dict) -> list[tuple[str, str, str, bool]]:
    """(name, one path, the other, whether they are equivalent) of the variant."""
    return [(name, *(path.replace("WORD", params["word"]).replace("CAPITALS", params["word"].upper())
                     for path in SPELLINGS[name][:2]), SPELLINGS[name][2]) for name in params["spellings"]]
