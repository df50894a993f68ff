"""The reference answers, worked out from the variant's parameters."""


def answers(params, evidence) -> dict:
    p = params
    bits = {host: p[f"{host}_frames"] * p[f"{host}_frame"] * 8 for host in ("h1", "h2")}
    rate = p["rate"] * 1000  # bit/s
    return {
        "frame_ms": round(p["h1_frame"] * 8 / p["rate"], 3),
        "half_seconds": round(sum(bits.values()) / rate, 3), "full_seconds": round(max(bits.values()) / rate, 3),
        "simplex_sum": p["rate"], "half_sum": p["rate"], "full_sum": 2 * p["rate"], "half_h1": p["rate"] / 2,
        "arp_requests_at_h2": 3, "arp_replies_at_h1": 0, "syns_at_h2": 3, "unreachable_from": p["h1"],
        "h2_frames_at_h1": 0,
    }
