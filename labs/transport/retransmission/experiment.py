"""Retransmission: exact segments are lost on a short and on a long path, and a peer vanishes for good.

    h1 ── s1 ── near (some 20 ms of RTT)
             └─ far  (some 300 ms)

h1 is always the sender. Each conversation has a port of its own. What is lost is lost in s1, as it comes in from h1.
Where nothing else is said, a segment is sent when the one before it is acknowledged: no duplicate ACK can come, and
with the tail loss probe turned off the timer is all there is.
"""

import random
from dataclasses import dataclass, field

from mnlab.lab import Allowed, Diagram, scene

PORTS = {"lost": 5001, "probe": 5002, "timer": 5003, "karn": 5004, "far": 5005, "jump": 5006, "walk": 5007,
         "gone": 5011, "gone-far": 5012, "idle": 5013, "call": 5014}
DYING = ("gone", "gone-far", "idle", "call")
DEAD = "tcp dport 5011-5014"  # what is sent to these ports is lost from some moment on
EARLY, TIMESTAMPS = "net.ipv4.tcp_early_retrans", "net.ipv4.tcp_timestamps"
LINEAR = "net.ipv4.tcp_syn_linear_timeouts"
NO_PROBE, PROBE = 0, 3  # Linux has 3: a tail loss probe is sent ahead of the timer
FULL = 1000  # bytes: two such segments cannot be joined into one, which Linux would do (tcp_retrans_try_collapse)
SPACING = 0.03  # s between the three segments of the conversation "timer"
TASK = ("far", "walk", "gone")  # conversations that the student's program is told of
LIMITS = ("0.2", "120", "0.004")  # for the student's RTO (s): Linux's least, its largest, and its clock's tick

lab_seconds = 1600  # a peer that has vanished is given up after more than a quarter of an hour
allowed = Allowed()
needs = ("netem", "nftables", "trace", "tun")

diagram = Diagram(captures=("h1", "near"), protocols=("tcp",), first="lost-start", last="lost-end", seen_by="h1")


