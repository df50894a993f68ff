"""Flow control: receivers that do not read, fixed windows on paths of three lengths, and a sender of one's own.

    h1 ── s1 ── near, mid, far: paths of some 20, 60 and 180 ms of RTT
             └─ lossy: a slow path that loses some datagrams of the student's

The receivers' buffers have a fixed size (SO_RCVBUF). What is lost is lost in s1, and is lost to show one thing; the
window itself loses nothing.
"""

from mnlab.lab import Allowed, Diagram, scene

PATHS = ("near", "mid", "far")
PORTS = {"slow": 5001, "deaf": 5002, "window-near": 5003, "window-mid": 5004, "window-far": 5005, "double": 5006,
         "small": 5007, "stop-near": 5011, "stop-mid": 5012, "stop-far": 5013}
TASK_PORT = 6100
LIMIT = 60  # s of lab time that the student's sender has

allowed = Allowed()
needs = ("netem", "tbf", "nftables", "trace", "tun")

diagram = Diagram(captures=("h1", "near"), protocols=("tcp",), scene="kernel", first="slow-start",
                  last="slow-end", seen_by="h1", limit=70)


def variant(rng) -> dict:
    """Delays in ms, one way; windows and sizes in bytes; counts in segments."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    names = ("h1", *PATHS, "lossy")
    segment = rng.randrange(900, 1001)  # of the student's sender
    rate, rtt = rng.choice([1.6, 1.8, 2.0, 2.2]), rng.randrange(44, 61)  # Mbit/s, ms
    pipe = rate * 1e3 * rtt / 8 / (segment + 46)  # segments that fill the path: 46 bytes of headers
    count = rng.randrange(250, 281)
    return {
        **{name: f"{net}.{number}" for name, number in zip(names, rng.sample(range(2, 250), len(names)))},
        "net": f"{net}.0/24",
        "near_delay": rng.randrange(8, 13), "mid_delay": rng.randrange(26, 35), "far_delay": rng.randrange(80, 101),
        "window": rng.randrange(4, 7) * 1448, "buffer": rng.randrange(7000, 12001),
        "stop_segments": rng.randrange(5, 9),
        "patience": rng.randrange(15, 41),  # s until the slow receiver reads
        "segment": segment, "rate": rate, "lossy_rtt": rtt, "task_window": round(1.4 * pipe) * segment,
        "task_size": count * segment - rng.randrange(1, segment),
        "needed": 50,  # % of the path's rate that the student's sender must use
    }


def secret(rng, params) -> dict:
    """Which datagrams of the student's sender, and which answer to them, are lost; how much the receiver's program
    reads at a time, in turn: a byte less than a segment, or some, so that the edge lies within a segment as a rule."""
    count = -(-params["task_size"] // params["segment"])
    lost = sorted(rng.sample(range(20, count - 30, 10), 3))
    return {"_task_lost": [number + rng.randrange(0, 8) for number in lost], "_task_lost_answer": rng.randrange(8, 18),
            "_lumps": [count * params["segment"] - 1 for count in rng.sample((1, 1, 1, 1, 1, 4), 6)]}


def topology(params):
    from topologies.star import Star
    links = {name: {"bw": 100, "delay": f"{params[f'{name}_delay']}ms"} for name in PATHS}
    links["lossy"] = {"bw": params["rate"], "delay": f"{params['lossy_rtt'] / 2}ms", "max_queue_size": 60}
    return Star({name: (f"{params[name]}/24", links.get(name)) for name in ("h1", *links)})


@scene
def kernel(net, rec):
    """What Linux does with its windows."""
    from lab.pour import Pour
    from mnlab.net.tap import Tap
    h1, p, tap, said = net["h1"], rec.params, Tap(net["h1"]), {}
    h1.sysctl("net.ipv4.tcp_no_metrics_save", 1)
    rec.run("many-at-once", h1, f"ip route change {p['net']} dev h1-eth0 initcwnd 60")  # the network shall not limit
    for name in PATHS:
        rec.run(f"{name}-acks", net[name], f"ip route change {p['net']} dev {name}-eth0 quickack 1")
        rec.run(f"{name}-ping", h1, f"ping -c1 {p[name]}")  # fills the ARP caches

    def pour(name, peer, window, mss=0):
        rec.mark(f"{name}-start")
        return Pour(rec, tap, h1, net[peer], PORTS[name], window, mss)

    def through(name, peer, window, count, mss=0):
        """Send `count` bytes to a receiver that reads at once."""
        one = pour(name, peer, window, mss)
        one.send(count)
        one.read(count)
        said[name] = one.settle()

    with rec.trace(only="dport >= 5001 && dport <= 5013"), rec.capture("h1", *PATHS, snaplen=128, only="tcp"):
        rec.progress("a receiver that does not read")
        slow = pour("slow", "near", p["buffer"])
        slow.send(3 * p["buffer"])
        rec.wait(p["patience"])
        rec.mark("slow-reads")
        slow.read(3 * p["buffer"])
        said["slow"] = slow.settle()
        rec.mark("slow-end")

        rec.progress("a window update is lost")
        deaf = pour("deaf", "near", p["buffer"])
        deaf.send(2 * p["buffer"])
        rec.wait(3)
        with rec.lose("lost-update", "s1-eth2", f"tcp sport {PORTS['deaf']}", nth=[1]):
            rec.mark("deaf-reads")
            deaf.read(2 * p["buffer"])
            said["deaf"] = deaf.settle()

        rec.progress("one segment at a time")
        for path in PATHS:
            one = pour(f"stop-{path}", path, p["window"])
            for number in range(p["stop_segments"]):
                one.send(MSS)
                said[f"stop-{path}"] = one.settle()
                one.read((number + 1) * MSS)

        rec.progress("a window at a time")
        for path in PATHS:
            through(f"window-{path}", path, p["window"], 8 * p["window"])
        through("double", "mid", 2 * p["window"], 12 * p["window"])
        through("small", "mid", p["window"], 8 * p["window"], mss=SMALL)
    rec.keep("kernel", said)


MSS = 1448  # bytes of payload in a full segment, with timestamps in its header
SMALL = 736  # TCP_MAXSEG of segments with half as much: it counts the 12 bytes of timestamps, too


@scene(work=["*.py"])
def sender(net, rec, work):
    """Your sender."""
    from lab.receiver import Receiver
    h1, lossy, p = net["h1"], net["lossy"], rec.params
    rec.run("ping", h1, f"ping -c1 {p['lossy']}")  # fills the ARP caches
    message = text(p["task_size"])
    data, answers = f"udp dport {TASK_PORT} udp length > 12", f"udp sport {TASK_PORT}"
    # The last segment is shorter than all others. It is lost, too: behind it no answer comes that could tell.
    tail = f"udp dport {TASK_PORT} udp length {12 + (p['task_size'] % p['segment'])}"
    with (rec.capture("h1", "lossy", only=f"udp port {TASK_PORT}"),
          Receiver(lossy, TASK_PORT, p["task_window"], p["_lumps"]) as inbox):
        with rec.lose_each("s1-eth1", {"lost-data": (data, p["_task_lost"]), "lost-tail": (tail, [1])}):
            with rec.lose("lost-answer", "s1-eth5", answers, nth=[1, p["_task_lost_answer"]]):
                rec.mark("task-start")
                rec.student("sender", h1, ["python3", "-S", "-E", "sender.py", p["lossy"], str(TASK_PORT),
                                           str(p["segment"])], input=message, timeout=LIMIT)
                rec.wait(0.5)
    rec.keep("message", message)
    rec.keep("delivered", inbox.delivered.decode("utf-8", "replace"))
    rec.keep("receiver", {"beyond": inbox.beyond, "duplicates": inbox.duplicates, "broken": inbox.broken})


def text(size: int) -> str:
    """A message in which every line differs, of so many bytes: a character is not always a byte, and it begins and ends
    with white space."""
    lines = (f"This is line {number} of the message, and no other line is like it.\n" for number in range(size // 50))
    return ("\n \N{EN DASH} " + "".join(lines))[:size - 3] + "\n"
