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

@mutant.work("the program measures from the last copy", breaks="R3")
def no_karn(work, params):
    work.edit("rto.py", "None if end in self.outstanding else time", "time")


@mutant.work("SRTT moves before RTTVAR", breaks="R5")
def wrong_order(work, params):
    work.edit("rto.py", "            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)\n"
              "            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt\n",
              "            self.srtt = (1 - ALPHA) * self.srtt + ALPHA * rtt\n"
              "            self.rttvar = (1 - BETA) * self.rttvar + BETA * abs(self.srtt - rtt)\n")


@mutant.work("the first measurement leaves RTTVAR at zero", breaks="R4")
def certain_at_once(work, params):
    work.edit("rto.py", "self.srtt, self.rttvar = rtt, rtt / 2", "self.srtt, self.rttvar = rtt, 0.0")


@mutant.work("any ACK ends the back-off", breaks="R9")
def forgets_backoff(work, params):
    work.edit("rto.py", "            if sent is not None:\n                self.on_sample(time - sent)",
              "            if sent is not None:\n                self.on_sample(time - sent)\n"
              "            elif self.srtt is not None:\n"
              "                self.rto = self.bounded(self.srtt + K * self.rttvar)")


@mutant.work("before anything is measured, an ACK that measures nothing brings 1 s back", breaks="R9")
def back_to_one_second(work, params):
    work.edit("rto.py", "                self.on_sample(time - sent)", "                self.on_sample(time - sent)\n"
              "            elif self.srtt is None:\n                self.rto = INITIAL")


@mutant.work("an ACK that comes twice measures twice", breaks="R9")
def measures_twice(work, params):
    work.edit("rto.py", "self.outstanding.pop(end)", "self.outstanding[end]")
    work.edit("rto.py", "if end <= next)", "if end == next)")


@mutant.work("the timeout doubles without end", breaks="R7")
def no_ceiling(work, params):
    work.edit("rto.py", "self.rto = self.bounded(2 * self.rto)", "self.rto *= 2")


@mutant.work("the floor is one of the variance term, as in Linux", breaks="R6")
def floor_of_linux(work, params):
    work.edit("rto.py", "self.bounded(self.srtt + max(self.tick, K * self.rttvar))",
              "self.bounded(self.srtt + max(self.minimum, K * self.rttvar))")


@mutant.work("the program crashes at the first timeout")
def crashes(work, params):
    work.edit("rto.py", "self.rto = self.bounded(2 * self.rto)", "self.rto = self.bounded(2 * rto)")


@mutant.work("it prints milliseconds' digits only", breaks="R1")
def three_digits(work, params):
    work.edit("rto.py", ".6f", ".3f")


@mutant.work("it prints milliseconds", breaks="R1")
def milliseconds(work, params):
    work.edit("rto.py", '{value:.6f}', '{value * 1e3:.3f}')


@mutant.work("it prints 0 for what was not measured yet", breaks="R1")
def zero_for_nothing(work, params):
    work.edit("rto.py", 'else "-"', 'else "0.000000"')


@mutant.work("it speaks after ACKs and timeouts only", breaks="R1")
def silent_when_sending(work, params):
    work.edit("rto.py", "        known = [", "        if what == 'sent':\n            continue\n        known = [")


@mutant.work("it begins with 3 s, as RFC 2988 had it", breaks="R2")
def three_seconds(work, params):
    work.edit("rto.py", "INITIAL = 1.0", "INITIAL = 3.0")


@mutant.work("it begins with the least timeout", breaks="R2")
def begins_with_least(work, params):
    work.edit("rto.py", "self.rto = INITIAL", "self.rto = minimum")


@mutant.work("it holds the first timeout within its bounds, too", breaks="R2")
def begins_within_bounds(work, params):
    work.edit("rto.py", "self.rto = INITIAL", "self.rto = self.bounded(INITIAL)")


@mutant.work("a new connection knows what the one before has measured", breaks="R2")
def knows_the_path(work, params):
    work.edit("rto.py", '            timer = Timer(*limits)\n        elif', '            timer.rto = INITIAL\n'
              "            timer.outstanding = {}\n        elif")


@mutant.work("connections of one name are one connection", breaks="R2")
def known_by_name(work, params):
    work.edit("rto.py", "            timer = Timer(*limits)\n        elif",
              "            timer = timers.setdefault(words[0], Timer(*limits))\n        elif")
    work.edit("rto.py", "    timer = Timer(*limits)\n    for line",
              "    timer, timers = Timer(*limits), {}\n    for line")


