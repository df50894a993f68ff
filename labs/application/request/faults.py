"""All that is wrong with a request, as RFC 9112 has it: so that one may be found wrong in one way and no other."""

import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2

#: Faults that no door asks for; the others have the names of shop.REFUSALS.
WORDS = {"line": "a request line that is none (RFC 9112, section 3)", "field": "a header line that is none (section 5)",
         "blank": "no blank line (section 2.1)", "body": "a body of another length (section 6.2)"}


def faults(data: bytes) -> set[str]:
    """The names of the faults of a request. Lone newlines and empty lines ahead are put up with (section 2.2)."""
    head, blank, body = re.sub(rb"\r?\n", b"\n", data).lstrip(b"\n").partition(b"\n\n")
    first, *lines = head.split(b"\n")
    found = {*_of_line(first), *([] if blank else ["blank"])}
    fields = []
    for line in lines:
        field = re.fullmatch(rb"(%b)([ \t]*):[ \t]*(.*?)[ \t]*" % TOKEN, line)
        if not field:
            found.add("field")
            continue
        if field[2]:
            found.add("space")
        fields.append((field[1].lower(), field[3]))
    return found | _of_fields(fields, first.endswith(b"/1.1"), body)


def _of_line(line: bytes) -> set[str]:
    """Of the request line."""
    words = re.fullmatch(rb"(%b) (/[^ ]*|[a-z]+://[^ ]+|\*) HTTP/1\.[01]" % TOKEN, line)
    if not words:
        return {"line"}
    return set() if words[1].isupper() else {"method"}


def _of_fields(fields: list[tuple[bytes, bytes]], needs_host: bool, body: bytes) -> set[str]:
    """Of what the header lines say, also of the body."""
    values = {name: [value for other, value in fields if other == name] for name, _ in fields}
    hosts, lengths, coded = (values.get(name, []) for name in (b"host", b"content-length", b"transfer-encoding"))
    if needs_host and not hosts:
        return {"host"} | _of_length(lengths, coded, body)
    return ({"two-hosts"} if len(hosts) > 1 else set()) | _of_length(lengths, coded, body)


def _of_length(lengths: list[bytes], coded: list[bytes], body: bytes) -> set[str]:
    if lengths and coded:
        return {"both"}
    if not all(re.fullmatch(b"[0-9]{1,9}", length) for length in lengths):
        return {"length"}
    wanted = int(lengths[0]) if lengths else 0
    return set() if coded or len(body) == wanted else {"body"}
