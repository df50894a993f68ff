"""Congestion: three senders with different congestion control meet the same losses on the same bottleneck.

    h1 ── s1 ══ bottleneck ══ s2 ── h2

All connections go from h1 to port 5001 of h2, one after the other; each has a source port of its own, by which s1
knows which segment to lose. A connection's data segments are counted as they pass s1, retransmissions included.
"""

import random

from mnlab.lab import Allowed, Diagram, scene

PORT = 5001
LONG = {"reno": 6201, "cubic": 6202, "bbr": 6203}  # congestion control: source port
YOURS = 6204  # of a Reno connection that the student's controller is told of, and nobody else
SHORT = {"fast": 6101, "two-classic": 6102, "two-default": 6103}
#: What the textbook's sender lacks: RACK (RFC 8985) and its tail loss probe. Linux has both on.
MODERN = {"net.ipv4.tcp_recovery": 1, "net.ipv4.tcp_early_retrans": 3}
CLASSIC = {"net.ipv4.tcp_recovery": 0, "net.ipv4.tcp_early_retrans": 0}

SEGMENT = 1448  # bytes of payload: 1500 of MTU less 20 of IP, 20 of TCP and 12 of timestamps
FRAME = 1514  # bytes of a full frame, as the bottleneck counts it
HEADERS = 100  # bytes that a capture keeps: Ethernet, IP, TCP with every option
MOMENTS = "ABCDE"

RULES = """
table bridge losses {{
  set dead {{ type inet_service; flags dynamic,timeout; size 16; }}
  chain one {{ counter drop
  }}
  chain path-dies {{ add @dead {{ tcp sport timeout {dead}ms }} counter drop
  }}
{chains}
  chain forward {{
    type filter hook forward priority 0; policy accept;
    ip length < 600 accept
{jumps}
  }}
}}
"""
CHAIN = """  chain {name} {{
    tcp sport @dead counter drop
    numgen inc mod 1000000 vmap {{ {verdicts} }}
  }}"""

allowed = Allowed()
needs = ("netem", "tbf", "nftables", "trace", "bbr", "nc")

diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), scene="kernel", first="fast-start", last="fast-end",
                  limit=60, seen_by="h1")