@mutant.work("a new connection waits for the ACKs of the one before", breaks="R2")
def old_segments(work, params):
    work.edit("rto.py", '            timer = Timer(*limits)\n        elif', '            old = timer.outstanding\n'
              "            timer = Timer(*limits)\n            timer.outstanding = old\n        elif")


@mutant.work("it measures from the first copy", breaks="R3")
def from_the_first(work, params):
    work.edit("rto.py", "None if end in self.outstanding else time", "self.outstanding.get(end, time)")


@mutant.work("it has one stopwatch, which begins anew with each segment", breaks="R3")
def one_stopwatch(work, params):
    work.edit("rto.py", "        self.outstanding[end] =", "        self.outstanding = {one: time for one, was in "
              "self.outstanding.items() if was is not None or one == end}\n        self.outstanding[end] =")


@mutant.work("after a timeout nothing that was in flight measures", breaks="R3")
def spoils_all(work, params):
    work.edit("rto.py", "        self.rto = self.bounded(2 * self.rto)",
              "        self.rto = self.bounded(2 * self.rto)\n"
              "        self.outstanding = dict.fromkeys(self.outstanding)")


@mutant.work("the first ACK after a timeout measures nothing, whatever it answers, and all others do", breaks="R3")
def skips_one(work, params):
    work.edit("rto.py", "None if end in self.outstanding else time", "time")
    work.edit("rto.py", "            if sent is not None:\n", "            if getattr(self, 'late', 0):\n"
              "                self.late -= 1\n            else:\n")
    work.edit("rto.py", "        self.rto = self.bounded(2 * self.rto)",
              "        self.rto = self.bounded(2 * self.rto)\n"
              "        self.late = getattr(self, 'late', 0) + 1")


@mutant.work("the SYN's answer is no measurement", breaks="R3")
def not_the_syn(work, params):
    work.edit("rto.py", "            if sent is not None:", "            if sent is not None and end > 1:")


@mutant.work("the first measurement is the deviation, too", breaks="R4")
def whole_deviation(work, params):
    work.edit("rto.py", "rtt, rtt / 2", "rtt, rtt")


@mutant.work("the first measurement is smoothed like any other, from zero", breaks="R4")
def from_zero(work, params):
    work.edit("rto.py", "            self.srtt, self.rttvar = rtt, rtt / 2",
              "            self.srtt, self.rttvar = rtt / 8, "
              "rtt / 4")


@mutant.work("an eighth and a quarter are exchanged", breaks="R5")
def gains_exchanged(work, params):
    work.edit("rto.py", "ALPHA, BETA, K = 1 / 8, 1 / 4, 4", "ALPHA, BETA, K = 1 / 4, 1 / 8, 4")


@mutant.work("the old value and the new one have each other's weight", breaks="R5")
def weights_exchanged(work, params):
    work.edit("rto.py", "(1 - ALPHA) * self.srtt + ALPHA * rtt", "ALPHA * self.srtt + (1 - ALPHA) * rtt")


@mutant.work("deviations have a sign", breaks="R5")
def signed(work, params):
    work.edit("rto.py", "abs(self.srtt - rtt)", "(rtt - self.srtt)")


@mutant.work("good news does not move RTTVAR, as in Linux", breaks="R5")
def good_news(work, params):
    work.edit("rto.py", "abs(self.srtt - rtt)", "(abs(self.srtt - rtt) if rtt > self.srtt else self.rttvar)")


@mutant.work("RTTVAR counts twice, not four times", breaks="R6")
def twice_rttvar(work, params):
    work.edit("rto.py", "1 / 8, 1 / 4, 4", "1 / 8, 1 / 4, 2")


@mutant.work("the timeout is twice the SRTT (RFC 793)", breaks="R6")
def old_formula(work, params):
    work.edit("rto.py", "self.bounded(self.srtt + max(self.tick, K * self.rttvar))", "self.bounded(2 * self.srtt)")


@mutant.work("the first timeout is three times the first measurement, whatever the tick", breaks="R6")
def three_times(work, params):
    work.edit("rto.py", "        if self.srtt is None:\n            self.srtt, self.rttvar = rtt, rtt / 2\n",
              "        if self.srtt is None:\n            self.srtt, self.rttvar = rtt, rtt / 2\n"
              "            self.rto = self.bounded(3 * rtt)\n            return\n")


