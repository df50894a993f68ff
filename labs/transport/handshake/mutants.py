"""Ways to break the handshake lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("no_pseudo_header", "small_room", "no_resets", "third_lost", "no_crossing", "never_cookies", "one_retry",
          "two_retries")

# --- the network or a kernel misbehaves ---

RULES = """table {family} mutant {{
  chain it {{
    type filter hook {hook} priority 0; policy accept;
    {rule}
  }}
}}
"""


def on_the_way(net, rule: str) -> None:
    """A rule (nft(8)) for what s1 passes on."""
    net["s1"].run(["nft", "-f", "-"], input=RULES.format(family="bridge", hook="forward", rule=rule))


@mutant.network("s1 loses the third segment", scenes=["kernel"])
def third_lost(net, params):
    on_the_way(net, "tcp sport 6101 tcp flags & (syn|ack|psh) == ack numgen inc mod 1000 0 drop")


@mutant.network("s1 loses the second SYN of the simultaneous open", scenes=["kernel"])
def no_crossing(net, params):
    on_the_way(net, "tcp sport 7002 tcp flags & (syn|ack) == syn numgen inc mod 1000 0 drop")


@mutant.network("h1 sends no resets", scenes=["kernel"])
def no_resets(net, params):
    net["h1"].run(["nft", "-f", "-"], input=RULES.format(family="ip", hook="output", rule="tcp flags rst drop"))


@mutant.network("s1 takes the Fast Open option off SYNs", scenes=["kernel"])
def no_fast_open(net, params):
    on_the_way(net, "tcp flags syn reset tcp option fastopen")


@mutant.network("h2 has less room than listen() asks for", scenes=["kernel"])
def small_room(net, params):
    net["h2"].sysctl("net.core.somaxconn", 3)


@mutant.network("h2 sends its SYN+ACK again once only", scenes=["kernel"])
def one_retry(net, params):
    net["h2"].sysctl("net.ipv4.tcp_synack_retries", 1)


@mutant.network("h1 sends its SYN again twice only", scenes=["kernel"])
def two_retries(net, params):
    net["h1"].sysctl("net.ipv4.tcp_syn_retries", 2)


@mutant.network("h1's firewall swallows its third SYN", scenes=["kernel"])
def third_syn_lost(net, params):
    net["h1"].run(["nft", "-f", "-"], input=RULES.format(
        family="ip", hook="output", rule="tcp sport 6110 tcp flags syn numgen inc mod 1000 2 drop"))


@mutant.network("h2's firewall swallows its third SYN", scenes=["kernel"])
def third_syn_of_h2_lost(net, params):
    net["h2"].run(["nft", "-f", "-"], input=RULES.format(
        family="ip", hook="output", rule="tcp sport 6111 tcp flags syn numgen inc mod 1000 2 drop"))


@mutant.network("h1 offers no SACK", scenes=["kernel"])
def no_sack(net, params):
    net["h1"].sysctl("net.ipv4.tcp_sack", 0)


def fix_cookies(net, value) -> None:
    original = net["h2"].sysctl
    net["h2"].sysctl = lambda name, given: original(name, value if name.endswith("syncookies") else given)


@mutant.network("h2 never has SYN cookies", scenes=["kernel"])
def never_cookies(net, params):
    fix_cookies(net, 0)


@mutant.network("h2 always has SYN cookies", scenes=["kernel"])
def always_cookies(net, params):
    fix_cookies(net, 1)


# --- wrong programs ---

@mutant.work("the checksum leaves out the pseudo-header")
def no_pseudo_header(work, params):
    work.edit("handshake.py", "    if len(data) % 2:", "    data = segment\n    if len(data) % 2:")


@mutant.work("the initial number is always the same")
def fixed_isn(work, params):
    work.edit("handshake.py", "random.getrandbits(32)", "1000")


@mutant.work("each SYN has another number")
def new_numbers(work, params):
    work.edit("handshake.py", "        for wait in WAITS:\n",
              "        for wait in WAITS:\n            self.next = self.isn = random.getrandbits(32)\n")


@mutant.work("it sends a single SYN, and waits for long")
def one_syn(work, params):
    work.edit("handshake.py", "WAITS = (1, 2, 4)", "WAITS = (7,)")


@mutant.work("it sends a SYN every second")
def no_backoff(work, params):
    work.edit("handshake.py", "WAITS = (1, 2, 4)", "WAITS = (1,) * 7")


@mutant.work("it acknowledges the SYN's own number")
def ack_too_small(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "segment.seq")


@mutant.work("it acknowledges one number too many")
def ack_too_large(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "(segment.seq + 2) % 2**32")


@mutant.work("it sends no third segment, but data at once")
def no_ack(work, params):
    work.edit("handshake.py", '                    self.send(ACK)\n                    return "open"',
              '                    return "open"')


@mutant.work("it takes any SYN+ACK from the right port")
def any_ack(work, params):
    work.edit("handshake.py", "if not segment.flags & ACK or segment.ack != (self.isn + 1) % 2**32:",
              "if not segment.flags & ACK:")


@mutant.work("it takes a SYN+ACK from anyone")
def any_source(work, params):
    work.edit("handshake.py", "(segment.source, segment.target) == (self.peer, self.own)", "segment.target == self.own")


@mutant.work("it believes damaged segments")
def any_checksum(work, params):
    work.edit("handshake.py", " or checksum(source, target, segment) != 0", "")


@mutant.work("it does not acknowledge the reply")
def reply_unacknowledged(work, params):
    work.edit("handshake.py", "                self.send(ACK)\n                return segment.data",
              "                return segment.data")


@mutant.work("its data begins with the SYN's number")
def data_too_early(work, params):
    work.edit("handshake.py", "self.next, self.expected = segment.ack,", "self.next, self.expected = segment.ack - 1,")


@mutant.work("it does not know what a reset means")
def no_refusal(work, params):
    work.edit("handshake.py", "if segment.flags & RST:", "if False:")


# --- wrong answers ---

@mutant.answers("takes the server to be established when the client is")
def both_at_once(answers, params):
    answers["server_waiting"] = "ESTABLISHED"


@mutant.answers("thinks that h2 waits the same time after each SYN+ACK")
def no_doubling(answers, params):
    answers["synack_times"] = [0, 1, 2, 3, 4, 5]


@mutant.answers("thinks that a cookie remembers the segment size")
def full_size(answers, params):
    answers["cookie_segment"] = answers["plain_segment"]
