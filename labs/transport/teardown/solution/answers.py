"""The reference answers: from the variant, from RFC 9293, and, for what depends on the run, from the run itself."""


def answers(params, evidence) -> dict:
    reset = {name: "RST" if params[f"orphan_{name}"] > 60 else "ACK" for name in ("a", "b")}
    return {
        "fin_number": params["request"] + 1,  # the SYN has number 0, the request 1 to its size
        "ack_of_fin": params["request"] + 2,
        "bytes_after_fin": params["pieces"] * params["piece"],
        "state_h1": "FIN-WAIT-2",
        "state_h2": "CLOSE-WAIT",
        "segments_three": 3,
        "segments_late": 4,
        "together_states": ["FIN-WAIT-1", "CLOSING", "TIME-WAIT"],
        "waits_together": ["h1", "h2"],
        "waits_server_first": ["h2"],
        "lost": params["cut"] - evidence.scene("endings").json("outcomes")["unread"]["bytes"],
        "orphan_a": reset["a"],
        "orphan_b": reset["b"],
    }
