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

@mutant.work("simplex: the other way round", breaks="R1")
def wrong_way(work, params):
    text = (work.folder / "simplex.tc").read_text()
    work.write("simplex.tc", text.replace("eth1", "ethX").replace("eth2", "eth1").replace("ethX", "eth2"))


@mutant.work("simplex: with a slow way back", breaks="R2")
def slow_way_back(work, params):
    work.edit("simplex.tc", "action drop", "action mirred egress redirect dev ifb1")
    work.edit("simplex.tc", "qdisc add dev s1-eth1", "qdisc add dev ifb1 root netem rate 50kbit\nqdisc add dev s1-eth1")


@mutant.work("simplex: filters before the qdisc that they belong to", breaks="R1")
def wrong_order(work, params):
    lines = (work.folder / "simplex.tc").read_text().splitlines()
    work.write("simplex.tc", "\n".join(sorted(lines)) + "\n")


@mutant.work("half duplex: two channels of the full rate", breaks="R3")
def half_is_full(work, params):
    work.edit("half.tc", SHARED, SHARED.replace("ifb0", OTHER))
    work.edit("half.tc", "qdisc add dev s1-eth1",
              f"qdisc add dev ifb1 root netem rate {params['own_half']}kbit\nqdisc add dev s1-eth1")


@mutant.work("half duplex: two channels of half the rate", breaks="R4")
def two_halves(work, params):
    half_is_full.mutant.function(work, params)
    work.edit("half.tc", f"rate {params['own_half']}kbit", f"rate {params['own_half'] / 2:g}kbit")


@mutant.work("half duplex: h2's end is forgotten", breaks="R3")
def one_end(work, params):
    work.edit("half.tc", f"filter add dev {SHARED}", "")


@mutant.work("half duplex: a queue of five frames", breaks="R7")
def few_frames(work, params):
    work.edit("half.tc", "kbit", "kbit limit 5")


@mutant.work("full duplex: the rates are exchanged", breaks="R5")
def exchanged(work, params):
    text = (work.folder / "full.tc").read_text()
    work.write("full.tc", text.replace("redirect dev ifb0", "redirect dev ifbX").replace("redirect dev ifb1",
               "redirect dev ifb0").replace("ifbX", "ifb1"))


@mutant.work("full duplex: one channel of both rates together", breaks="R5")
def one_big_channel(work, params):
    work.edit("full.tc", "redirect dev ifb1", "redirect dev ifb0")
    work.edit("full.tc", f"rate {params['own_there']}kbit", f"rate {params['own_there'] + params['own_back']}kbit")


@mutant.work("full duplex: no channel for h2, so that its frames pass at once", breaks="R6")
def free_way_back(work, params):
    work.edit("full.tc", f"filter add dev {SHARED.replace('ifb0', OTHER)}", "")


@mutant.work("full duplex: kilobytes for kilobits", breaks="R5")
def kilobytes(work, params):
    work.edit("full.tc", "kbit", "kbps")


@mutant.work("full duplex: shaped by another qdisc than the handout lists", breaks="R5")
def other_qdisc(work, params):
    work.edit("full.tc", f"netem rate {params['own_there']}kbit",
              f"tbf rate {params['own_there']}kbit burst 1600 limit 1000000")


@mutant.work("simplex: kilobytes for kilobits", breaks="R1")
def simplex_kilobytes(work, params):
    work.edit("simplex.tc", "kbit", "kbps")


@mutant.work("simplex: h2's frames pass at once", breaks="R1")
def no_channel(work, params):
    work.edit("simplex.tc", "filter add dev s1-eth2 ingress matchall action mirred egress redirect dev ifb0", "")


@mutant.work("simplex: h1's end is forgotten, so that its frames pass at once", breaks="R2")
def forgotten_end(work, params):
    work.edit("simplex.tc", "filter add dev s1-eth1 ingress matchall action drop", "")


@mutant.work("simplex: both ends send into the channel", breaks="R2")
def both_ends(work, params):
    work.edit("simplex.tc", "action drop", "action mirred egress redirect dev ifb0")


@mutant.work("half duplex: h2's frames are dropped", breaks="R3")
def one_way(work, params):
    work.edit("half.tc", SHARED, "s1-eth2 ingress matchall action drop")


@mutant.work("half duplex: a tenth slower than it should be", breaks="R4")
def slow_half(work, params):
    work.edit("half.tc", f"rate {params['own_half']}kbit", f"rate {params['own_half'] * 0.9:g}kbit")


@mutant.work("half duplex: one percent faster than it should be", breaks="R3")
def fast_half_wire(work, params):
    work.edit("half.tc", f"rate {params['own_half']}kbit", f"rate {params['own_half'] * 1.01:.3f}kbit")


@mutant.work("full duplex: h1's direction has h2's rate, too", breaks="R5")
def same_rates(work, params):
    work.edit("full.tc", f"rate {params['own_there']}kbit", f"rate {params['own_back']}kbit")


@mutant.work("full duplex: h2's direction has h1's rate, too", breaks="R6")
def same_rates_back(work, params):
    work.edit("full.tc", f"rate {params['own_back']}kbit", f"rate {params['own_there']}kbit")


@mutant.work("full duplex: no rate for the channel of h2", breaks="R6")
def no_rate_back(work, params):
    work.edit("full.tc", f"qdisc add dev ifb1 root netem rate {params['own_back']}kbit", "")


