"""TIME-WAIT: who waits, for how long, and what for.

    h1 ── s1 ── h2        clients on h1, servers on h2; s1 loses one ACK, and brings old segments once more

Both ends are sockets of the hosts' kernels that this program holds, but for the student's programs. Step number n
(its place in STEPS) uses the port `server` + n on h2 and `client` + n on h1.
"""

from mnlab.lab import UNCLAIMED_PORTS, Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "nftables", "trace")

STEPS = ("client-first", "server-first", "restart", "lost-ack", "no-wait", "assassin", "shielded", "reuse", "reopened",
         "range", "ghost", "visits", "server")
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "marsh", "oasis")
ISN_CYCLE = 2**38  # ns: initial sequence numbers count 64 ns each, 2^32 of them (net/core/secure_seq.c, seq_scale)

diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), scene="kernel", first="client-first", last="reuse",
                  limit=90, seen_by="h1")


def variant(rng) -> dict:
    """Sizes in bytes, times in seconds; `delay` in ms, of each link and way."""
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(4, 8),
        "server": rng.choice(UNCLAIMED_PORTS[:700:20]), "client": rng.choice(UNCLAIMED_PORTS[700::20]),
        "request": rng.randrange(40, 400), "fin_timeout": rng.randrange(7, 20),
        "ghost": rng.randrange(3000, 6000), "body": rng.randrange(30, 50) * 1000,
    }


def secret(rng, params) -> dict:
    """What the student's client is told. One answer has spaces, one begins with one and has more bytes than letters."""
    words = rng.sample(WORDS, 3 + rng.choice((2, 4, 5)))
    answers = [f"{words[0]}  {words[1]}", f" {words[2]} \N{GREEK SMALL LETTER ALPHA}\N{GREEK SMALL LETTER OMEGA}",
               *words[3:]]
    return {"_words": rng.sample(answers, len(answers))}


def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params['net']}.{host}/24" for host in (1, 2)],
               link={"delay": f"{params['delay']}ms"})


@scene
def kernel(net, rec):
    """Who waits in Linux, and what for."""
    from lab import steps
    stage, h1 = steps.Stage(net, rec, STEPS), net["h1"]
    h1.sysctl("net.ipv4.tcp_fin_timeout", rec.params["fin_timeout"])  # said to be how long TIME-WAIT lasts
    try:
        with rec.trace(), rec.capture("h1", "h2"):
            rec.progress("the client closes first, the server closes first")
            steps.client_first(stage)
            steps.server_first(stage)
            rec.progress("a connection without timestamps, for later")
            begins = steps.ghost_lives(stage)
            rec.progress("the last ACK is lost")
            steps.last_ack_lost(stage)
            rec.progress("old segments, and old addresses")
            steps.old_segments(stage)
            steps.reuse(stage)
            steps.reopened(stage)
            steps.one_port(stage)
            rec.progress("until TIME-WAIT is over")
            steps.wait_until_free(stage)
            rec.progress("until sequence numbers come round")
            steps.ghost_returns(stage, [begin + ISN_CYCLE for begin in begins])
    finally:
        stage.keep()


@scene(work=["*.py"])
def programs(net, rec, work):
    """Your client and your server."""
    from lab import steps, students
    stage = steps.Stage(net, rec, STEPS)
    try:
        with rec.trace(), rec.capture("h1", "h2"):
            students.client(stage)
            students.server(stage)
    finally:
        stage.keep()
