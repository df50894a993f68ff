"""The reference answers for this variant and this run."""

from urllib.parse import unquote, urlsplit

from mnlab.protocols import http


def answers(params, evidence) -> dict:
    """From the capture and from what curl printed; what stands in the variant is decoded by the standard library."""
    curl = evidence.scene("curl")
    found = http.exchanges(curl.frames("client"))
    first = next(one.request for one in found if one.time >= curl.mark("good"))
    bodies = [one.response.body for one in found if curl.mark("spelling") <= one.time < curl.mark("bad")]
    return {
        "target": first.target_uri,
        "host_header": first.header("host"),
        "never_sent": urlsplit(params["parts_url"]).fragment,
        "contacted": params["first"],
        "spelled": ["same" if one == other else "other" for one, other in zip(bodies[::2], bodies[1::2])],
        "decoded": unquote(params["encoded"]),
        "exits": [int(line.split()[0]) for line in curl.command("curl-bad").stdout.splitlines()],
    }
