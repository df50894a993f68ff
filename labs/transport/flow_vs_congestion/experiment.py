"""Who holds a sender back? The same transfer with a slow receiver and with a slow link; then six that are unlabelled.

    h1 ── s1 ══ the link ══ s2 ── h2

All connections go from h1 to h2, one after the other, each to a port of its own. s1's queue is before the link.
"""

from mnlab.lab import Allowed, Diagram, scene

SEGMENT = 1448  # bytes of payload: MTU 1500 less the headers of IP and TCP with timestamps
FRAME = 1514  # bytes of a full frame, as a queue counts it
LETTERS, SOME, ALONE = "ABCDEF", "PQRS", "X"  # as the student's program is told of the six, of some, and of one again
#: What holds the unlabelled six back; two each that are the receiver's, the sender's, the network's doing.
CAUSES = ("slow reader", "small buffer", "slow writer", "small send buffer", "short queue", "deep queue")
TRACED = "dport >= 5001 && dport <= 5016"

allowed = Allowed()
needs = ("netem", "tbf", "trace", "nftables")

diagram = Diagram(captures=("h1", "h2"), protocols=("tcp",), hosts=("h1", "h2"), scene="labelled",
                  first="receiver-held", limit=36)


def variant(rng) -> dict:
    """Rates in Mbit/s, `delay` in ms (each way), `queue` and `deep` in frames, buffers in bytes.

    The receiver's window (about `buffer` bytes) is larger than what fits into the slow link and its queue, and smaller
    than what fits into the fast link and the same queue: so one number, the link's rate, decides who limits. What h2
    reads at once fits into the queue, too: when its window opens, h1 sends that much in one burst.
    """
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    queue = rng.randrange(16, 19)
    causes = rng.sample(CAUSES, len(CAUSES))
    return {
        "h1": f"{net}.{rng.randrange(2, 120)}", "h2": f"{net}.{rng.randrange(120, 250)}",
        "delay": rng.randrange(18, 23), "fast": 10.0, "slow": rng.choice([0.5, 0.55, 0.6]),
        "reader": rng.choice([0.7, 0.75, 0.8, 0.85]),
        "queue": queue, "deep": 80, "buffer": rng.randrange(31, 35) * SEGMENT, "size": 180 * SEGMENT,
        "receiver_port": 5001, "link_port": 5002, "deep_port": 5003,
        "causes": dict(zip(LETTERS, causes)),
        "ports": {letter: 5011 + number for number, letter in enumerate(LETTERS)},
    }


def secret(rng, params) -> dict:
    """In which order the student's program is told of the unlabelled six: its A is the first of `_told`. When it is
    told of some of them once more, its P is the first of `_told_again`, which has both of one kind and one of another;
    `_told_alone` is of the third kind. And what, but for their causes, makes the six what they are: otherwise a program
    would know them by their numbers from a run before.
    """
    of = {cause: letter for letter, cause in params["causes"].items()}
    one, another, third = rng.sample([CAUSES[:2], CAUSES[2:4], CAUSES[4:]], 3)
    some = [of[cause] for cause in (*one, rng.choice(another))]
    return {
        "_told": rng.sample(LETTERS, len(LETTERS)), "_told_again": rng.sample(some, len(some)),
        "_told_alone": of[rng.choice(third)],
        "_unlabelled": {"size": rng.randrange(110, 130) * SEGMENT, "rate": rng.choice([0.9, 1.0, 1.1]),
                        "window": rng.randrange(14, 18) * SEGMENT, "send_buffer": rng.randrange(5000, 7000),
                        "block": rng.randrange(6, 8) * SEGMENT, "queue": rng.randrange(7, 10),
                        "reader_buffer": rng.randrange(24, 28) * SEGMENT,
                        "deep_buffer": rng.randrange(24, 30) * SEGMENT, "lost": rng.randrange(45, 70)},
    }


def topology(params):
    from topologies.dumbbell import Dumbbell
    return Dumbbell(addresses=[f"{params[host]}/24" for host in ("h1", "h2")], bottleneck={
        "bw": params["fast"], "delay": f"{params['delay']}ms", "max_queue_size": params["queue"]})


@scene
def labelled(net, rec):
    """Three transfers that differ in one thing each."""
    from lab import flows
    stage, p = flows.Stage(net, rec), rec.params
    flows.prepare(stage)
    with rec.capture("h1", "h2"), rec.trace(only=TRACED):
        rec.progress("a slow receiver on a fast link")
        flows.labelled(stage, "receiver")
        rec.progress("the same receiver on a slow link")
        flows.link(stage, p["slow"], p["queue"])
        flows.labelled(stage, "link")
        rec.progress("the same with a deep queue")
        flows.link(stage, p["slow"], p["deep"])
        flows.labelled(stage, "deep")


@scene(work=["*.py"])
def unlabelled(net, rec, work):
    """Six connections without a label, and your program."""
    from lab import flows
    stage, p = flows.Stage(net, rec), rec.params
    flows.prepare(stage)
    six = {cause: letter for letter, cause in p["causes"].items()}
    with rec.capture("h1", "h2"), rec.trace(only=TRACED):
        rec.progress("six connections without a label")
        for cause in CAUSES[:4]:
            flows.unlabelled(stage, six[cause], cause)
        flows.link(stage, p["_unlabelled"]["rate"], p["deep"])
        flows.unlabelled(stage, six["deep queue"], "deep queue")
        flows.link(stage, p["_unlabelled"]["rate"], p["_unlabelled"]["queue"])
        flows.unlabelled(stage, six["short queue"], "short queue")
    rec.progress("your program")
    for name, letters, told in (("diagnose", LETTERS, p["_told"]), ("diagnose-some", SOME, p["_told_again"]),
                                ("diagnose-one", ALONE, p["_told_alone"])):
        story = flows.samples(rec, {letter: p["ports"][one] for letter, one in zip(letters, told)})
        rec.keep(f"{name}-samples", story)
        rec.student(name, net["h1"], "python3 -S -E diagnose.py", input=story)
