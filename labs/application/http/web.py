"""What the two servers of the lab serve: files made from the variant alone, and nginx's configuration."""

import random
from urllib.parse import quote

#: Suffix -> media type, as registered with IANA (https://www.iana.org/assignments/media-types) and in nginx's own
#: mime.types, and the bytes with which such a file begins.
KINDS = {
    "html": ("text/html", b"<!DOCTYPE html>\n"), "css": ("text/css", b"body { "), "json": ("application/json", b"{ "),
    "png": ("image/png", b"\x89PNG\r\n\x1a\n"), "gif": ("image/gif", b"GIF89a"), "svg": ("image/svg+xml", b"<svg "),
    "pdf": ("application/pdf", b"%PDF-1.7\n"), "mp3": ("audio/mpeg", b"ID3\x04"), "txt": ("text/plain", b"Notes\n"),
    "mp4": ("video/mp4", b"\0\0\0\x18ftypmp42"), "zip": ("application/zip", b"PK\3\4"),
    "wasm": ("application/wasm", b"\0asm\1\0\0\0"),
}
CURL = ("curl", "-sS", "--max-time", "10")  # s, for each URL
GIVEN = "given"  # the folder of files that the student's server is to serve
NEIGHBOUR = "given.old"  # a folder beside it, whose name begins like its own
LARGE = 250_000  # bytes: more than a socket takes at once (tcp_wmem)
#: A path as a client spells it (RFC 3986, section 2.1) -> the name of the file. Decoded twice, "%2541" were an A.
NAMES = {"/at%2050%2541.txt": "at 50%41.txt", "/who%3F.txt": "who?.txt", "/one+two.png..txt": "one+two.png..txt",
         "/Gr%c3%bc%C3%9Fe.txt": "Grüße.txt"}
UNKNOWN = "application/octet-stream"  # RFC 9110, section 8.3: what may be said of data that nobody knows

CONF = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events { worker_connections 64; }

http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    keepalive_timeout {{_keepalive}}s;
    log_format lab '$remote_addr:$remote_port "$request" $status $body_bytes_sent guest="$cookie_guest"';
    access_log access.log lab;

    # The server keeps no list of its guests. All it knows of one is what the request says.
    map $cookie_guest $greeting { "" "stranger"; default "guest $cookie_guest"; }
    map $cookie_guest $new_cookie { "" "guest=$request_id; Path=/hello"; default ""; }

    server {
        listen 80;
        listen {{port}};
        root site;
        location = /hello {
            default_type text/plain;
            add_header Set-Cookie $new_cookie;
            return 200 "Hello, $greeting.\\n";
        }
    }
}
"""


def kind_of(name: str) -> str:
    """The Content-Type that a file's name calls for; without a charset."""
    return KINDS.get(name.rpartition(".")[2], (UNKNOWN, b""))[0]


def paths(params: dict) -> dict[str, str]:
    """How a client spells the names that are odd -> the files."""
    return {"/" + quote(params["odd_name"]): params["odd_name"], **NAMES}


def web_site(params: dict) -> dict[str, bytes]:
    """The files that nginx serves: a page, and one file of each kind of this variant."""
    chance = random.Random(params["content"])
    return {"index.html": _page(params["web_name"], params["lines"]),
            **{name: _data(name, chance) for name in params["files"]}}


def own_site(params: dict) -> dict[str, bytes]:
    """The files that the student's server is given. Every one begins with 40 bytes that no other begins with."""
    chance = random.Random(params["_content"])
    notes = {name: f"Notes {number} of {chance.randbytes(20).hex()}\r\n".encode() * 5 + bytes(range(256))
             for number, name in enumerate((params["odd_name"], *NAMES.values()))}
    return {"index.html": _page(params["own_name"], params["lines"] + 3), "picture.png": _data("picture.png", chance),
            "blob": _data("blob", chance), "large.bin": _data("large.bin", chance) + chance.randbytes(LARGE),
            "empty.txt": b"", "more/index.html": _page(f"more of {params['own_name']}", params["lines"] + 1), **notes}


def _page(title: str, lines: int) -> bytes:
    text = "".join(f"<p>Line {number} of {lines}.</p>\n" for number in range(1, lines + 1)) + "<p>Voil\u00e0.</p>\n"
    return f"<!DOCTYPE html>\n<title>{title}</title>\n{text}".encode()


def _data(name: str, chance: random.Random) -> bytes:
    """The right beginning, then bytes of every value, newlines and zeros among them."""
    rest = bytearray(range(256)) + chance.randbytes(chance.randrange(200, 2500))
    chance.shuffle(rest)
    return KINDS.get(name.rpartition(".")[2], (UNKNOWN, b""))[1] + bytes(rest)
