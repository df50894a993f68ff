"""The reference answers for this variant and this run."""

import email.utils

from mnlab.protocols import http, tcp


def answers(params, evidence) -> dict:
    """From the capture, what curl and w3m printed, and the variant's text."""
    origin = evidence.scene("origin")

    def first(name):
        begin = origin.mark(name)
        return http.of_connection(next(one for one in tcp.connections(origin.frames("client")) if one.time >= begin))

    def framing(response):
        return "chunks" if response.chunked else "length" if response.header("content-length") else "close"

    ends = [line.split()[1] for line in origin.command("curl-wrong").stdout.splitlines()]
    begin, end = origin.mark("forms"), origin.mark("wrong")
    forms = [one for one in http.exchanges(origin.frames("client")) if begin <= one.time < end]
    dates = [email.utils.parsedate_to_datetime(first(name)[0].response.header("date")) for name in ("page", "later")]
    return {
        "accepted": [number for number, end in enumerate(ends, start=1) if end == "0"],
        "framed_by": [framing(one.response) for one in forms],
        "dates_apart": int((dates[1] - dates[0]).total_seconds()),
        "misread": origin.command("w3m-wrong").stdout.split()[0],
        "utf8_bytes": len(params["text"].encode("utf-8")),
        "latin_bytes": len(params["text"].encode("iso-8859-1")),
        "size_line": f"{len(params['story'].split('|')[0].encode()) + 1:x}",
    }
