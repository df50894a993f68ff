"""Reading the evidence of this lab: what Eve heard of each client, and what the client says of it."""

import re
from urllib.parse import urljoin, urlsplit

from mnlab.checks import expect
from mnlab.protocols import http, tcp, tls
from mnlab.protocols.tls.hello import GROUPS, Reader

#: Bytes of the client's and of the server's share of a group: RFC 8446, section 4.2.8.2; X25519MLKEM768 has ML-KEM's
#: key or ciphertext (FIPS 203, table 3: 1184 and 1088 bytes) before X25519's (draft-ietf-tls-ecdhe-mlkem, section 3).
SHARES = {"secp256r1": (65, 65), "secp384r1": (97, 97), "secp521r1": (133, 133), "x25519": (32, 32), "x448": (56, 56),
          "X25519MLKEM768": (1184 + 32, 1088 + 32)}


def connections(evidence, command, where="eve"):
    """The TCP connections that began while `command` ran, as captured at `where`."""
    ran = evidence.command(command)
    return [connection for connection in tcp.connections(evidence.frames(where))
            if ran.start <= connection.time <= ran.end and connection.segments[0].syn]  # no straggler of the one before


def connection(evidence, command, where="eve"):
    """The one connection of a command that makes one."""
    found = connections(evidence, command, where)
    expect(found, done=evidence.command(command).line, expected=f"a TCP connection, seen by {where}", seen="none")
    return found[0]


def session(evidence, command):
    """The TLS session of a command, as Eve saw it."""
    found = tls.of_connection(connection(evidence, command))
    expect(found, done=evidence.command(command).line, expected="a TLS session on the wire", seen="no TLS")
    return found


def exchange(evidence, command):
    """The HTTP exchange of a command, as Eve saw it, answered."""
    found = next(iter(http.of_connection(connection(evidence, command))), None)
    expect(found and found.response, done=evidence.command(command).line,
           expected="a request and a response that Eve can read", seen="none")
    return found


def whole(connection):
    """All bytes of a connection, both ways."""
    return connection.stream(tcp.CLIENT) + connection.stream(tcp.SERVER)


def key_shares(hello, client: bool) -> dict[str, int]:
    """Group -> bytes of its key share, in a ClientHello (a list of them) or a ServerHello (one)."""
    data = hello.extensions.get("key_share", b"")
    reader, found = Reader(data[2:] if client else data), {}
    while reader.rest:
        group = reader.number(2)
        found[GROUPS.get(group, str(group))] = len(reader.vector(2))
    return found


def page_record(session):
    """The record that brings the page: it answers the request, so it is the server's last but for a closing alert."""
    sent = [record for record in session.records if record.sender == tcp.SERVER and record.encrypted]
    return max(sent[-2:], key=lambda record: record.length)


def rounds(connection, first_byte):
    """How often the client had to wait for the server before it sent the byte at `first_byte` of its stream."""
    request = connection.piece_at(tcp.CLIENT, first_byte).segment
    turns, speaker = 0, tcp.CLIENT
    for segment in connection.segments:
        if segment is request:
            break
        if segment.size and segment.sender != speaker:  # bare ACKs are no turn
            speaker = segment.sender
            turns += speaker == tcp.SERVER
    return turns


def bank_of(params):
    return {**params["bank"], "name": params["bank_name"], "ip": f"{params['bank_net']}.80"}


def money(params):
    """The sentence of the bank's page that matters."""
    return f"Please pay {params['bank']['amount']} EUR to account {params['bank']['account']}."


def shorten(text, limit=400):
    text = text.strip()
    return text[:limit] + (" ..." if len(text) > limit else "") or "nothing"


def told(command):
    """How a client ended, and its first words, for the `seen` of a failure."""
    words = command.stderr.strip().split("\n")[0] or command.stdout
    return f"status {command.status}: {shorten(words)}"


# --- what the shop's server says ---

PORTS = {"http": 80, "https": 443}  # RFC 9110, section 4.2
UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


def exchanges(evidence, command):
    """All HTTP exchanges of a command, as Eve read them."""
    return [one for opened in connections(evidence, command) for one in http.of_connection(opened)]


def same_url(one, other, base):
    """Whether two references, from the page `base`, are one URL to RFC 3986 (sections 6.2.2 and 6.2.3)."""
    try:
        return _normal(urljoin(base, one)) == _normal(urljoin(base, other))
    except ValueError:
        return False


def _normal(url):
    parts = urlsplit(url)
    return (parts.scheme.lower(), parts.username, (parts.hostname or "").lower(),
            parts.port or PORTS.get(parts.scheme.lower()), _decoded(parts.path or "/"), _decoded(parts.query),
            parts.fragment)


def _decoded(text):
    """What need not be written with a % is written without; the digits of the rest are capital letters."""
    def plain(found):
        character = chr(int(found[1], 16))
        return character if UNRESERVED.fullmatch(character) else found[0].upper()
    return re.sub("%([0-9A-Fa-f]{2})", plain, text)


def heads(command, mark):
    """The lines of each head in what `curl -i` printed, an answer ending in a line with the mark."""
    parts = re.split(rf"\n{re.escape(mark)} [^\n]*\n", command.stdout.replace("\r\n", "\n"))[:-1]
    return [part.partition("\n\n")[0].split("\n") for part in parts]


def policies(head):
    """The values of the header Strict-Transport-Security; there should be one."""
    pairs = (line.partition(":") for line in head[1:])
    return [value.strip() for name, _, value in pairs if name.strip().lower() == "strict-transport-security"]


def max_age(policy):
    """Seconds for which a policy holds (RFC 6797, section 6.1); 0 if it does not say so, or not in due form."""
    ages = [re.fullmatch(r'max-age\s*=\s*(?:(\d{1,18})|"(\d{1,18})")', part.strip(), re.I | re.A)
            for part in policy.split(";") if part.strip().lower().startswith("max-age")]
    return int(ages[0][1] or ages[0][2]) if len(ages) == 1 and ages[0] else 0
