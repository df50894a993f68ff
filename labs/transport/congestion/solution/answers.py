"""The reference answers: what each check expects, worked out the way a student would."""

from mnlab.protocols import congestion

SEGMENT, PORTS = 1448, {"reno": 6001, "cubic": 6002, "bbr": 6003}


def answers(params, evidence):
    trace = {name: congestion.Trace([event for event in evidence.kernel() if event.source.port == port], SEGMENT)
             for name, port in PORTS.items()}
    reno, begin = trace["reno"], trace["reno"].events[0].time
    window = params["initial_window"] + params["lost"] - 1  # one more for each segment that arrived before
    timeouts = {name: next(one for one in trace[name].episodes if one.sign == congestion.TIMEOUT) for name in PORTS}
    return {
        "window_at_first_loss": window,
        "reno_threshold": window // 2,
        "cubic_threshold": window * 7 // 10,
        "bbr_threshold": "none",
        "signs": ["timer" if one.sign == congestion.TIMEOUT else "duplicates" for one in reno.episodes],
        "window_at_timeout": timeouts["reno"].cwnd,
        "threshold_after_timeout": timeouts["reno"].ssthresh,
        "window_after_timeout": 1,
        **{f"phase_{letter}": reno.phase_at(begin + time) for letter, time in evidence.json("moments").items()},
    }
