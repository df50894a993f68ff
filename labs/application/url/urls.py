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
    via: tuple[str | tuple[int, str], ...] = ()  # what is asked for first, and redirects; (port, target) if not 80

    def stops(self) -> list[tuple[int, str]]:
        """(port, target) of what redirects."""
        return [(80, one) if isinstance(one, str) else one for one in self.via]


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
    "a percent sign before one digit": ("http://BAD/%4g", MALFORMED),
    "a percent sign in the query": ("http://BAD/?up=50%", MALFORMED),
    "a percent sign in the fragment": ("http://BAD/#50%", MALFORMED),
    "a percent sign in the host": ("http://%zz.BAD/", MALFORMED),
    "a space ahead": (" http://BAD/", MALFORMED),
    "a space behind": ("http://BAD/ ", MALFORMED),
    "no scheme": ("//BAD/", MALFORMED),
    "a name and a path": ("BAD/index.html", MALFORMED),
    "a colon and no scheme": ("://BAD/", MALFORMED),
    "a scheme that begins with a digit": ("2http://BAD/", MALFORMED),
    "a scheme with a space": ("ht tp://BAD/", MALFORMED),
    "a scheme with an underscore": ("ht_tp://BAD/", MALFORMED),
    "a scheme alone": ("http:", MALFORMED),
    "one slash": ("http:/BAD/", MALFORMED),
    "no slashes": ("http:BAD/", MALFORMED),
    "three slashes": ("http:///BAD/", MALFORMED),
    "a port and no host": ("http://:80/BAD", MALFORMED),
    "a user and no host": ("http://BAD@/", MALFORMED),
    "a user, a port and no host": ("http://one@:80/BAD", MALFORMED),
    "a query and no host": ("http://?BAD", MALFORMED),
    "two at-signs": ("http://one@two@BAD/", MALFORMED),
    "a space in the user's name": ("http://one two@BAD/", MALFORMED),
    "a percent sign in the user's name": ("http://one%2@BAD/", MALFORMED),
    "a bracket in the user's name": ("http://one[2]@BAD/", MALFORMED),
    "a bracket in the host": ("http://BAD]/", MALFORMED),
    "a bracket in the path": ("http://BAD/[1]", MALFORMED),
    "a bracket in the query": ("http://BAD/?one[1]=2", MALFORMED),
    "a bracket in the fragment": ("http://BAD/#[1]", MALFORMED),
    "a port that is one too great": ("http://BAD:65536/", MALFORMED),
    "a port with a sign": ("http://BAD:+80/", MALFORMED),
    "a port with a letter behind": ("http://BAD:80x/", MALFORMED),
    "two ports": ("http://BAD:80:81/", MALFORMED),
    "a port with an underscore": ("http://BAD:8_0/", MALFORMED),
    "a port in the digits of another script": ("http://BAD:\u0668\u0660/", MALFORMED),
    "a letter beyond ASCII": ("http://BAD/caf\u00e9", MALFORMED),
    "a letter beyond ASCII in the host": ("http://caf\u00e9.BAD/", MALFORMED),
    "a space in the query": ("http://BAD/?two words", MALFORMED),
    "a space in the fragment": ("http://BAD/#two words", MALFORMED),
    "a second fragment": ("http://BAD/#one#two", MALFORMED),
    "a backslash": ("http://BAD\\path", MALFORMED),
    "quotation marks": ('http://BAD/"quoted"', MALFORMED),
    "angle brackets": ("<http://BAD/>", MALFORMED),
    "braces": ("http://BAD/{id}", MALFORMED),
    "a bar": ("http://BAD/one|two", MALFORMED),
    "a caret": ("http://BAD/x^2", MALFORMED),
    "a backquote": ("http://BAD/`x`", MALFORMED),
    "a character that nobody sees": ("http://BAD/x\x7f", MALFORMED),
    "a tab": ("http://BAD/one\ttwo", MALFORMED),
    "another scheme, and a space": ("ftp://BAD/two words", MALFORMED),
    "https, which the client does not speak": ("https://BAD/", UNKNOWN_SCHEME),
    "a scheme in capitals": ("FTP://BAD/file", UNKNOWN_SCHEME),
    "a scheme with a plus": ("svn+ssh://BAD/", UNKNOWN_SCHEME),
    "a scheme with a dot, a hyphen and a digit": ("soap.beep-2://BAD/", UNKNOWN_SCHEME),
    "a scheme without slashes": ("mailto:someone@BAD", UNKNOWN_SCHEME),
    "a name with an underscore": ("http://under_score.BAD/", NO_SUCH_NAME),
    "a name behind an empty password": ("http://user:@BAD/", NO_SUCH_NAME),
    "a name with the greatest port": ("http://BAD:65535/", NO_SUCH_NAME),
    "the greatest port": ("http://FIRST:65535/", NO_CONNECTION),
}
#: Where the site `first` redirects to, below /to: (Location, status).
ASTRAY = {
    "https": ("https://FIRST/sealed", UNKNOWN_SCHEME),
    "mail": ("mailto:someone@ZONE", UNKNOWN_SCHEME),
    "nothing": ("http:///nothing", MALFORMED),
    "beyond": ("http://FIRST:65536/", MALFORMED),
    "words": ("two words", MALFORMED),
    "nowhere": ("http://gone.ZONE/", NO_SUCH_NAME),
    "closed": ("http://FIRST:CLOSED/", NO_CONNECTION),
}


