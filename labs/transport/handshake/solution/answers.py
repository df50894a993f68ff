"""The reference answers: from the variant's parameters and the kernels' rules; times and counts, from the run."""

from pathlib import Path

from mnlab.lab.lab import load

reading = load(Path(__file__).parents[1] / "reading.py")
COOKIE_SIZES = (536, 1300, 1440, 1460)  # bytes: what two bits of a SYN cookie can tell of the segment size
TIMESTAMPS = 12  # bytes of each segment's header


def answers(params, evidence) -> dict:
    p, kernel = params, evidence.scene("kernel")
    synacks = [one for one in reading.outside(kernel, reading.SERVER)[1] if one.target.port == reading.HALF_OPEN]
    blocked = reading.talk(kernel, "blocked")
    syns = [one for one in blocked if one.flags == "SYN"]
    answered = next(one.time for one in blocked if one.flags == "SYN+ACK")
    return {
        "server_waiting": "SYN-RECEIVED", "client_early": "ESTABLISHED",
        "crossing_states": ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"], "crossing_syns": 4,
        "old_reset": p["old_number"] + 1,
        "synack_times": [round(one.time - synacks[0].time, 1) for one in synacks],
        "half_open_for": round(kernel.json("half-open")["seconds"]),
        "connect_for": round(kernel.json("patient")["seconds"]),
        "flood_answered": kernel.json("flooded")["half_open"], "cookies_answered": p["flood"],
        "blocked_syns": len(syns), "blocked_for": round(answered - syns[0].time, 1),
        "plain_segment": p["mss"] - TIMESTAMPS,
        "cookie_segment": max(size for size in COOKIE_SIZES if size <= p["mss"]) - TIMESTAMPS,
    }
