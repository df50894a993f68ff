"""The reference answers for this variant and this run."""

from mnlab.protocols import http, tcp


def answers(params, evidence) -> dict:
    """Each from the capture of the client's own interface."""
    origin = evidence.scene("origin")
    frames = origin.frames("client")
    marks = sorted((one.start, one.name) for one in origin.timeline if one.kind == "mark")

    def step(name):
        begin = origin.mark(name)
        end = min([start for start, _ in marks if start > begin], default=float("inf"))
        return next(one for one in tcp.connections(frames) if begin <= one.time < end)

    page, kept = (http.of_connection(step(name)) for name in ("page", "keep"))
    again = http.of_connection(step("twice"))[1]
    return {
        "types": [one.response.header("content-type") for one in http.of_connection(step("types"))],
        "greetings": ["guest" if b"guest" in one.response.body else "stranger"
                      for one in http.of_connection(step("visits"))],
        "head_bytes": len(page[0].response.head),
        "body_bytes": len(page[0].response.body),
        "repeat_bytes": len(again.request.head),
        "first_fin": [step(name).closed_first for name in ("page", "close", "old", "keep")],
        "kept_for": round(step("keep").fins[tcp.SERVER].time - kept[0].response.end),
    }
