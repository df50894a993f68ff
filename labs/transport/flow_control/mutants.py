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

@mutant.work("one segment at a time", breaks="R4")
def stop_and_wait(work, params):
    work.edit("sender.py", "and self.fits(self.top)", "and self.top == self.next")


@mutant.work("a window at a time: it does not slide, it jumps", breaks="R5")
def jumps(work, params):
    work.edit("sender.py", "            while self.top < min(self.edge, len(self.message))",
              "            end = self.edge if self.next == self.top else self.top\n"
              "            while self.top < min(end, len(self.message))")


@mutant.work("the window never moves on: the first one is all that is sent", breaks="R3")
def stands_still(work, params):
    work.edit("sender.py", "self.edge = max(self.edge, next + window)", "self.edge = window")


@mutant.work("nothing is ever sent again", breaks="R6")
def no_timer(work, params):
    work.edit("sender.py", "            self.deadline = None\n            self.send(self.next)\n",
              "            self.deadline = None if self.next < self.top else self.deadline\n"
              "            self.deadline = time.monotonic() + 9\n")


@mutant.work("the sender listens to no answer and sends all at once", breaks="R3")
def blasts(work, params):
    work.edit("sender.py", "min(self.edge, len(self.message)) and self.fits(self.top)", "len(self.message)")


@mutant.work("the window is taken for one of segments beyond the edge, not of bytes up to it", breaks="R3")
def too_far(work, params):
    work.edit("sender.py", "<= self.edge", "<= self.edge + 4 * self.segment")
    work.edit("sender.py", "self.top < min(self.edge, len(self.message))", "self.top < len(self.message)")


@mutant.work("everything in flight is sent again after one loss (go back N)", breaks="R7")
def go_back_n(work, params):
    work.edit("sender.py", "            self.deadline = None\n            self.send(self.next)\n",
              "            self.deadline, self.top = None, self.next\n")


@mutant.work("the timer is shorter than the round trip", breaks="R8")
def impatient(work, params):
    work.edit("sender.py", "self.timeout = 2 * (", "self.timeout = 0.5 * (")


@mutant.work("segments are numbered, not bytes", breaks="R1")
def counts_segments(work, params):
    work.edit("sender.py", "DATA.pack(first)", "DATA.pack(first // self.segment)")


@mutant.work("the program crashes when an answer is late")
def crashes(work, params):
    work.edit("sender.py", "except (TimeoutError, ConnectionRefusedError):", "except ConnectionRefusedError:")


@mutant.work("numbers are little-endian", breaks="R1")
def little_endian(work, params):
    work.edit("sender.py", 'DATA, ANSWER = struct.Struct("!I")', 'DATA, ANSWER = struct.Struct("<I")')


@mutant.work("bytes are counted from 1", breaks="R1")
def from_one(work, params):
    work.edit("sender.py", "DATA.pack(first)", "DATA.pack(first + 1)")


@mutant.work("the last segment is filled up", breaks="R1")
def filled_up(work, params):
    work.edit("sender.py", "self.message[first:first + self.segment]\n        self.socket",
              'self.message[first:first + self.segment].ljust(self.segment, b"\\0")\n        self.socket')


@mutant.work("the number counts as part of the segment", breaks="R1")
def number_in_segment(work, params):
    work.edit("sender.py", "self.segment, self.message = segment, message",
              "self.segment, self.message = segment - 4, message")


@mutant.work("the message is stripped", breaks="R1")
def stripped(work, params):
    work.edit("sender.py", "sys.stdin.buffer.read()", "sys.stdin.buffer.read()[:-1]")


@mutant.work("white space around the message is taken away", breaks="R1")
def no_white_space(work, params):
    work.edit("sender.py", "sys.stdin.buffer.read()", "sys.stdin.buffer.read().strip()")


@mutant.work("characters are counted, not bytes", breaks="R1")
def characters(work, params):
    work.edit("sender.py", "sys.stdin.buffer.read()", "sys.stdin.read()")
    work.edit("sender.py", "DATA.pack(first) + data", "DATA.pack(first) + (data or '').encode()")


@mutant.work("two segments are sent in one datagram", breaks="R1")
def two_at_once(work, params):
    work.edit("sender.py", "int(sys.argv[3])", "int(sys.argv[3]) * 3 // 2")


@mutant.work("it begins with data, and learns the window from the answer", breaks="R2")
def data_first(work, params):
    work.edit("sender.py", "self.send(0, empty=True)", "self.send(0)")


@mutant.work("it asks once", breaks="R2")
def asks_once(work, params):
    work.edit("sender.py", "            self.send(0, empty=True)\n", "            if self.deadline is None:\n"
              "                self.send(0, empty=True)\n")


@mutant.work("its question is an empty datagram", breaks="R2")
def asks_with_nothing(work, params):
    work.edit("sender.py", "self.socket.send(DATA.pack(first) + data)",
              'self.socket.send(b"" if empty else DATA.pack(first) + data)')


@mutant.work("if nobody answers it takes a window of ten segments", breaks="R2")
def guesses(work, params):
    work.edit("sender.py", "            if self.receive():\n", "            if not self.receive():\n"
              "                self.edge, self.timeout = 10 * self.segment, 0.2\n            else:\n")


@mutant.work("it takes the first window for that of all time", breaks="R3")
def first_window(work, params):
    work.edit("sender.py", "        self.edge = max(self.edge, next + window)",
              "        self.window = getattr(self, 'window', window)\n"
              "        self.edge = max(self.edge, next + self.window)")


@mutant.work("the byte at the edge is sent, too", breaks="R3")
def off_by_one(work, params):
    work.edit("sender.py", "<= self.edge", "<= self.edge + 1")


