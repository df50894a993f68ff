"""Ways to break congestion control, or one's understanding of it."""

from mnlab.checks.mutants import instead, mutant

ENOUGH = ("no_losses", "crash", "cubic_for_reno", "all_reno", "endless_queue", "ten_segments")


# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("counts the ACKs and forgets the initial window")
def without_initial_window(answers, params):
    answers["window_at_first_loss"] = params["lost"] - 1


@mutant.answers("takes CUBIC to halve, like Reno")
def cubic_halves(answers, params):
    answers["cubic_threshold"] = answers["reno_threshold"]


@mutant.answers("takes BBR to halve, like Reno")
def bbr_halves(answers, params):
    answers["bbr_threshold"] = str(answers["reno_threshold"])


@mutant.answers("takes every loss for a timeout")
def only_timers(answers, params):
    answers["signs"] = ["timer"] * len(answers["signs"])


@mutant.answers("gives the times of a neighbour's run")
def times_of_a_neighbour(answers, params):
    answers["sign_times"] = [round(time * 1.1, 2) for time in answers["sign_times"]]


@mutant.answers("takes the threshold for the window after a timeout")
def timeout_halves(answers, params):
    answers["window_after_timeout"] = answers["threshold_after_timeout"]


@mutant.answers("takes the window that is lost for the one that is left")
def reno_does_not_halve(answers, params):
    answers["reno_threshold"] = answers["window_at_first_loss"] - 1


@mutant.answers("takes the threshold for the window before the timeout")
def window_is_threshold(answers, params):
    answers["window_at_timeout"] = answers["threshold_after_timeout"]


@mutant.answers("says that a timeout leaves a threshold of one")
def threshold_of_one(answers, params):
    answers["threshold_after_timeout"] = 1


def misnamed(letter: str):
    """A phase that is taken for the next one."""
    phases = ("slow start", "congestion avoidance", "fast recovery", "slow start")

    def wrongly(answers, params):
        key = f"phase_{letter}"
        answers[key] = phases[phases.index(answers[key]) + 1]

    wrongly.__name__ = f"misnames_{letter}"
    return mutant.answers(f"takes the phase at {letter} for another")(wrongly)


globals().update({f"misnames_{letter}": misnamed(letter) for letter in "ABCDE"})


@mutant.answers("calls fast recovery slow start, as the window is small")
def recovery_is_slow_start(answers, params):
    answers |= {key: "slow start" for key, value in answers.items() if value == "fast recovery"}


# --- aimd.py ----------------------------------------------------------------------------------------------------------

@mutant.work("slow start adds one segment for each window, not for each segment", breaks="R3")
def slow_start_is_slow(work, params):
    work.edit("aimd.py", "self.cwnd += acked  #", "self.cwnd += acked / self.cwnd  #")


@mutant.work("congestion avoidance adds one segment for each ACK", breaks="R4")
def avoidance_per_ack(work, params):
    work.edit("aimd.py", "self.cwnd += acked / self.cwnd", "self.cwnd += 1")


@mutant.work("fast retransmit goes back to one, as TCP Tahoe did", breaks="R5")
def tahoe(work, params):
    work.edit("aimd.py", "self.cwnd = self.ssthresh", "self.cwnd = 1")


@mutant.work("a timeout halves the window instead of beginning again", breaks="R6")
def timeout_is_mild(work, params):
    work.edit("aimd.py", "self.cwnd = 1\n", "self.cwnd = self.ssthresh\n")


@mutant.work("the controller crashes on a timeout")
def crash(work, params):
    work.edit("aimd.py", "self.cwnd = 1", "self.cwnd = 1 / 0")


@mutant.work("it speaks after the start, too", breaks="R1")
def speaks_at_once(work, params):
    work.edit("aimd.py", "            continue",
              "            print(f'{controller.cwnd:.2f} inf')\n            continue")


@mutant.work("it says the threshold first", breaks="R1")
def threshold_first(work, params):
    work.edit("aimd.py", "{controller.cwnd:.2f} {controller.ssthresh:.2f}",
              "{controller.ssthresh:.2f} {controller.cwnd:.2f}")


@mutant.work("it speaks of ACKs only", breaks="R1")
def speaks_of_acks(work, params):
    work.edit("aimd.py", "        print(f", "        if what == 'ack':\n            print(f")


@mutant.work("it begins with one segment, whatever it is told", breaks="R2")
def begins_with_one(work, params):
    work.edit("aimd.py", "self.cwnd = cwnd", "self.cwnd = 1")


