"""The reference answers: from the variant, from RFC 9110, and, for a count of segments, from the run itself."""

from pathlib import Path

from mnlab.lab.lab import load


def answers(params, evidence) -> dict:
    wire = load(Path(__file__).parents[1] / "reading.py")
    medium = wire.asked(evidence.scene("shop"), "medium-url", where="client")
    return {
        "get_found": ["a", "b", "c", "d"],
        "post_found": ["d"],
        "card": params["_card"],
        "status_long_url": 414,
        "status_big_body": 413,
        "limit_set_by": "server",
        "segments_curl": 1,
        "segments_http_client": 2,
        "segments_medium_url": len(wire.segments(medium[0])) if medium else 0,
        "gets_passed": 1,
        "posts_passed": 2,
    }