@mutant.work("a segment may begin before the edge and end behind it", breaks="R3")
def begins_before(work, params):
    work.edit("sender.py", "and self.fits(self.top)", "")


@mutant.work("the window is counted from what was sent, not from what was acknowledged", breaks="R3")
def from_the_top(work, params):
    work.edit("sender.py", "self.edge = max(self.edge, next + window)", "self.edge = max(self.edge, self.top + window)")


@mutant.work("a quarter of the window must do", breaks="R4")
def quarter(work, params):
    work.edit("sender.py", "while self.top < min(self.edge, len(self.message))",
              "while self.top < min(self.edge, len(self.message), self.next + 4 * self.segment)")


@mutant.work("it rests 8 ms before each datagram", breaks="R4")
def slow_writer(work, params):
    work.edit("sender.py", "        self.socket.send(DATA", "        time.sleep(0.008)\n        self.socket.send(DATA")


@mutant.work("it waits until half of the window is free", breaks="R5")
def half_empty(work, params):
    work.edit("sender.py", "            while self.top < min(self.edge",
              "            half = self.edge - self.next < 2 * (self.edge - "
              "self.top)\n            while half and self.top < min(self.edge")


@mutant.work("it waits until there is room for five segments", breaks="R5")
def five_at_once(work, params):
    work.edit("sender.py", "            while self.top < min(self.edge",
              "            room = self.edge >= min(self.top + 5 * self.segment, len(self.message))\n"
              "            while room and self.top < min(self.edge")


@mutant.work("it waits until there is room for two segments", breaks="R5")
def room_for_two(work, params):
    work.edit("sender.py", "            while self.top < min(self.edge",
              "            room = self.edge >= min(self.top + 2 * self.segment, len(self.message))\n"
              "            while room and self.top < min(self.edge")


@mutant.work("it looks for room every 20 ms", breaks="R5")
def looks_now_and_then(work, params):
    work.edit("sender.py", "            self.wait()\n\n    def greet", "            self.wait()\n"
              "            end = time.monotonic() + 0.02\n"
              "            while self.deadline and self.next < len(self.message) and time.monotonic() < end:\n"
              "                self.wait()\n\n    def greet")


@mutant.work("it repeats what duplicate answers tell of, and nothing by the clock", breaks="R6")
def no_clock(work, params):
    work.edit("sender.py", "        if not self.receive() or self.answers == 3:", "        if not self.receive():\n"
              "            self.deadline = time.monotonic() + 9\n        elif self.answers == 3:")


@mutant.work("it ends when all has been sent", breaks="R6")
def ends_too_early(work, params):
    work.edit("sender.py", "while self.next < len(self.message):", "while self.top < len(self.message):")


@mutant.work("each answer that tells nothing new makes it repeat", breaks="R7")
def eager(work, params):
    work.edit("sender.py", "self.answers == 3", "self.answers >= 1")


@mutant.work("everything is sent twice", breaks="R7")
def all_twice(work, params):
    work.edit("sender.py", "        if self.deadline is None:\n", "        if not empty and first:\n"
              "            self.socket.send(DATA.pack(first) + data)\n        if self.deadline is None:\n")


@mutant.work("whatever is outstanding is repeated after 20 ms", breaks="R8")
def after_20_ms(work, params):
    work.edit("sender.py", "self.timeout = 2 * (time.monotonic() - asked)", "self.timeout = 0.02")


@mutant.work("it asks every 20 ms until it is answered", breaks="R8")
def asks_and_asks(work, params):
    work.edit("sender.py", "            self.deadline = asked + self.timeout\n            if self.receive():\n",
              "            self.deadline = asked + 0.02\n            if self.receive():\n"
              "                asked, self.deadline, self.answers = asked - 0.05, None, -9\n")


@mutant.work("it goes on for two seconds when all has arrived", breaks="R9")
def lingers(work, params):
    work.edit("sender.py", "            self.wait()\n", "            self.wait()\n        time.sleep(2)\n")


@mutant.work("it ends with status 1", breaks="R9")
def ends_badly(work, params):
    work.edit("sender.py", "sys.stdin.buffer.read()).run()", "sys.stdin.buffer.read()).run()\n    sys.exit(1)")


@mutant.work("it never ends", breaks="R9")
def never_ends(work, params):
    work.edit("sender.py", "            self.wait()\n", "            self.wait()\n        time.sleep(1000)\n")


@mutant.work("it says good-bye with a datagram without data", breaks="R9")
def empty_good_bye(work, params):
    work.edit("sender.py", "            self.wait()\n", "            self.wait()\n        self.send(0, empty=True)\n")


@mutant.work("it says good-bye with the last segment once more", breaks="R9")
def good_bye(work, params):
    work.edit("sender.py", "            self.wait()\n", "            self.wait()\n        self.send(0)\n")


# --- right ones ---

@mutant.right("selectors, a clock for each segment, and one repetition for each gap")
def clocks(work, params):
    work.take("clocks.py", "sender.py")


@mutant.right("one thread sends, another listens")
def threads(work, params):
    work.take("threads.py", "sender.py")


# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("takes one way for a round trip")
def one_way(answers, params):
    answers["stop_seconds"] /= 2


@mutant.answers("takes the speed of stop and wait for that of a window")
def speed_of_one(answers, params):
    answers["far_speed"] = round(1448 / (2 * params["far_delay"] / 1e3))


@mutant.answers("takes the number in the ACK for the number of bytes")
def one_byte_more(answers, params):
    answers["accepted"] += 1


@mutant.answers("takes the congestion window's 60 segments for what leaves")
def sixty(answers, params):
    answers["segments_full"] = 60


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