def variant(rng):
    """Rates in Mbit/s, times in ms, all else in segments. `lost` and `hole` count data segments from 1."""
    pipe = rng.randrange(14, 18)  # what fits into an empty path: the bandwidth-delay product
    rate = rng.choice([2.8, 3.0, 3.2, 3.4, 3.6, 3.8])
    rtt = round(pipe * FRAME * 8 / rate / 1000)
    queue = rng.randrange(9, 13)
    initial = rng.choice([1, 2, 3])
    full = pipe + queue
    lost, hole, second = two_losses(rng, initial, full)
    size = hole + 3 * second + (full**2 - (second // 2) ** 2) // 2 + 4 * full
    return {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "rate": rate, "rtt": rtt, "queue": queue,
        "initial_window": initial, "lost": lost, "hole": hole, "segments": size,
        # The last ACK comes an RTT after the path went dead, the tail loss probe two RTTs later, the timeout an RTT and
        # 200 ms after that. The probe must be lost and the timeout's segment not: between 5.6 RTTs of an empty path
        # (the queue at its fullest makes an RTT of 1.86) and four and 200 ms (the queue empty), half way.
        "dead": round(4.8 * rtt + 100),
        # Short connections: some whole rounds of slow start, then a last flight of eight segments.
        "flight": {1: 1 + 2 + 4, 2: 2 + 4, 3: 3 + 6}[initial] + 8, "pick": rng.randrange(10**6)}


def two_losses(rng, initial: int, full: int) -> tuple[int, int, int]:
    """Of a long connection: the segment that is lost, the one at which the path goes dead, and the window then.

    `initial` is the first window, `full` what fits into path and queue.
    """
    # Each ACK of slow start lets two segments go, so a window's first segments are followed closely by others: losing
    # one of the first brings three duplicate ACKs at once. A round's first segment has the number initial * (2^n - 1).
    lost = {1: 15, 2: 14, 3: 12}[initial] + rng.randrange(1, 4)
    first = initial + lost - 1  # the window when that is noticed: it has grown by one for each segment before
    rounds = round(0.6 * (full - first // 2))  # of congestion avoidance before the path goes dead
    hole = lost + first * 3 // 2 + rounds * (first // 2) + rounds**2 // 2
    second = first // 2 + rounds  # the window then
    return lost, hole, second


def secret(rng, params) -> dict:
    """The losses of the connection that the student's controller is told of, and its length: it ends some rounds after
    its timeout, before it fills the queue. And what is made up besides.
    """
    full = round(params["rate"] * params["rtt"] * 1000 / FRAME / 8) + params["queue"]
    lost, hole, second = two_losses(rng, params["initial_window"], full)
    hole += rng.randrange(40)
    return {"_lost": lost, "_hole": hole, "_segments": hole + 3 * second + rng.randrange(80, 120),
            "_made_up": rng.randrange(10**6)}


def topology(params):
    from topologies.dumbbell import Dumbbell
    return Dumbbell(addresses=[f"{params['net']}.{host}/24" for host in (1, 2)],
                    bottleneck={"bw": params["rate"], "delay": f"{params['rtt'] / 2}ms",
                                "max_queue_size": params["queue"]})


@scene
def kernel(net, rec):
    """What Reno, CUBIC and BBR do."""
    s1, p = net["s1"], rec.params
    prepare(net, rec, LONG | SHORT)
    with rec.trace(only=f"dport == {PORT}"):
        with rec.capture("h1", "h2", snaplen=HEADERS, only="tcp"):
            for name, port in SHORT.items():
                for key, value in (MODERN if name == "two-default" else CLASSIC).items():
                    net["h1"].sysctl(key, value)
                send(net, rec, name, "reno", port, p["flight"])
        with rec.capture("h1", snaplen=HEADERS, only="tcp"):
            for control, port in LONG.items():
                send(net, rec, control, control, port, p["segments"])
                rec.save(f"queue-{control}", s1, "tc -s -j qdisc show dev s1-eth2")
    rec.save("losses", s1, "nft -j list table bridge losses")
    rec.keep("moments", moments(trace_of(rec, LONG["reno"]), p["pick"]))


@scene(work=["*.py"])
def aimd(net, rec, work):
    """Your controller decides again."""
    from lab.tale import made_up
    p = rec.params
    prepare(net, rec, {"yours": YOURS})
    with rec.trace(only=f"dport == {PORT}"):
        send(net, rec, "yours", "reno", YOURS, p["_segments"])
    rec.progress("aimd.py")
    for name, told in (("aimd", story(trace_of(rec, YOURS), p["initial_window"])),
                       ("aimd-made-up", made_up(p["_made_up"]))):
        rec.student(name, net["h1"], "python3 -S -E aimd.py", input=told)


def prepare(net, rec, connections):
    """The receiver, the kernels' settings, and what s1 loses of `connections` ({name: source port})."""
    h1, h2, p = net["h1"], net["h2"], rec.params
    rec.run("lose", net["s1"], "nft -f -", input=losses(p, connections))
    for host in (h1, h2):
        host.sysctl("net.ipv4.tcp_no_metrics_save", 1)  # a connection learns nothing from the one before
    h1.sysctl("net.ipv4.tcp_wmem", "4096 250000 250000")  # so that little is left to send when the file is at its end
    h2.sysctl("net.ipv4.tcp_rmem", "4096 1000000 4000000")  # so that the receiver's window is never what limits
    rec.run("initial-window", h1, f"ip route change {p['net']}.0/24 dev h1-eth0 initcwnd {p['initial_window']}")
    rec.run("ping", h1, ["ping", "-c1", h2.IP()])  # fills the ARP caches
    rec.service("receiver", h2, ["bash", "-c", f"exec nc -dlk {PORT} >/dev/null"], tcp=PORT)


def send(net, rec, name, control, port, segments):
    h1, h2 = net["h1"], net["h2"]
    rec.progress(f"{name}: {segments} segments under {control}")
    h1.sysctl("net.ipv4.tcp_congestion_control", control)
    rec.mark(f"{name}-start")
    # The sender is in no hurry to close: tcp_probe speaks of connections in state ESTABLISHED only.
    rec.run(name, h1, f"(head -c {segments * SEGMENT} /dev/zero; sleep 2) | nc -N -p {port} {h2.IP()} {PORT}")
    rec.wait(0.1)  # for the last ACK on its way
    rec.mark(f"{name}-end")


def losses(params, connections):
    """The nftables rules of s1 for `connections`: of each long one a segment is lost, and later everything for a
    while; of each short one, one of the last segments.

    `numgen inc` is a counter: it says 0 for the first data segment that passes the rule, then 1, and so on.
    """
    first, last = params["lost"] - 1, params["flight"] - 1
    lose = {**{name: {first: "one", params["hole"] - 1: "path-dies"} for name in LONG}, "fast": {last - 5: "one"},
            "two-classic": {last - 2: "one"}, "two-default": {last - 2: "one"}}
    # BBR's first second is turbulent enough: its path goes dead later.
    lose["bbr"] = {first: "one", params["hole"] + 159: "path-dies"}
    lose["yours"] = {params["_lost"] - 1: "one", params["_hole"] - 1: "path-dies"}
    verdicts = {name: ", ".join(f"{at} : goto {what}" for at, what in lose[name].items()) for name in connections}
    return RULES.format(
        dead=params["dead"],
        jumps="\n".join(f"    tcp sport {port} jump {name}" for name, port in connections.items()),
        chains="\n".join(CHAIN.format(name=name, verdicts=text) for name, text in verdicts.items()))


def trace_of(rec, port):
    """What the kernel said of the connection from `port`. Lines of others are not parsed: that takes its time."""
    from mnlab.evidence import layout
    from mnlab.protocols import kernel
    from mnlab.protocols.tcp import congestion
    lines = (rec.folder / layout.TRACE).read_text().split("\n")
    start = float(lines[0].removeprefix("# start "))
    mine = (f":{port} dest=", f" sport={port} ")
    text = "\n".join(line for line in lines if any(words in line for words in mine))
    return congestion.Trace(kernel.events(text, offset=-start), SEGMENT)


def moments(trace, pick):
    """Moments of Reno's connection whose phase the student names: letter -> seconds since its SYN. One of each phase
    at least, well inside it, in an order that the variant decides."""
    rng, begin = random.Random(pick), trace.events[0].time
    kinds = {name: [phase for phase in trace.phases if phase.name == name and phase.end - phase.start > 0.02]
             for name in ("slow start", "congestion avoidance", "fast recovery")}
    chosen = [(phases, rng.choice(phases)) for phases in kinds.values() if phases]
    rest = [phase for phases in kinds.values() for phase in phases if phase not in [one for _, one in chosen]]
    found = [phase for _, phase in chosen] + rng.sample(rest, min(len(rest), len(MOMENTS) - len(chosen)))
    rng.shuffle(found)
    return {letter: round(phase.start + rng.uniform(0.25, 0.75) * (phase.end - phase.start) - begin, 3)
            for letter, phase in zip(MOMENTS, found)}


def story(trace, initial):
    """What happened to a connection, a line each, for the student's controller."""
    return "\n".join([f"start {initial}", *(f"{one.kind.replace(' ', '-')} {one.count}" for one in trace.inputs), ""])
