"""The reference answers: what each check expects, worked out the way a student would."""

from mnlab.protocols.tcp import congestion

SEGMENT, RENO = 1448, 6201  # bytes of payload; the source port of the connection


def answers(params, evidence):
    kernel = evidence.scene("kernel")
    reno = congestion.Trace([event for event in kernel.kernel() if event.source.port == RENO], SEGMENT)
    begin = reno.events[0].time
    window = params["initial_window"] + params["lost"] - 1  # one more for each segment that arrived before
    timeout = next(one for one in reno.episodes if one.sign == congestion.TIMEOUT)
    phase = {letter: reno.phase_at(begin + time) for letter, time in kernel.json("moments").items()}
    return {
        "window_at_first_loss": window,
        "reno_threshold": window // 2,
        "cubic_threshold": window * 7 // 10,
        "bbr_threshold": "none",
        "signs": ["timer" if one.sign == congestion.TIMEOUT else "duplicates" for one in reno.episodes],
        "sign_times": [round(one.time - begin, 2) for one in reno.episodes],
        "window_at_timeout": timeout.cwnd,
        "threshold_after_timeout": timeout.ssthresh,
        "window_after_timeout": 1,
        "phase_A": phase["A"], "phase_B": phase["B"], "phase_C": phase["C"], "phase_D": phase["D"],
        "phase_E": phase["E"],
    }
