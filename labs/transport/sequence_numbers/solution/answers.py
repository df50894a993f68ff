"""The reference answers, worked out from the variant."""

MODULUS = 2**32
TICK = 64e-9  # s: the kernel's clock for initial numbers


def answers(params, evidence) -> dict:
    p, mine = params, params["isn"]
    told = mine + 1 + p["ask"] + p["tell"]
    pushed = 1 + p["answer"] + p["push"]
    return {
        "seq_4": mine + 1, "ack_5": mine + 1 + p["ask"], "seq_6": mine + 1 + p["ask"], "seq_7": mine + 1 + p["ask"],
        "seq_9": 1 + p["answer"], "ack_10": pushed,
        "ack_8": told % MODULUS, "seq_11": told % MODULUS, "ack_12": (told + p["last"] + 1) % MODULUS,
        "seq_15": pushed + p["late"], "seq_16": (told + p["last"] + 1) % MODULUS, "ack_16": pushed + p["late"] + 1,
        "cookie_synack": 1, "fast_synack": 1 + p["fast_data"], "refused_synack": 1,
        "isn_millions": round(p["pause"] / TICK / 1e6, 1),
        "sent_again": ["SYN", "data", "FIN"], "gap_ack": 1 + p["first"],
        "filled_ack": 1 + p["first"] + p["lost"] + p["next"] + p["after"],
    }