def variant(rng: random.Random) -> dict:
    """Delays in ms, one way; sizes in bytes; segments are counted from 1."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    hosts = rng.sample(range(2, 250), 3)
    walk = [rng.randrange(6, 10) for _ in range(4)]  # segments sent at each delay
    return {
        **{name: f"{net}.{number}" for name, number in zip(("h1", "near", "far"), hosts)}, "net": f"{net}.0/24",
        "near_delay": rng.randrange(8, 15), "far_delay": rng.randrange(130, 171), "size": rng.randrange(200, 1001),
        "lost": rng.randrange(4, 8), "karn": rng.randrange(3, 6),
        "jump": rng.randrange(280, 341), "gone": rng.randrange(3, 6), "gone_far": rng.randrange(3, 9),
        "idle": rng.randrange(20, 41),
        "walk": walk,
        "walk_lost": [walk[0] + rng.randrange(3, 6), walk[0] + walk[1] + rng.randrange(3, 6)],
    }


def secret(rng, params) -> dict:
    """What decides which times the student's timer is told: how many segments "far" has, what each change of the path
    of "walk" adds to the way back from `near`, and what is made up, with least and largest timeouts of its own, with a
    fine tick and a coarse one, and with a least timeout of more than the first one, doubled.
    """
    return {"_far_segments": rng.randrange(8, 13),
            "_walk_extra": [0, rng.randrange(70, 121), rng.randrange(20, 51), rng.randrange(100, 151)],
            "_made_up": {name: [rng.randrange(10**6), [f"{rng.uniform(*ends):.3f}" for ends in bounds]]
                         for name, bounds in (("rto-made-up", ((0.25, 0.4), (8, 20), (0.08, 0.12))),
                                              ("rto-coarse", ((0.1, 0.15), (4, 6), (0.4, 0.6))),
                                              ("rto-patient", ((2.2, 3), (15, 30), (0.08, 0.12))))}}


def topology(params):
    from topologies.star import Star
    return Star({name: (f"{params[name]}/24", delay and f"{delay}ms")
                 for name, delay in (("h1", None), ("near", params["near_delay"]), ("far", params["far_delay"]))})


def losses(p: dict) -> dict[str, list[int]]:
    """Which of the data segments that h1 sends in each conversation are lost, first ones and repetitions counted."""
    return {"lost": [p["lost"]], "probe": [6, 7], "timer": [2, 3, 4],
            "karn": [p["karn"], p["karn"] + 2],  # a segment, and the one after it
            "walk": [p["walk_lost"][0], p["walk_lost"][1] + 1], "far": [p["_far_segments"]]}


@scene(work=["*.py"])
def conversations(net, rec, work):
    """Conversations that lose segments, and your timer."""
    from lab.tale import made_up
    from mnlab.net.tap import Tap
    h1, near, far, p = net["h1"], net["near"], net["far"], rec.params
    stage = Stage(rec, h1, near, far, Tap(h1))
    h1.sysctl("net.ipv4.tcp_no_metrics_save", 1)  # a connection learns nothing from the one before
    h1.sysctl(EARLY, NO_PROBE)
    rec.save("linear-timeouts", h1, f"sysctl -e {LINEAR}")  # -e: kernels before 6.5 have none
    for host in (near, far):  # each segment is acknowledged at once: what is measured is the path
        rec.run(f"{host.name}-acks", host, f"ip route change {p['net']} dev {host.name}-eth0 quickack 1")
        rec.run(f"{host.name}-ping", h1, f"ping -c1 {host.IP()}")  # fills the ARP caches

    with rec.trace(only="dport >= 5001 && dport <= 5014"), rec.capture("h1", "near", "far", only="tcp"):
        with rec.lose_each("s1-eth1", {f"{name}-loss": (f"tcp dport {PORTS[name]} ip length > 100", nth)
                                       for name, nth in losses(p).items()}):
            for step in (one_is_lost, a_tail_is_lost, three_are_lost, sent_twice, the_path_changes, a_long_path):
                step(stage)
        too_early(stage)
        vanished(stage)

    rec.keep("kernel", {name: talk.looks for name, talk in stage.talks.items()})
    rec.keep("ends", {name: stage.talks[name].end for name in DYING})
    rec.progress("your timer decides again")
    told = story(rec)
    tales = [(name, limits, made_up(seed, limits)) for name, (seed, limits) in p["_made_up"].items()]
    for name, limits, lines in (("rto", LIMITS, told), *tales):
        rec.keep(f"{name}-story", lines)
        rec.student(name, h1, ["python3", "-S", "-E", "rto.py", *limits], input=lines)


# --- the steps --------------------------------------------------------------------------------------------------------

@dataclass
class Stage:
    """What the steps have in common."""

    rec: object
    h1: object
    near: object
    far: object
    tap: object
    talks: dict = field(default_factory=dict)

    @property
    def p(self) -> dict:
        return self.rec.params

    def talk(self, name: str, peer=None, size: int = 0):
        """Open the conversation `name`, and mark its beginning."""
        from lab.talk import Talk
        self.rec.mark(f"{name}-start")
        self.talks[name] = Talk(self.rec, self.tap, self.h1, peer or self.near, PORTS[name], size or self.p["size"])
        return self.talks[name]

    def delay_acks(self, name: str, extra: int) -> None:
        """Make the way back from `near` longer by `extra` ms than it was in the beginning.

        Not the way there: Linux does not send again what still waits in a queue of its own computer
        (skb_still_in_host_queue), and all of this network is one computer.
        """
        self.rec.run(name, self.near, "tc qdisc change dev near-eth0 root handle 1: netem limit 1000 "
                                      f"delay {self.p['near_delay'] + extra}ms")


def one_is_lost(stage):
    stage.rec.progress("one segment is lost")
    stage.talk("lost").exchange(stage.p["lost"] + 2)
    stage.rec.mark("lost-end")


def a_tail_is_lost(stage):
    """Four segments at once, of which the last two are lost, with Linux's tail loss probe on.

    Linux takes an answer to what was sent twice for one to the first copy if it comes sooner than any answer before
    (net/ipv4/tcp_recovery.c, tcp_rack_advance()). So the path is longer by then.
    """
    stage.h1.sysctl(EARLY, PROBE)
    tail = stage.talk("probe")
    tail.exchange(3)
    stage.delay_acks("probe-path", 10)
    for _ in range(4):
        tail.send()
    tail.settle()
    stage.delay_acks("probe-home", 0)
    stage.h1.sysctl(EARLY, NO_PROBE)


def three_are_lost(stage):
    """Three segments in flight, sent some time apart: how many timers run?"""
    three = stage.talk("timer", size=FULL)
    three.exchange(1)
    for _ in range(3):
        three.send()
        stage.rec.wait(SPACING)
    three.settle()


def sent_twice(stage):
    """ACKs of segments that were sent twice, without timestamps: which copy do they answer?"""
    stage.h1.sysctl(TIMESTAMPS, 0)
    stage.talk("karn").exchange(stage.p["karn"] + 3)


def the_path_changes(stage):
    """The path's length changes three times; one segment is lost on the second stretch, and one on the third."""
    stage.rec.progress("the path changes under way")
    walk = stage.talk("walk")
    for number, (count, extra) in enumerate(zip(stage.p["walk"], stage.p["_walk_extra"])):
        if extra:
            stage.delay_acks(f"walk-{number}", extra)
        walk.exchange(count)
    stage.delay_acks("walk-home", 0)
    stage.h1.sysctl(TIMESTAMPS, 1)


