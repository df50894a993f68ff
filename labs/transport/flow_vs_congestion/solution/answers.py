"""The reference answers: what each check expects, worked out the way a student would."""

SEGMENT, FRAME = 1448, 1514  # bytes


def answers(params, evidence):
    rtt = 2 * params["delay"] / 1e3

    def room(rate):
        return round(rate * 1e6 * rtt / 8 / FRAME + params["queue"], 1)

    def percent(name):
        counts = evidence.scene("labelled").json(f"{name}-counters")
        return round(100 * counts["rwnd_limited"] / counts["busy_time"], 1)

    # A full window is on the way all the time: the RTT is what the link takes for it.
    in_flight = params["buffer"] // SEGMENT
    return {
        "receiver_rate": params["reader"], "link_rate": round(params["slow"] * SEGMENT / FRAME, 4),
        "room_fast": room(params["fast"]), "room_slow": room(params["slow"]),
        "deep_rtt_ms": round(in_flight * FRAME * 8 / (params["slow"] * 1e3), 1),
        "receiver_percent": percent("receiver"), "deep_percent": percent("deep"),
        "cause_A": params["causes"]["A"], "cause_B": params["causes"]["B"], "cause_C": params["causes"]["C"],
        "cause_D": params["causes"]["D"], "cause_E": params["causes"]["E"], "cause_F": params["causes"]["F"],
    }