@mutant.work("it begins with a threshold of its own", breaks="R2")
def begins_with_threshold(work, params):
    work.edit("aimd.py", 'float("inf")', "12")


@mutant.work("it begins with a threshold of 64 segments", breaks="R2")
def begins_with_64(work, params):
    work.edit("aimd.py", 'float("inf")', "64")


@mutant.work("it begins at its threshold", breaks="R2")
def begins_at_threshold(work, params):
    work.edit("aimd.py", 'float("inf")', "cwnd")


@mutant.work("an ACK adds a segment, however many it is for", breaks="R3")
def one_per_ack(work, params):
    work.edit("aimd.py", "self.cwnd += acked  #", "self.cwnd += 1  #")


@mutant.work("slow start adds two segments for each", breaks="R3")
def too_fast(work, params):
    work.edit("aimd.py", "self.cwnd += acked  #", "self.cwnd += 2 * acked  #")


@mutant.work("each ACK of slow start doubles the window", breaks="R3")
def doubles_per_ack(work, params):
    work.edit("aimd.py", "self.cwnd += acked  #", "self.cwnd *= 2  #")


@mutant.work("at its threshold it is still in slow start", breaks="R4")
def equal_is_slow_start(work, params):
    work.edit("aimd.py", "if self.cwnd < self.ssthresh:", "if self.cwnd <= self.ssthresh:")


@mutant.work("in congestion avoidance an ACK counts once, however many segments it is for", breaks="R4")
def counts_acks(work, params):
    work.edit("aimd.py", "self.cwnd += acked / self.cwnd", "self.cwnd += 1 / self.cwnd")


@mutant.work("congestion avoidance goes by the threshold", breaks="R4")
def by_the_threshold(work, params):
    work.edit("aimd.py", "self.cwnd += acked / self.cwnd", "self.cwnd += acked / self.ssthresh")


@mutant.work("congestion avoidance does not grow at all", breaks="R4")
def stands(work, params):
    work.edit("aimd.py", "self.cwnd += acked / self.cwnd", "pass")


def at_dupacks(work, old: str, new: str) -> None:
    work.edit("aimd.py", f"        self.ssthresh = max(in_flight / 2, 2)\n        self.cwnd = {old}\n", new)


@mutant.work("three duplicate ACKs halve the window, whatever was in flight", breaks="R5")
def halves_the_window(work, params):
    at_dupacks(work, "self.ssthresh",
               "        self.ssthresh = max(self.cwnd / 2, 2)\n        self.cwnd = self.ssthresh\n")


@mutant.work("three duplicate ACKs keep seven tenths, as CUBIC does", breaks="R5")
def keeps_seven_tenths(work, params):
    at_dupacks(work, "self.ssthresh",
               "        self.ssthresh = max(in_flight * 0.7, 2)\n        self.cwnd = self.ssthresh\n")


@mutant.work("three duplicate ACKs may leave less than two", breaks="R5")
def less_than_two(work, params):
    at_dupacks(work, "self.ssthresh", "        self.ssthresh = in_flight / 2\n        self.cwnd = self.ssthresh\n")


@mutant.work("fast recovery goes on with the three that have left the network", breaks="R5")
def inflated(work, params):
    work.edit("aimd.py", "self.cwnd = self.ssthresh", "self.cwnd = self.ssthresh + 3")


@mutant.work("three duplicate ACKs lower the threshold and not the window", breaks="R5")
def keeps_window(work, params):
    work.edit("aimd.py", "self.cwnd = self.ssthresh", "pass")


@mutant.work("three duplicate ACKs in slow start lower the window and not the threshold", breaks="R5")
def slow_start_keeps_threshold(work, params):
    at_dupacks(work, "self.ssthresh", "        if self.cwnd >= self.ssthresh or self.ssthresh == float('inf'):\n"
               "            self.ssthresh = max(in_flight / 2, 2)\n        self.cwnd = max(in_flight / 2, 2)\n")


@mutant.work("a sign of congestion never makes the threshold larger", breaks="R6")
def never_rises(work, params):
    at_dupacks(work, "1", "        self.ssthresh = min(self.ssthresh, max(in_flight / 2, 2))\n        self.cwnd = 1\n")


@mutant.work("three duplicate ACKs lower the window and not the threshold", breaks="R5")
def keeps_threshold(work, params):
    at_dupacks(work, "self.ssthresh", "        self.cwnd = max(in_flight / 2, 2)\n")


