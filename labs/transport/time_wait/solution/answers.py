"""The reference answers: from RFC 9293 and the kernel's constants, and, for what depends on the run, from the run."""

from mnlab.protocols import tcp


def answers(params, evidence) -> dict:
    port = params["server"] + 3  # lost-ack, by its place in STEPS
    lost = [one for one in tcp.connections(evidence.scene("kernel").frames("h2")) if one.server.port == port][0]
    fins = [segment for segment in lost.sent(tcp.SERVER) if segment.fin]
    return {
        "waits_client_first": "h1",
        "waits_server_first": "h2",
        "seconds_h2": 60,
        "seconds_h1": 60,
        "minutes_rfc": 4,
        "repeats": "h2",
        "answer_number": fins[0].end,
        "repeated_after": round((fins[1].time - fins[0].time) * 1000),
        "answer_without": "RST",
        "listen_after_client_first": True,
        "listen_if_only_new_sets_it": False,
        "listen_if_both_set_it": True,
        "connect_with_timestamps": True,
        "connect_without_timestamps": False,
        "assassin_still_waits": False,
        "ghost_is_read": True,
    }