def astray(params: dict) -> list[tuple[str, str, str, int]]:
    """(URL, its target, Location, status) of what redirects to where nothing is to be had."""
    found = []
    for name, (location, status) in ASTRAY.items():
        for word in ("FIRST", "ZONE", "CLOSED"):
            location = location.replace(word, str(params[word.lower()]))
        found.append((f"http://{params['first']}/to/{name}", f"/to/{name}", location, status))
    return found


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


def good(params: dict) -> dict[str, list[Wanted]]:
    """The good URLs for the student's program, by what they are about."""
    first, second, port, ip = params["first"], params["second"], params["port"], params["ip_web"]
    word, query = params["word"], params["query"]

    def plain(target, rest=None):
        """A URL of the site `first`, whose path and query are `target`, and are to become that."""
        return Wanted(f"http://{first}{target if rest is None else rest}", first, 80, target, first)

    def moved(via, target, site=first, at=80):
        """A path of the site `first` that redirects, over others perhaps, to `target`."""
        host = site if at == 80 else f"{site}:{at}"
        return Wanted(f"http://{first}{via[0]}", site, at, target, host, via)

    return {
        "ports": [
            Wanted(f"http://{first}:{port}/{word}/page?{query}#part-2", first, port, f"/{word}/page?{query}",
                   f"{first}:{port}"),
            plain(f"/{word}-port", f":/{word}-port"),
            plain(f"/{word}-80", f":80/{word}-80"),
            Wanted(f"http://{ip}:{port}/{word}-address", "", port, f"/{word}-address", f"{ip}:{port}")],
        "authorities": [
            Wanted(f"HTTP://{second.upper()}/{word.upper()}", second, 80, f"/{word.upper()}", second),
            plain(f"/{word}-user")._replace(url=f"http://{second}@{first}/{word}-user"),
            plain(f"/{word}-secret")._replace(url=f"http://{second}:{port}@{first}/{word}-secret"),
            plain(f"/{word}-nobody")._replace(url=f"http://@{first}/{word}-nobody"),
            plain(f"/{word}-signs")._replace(url=f"http://%40{word}!$&'()*+,;=~_-.:{second}@{first}/{word}-signs"),
            Wanted(f"http://{second}:80@{first}:{port}/{word}-both", first, port, f"/{word}-both", f"{first}:{port}"),
            plain(f"/{word}@{second}:{port}"),
            plain(f"/?{query}@{second}:{port}/x", f"?{query}@{second}:{port}/x"),
            plain("/", f"#@{second}:{port}/x")],
        "targets": [
            plain(f"/?{query}", f"?{query}"),
            plain(f"/{word}%20one%2Ftwo"),
            plain(f"/{word}/%7e%C3%a9%2E%2e/%3f?%23=%26"),
            plain(f"/{word}/%2e%2E/%2E/encoded"),
            plain("/?", "?"),
            plain(f"//{word}//page//"),
            *[plain(f"/{word}?")] * 2,  # twice: it is fetched each time
            plain(f"/{word}?up=/a/../b?c/./d", f"/{word}?up=/a/../b?c/./d#end?/e"),
            plain(f"/{word}-_.~;=:@!$&'()*+,/?{word}-_.~;=:@!$&'()*+,/")],
        "dots": [
            plain("/a/c", f"/a/{word}/.././b/../c"),
            plain(f"/{word}/", f"/../{word}/x/.."),
            plain("/top", "/a/../../../top"),
            plain("/", f"/{word}/.."),
            plain("/", "/."),
            plain(f"/{word}/b/", f"/./{word}/b/."),
            plain(f"/{word}/...//..x/.y/z.")],
        "references": [
            moved(("/old/start",), "/new/place?from=old"),
            moved(("/old/query?x=1",), "/old/query?from=query"),
            moved(("/old/deep/start?x=/y/z",), f"/old/deep/next/{word}"),
            moved(("/old/top",), f"/top/{word}?x=.."),
            moved(("/old/empty?x=1",), "/old/empty?"),
            moved(("/old/colon",), f"/old/{word}:80"),
            moved(("/old/link",), f"/old/page%2Fx?back=http://{second}/%7e"),
            Wanted(f"http://{second}?from=nowhere", second, 80, f"/nowhere/{word}", second, ("/?from=nowhere",))],
        "codes": [
            moved(("/hop/1", "/hop/2", "/hop/deep/3", "/hop/deep/4"), "/hop/5"),
            moved(("/small",), "/small/arrived"),
            plain("/made"),
            plain("/choices"),
            plain("/quoted")],
        "elsewhere": [
            moved(("/away",), "/arrived", second),
            moved(("/leave", "/step/1"), "/step/2", second),
            moved(("/leave-port", (port, "/step/1")), "/step/2", second, port),
            moved(("/leave-home", (port, "/step/home")), f"/{word}/home"),
            moved(("/bare",), "/?from=bare", second),
            moved(("/far",), f"/{word}/far", second, port)],
    }


#: Those that are given in one command; the others redirect.
PARTS = ("ports", "authorities", "targets", "dots")


def commands(params: dict) -> dict[str, list[str]]:
    """What the student's program is given: name of a step -> URLs."""
    wanted, bad_ones = good(params), bad(params, "_own_bad")
    return {"parts": [one.url for kind in PARTS for one in wanted[kind]],
            "redirects": [one.url for kind in wanted if kind not in PARTS for one in wanted[kind]],
            "malformed": [url for _, url, status in bad_ones if status in (MALFORMED, UNKNOWN_SCHEME)],
            "unreachable": [url for _, url, status in bad_ones if status in (NO_SUCH_NAME, NO_CONNECTION)],
            "astray": [url for url, *_ in astray(params)]}


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
