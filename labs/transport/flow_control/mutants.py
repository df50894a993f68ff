"""Ways to break flow control, or one's understanding of it."""

from mnlab.checks.mutants import mutant, rewrite

ENOUGH = ("slow_sender", "never_closed", "stands_still", "small_cwnd", "update_not_lost", "blasts")


# --- the network and the kernels --------------------------------------------------------------------------------------

def ingress(host, rule: str, more: str = "") -> None:
    """An nft(8) rule for what comes in at a host's first interface."""
    host.run(["nft", "-f", "-"], input=f"table netdev mutant {{ {more}\n chain in {{ type filter hook ingress "
                                       f"device {host.name}-eth0 priority 0; {rule}; }}\n}}\n")


@mutant.network("something on the path writes its own windows into near's ACKs: they never close", scenes=["kernel"])
def never_closed(net, params):
    ingress(net["h1"], "tcp sport 5001 tcp window < 3000 tcp window set 3000")


@mutant.network("one segment in ten is lost on the way to near", scenes=["kernel"])
def losses(net, params):
    ingress(net["near"], "ip length > 1000 tcp dport 5003 numgen inc mod 10 == 4 drop")


@mutant.network("every third probe is swallowed by h1's firewall", scenes=["kernel"])
def fewer_probes(net, params):
    net["h1"].run(["nft", "-f", "-"], input="table ip mutant { chain out { type filter hook output priority 0; "
                                            "ip length < 60 tcp dport 5001 numgen inc mod 3 == 2 drop; }; }\n")


@mutant.network("near's window update is lost where it should not be", scenes=["kernel"])
def update_lost(net, params):
    ingress(net["h1"], "tcp sport 5001 tcp window 0 add @shut { tcp sport }; "
                       "tcp sport @shut tcp window != 0 numgen inc mod 1000000 == 0 drop",
            more="set shut { type inet_service; flags dynamic; size 4; }")


@mutant.network("the window update is not lost where it should be", scenes=["kernel"])
def update_not_lost(net, params):
    rewrite(net["s1"], "tcp sport 5002", "tcp sport 5999")


@mutant.network("all paths are equally short", scenes=["kernel"])
def equal_paths(net, params):
    for name in ("mid", "far"):
        net[name].run(f"tc qdisc change dev {name}-eth0 root handle 1: netem limit 1000 delay {params['near_delay']}ms")


@mutant.network("receivers delay their ACKs", scenes=["kernel"])
def delayed_acks(net, params):
    for name in ("near", "mid", "far"):
        rewrite(net[name], "quickack 1", "quickack 0")


@mutant.network("something on the path writes smaller windows into SYN+ACKs", scenes=["kernel"])
def small_beginnings(net, params):
    net["s1"].run("nft 'table bridge small { chain forward { type filter hook forward priority 0; "
                  "tcp flags & (syn|ack) == (syn|ack) tcp window set 4000; }; }'")


@mutant.network("the congestion window is what limits: it begins with two segments", scenes=["kernel"])
def small_cwnd(net, params):
    rewrite(net["h1"], "initcwnd 60", "initcwnd 2")


@mutant.network("a queue in h1 holds every segment for 15 ms", scenes=["kernel"])
def slow_sender(net, params):
    net["h1"].run("tc qdisc add dev h1-eth0 root netem delay 15ms")


# --- sender.py --------------------------------------------------------------------------------------------------------

@mutant.work("one segment at a time")
def stop_and_wait(work, params):
    work.edit("sender.py", "and self.fits(self.top)", "and self.top == self.next")


@mutant.work("a window at a time: it does not slide, it jumps")
def jumps(work, params):
    work.edit("sender.py", "            while self.top < min(self.edge, len(self.message))",
              "            end = self.edge if self.next == self.top else self.top\n"
              "            while self.top < min(end, len(self.message))")


@mutant.work("the window never moves on: the first one is all that is sent")
def stands_still(work, params):
    work.edit("sender.py", "self.edge = max(self.edge, next + window)", "self.edge = window")


@mutant.work("nothing is ever sent again")
def no_timer(work, params):
    work.edit("sender.py", "            self.deadline = None\n            self.send(self.next)\n",
              "            self.deadline = None if self.next < self.top else self.deadline\n"
              "            self.deadline = time.monotonic() + 9\n")


@mutant.work("the sender listens to no answer and sends all at once")
def blasts(work, params):
    work.edit("sender.py", "min(self.edge, len(self.message)) and self.fits(self.top)", "len(self.message)")


@mutant.work("the window is taken for one of segments beyond the edge, not of bytes up to it")
def too_far(work, params):
    work.edit("sender.py", "<= self.edge", "<= self.edge + 4 * self.segment")
    work.edit("sender.py", "self.top < min(self.edge, len(self.message))", "self.top < len(self.message)")


@mutant.work("everything in flight is sent again after one loss (go back N)")
def go_back_n(work, params):
    work.edit("sender.py", "            self.deadline = None\n            self.send(self.next)\n",
              "            self.deadline, self.top = None, self.next\n")


@mutant.work("the timer is shorter than the round trip")
def impatient(work, params):
    work.edit("sender.py", "self.timeout = 2 * (", "self.timeout = 0.5 * (")


@mutant.work("segments are numbered, not bytes")
def counts_segments(work, params):
    work.edit("sender.py", "DATA.pack(first)", "DATA.pack(first // self.segment)")


@mutant.work("the program crashes when an answer is late")
def crashes(work, params):
    work.edit("sender.py", "except (TimeoutError, ConnectionRefusedError):", "except ConnectionRefusedError:")


# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("takes one way for a round trip")
def one_way(answers, params):
    answers["stop_seconds"] /= 2


@mutant.answers("takes the speed of stop and wait for that of a window")
def speed_of_one(answers, params):
    answers["far_speed"] = round(1448 / (2 * params["far_delay"] / 1e3))


@mutant.answers("takes the closing ACK for a probe")
def one_probe_more(answers, params):
    answers["probes"] += 1


@mutant.answers("says that a lost update costs a round trip")
def update_costs_nothing(answers, params):
    answers["update_lost_seconds"] = 2 * params["near_delay"] / 1e3


@mutant.answers("says that the window holds so many segments, whatever their size")
def window_of_segments(answers, params):
    answers["segments_half"] = answers["segments_full"]


@mutant.answers("says that a timer makes room")
def timer_makes_room(answers, params):
    answers["makes_room"] = "a timer"
