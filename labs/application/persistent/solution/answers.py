"""The reference answers: from the variant, and, for what depends on the run, from the run itself."""

from pathlib import Path

from mnlab.lab.lab import load

HEADERS = 14 + 20 + 32  # bytes of Ethernet, IP and TCP (with timestamps) in each frame
RESPONSE = 250  # bytes of nginx's status line and headers, about


def answers(params, evidence) -> dict:
    wire = load(Path(__file__).parents[1] / "reading.py")
    number, trip = len(params["small"]), 2 * params["delay"]
    size = params["page"] + RESPONSE
    frames = -(-size // 1448)
    blocked = wire.answered(wire.visits(evidence.scene("documents"), "blocked"))
    return {
        "segment_bare": 4,
        "segment_rides": 3,
        "rounds_each": 2 * number,
        "rounds_kept": number + 1,
        "rounds_piped": 2,
        "page_ms": round(2 * trip + (size + frames * HEADERS) * 8 / (params["rate"] * 1e3), 1),
        "first_flight": wire.INITIAL_WINDOW,
        "closes_each": "server",
        "closes_kept": "client",
        "unanswered": number - params["requests_kept"],
        "blocked_ms": round(1e3 * (blocked[1].response.end - blocked[1].time), 1) if len(blocked) == 2 else 0.0,
    }
