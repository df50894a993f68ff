"""The reference answers, worked out from the variant's parameters and the kernel's rules; one is read from the run."""

COOKIE_SIZES = (536, 1300, 1440, 1460)  # bytes: what two bits of a SYN cookie can tell of the segment size
TIMESTAMPS = 12  # bytes of each segment's header


def answers(params, evidence) -> dict:
    p = params
    return {
        "server_waiting": "SYN-RECEIVED", "client_early": "ESTABLISHED",
        "crossing_states": ["SYN-SENT", "SYN-RECEIVED", "ESTABLISHED"], "crossing_syns": 4,
        "old_reset": p["old_number"] + 1,
        "synack_times": [0, 1, 3, 7, 15, 31], "half_open_for": 63, "connect_for": 127,
        "flood_answered": evidence.scene("kernel").json("flooded")["half_open"], "cookies_answered": p["flood"],
        "blocked_syns": 4, "blocked_for": 7,
        "plain_segment": p["mss"] - TIMESTAMPS,
        "cookie_segment": max(size for size in COOKIE_SIZES if size <= p["mss"]) - TIMESTAMPS,
    }
