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


@mutant.answers("calls fast recovery slow start, as the window is small")
def recovery_is_slow_start(answers, params):
    answers |= {key: "slow start" for key, value in answers.items() if value == "fast recovery"}


# --- aimd.py ----------------------------------------------------------------------------------------------------------

@mutant.work("slow start adds one segment for each window, not for each segment")
def slow_start_is_slow(work, params):
    work.edit("aimd.py", "self.cwnd += acked  #", "self.cwnd += acked / self.cwnd  #")


@mutant.work("congestion avoidance adds one segment for each ACK")
def avoidance_per_ack(work, params):
    work.edit("aimd.py", "self.cwnd += acked / self.cwnd", "self.cwnd += 1")


@mutant.work("fast retransmit goes back to one, as TCP Tahoe did")
def tahoe(work, params):
    work.edit("aimd.py", "self.cwnd = self.ssthresh", "self.cwnd = 1")


@mutant.work("a timeout halves the window instead of beginning again")
def timeout_is_mild(work, params):
    work.edit("aimd.py", "self.cwnd = 1", "self.cwnd = self.ssthresh")


@mutant.work("the controller crashes on a timeout")
def crash(work, params):
    work.edit("aimd.py", "self.cwnd = 1", "self.cwnd = 1 / 0")


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