@mutant.work("simplex: a queue of five frames", breaks="R7")
def short_simplex(work, params):
    work.edit("simplex.tc", "kbit", "kbit limit 5")


@mutant.work("simplex: a queue of twenty frames", breaks="R7")
def twenty_frames(work, params):
    work.edit("simplex.tc", "kbit", "kbit limit 20")


@mutant.work("full duplex: a queue of thirty frames for h1", breaks="R7")
def thirty_frames(work, params):
    work.edit("full.tc", f"{params['own_there']}kbit", f"{params['own_there']}kbit limit 30")


@mutant.work("full duplex: a queue of five frames for h2", breaks="R7")
def short_way_back(work, params):
    work.edit("full.tc", f"{params['own_back']}kbit", f"{params['own_back']}kbit limit 5")


# --- right cables, written otherwise ---

@mutant.right("the other channel, rates in other units, room for more, in another order, with comments")
def other_units(work, params):
    simplex, half = (params[f"own_{kind}"] for kind in ("simplex", "half"))
    work.write("simplex.tc", f"""# from h2 to h1
qdisc add dev s1-eth2 ingress
filter add dev s1-eth2 ingress   matchall action mirred egress redirect dev ifb1
qdisc add dev s1-eth1 ingress  # h1's end
filter add dev s1-eth1 ingress matchall action drop

qdisc add dev ifb1 root netem rate {simplex / 1000:g}mbit limit 5000
""")
    work.write("half.tc", f"""qdisc add dev s1-eth1 ingress
qdisc add dev s1-eth2 ingress
qdisc add dev ifb1 root netem rate {half / 8:g}kbps limit 9000
filter add dev s1-eth2 ingress matchall action mirred egress redirect dev ifb1
filter add dev s1-eth1 ingress matchall action mirred egress redirect dev ifb1
""")


@mutant.right("channels exchanged, rates in bit/s and in Kbit, an unused channel with a rate that names no unit")
def other_channels(work, params):
    work.write("full.tc", f"""qdisc add dev ifb0 root netem rate {params['own_back']}000bit
qdisc add dev ifb1 root netem rate {params['own_there']}Kbit limit 99999
qdisc add dev s1-eth2 ingress
qdisc add dev s1-eth1 ingress
filter add dev s1-eth1 ingress matchall action mirred egress redirect dev ifb1
filter add dev s1-eth2 ingress matchall action mirred egress redirect dev ifb0
""")
    text = (work.folder / "simplex.tc").read_text()
    work.write("simplex.tc", f"qdisc add dev ifb1 root netem rate {params['own_back']}000\n{text}")


# --- wrong answers ---

@mutant.answers("takes half duplex to be as quick as full duplex")
def as_quick(answers, params):
    answers["half_seconds"] = answers["full_seconds"]


@mutant.answers("takes full duplex to be as slow as half duplex")
def twice_as_long(answers, params):
    answers["full_seconds"] = answers["half_seconds"]


@mutant.answers("forgets that a byte has eight bits")
def bytes_for_bits(answers, params):
    answers["frame_ms"] /= 8


@mutant.answers("counts the data without the headers")
def without_headers(answers, params):
    answers["frame_ms"] = (params["h1_frame"] - 42) * 8 / params["rate"]


@mutant.answers("says that simplex adds up to 2 R")
def simplex_is_two(answers, params):
    answers["simplex_sum"] = 2 * params["rate"]


@mutant.answers("says that simplex adds up to half of R")
def simplex_is_half(answers, params):
    answers["simplex_sum"] = params["rate"] / 2


@mutant.answers("says that half duplex adds up to half of R")
def half_is_half(answers, params):
    answers["half_sum"] = params["rate"] / 2


@mutant.answers("says that half duplex adds up to 2 R")
def half_is_two(answers, params):
    answers["half_sum"] = 2 * params["rate"]


@mutant.answers("says that full duplex adds up to R")
def full_is_one(answers, params):
    answers["full_sum"] = params["rate"]


@mutant.answers("says that h1 gets all of it")
def all_for_h1(answers, params):
    answers["half_h1"] = params["rate"]


@mutant.answers("says that frames take turns")
def by_turns(answers, params):
    sizes = params["h1_frame"], params["h2_frame"]
    answers["half_h1"] = params["rate"] * sizes[0] / sum(sizes)


@mutant.answers("says that no request arrives")
def no_requests(answers, params):
    answers["arp_requests_at_h2"] = 0


@mutant.answers("says that h1 asks once")
def one_request(answers, params):
    answers["arp_requests_at_h2"] = 1


@mutant.answers("says that the answers arrive")
def answered(answers, params):
    answers["arp_replies_at_h1"] = 3


@mutant.answers("says that h2 reports it")
def told_by_h2(answers, params):
    answers["unreachable_from"] = params["h2"]


@mutant.answers("says that a TCP client gives up after one SYN")
def one_syn(answers, params):
    answers["syns_at_h2"] = 1


@mutant.answers("says that no SYN arrives")
def no_syns(answers, params):
    answers["syns_at_h2"] = 0


@mutant.answers("says that h2's flow arrives")
def all_arrive(answers, params):
    answers["h2_frames_at_h1"] = params["h2_frames"]