@mutant.work("it forgets the tick", breaks="R6")
def no_tick(work, params):
    work.edit("rto.py", "max(self.tick, K * self.rttvar)", "K * self.rttvar")


@mutant.work("the tick is added", breaks="R6")
def tick_added(work, params):
    work.edit("rto.py", "max(self.tick, K * self.rttvar)", "self.tick + K * self.rttvar")


@mutant.work("it knows the tick, whatever it is told", breaks="R6")
def tick_of_its_own(work, params):
    work.edit("rto.py", "max(self.tick,", "max(0.004,")


@mutant.work("a measurement may set less than the least", breaks="R7")
def no_least(work, params):
    work.edit("rto.py", "return min(max(rto, self.minimum), self.maximum)", "return min(rto, self.maximum)")


@mutant.work("a timeout may leave less than the least", breaks="R7")
def no_least_doubled(work, params):
    work.edit("rto.py", "self.rto = self.bounded(2 * self.rto)", "self.rto = min(2 * self.rto, self.maximum)")


@mutant.work("a measurement may set more than the largest", breaks="R7")
def no_largest_measured(work, params):
    work.edit("rto.py", "self.bounded(self.srtt +", "max(self.minimum, self.srtt +")


@mutant.work("it knows its bounds, whatever it is told", breaks="R7")
def bounds_of_its_own(work, params):
    work.edit("rto.py", "max(rto, self.minimum), self.maximum", "max(rto, 0.2), 120.0")


@mutant.work("the least and the largest are taken for each other's order", breaks="R7")
def tick_for_least(work, params):
    work.edit("rto.py", "self.minimum, self.maximum, self.tick = minimum, maximum, tick",
              "self.minimum, self.maximum, self.tick = 1.0, maximum, tick")


@mutant.work("a second timeout in a row doubles nothing", breaks="R8")
def doubles_once(work, params):
    work.edit("rto.py", "        self.rto = self.bounded(2 * self.rto)",
              "        if not getattr(self, 'late', False):\n"
              "            self.rto = self.bounded(2 * self.rto)\n        self.late = True")
    work.edit("rto.py", "        self.rto = self.bounded(self.srtt", "        self.late = False\n"
              "        self.rto = self.bounded(self.srtt")


@mutant.work("before anything is measured a timeout doubles nothing", breaks="R8")
def patient_calls(work, params):
    work.edit("rto.py", "        self.rto = self.bounded(2 * self.rto)", "        if self.srtt is not None:\n"
              "            self.rto = self.bounded(2 * self.rto)")


@mutant.work("a timeout adds a half", breaks="R8")
def adds_half(work, params):
    work.edit("rto.py", "2 * self.rto", "1.5 * self.rto")


@mutant.work("a timeout makes RTTVAR larger, too", breaks="R8")
def worried(work, params):
    work.edit("rto.py", "        self.rto = self.bounded(2 * self.rto)",
              "        self.rto = self.bounded(2 * self.rto)\n"
              "        self.rttvar = self.rttvar and 2 * self.rttvar")


@mutant.work("the back-off ends when something new is sent", breaks="R9")
def ends_with_new(work, params):
    work.edit("rto.py", "        self.outstanding[end] =",
              "        if self.srtt is not None and end not in self.outstanding:\n"
              "            self.rto = self.bounded(self.srtt + max(self.tick, K * self.rttvar))\n"
              "        self.outstanding[end] =")


# --- right ones ---

@mutant.right("decimal numbers, a table of functions, the timeout made of a base and a back-off")
def decimals(work, params):
    work.take("decimals.py", "rto.py")


@mutant.right("one function, plain dictionaries, and as many digits as there are")
def one_function(work, params):
    work.take("one_function.py", "rto.py")


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


@mutant.answers("gives the error of a reset")
def reset_by_peer(answers, params):
    answers["error"] = "ECONNRESET"


@mutant.answers("says that keep-alives end without a word, too")
def quiet_keepalive(answers, params):
    answers["keepalive_reset"] = False


@mutant.answers("counts the first copy among the repetitions")
def one_too_many(answers, params):
    answers["repeated_near"] += 1


@mutant.answers("takes 60 s for the longest timeout")
def a_minute(answers, params):
    answers["longest_gap"] = 60


@mutant.answers("takes the kernel's patience for the time that it takes")
def exact_patience(answers, params):
    answers["gave_up_after"] = 924.6


@mutant.answers("says that each ACK measures")
def all_measure(answers, params):
    answers["no_sample"] = 0


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
