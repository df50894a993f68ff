"""Ways to break retransmission, or one's understanding of it."""

from mnlab.checks.mutants import instead, mutant, rewrite

ENOUGH = ("no_losses", "crashes", "always_probing", "no_resets", "two_syns", "no_floor")

EARLY, TIMESTAMPS = "net.ipv4.tcp_early_retrans", "net.ipv4.tcp_timestamps"


# --- the network and h1's kernel --------------------------------------------------------------------------------------

@mutant.network("s1 loses none of the single segments")
def no_losses(net, params):
    rewrite(net["s1"], "ip length > 100 jump", "ip length > 9000 jump")


@mutant.network("besides the chosen segments, every third is lost")
def more_losses(net, params):
    net["near"].run("nft 'table netdev more { chain ingress { type filter hook ingress device near-eth0 priority 0; "
                    "ip length > 200 tcp dport 5001 numgen inc mod 3 == 1 drop; }; }'")


@mutant.network("the tail loss probe is always on")
def always_probing(net, params):
    instead(net["h1"], {(EARLY, 0): 3})


@mutant.network("the tail loss probe is never on")
def never_probing(net, params):
    instead(net["h1"], {(EARLY, 3): 0})


@mutant.network("h1 does not back off: thin streams get linear timeouts")
def linear(net, params):
    net["h1"].sysctl("net.ipv4.tcp_thin_linear_timeouts", 1)


@mutant.network("h1 gives up after five tries")
def five_tries(net, params):
    net["h1"].sysctl("net.ipv4.tcp_retries2", 5)


@mutant.network("h1's firewall lets no RST out")
def no_resets(net, params):
    net["h1"].run("nft 'table ip quiet { chain out { type filter hook output priority 0; "
                  "tcp flags & rst == rst drop; }; }'")


@mutant.network("a SYN is repeated twice")
def two_syns(net, params):
    net["h1"].sysctl("net.ipv4.tcp_syn_retries", 2)


@mutant.network("h1 may wait less than 200 ms")
def no_floor(net, params):
    net["h1"].run(f"ip route change {params['net']} dev h1-eth0 rto_min 50ms")


@mutant.network("timestamps are always on")
def always_stamped(net, params):
    instead(net["h1"], {(TIMESTAMPS, 0): 1})


@mutant.network("timestamps are never on")
def never_stamped(net, params):
    net["h1"].sysctl(TIMESTAMPS, 0)
    instead(net["h1"], {(TIMESTAMPS, 1): 0})


@mutant.network("the path's length never changes")
def steady_path(net, params):
    rewrite(net["near"], "tc qdisc change", "tc qdisc show #")


# --- rto.py -----------------------------------------------------------------------------------------------------------

@mutant.work("the program measures from the last copy")
def no_karn(work, params):
    work.edit("rto.py", "None if end in self.outstanding else time", "time")


@mutant.work("SRTT moves before RTTVAR")
def wrong_order(work, params):
    work.edit("rto.py", "            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)\n"
              "            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt\n",
              "            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt\n"
              "            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)\n")


@mutant.work("the first measurement leaves RTTVAR at zero")
def certain_at_once(work, params):
    work.edit("rto.py", "self.srtt, self.rttvar = rtt, rtt / 2", "self.srtt, self.rttvar = rtt, 0.0")


@mutant.work("any ACK ends the back-off")
def forgets_backoff(work, params):
    work.edit("rto.py", "            if sent is not None:\n                self.on_sample(time - sent)",
              "            if sent is not None:\n                self.on_sample(time - sent)\n"
              "            elif self.srtt is not None:\n"
              "                self.rto = self.bounded(self.srtt + K * self.rttvar)")


@mutant.work("the timeout doubles without end")
def no_ceiling(work, params):
    work.edit("rto.py", "self.rto = self.bounded(2 * self.rto)", "self.rto *= 2")


@mutant.work("the floor is one of the variance term, as in Linux")
def floor_of_linux(work, params):
    work.edit("rto.py", "self.bounded(self.srtt + max(self.tick, K * self.rttvar))",
              "self.bounded(self.srtt + max(self.minimum, K * self.rttvar))")


@mutant.work("the program crashes at the first timeout")
def crashes(work, params):
    work.edit("rto.py", "self.rto = self.bounded(2 * self.rto)", "self.rto = self.bounded(2 * rto)")


# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("takes the first timeout for the initial one of 1 s")
def one_second(answers, params):
    answers["rto_far_at_first"] = 1.0


@mutant.answers("takes 200 ms for the least timeout, not for the least that is added")
def floor_of_all(answers, params):
    answers["rto_near"] = 0.2


@mutant.answers("says that 15 tries are 15 tries on any path")
def fifteen(answers, params):
    answers["repeated_far"] = 15


@mutant.answers("says that h1 sends a reset when it gives up")
def says_reset(answers, params):
    answers["reset"] = True


@mutant.answers("takes the first of the lost segment's bytes for the last one")
def off_by_a_segment(answers, params):
    answers["lost_seq"] += params["size"]


@mutant.answers("says that both segments wait equally long")
def equal_waits(answers, params):
    answers["waits"] = [answers["waits"][0]] * 2


# --- what no kernel can be made to do ---------------------------------------------------------------------------------

@mutant.forged("when it gives up, h1 sends an RST")
def resets(evidence):
    from scapy.layers.inet import TCP

    last = {}

    def find(packet, number):
        if packet.haslayer(TCP) and packet[TCP].dport == 5011 and packet[TCP].flags == "PA":
            last["number"] = number
        return packet

    def change(packet, number):
        if number == last["number"]:
            packet[TCP].flags = "RA"
        return packet

    evidence.rewrite_frames("h1", find)
    evidence.rewrite_frames("h1", change)
