"""Ways to break the sequence number lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("copies", "no_cookie", "quick_acks", "two_syns_lost", "no_fin_with_data", "begin_low", "patient")

# --- the network or a kernel misbehaves ---

#: Rules for s1, which passes on what it gets from h1 (s1-eth1) and from h2 (s1-eth2).
RULES = """table bridge mutant {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    {}
  }}
}}
"""


def rule(net, text: str) -> None:
    net["s1"].run(["nft", "-f", "-"], input=RULES.format(text))


@mutant.network("h2 acknowledges everything at once")
def quick_acks(net, params):
    net["h2"].run(f"ip route change {params['net']}.0/24 dev h2-eth0 src {params['net']}.2 quickack 1")


@mutant.network("s1 passes every frame on to h1 twice")
def copies(net, params):
    net["s1"].run(f"tc qdisc replace dev s1-eth1 root netem delay {params['delay']}ms duplicate 100%")


@mutant.network("s1 loses h1's second SYN as well")
def two_syns_lost(net, params):
    rule(net, "tcp sport 6106 tcp flags syn numgen inc mod 1000 0 drop")


@mutant.network("s1 loses SYNs that carry data")
def no_data_in_syns(net, params):
    rule(net, "tcp flags & (syn|ack) == syn ip length > 90 drop")


@mutant.network("s1 takes the Fast Open option off SYNs")
def no_fast_open(net, params):
    rule(net, "tcp flags syn reset tcp option fastopen")


@mutant.network("h1 opens fast without a cookie")
def no_cookie(net, params):
    net["h1"].run(f"ip route change {params['net']}.0/24 dev h1-eth0 src {params['net']}.1 fastopen_no_cookie 1")


@mutant.network("s1 takes the FIN flag off segments with data")
def no_fin_with_data(net, params):
    rule(net, "tcp flags & fin == fin ip length > 60 tcp flags set ack")


@mutant.network("the client's numbers of the table do not wrap")
def begin_low(net, params):
    params["isn"] %= 2**31


@mutant.network("s1 loses h1's data behind the gap")
def more_lost(net, params):
    rule(net, f"tcp sport 6106 ip length {params['next'] + 52} numgen inc mod 1000 0 drop")


@mutant.network("h1's timer takes three seconds at least")
def patient(net, params):
    net["h1"].run(f"ip route change {params['net']}.0/24 dev h1-eth0 src {params['net']}.1 rto_min 3s")


# --- what no kernel can be talked into ---

def rewrite(evidence, port, change):
    """Pass the TCP header of each frame from this port of h1 through change(header), in h1's capture."""
    from scapy.layers.inet import TCP  # before the frames are dissected

    def each(packet, _):
        if TCP in packet and packet[TCP].sport == port:
            change(packet[TCP])
        return packet
    evidence.rewrite_frames("h1", each)


@mutant.forged("a pure ACK uses a sequence number")
def ack_uses_one(evidence):
    def change(header):
        if header.flags == "A" and not header.payload:
            header.seq -= 1
    rewrite(evidence, 6101, change)


@mutant.forged("h1 begins with the same number again")
def same_isn(evidence):
    first = []

    def change(header):
        if header.flags == "S":
            first.append(header.seq)
            header.seq = first[0]
    rewrite(evidence, 6102, change)


# --- wrong programs ---

@mutant.work("a SYN uses no number")
def free_syn(work, params):
    work.edit("numbers.py", 'length + ("SYN" in flags)', "length")


@mutant.work("a FIN uses no number")
def free_fin(work, params):
    work.edit("numbers.py", ' + ("FIN" in flags)', "")


@mutant.work("a SYN uses one number, whatever it carries")
def syn_hides_data(work, params):
    work.edit("numbers.py", "    return length +", '    return 1 if "SYN" in flags else length +')


@mutant.work("every segment uses one number at least")
def ack_costs_one(work, params):
    work.edit("numbers.py", "    return length +", "    return max(length, 1) if flags == {'ACK'} else length +")


@mutant.work("numbers go on beyond 32 bits")
def no_wrap(work, params):
    work.edit("numbers.py", "MODULUS = 2**32", "MODULUS = 2**64")


@mutant.work("an ACK names the end of what came last, gap or not")
def no_gap(work, params):
    work.edit("numbers.py", "if one.seq <= self.expected]", "]")


@mutant.work("what came behind a gap is forgotten")
def forgets(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)", "        self.waiting = [segment]")


@mutant.work("a segment that is sent again gets a new number")
def new_number(work, params):
    work.edit("numbers.py", "if again else side.next", "if False else side.next")


@mutant.work("an ACK speaks of what was sent, arrived or not")
def clairvoyant(work, params):
    work.edit("numbers.py", "        ack = side.expected", "        ack = self.other(sender).next")


# --- wrong answers ---

@mutant.answers("counts the handshake's ACK")
def counts_ack(answers, params):
    for key in ("seq_4", "ack_5", "seq_6", "seq_7"):
        answers[key] += 1


@mutant.answers("forgets the FIN behind its data")
def forgets_fin(answers, params):
    answers["ack_12"] -= 1
    answers["seq_16"] -= 1


@mutant.answers("thinks that every server takes data in a SYN")
def always_taken(answers, params):
    answers["refused_synack"] += params["refused_data"]


@mutant.answers("thinks that the ACK is sent again, too")
def ack_again(answers, params):
    answers["sent_again"] = ["SYN", "ACK", "data", "FIN"]
