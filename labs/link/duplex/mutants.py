"""Ways to break the duplex lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("two_ways", "short_queue", "one_channel", "half_is_full", "exchanged", "wrong_way")

SHARED, OTHER = "s1-eth2 ingress matchall action mirred egress redirect dev ifb0", "ifb1"


def tamper(net, params, kind: str, old: str, new: str) -> None:
    """Let the lab's own cable of one kind be another than the experiment asks for."""
    marks = {"simplex": "s1-eth2 ingress matchall action drop", "half": SHARED, "full": SHARED.replace("ifb0", OTHER)}
    lay = net["s1"].run

    def run(command, **options):
        text = options.get("input") or ""
        if marks[kind] in text and f"rate {params['rate']}kbit" in text:
            options["input"] = text.replace(old, new)
        return lay(command, **options)
    net["s1"].run = run


# --- the network misbehaves ---

@mutant.network("the simplex cable carries h2's frames, too", scenes=["kernel"])
def two_ways(net, params):
    tamper(net, params, "simplex", "s1-eth2 ingress matchall action drop", SHARED)


@mutant.network("the simplex cable has half its rate", scenes=["kernel"])
def slow_simplex(net, params):
    tamper(net, params, "simplex", f"rate {params['rate']}kbit", f"rate {params['rate'] // 2}kbit")


@mutant.network("the simplex cable carries nothing at all", scenes=["kernel"])
def dead_cable(net, params):
    tamper(net, params, "simplex", "mirred egress redirect dev ifb0", "drop")


@mutant.network("h1 knows h2's MAC address beforehand", scenes=["kernel"])
def static_entry(net, params):
    mac = next(str(intf.mac) for intf in net["h2"].intfList() if intf.name != "lo")
    net["h1"].run(f"ip neigh replace {params['h2']} lladdr {mac} dev h1-eth0 nud permanent")


@mutant.network("h2 does not answer SYNs", scenes=["kernel"])
def silent_server(net, params):
    net["h2"].run(["nft", "-f", "-"], input="table ip lab { chain in { type filter hook input priority 0; "
                                            "ip protocol tcp drop; }; }")


@mutant.network("on the half-duplex cable, h2 has a channel of its own", scenes=["kernel"])
def second_channel(net, params):
    tamper(net, params, "half", SHARED, SHARED.replace("ifb0", OTHER) + f"\nqdisc add dev ifb1 root netem rate "
           f"{params['rate']}kbit")


@mutant.network("the half-duplex cable has a short queue, and loses what does not fit", scenes=["kernel"])
def short_queue(net, params):
    tamper(net, params, "half", f"rate {params['rate']}kbit", f"rate {params['rate']}kbit limit 5")


@mutant.network("the half-duplex cable is a tenth faster than it should be", scenes=["kernel"])
def fast_half(net, params):
    tamper(net, params, "half", f"rate {params['rate']}kbit", f"rate {params['rate'] * 1.1:.0f}kbit")


@mutant.network("the full-duplex cable has one channel", scenes=["kernel"])
def one_channel(net, params):
    tamper(net, params, "full", "redirect dev ifb1", "redirect dev ifb0")


# --- wrong cables ---

@mutant.work("simplex: the other way round")
def wrong_way(work, params):
    text = (work.folder / "simplex.tc").read_text()
    work.write("simplex.tc", text.replace("eth1", "ethX").replace("eth2", "eth1").replace("ethX", "eth2"))


@mutant.work("simplex: with a slow way back")
def slow_way_back(work, params):
    work.edit("simplex.tc", "action drop", "action mirred egress redirect dev ifb1")
    work.edit("simplex.tc", "qdisc add dev s1-eth1", "qdisc add dev ifb1 root netem rate 50kbit\nqdisc add dev s1-eth1")


@mutant.work("simplex: filters before the qdisc that they belong to")
def wrong_order(work, params):
    lines = (work.folder / "simplex.tc").read_text().splitlines()
    work.write("simplex.tc", "\n".join(sorted(lines)) + "\n")


@mutant.work("half duplex: two channels of the full rate")
def half_is_full(work, params):
    work.edit("half.tc", SHARED, SHARED.replace("ifb0", OTHER))
    work.edit("half.tc", "qdisc add dev s1-eth1",
              f"qdisc add dev ifb1 root netem rate {params['own_half']}kbit\nqdisc add dev s1-eth1")


@mutant.work("half duplex: two channels of half the rate")
def two_halves(work, params):
    half_is_full.mutant.function(work, params)
    work.edit("half.tc", f"rate {params['own_half']}kbit", f"rate {params['own_half'] / 2:g}kbit")


@mutant.work("half duplex: h2's end is forgotten")
def one_end(work, params):
    work.edit("half.tc", f"filter add dev {SHARED}", "")


@mutant.work("half duplex: a queue of five frames")
def few_frames(work, params):
    work.edit("half.tc", "kbit", "kbit limit 5")


@mutant.work("full duplex: the rates are exchanged")
def exchanged(work, params):
    text = (work.folder / "full.tc").read_text()
    work.write("full.tc", text.replace("redirect dev ifb0", "redirect dev ifbX").replace("redirect dev ifb1",
               "redirect dev ifb0").replace("ifbX", "ifb1"))


@mutant.work("full duplex: one channel of both rates together")
def one_big_channel(work, params):
    work.edit("full.tc", "redirect dev ifb1", "redirect dev ifb0")
    work.edit("full.tc", f"rate {params['own_there']}kbit", f"rate {params['own_there'] + params['own_back']}kbit")


@mutant.work("full duplex: no channel for h2, so that its frames pass at once")
def free_way_back(work, params):
    work.edit("full.tc", f"filter add dev {SHARED.replace('ifb0', OTHER)}", "")


@mutant.work("full duplex: kilobytes for kilobits")
def kilobytes(work, params):
    work.edit("full.tc", "kbit", "kbps")


@mutant.work("full duplex: shaped by another qdisc than the handout lists")
def other_qdisc(work, params):
    work.edit("full.tc", f"netem rate {params['own_there']}kbit",
              f"tbf rate {params['own_there']}kbit burst 1600 limit 1000000")


# --- wrong answers ---

@mutant.answers("takes half duplex to be as quick as full duplex")
def as_quick(answers, params):
    answers["half_seconds"] = answers["full_seconds"]


@mutant.answers("forgets that a byte has eight bits")
def bytes_for_bits(answers, params):
    answers["frame_ms"] /= 8


@mutant.answers("says that full duplex adds up to R")
def full_is_one(answers, params):
    answers["full_sum"] = params["rate"]


@mutant.answers("says that a TCP client gives up after one SYN")
def one_syn(answers, params):
    answers["syns_at_h2"] = 1
