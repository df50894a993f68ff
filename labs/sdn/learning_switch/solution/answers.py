"""Reference answers."""


def answers(params, evidence) -> dict:
    at, away, sent = params["ports"], params["away"], params["frames"].split()
    spoke = sent.index("h3>h1")  # from then on h3 is known
    return {
        "s1_h1": at["h1"], "s1_h2": at["h2"], "s1_h4": at["s1"], "s2_in_port": at["s2"], "s2_output": at["h4"],
        # Hub: ARP request and reply, and two frames a ping, each shown by both switches.
        "asked_hub": 2 * (2 + 2 * params["hub_pings"]),
        # ARP request (both switches), ARP reply and echo request (s1); the echo reply has a flow already.
        "asked_first": 4, "asked_second": 0,
        # The same three frames, each at both switches.
        "asked_far": 6,
        "first_rtt": 3 * away, "second_rtt": 0, "far_rtt": 6 * away,
        "h2_hears": [number for number, frame in enumerate(sent, 1)
                     if frame == "h1>nobody" or frame == "h1>h3" and number <= spoke],
        "known": True, "new": False, "forgotten": False, "standalone": True,
    }