@mutant.work("a timeout leaves the threshold as it is", breaks="R6")
def timeout_keeps_threshold(work, params):
    at_dupacks(work, "1", "        self.cwnd = 1\n")


@mutant.work("a timeout halves the window, whatever was in flight", breaks="R6")
def timeout_halves_window(work, params):
    at_dupacks(work, "1", "        self.ssthresh = max(self.cwnd / 2, 2)\n        self.cwnd = 1\n")


@mutant.work("a timeout may leave a threshold of less than two", breaks="R6")
def timeout_below_two(work, params):
    at_dupacks(work, "1", "        self.ssthresh = max(in_flight / 2, 1)\n        self.cwnd = 1\n")


@mutant.work("a timeout begins with the initial window again", breaks="R6")
def timeout_begins_again(work, params):
    work.edit("aimd.py", "        self.cwnd = cwnd", "        self.cwnd = self.initial = cwnd")
    work.edit("aimd.py", "self.cwnd = 1", "self.cwnd = self.initial")


@mutant.work("a timeout sets the threshold to what was in flight", breaks="R6")
def timeout_keeps_all(work, params):
    at_dupacks(work, "1", "        self.ssthresh = max(in_flight, 2)\n        self.cwnd = 1\n")


# --- right ones ---

@mutant.right("whole segments, as Linux counts them")
def whole_segments(work, params):
    work.take("whole_segments.py", "aimd.py")


@mutant.right("exact fractions, and slow start goes no further than the threshold")
def up_to_the_threshold(work, params):
    work.take("up_to_the_threshold.py", "aimd.py")


# --- the network and h1's kernel --------------------------------------------------------------------------------------

CONTROL = "net.ipv4.tcp_congestion_control"


@mutant.network("where Reno should run, CUBIC does", scenes=["kernel"])
def cubic_for_reno(net, params):
    instead(net["h1"], {(CONTROL, "reno"): "cubic"})


@mutant.network("CUBIC and BBR are Reno in disguise", scenes=["kernel"])
def all_reno(net, params):
    instead(net["h1"], {(CONTROL, "cubic"): "reno", (CONTROL, "bbr"): "reno"})


@mutant.network("h1 takes ten duplicate ACKs for reordering, and waits for its timer", scenes=["kernel"])
def patient(net, params):
    instead(net["h1"], {("net.ipv4.tcp_recovery", 1): 0})
    net["h1"].sysctl("net.ipv4.tcp_reordering", 10)


@mutant.network("h1 never runs classic loss recovery: RACK and the loss probe are always on", scenes=["kernel"],
                where="classic_recovery")
def always_modern(net, params):
    instead(net["h1"], {("net.ipv4.tcp_recovery", 0): 1, ("net.ipv4.tcp_early_retrans", 0): 3})


@mutant.network("the bottleneck's queue has no end: nothing ever overflows", scenes=["kernel"])
def endless_queue(net, params):
    net["s1"].run("tc qdisc change dev s1-eth2 parent 1:1 handle 2: tbf "
                  f"rate {params['rate'] * 1e6:.0f}bit burst 1600 limit 3000000")


@mutant.network("besides the chosen segments, every fourth is lost", scenes=["kernel"])
def more_losses(net, params):
    net["s2"].run("nft 'table bridge more { chain forward { type filter hook forward priority 0; "
                  "ip length > 600 tcp sport 6101 numgen inc mod 4 == 1 drop; }; }'")


@mutant.network("s1 loses nothing of its own accord", scenes=["kernel"])
def no_losses(net, params):
    real = net["s1"].run
    net["s1"].run = lambda command, **options: real(
        command, **({**options, "input": "table bridge losses {}"} if command == "nft -f -" else options))


@mutant.network("h1 begins with ten segments, as Linux comes", scenes=["kernel"])
def ten_segments(net, params):
    real = net["h1"].run
    net["h1"].run = lambda command, **options: real(
        "true" if isinstance(command, str) and "initcwnd" in command else command, **options)


# --- what no kernel can be made to do ---------------------------------------------------------------------------------

@mutant.forged("after a timeout the kernel goes on with a window of four")
def timeout_to_four(evidence):
    evidence.scene("kernel").rewrite_text("kernel/tcp.trace", lambda text: text.replace(" snd_cwnd=1 ", " snd_cwnd=4 "))
