"""The reference answers: predictions from the variant, the rest read from the run."""

from itertools import pairwise

from mnlab.protocols import tcp
from mnlab.protocols.tcp import rto

PORTS = {"lost": 5001, "karn": 5004, "walk": 5007, "gone": 5011, "gone-far": 5012}


def answers(params, evidence) -> dict:
    found = {one.server.port: one for one in tcp.connections(evidence.frames("h1"))}
    talk = {name: found[port] for name, port in PORTS.items()}
    again = {name: [segment for segment in one.sent(tcp.CLIENT) if segment.length and not segment.fresh]
             for name, one in talk.items()}
    last = [segment.time for segment in talk["gone"].sent(tcp.CLIENT)
            if segment.length and segment.seq == again["gone"][0].seq]
    return {
        "rto_far_at_first": 3 * 2 * params["far_delay"] / 1000,
        "rto_near": 2 * params["near_delay"] / 1000 + rto.RTO_MIN,
        "error": "ETIMEDOUT",
        "reset": False,
        "keepalive_reset": True,
        "lost_seq": again["lost"][0].seq,
        "repeated_near": len(again["gone"]),
        "repeated_far": len(again["gone-far"]),
        "longest_gap": round(max(later - earlier for earlier, later in pairwise(last)), 1),
        "gave_up_after": round(evidence.json("ends")["gone"]["time"] - last[0], 1),
        "waits": [round(second.time - first_sent(talk["karn"], second), 3) for second in again["karn"]],
        "no_sample": len({segment.seq for segment in again["walk"]}),
    }


def first_sent(connection, segment) -> float:
    return next(one.time for one in connection.sent(tcp.CLIENT) if one.length and one.seq == segment.seq)
