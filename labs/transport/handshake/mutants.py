"""Ways to break the handshake lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("no_pseudo_header", "two_retries", "no_resets", "never_cookies", "third_lost", "no_crossing", "one_retry",
          "syn_with_ack", "fixed_isn", "new_numbers")

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

@mutant.work("its first SYN says ACK, too", breaks="R1")
def syn_with_ack(work, params):
    work.edit("handshake.py", "self.send(SYN)", "self.send(SYN | ACK)")


@mutant.work("its first SYN has PSH set", breaks="R1")
def syn_with_push(work, params):
    work.edit("handshake.py", "self.send(SYN)", "self.send(SYN | PSH)")


@mutant.work("its SYN carries data", breaks="R1")
def syn_with_data(work, params):
    work.edit("handshake.py", "self.send(SYN)", 'self.send(SYN, b"hello")')


def numbered(work, how: str) -> None:
    work.edit("handshake.py", "random.getrandbits(32)", how)


@mutant.work("the initial number is always the same", breaks="R2")
def fixed_isn(work, params):
    numbered(work, "1000")


@mutant.work("the initial numbers are 1000, 2000, 3000", breaks="R2")
def counted_isn(work, params):
    numbered(work, "Connection.count")
    work.edit("handshake.py", "class Connection:\n", "class Connection:\n    count = 0\n")
    work.edit("handshake.py", "        self.expected = 0\n",
              "        self.expected = 0\n        Connection.count += 1000\n"
              "        self.next = self.isn = self.count\n")


@mutant.work("the initial number begins at random and grows by 64000", breaks="R2")
def steady_isn(work, params):
    work.edit("handshake.py", "class Connection:\n", "class Connection:\n    count = random.getrandbits(31)\n")
    numbered(work, "Connection.count")
    work.edit("handshake.py", "        self.expected = 0\n",
              "        self.expected = 0\n        Connection.count += 64000\n")


@mutant.work("the initial number has 16 bits by chance", breaks="R2")
def small_isn(work, params):
    numbered(work, "random.getrandbits(16)")


@mutant.work("the initial number is RFC 793's clock", breaks="R2")
def clock_isn(work, params):
    numbered(work, "int(time.time() * 250_000) % 2**32")


@mutant.work("the initial number is the time in nanoseconds", breaks="R2")
def nanosecond_isn(work, params):
    numbered(work, "time.time_ns() % 2**32")


@mutant.work("the initial number follows from the two ends", breaks="R2")
def isn_of_the_ends(work, params):
    numbered(work, "random.Random(str((own, peer))).getrandbits(32)")


@mutant.work("the generator begins with the same seed each time", breaks="R2")
def seeded_isn(work, params):
    work.edit("handshake.py", "def main():\n", "def main():\n    random.seed(793)\n")


@mutant.work("the initial number is a clock and a hash of the two ends, without a secret", breaks="R2")
def no_secret(work, params):
    numbered(work, "(int(time.monotonic() * 250_000) + __import__('zlib').crc32(repr((own, peer)).encode())) % 2**32")


@mutant.work("the checksum leaves out the pseudo-header", breaks="R3")
def no_pseudo_header(work, params):
    work.edit("handshake.py", "    if len(data) % 2:", "    data = segment\n    if len(data) % 2:")


@mutant.work("an odd number of bytes is padded in front when it is sent", breaks="R3")
def padded_in_front(work, params):
    work.edit("handshake.py", "HEADER.pack(*fields, 0, 0) + data)",
              'HEADER.pack(*fields, 0, 0) + b"\\0" * (len(data) % 2) + data)')


@mutant.work("each segment but the SYN has the SYN's checksum", breaks="R3")
def old_checksum(work, params):
    work.edit("handshake.py", "HEADER.pack(*fields, 0, 0) + data)",
              "HEADER.pack(*fields[:2], self.isn, 0, 5 << 4, SYN, WINDOW, 0, 0))")


@mutant.work("each SYN has another number", breaks="R4")
def new_numbers(work, params):
    work.edit("handshake.py", "        for wait in WAITS:\n",
              "        for wait in WAITS:\n            self.next = self.isn = random.getrandbits(32)\n")


@mutant.work("it sends a single SYN, and waits for long", breaks="R4")
def one_syn(work, params):
    work.edit("handshake.py", "WAITS = (1, 2, 4)", "WAITS = (7,)")


@mutant.work("it sends a SYN every second", breaks="R4")
def no_backoff(work, params):
    work.edit("handshake.py", "WAITS = (1, 2, 4)", "WAITS = (1,) * 7")


@mutant.work("it does not wait for an answer to its last SYN", breaks="R4")
def last_wait_missing(work, params):
    work.edit("handshake.py", "self.segments(wait)", "self.segments(wait % 4)")


@mutant.work("it sends a fourth SYN", breaks="R4")
def four_syns(work, params):
    work.edit("handshake.py", "WAITS = (1, 2, 4)", "WAITS = (1, 2, 4, 8)")


@mutant.work("a false answer lets its second begin again", breaks="R5")
def restarted_clock(work, params):
    work.edit("handshake.py", "                segment = parse(self.raw.recv(65535))\n",
              "                segment = parse(self.raw.recv(65535))\n"
              "                deadline = time.monotonic() + patience\n")


@mutant.work("a false answer ends its wait", breaks="R5")
def wait_cut_short(work, params):
    work.edit("handshake.py", "                    continue  # no answer to our SYN\n", "                    break\n")


ANSWERS = "if not segment.flags & ACK or segment.ack != (self.isn + 1) % 2**32:"
WHO = "(segment.source, segment.target) == (self.peer, self.own)"


@mutant.work("it takes any SYN+ACK from the right port", breaks="R5")
def any_ack(work, params):
    work.edit("handshake.py", ANSWERS, "if not segment.flags & ACK:")


@mutant.work("it takes an answer that acknowledges more than its SYN", breaks="R5")
def ack_of_more(work, params):
    work.edit("handshake.py", ANSWERS, "if not segment.flags & ACK or segment.ack < (self.isn + 1) % 2**32:")


@mutant.work("it compares the acknowledgement with the SYN's own number, too", breaks="R5")
def ack_of_less(work, params):
    work.edit("handshake.py", ANSWERS, "if not segment.flags & ACK or segment.ack not in (self.isn, self.isn + 1):")


@mutant.work("it compares 16 bits of the acknowledgement", breaks="R5")
def half_an_ack(work, params):
    work.edit("handshake.py", ANSWERS, "if not segment.flags & ACK or (segment.ack - self.isn - 1) & 0xFFFF:")


@mutant.work("it believes resets without the ACK flag", breaks="R5")
def bare_reset(work, params):
    work.edit("handshake.py", ANSWERS, "if segment.ack != (self.isn + 1) % 2**32:")


@mutant.work("it believes any reset", breaks="R5")
def any_reset(work, params):
    work.edit("handshake.py", "                if not segment.flags & ACK or",
              '                if segment.flags & RST:\n                    return "refused"\n'
              "                if not segment.flags & ACK or")


@mutant.work("it takes an ACK without SYN for the answer", breaks="R5")
def open_by_ack(work, params):
    work.edit("handshake.py", "                if segment.flags & SYN:\n", "                if True:\n")


@mutant.work("it takes a SYN+ACK from anyone", breaks="R5")
def any_source(work, params):
    work.edit("handshake.py", WHO, "segment.target == self.own")


@mutant.work("it takes an answer from any port of the peer's", breaks="R5")
def any_port(work, params):
    work.edit("handshake.py", WHO, "(segment.source[0], segment.target) == (self.peer[0], self.own)")


@mutant.work("it takes an answer from any host with that port", breaks="R5")
def any_host(work, params):
    work.edit("handshake.py", WHO, "(segment.source[1], segment.target) == (self.peer[1], self.own)")


@mutant.work("it takes an answer to another port of its host", breaks="R5")
def any_target(work, params):
    work.edit("handshake.py", WHO, "segment.source == self.peer")


@mutant.work("it believes damaged segments", breaks="R5")
def any_checksum(work, params):
    work.edit("handshake.py", " or checksum(source, target, segment) != 0", "")


@mutant.work("it takes a checksum of 0 for none, as in UDP", breaks="R5")
def no_checksum_is_right(work, params):
    work.edit("handshake.py", " or checksum(source, target, segment) != 0",
              " or segment[16:18] != bytes(2) and checksum(source, target, segment) != 0")


@mutant.work("it believes damaged resets", breaks="R5")
def any_checksum_of_resets(work, params):
    work.edit("handshake.py", " or checksum(source, target, segment) != 0",
              " or checksum(source, target, segment) != 0 and not segment[13] & RST")


@mutant.work("it acknowledges what it does not believe", breaks="R5")
def answers_strangers(work, params):
    work.edit("handshake.py", "                    continue  # no answer to our SYN\n",
              "                    self.send(ACK)\n                    continue\n")


@mutant.work("it acknowledges the SYN's own number", breaks="R6")
def ack_too_small(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "segment.seq")


@mutant.work("it acknowledges one number too many", breaks="R6")
def ack_too_large(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "(segment.seq + 2) % 2**32")


@mutant.work("it sends no third segment, but data at once", breaks="R6")
def no_ack(work, params):
    work.edit("handshake.py", '                    self.send(ACK)\n                    return "open"',
              '                    return "open"')


@mutant.work("it counts beyond 32 bits, and ends", breaks="R6")
def no_modulus(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "segment.seq + 1")


@mutant.work("after the largest number it begins with 1", breaks="R6")
def wrong_modulus(work, params):
    work.edit("handshake.py", "(segment.seq + 1) % 2**32", "segment.seq % (2**32 - 1) + 1")


@mutant.work("behind the reply it counts beyond 32 bits, and ends", breaks="R6")
def no_modulus_for_data(work, params):
    work.edit("handshake.py", "(self.expected + len(segment.data)) % 2**32", "self.expected + len(segment.data)")


@mutant.work("it does not know what a reset means", breaks="R7")
def no_refusal(work, params):
    work.edit("handshake.py", "if segment.flags & RST:", "if False:")


@mutant.work("it calls a reset a timeout", breaks="R7")
def refusal_is_timeout(work, params):
    work.edit("handshake.py", 'return "refused"', 'return "timeout"')


@mutant.work("it knows a reset as an answer to its first SYN only", breaks="R7")
def second_reset_ignored(work, params):
    work.edit("handshake.py", "if segment.flags & RST:", "if segment.flags & RST and wait > 1:\n"
              "                    continue\n                if segment.flags & RST:")


@mutant.work("it acknowledges the reset", breaks="R7")
def reset_acknowledged(work, params):
    work.edit("handshake.py", '                    return "refused"',
              '                    self.send(ACK)\n                    return "refused"')


@mutant.work("its data begins with the SYN's number", breaks="R8")
def data_too_early(work, params):
    work.edit("handshake.py", "        self.send(PSH | ACK, text)\n",
              "        self.next -= 1\n        self.send(PSH | ACK, text)\n        self.next += 1\n")


@mutant.work("it sends a segment for each letter", breaks="R8")
def letter_by_letter(work, params):
    work.edit("handshake.py", "        self.send(PSH | ACK, text)\n"
              "        self.next = (self.next + len(text)) % 2**32\n",
              "        for i in range(len(text)):\n            self.send(PSH | ACK, text[i:i + 1])\n"
              "            self.next = (self.next + 1) % 2**32\n")


@mutant.work("two spaces of the text become one", breaks="R8")
def spaces_lost(work, params):
    work.edit("handshake.py", "text.encode()", '" ".join(text.split()).encode()')


@mutant.work("it takes spaces off the text's beginning", breaks="R8")
def split_at_white_space(work, params):
    work.edit("handshake.py", 'split(" ", 5)', "split(maxsplit=5)")


@mutant.work("it takes spaces off the ends of the text", breaks="R8")
def text_stripped(work, params):
    work.edit("handshake.py", "text.encode()", "text.strip().encode()")


@mutant.work("it sends the text with a line feed", breaks="R8")
def line_feed_sent(work, params):
    work.edit("handshake.py", "text.encode()", '(text + "\\n").encode()')


@mutant.work("it sends the first word only", breaks="R8")
def first_word(work, params):
    work.edit("handshake.py", "text.encode()", "text.split()[0].encode()")


@mutant.work("it does not acknowledge the reply", breaks="R9")
def reply_unacknowledged(work, params):
    work.edit("handshake.py", "                self.send(ACK)\n                return segment.data",
              "                return segment.data")


DATA = "if segment.data and segment.seq == self.expected:"


@mutant.work("it takes an ACK alone for the reply", breaks="R9")
def empty_reply(work, params):
    work.edit("handshake.py", DATA, "if segment.seq == self.expected:")


@mutant.work("it acknowledges the reply's first byte only", breaks="R9")
def one_byte_acknowledged(work, params):
    work.edit("handshake.py", "self.expected = (self.expected + len(segment.data)) % 2**32",
              "self.expected = (self.expected + 1) % 2**32")


@mutant.work("it acknowledges as many numbers as the reply has characters", breaks="R9")
def characters_acknowledged(work, params):
    work.edit("handshake.py", "len(segment.data)) % 2**32", "len(segment.data.decode())) % 2**32")


@mutant.work("its last ACK has the number of its text", breaks="R9")
def text_not_counted(work, params):
    work.edit("handshake.py", "        self.next = (self.next + len(text)) % 2**32\n", "")


@mutant.work("it waits for the reply for a second", breaks="R9")
def hasty(work, params):
    work.edit("handshake.py", "PATIENCE = 5", "PATIENCE = 1")


@mutant.work("it knows a reply by its PSH", breaks="R9")
def pushed_only(work, params):
    work.edit("handshake.py", DATA, "if segment.flags & PSH and segment.data and segment.seq == self.expected:")


@mutant.work("it prints the reply without saying that it is one", breaks="R9")
def reply_alone(work, params):
    work.edit("handshake.py", 'f"reply {reply.decode()}"', "reply.decode()")


@mutant.work("data with a wrong number is taken", breaks="R10")
def any_data(work, params):
    work.edit("handshake.py", DATA, "if segment.data:")


@mutant.work("data that begins a little later is taken", breaks="R10")
def near_data(work, params):
    work.edit("handshake.py", DATA, "if segment.data and (segment.seq - self.expected) % 2**32 < 1000:")


@mutant.work("data that begins before what it wants and reaches beyond is taken", breaks="R10")
def overlapping_data(work, params):
    work.edit("handshake.py", DATA, "if (self.expected - segment.seq) % 2**32 < len(segment.data):")


@mutant.work("data from before is taken", breaks="R10")
def earlier_data(work, params):
    work.edit("handshake.py", DATA, "if segment.data and (self.expected - segment.seq) % 2**32 < 2**31:")


def once_open(work, who: str) -> None:
    """Doubt somebody else once the connection is open."""
    work.edit("handshake.py", WHO, f"({who} if self.talks else {WHO})")
    work.edit("handshake.py", "        self.expected = 0\n", "        self.expected, self.talks = 0, False\n")
    work.edit("handshake.py", "        self.send(PSH | ACK, text)\n",
              "        self.talks = True\n        self.send(PSH | ACK, text)\n")


@mutant.work("a reply may come from any port of the peer's", breaks="R10")
def reply_from_any_port(work, params):
    once_open(work, "(segment.source[0], segment.target) == (self.peer[0], self.own)")


@mutant.work("a reply may come from any host", breaks="R10")
def reply_from_any_host(work, params):
    once_open(work, "(segment.source[1], segment.target) == (self.peer[1], self.own)")


@mutant.work("a reply may come to another port", breaks="R10")
def reply_to_another(work, params):
    once_open(work, "segment.source == self.peer")


@mutant.work("a damaged reply is printed", breaks="R10")
def damaged_reply(work, params):
    work.edit("handshake.py", " or checksum(source, target, segment) != 0",
              " or checksum(source, target, segment) != 0 and len(segment) == (segment[12] >> 4) * 4")


@mutant.work("it takes 20 bytes for TCP's header, whatever it says", breaks="R10")
def fixed_header(work, params):
    work.edit("handshake.py", "segment[(offset >> 4) * 4:]", "segment[20 if not flags & SYN else (offset >> 4) * 4:]")


@mutant.work("it takes 20 bytes for IP's header, whatever it says", breaks="R10")
def fixed_ip_header(work, params):
    work.edit("handshake.py", "start = (packet[0] & 15) * 4", "start = 20")


# --- right programs, written otherwise ---

@mutant.right("numbers by RFC 6528, an MSS option, no PSH, and an ACK for whatever is not wanted")
def rfc6528(work, params):
    work.take("rfc6528.py", "handshake.py")


@mutant.right("a packet socket in a thread of its own, IP headers by hand, all lines printed at the end")
def own_header(work, params):
    work.take("own_header.py", "handshake.py")


# --- wrong answers ---

@mutant.answers("takes the server to be established when the client is")
def both_at_once(answers, params):
    answers["server_waiting"] = "ESTABLISHED"


@mutant.answers("takes the client to be established when the server is")
def client_late(answers, params):
    answers["client_early"] = "SYN-SENT"


@mutant.answers("thinks that one of the two ends listens")
def listening_state(answers, params):
    answers["crossing_states"] = ["SYN-SENT", "ESTABLISHED"]


@mutant.answers("counts the two SYNs alone")
def two_syns(answers, params):
    answers["crossing_syns"] = 2


@mutant.answers("gives the reset the old SYN's number")
def reset_of_old(answers, params):
    answers["old_reset"] -= 1


@mutant.answers("thinks that h2 waits the same time after each SYN+ACK")
def no_doubling(answers, params):
    answers["synack_times"] = [0, 1, 2, 3, 4, 5]


@mutant.answers("thinks that h2 forgets with its last SYN+ACK")
def forgets_early(answers, params):
    answers["half_open_for"] = 31


@mutant.answers("takes half of the time that connect() takes")
def fails_early(answers, params):
    answers["connect_for"] /= 2


@mutant.answers("thinks that h2 answers every SYN")
def all_answered(answers, params):
    answers["flood_answered"] = params["flood"]


@mutant.answers("counts one SYN too few of the client that has to wait")
def one_syn_less(answers, params):
    answers["blocked_syns"] -= 1


@mutant.answers("thinks that the client is answered at its second SYN")
def answered_soon(answers, params):
    answers["blocked_for"] = 1


@mutant.answers("thinks that cookies leave the backlog as it is")
def cookies_change_nothing(answers, params):
    answers["cookies_answered"] = params["backlog"] + 1


@mutant.answers("forgets the bytes of the timestamps")
def no_timestamps(answers, params):
    answers["plain_segment"] = params["mss"]


@mutant.answers("thinks that a cookie remembers the segment size")
def full_size(answers, params):
    answers["cookie_segment"] = answers["plain_segment"]