def a_long_path(stage):
    stage.rec.progress("a long path")
    stage.talk("far", stage.far).exchange(stage.p["_far_segments"] + 1)


def too_early(stage):
    """The path's length grows beyond the timeout: nothing is lost, and yet the timer goes off."""
    jump = stage.talk("jump")
    jump.exchange(3)
    stage.delay_acks("jump-delay", stage.p["jump"])
    jump.exchange(4)
    stage.delay_acks("jump-home", 0)


def vanished(stage):
    """What h1 sends is lost from some moment on: two connections with data to send, an idle one, and a new one."""
    from lab.talk import Call, until_given_up
    rec, talks = stage.rec, stage.talks
    rec.progress("the peers vanish: until h1 gives up")
    stage.talk("gone").exchange(stage.p["gone"])
    stage.talk("gone-far", stage.far).exchange(stage.p["gone_far"])
    stage.talk("idle").exchange(1)
    keep_alive(talks["idle"].near, stage.p["idle"])
    with rec.lose("vanished", "s1-eth1", DEAD):
        rec.mark("silent")
        talks["gone"].send()
        talks["gone-far"].send()
        talks["call"] = Call(rec, stage.tap, stage.h1, (stage.near.IP(), PORTS["call"]))
        until_given_up(rec, stage.tap, {name: talks[name] for name in DYING}, timeout=1400)
    rec.mark("back")
    talks["gone"].far.send(b"are you still there?")
    rec.wait(1)


def keep_alive(connection, idle: int) -> None:
    """Ask for a sign of life after `idle` seconds of silence. What comes then is Linux's own: 9 probes, 75 s apart."""
    import socket
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle)


def story(rec) -> str:
    """What happened to h1 in the conversations of the task, a line each, from its own capture."""
    from mnlab.evidence import layout
    from mnlab.protocols import capture, tcp
    frames = capture.read_capture(rec.folder / layout.CAPTURES / "h1-eth0.pcap", rec.start_ns)
    found = {one.server.port: one for one in tcp.connections(frames)}
    return "\n".join(line for name in TASK for line in [f"connection {name}", *lines_of(found.get(PORTS[name]))]) + "\n"


def lines_of(connection):
    """"sent FIRST END TIME", "ack NEXT TIME", "timeout TIME": numbers as on the wire, but the SYN's is 0."""
    acked = 0
    for segment in connection.segments if connection else ():
        time = f"{segment.time - connection.time:.6f}"
        if segment.sender == "server" and (segment.ack or 0) > acked:
            acked = segment.ack
            yield f"ack {acked} {time}"
        elif segment.sender == "client" and segment.size:
            if not segment.fresh:
                yield f"timeout {time}"
            yield f"sent {segment.seq} {segment.end} {time}"
