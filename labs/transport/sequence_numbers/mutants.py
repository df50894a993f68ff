"""Ways to break the sequence number lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("copies", "no_cookie", "quick_acks", "two_syns_lost", "no_fin_with_data", "begin_low", "patient",
          "ack_first")

# --- the network or a kernel misbehaves ---

#: Rules for s1, which passes on what it gets from h1 (s1-eth1) and from h2 (s1-eth2).
RULES = """table bridge mutant {{
  chain forward {{
    type filter hook forward priority 0; policy accept;
    {}
  }}
}}
"""
#: What s1 sends to h2 (s1-eth2) with mark 1 goes without FIN: of flags (byte 13 of the TCP header) only ACK is left.
WITHOUT_FIN = """qdisc add dev s1-eth2 clsact
filter add dev s1-eth2 egress protocol ip u32 match mark 1 0xffffffff \
  action pedit munge offset 33 u8 set 0x10 pipe action csum ip4h and tcp
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
    # tc, since nft writes the flags with the data offset beside them, which Linux 7.3 has nobody write.
    rule(net, "tcp flags & fin == fin ip length > 60 meta mark set 1")
    net["s1"].run(["tc", "-batch", "-"], input=WITHOUT_FIN)


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

SIZE = '    return length + ("SYN" in flags) + ("FIN" in flags)\n'
READY = "if one.seq <= self.expected]"


@mutant.work("the ACK is 0 where the flag is not there", breaks="R1")
def zero_for_none(work, params):
    work.edit("numbers.py", 'else "-"', "else 0")


@mutant.work("ACK comes before SEQ", breaks="R1")
def ack_first(work, params):
    work.edit("numbers.py", "{seq % MODULUS} {ack}", "{ack} {seq % MODULUS}")


@mutant.work("the numbers are relative to the SYNs", breaks="R1")
def relative(work, params):
    work.edit("numbers.py", "Connection(name, int(client_isn), int(server_isn))", "Connection(name, 0, 0)")


@mutant.work("a head stands above the lines", breaks="R1")
def head(work, params):
    work.edit("numbers.py", "    connection = None\n", '    connection = None\n    print("NAME NUMBER SEQ ACK")\n')


@mutant.work("segments that are sent again get no line", breaks="R1")
def no_line_again(work, params):
    work.edit("numbers.py", "                print(connection", "                line = (connection")
    work.edit("numbers.py", "set(flags.split(\"+\")), int(length), old))\n",
              "set(flags.split(\"+\")), int(length), old))\n                if old is None:\n"
              "                    print(line)\n")


@mutant.work("every segment uses one number at least", breaks="R2")
def ack_costs_one(work, params):
    work.edit("numbers.py", "    return length +", "    return max(length, 1) if flags == {'ACK'} else length +")


@mutant.work("a segment uses one number, however many bytes it has", breaks="R2")
def segments_counted(work, params):
    work.edit("numbers.py", SIZE, SIZE.replace("length +", "bool(length) +"))


@mutant.work("an ACK alone that follows data has the number of that data", breaks="R2")
def ack_of_old(work, params):
    work.edit("numbers.py", "if again else side.next", "if again else side.next - (not length and flags == {'ACK'})")


@mutant.work("a SYN uses no number", breaks="R3")
def free_syn(work, params):
    work.edit("numbers.py", '("SYN" in flags)', "0")


@mutant.work("a SYN uses one number, whatever it carries", breaks="R3")
def syn_hides_data(work, params):
    work.edit("numbers.py", "    return length +", '    return 1 if "SYN" in flags else length +')


@mutant.work("only a SYN without data uses a number", breaks="R3")
def syn_in_data(work, params):
    work.edit("numbers.py", '("SYN" in flags)', '("SYN" in flags and not length)')


@mutant.work("the SYN+ACK uses no number", breaks="R3")
def free_synack(work, params):
    work.edit("numbers.py", '("SYN" in flags)', '(flags == {"SYN"})')


@mutant.work("a FIN uses no number", breaks="R4")
def free_fin(work, params):
    work.edit("numbers.py", ' + ("FIN" in flags)', "")


@mutant.work("a FIN with data uses the data's numbers only", breaks="R4")
def fin_in_data(work, params):
    work.edit("numbers.py", '("FIN" in flags)', '("FIN" in flags and not length)')


@mutant.work("a FIN that is pushed uses no number", breaks="R4")
def pushed_fin_is_free(work, params):
    work.edit("numbers.py", '("FIN" in flags)', '("FIN" in flags and "PSH" not in flags)')


@mutant.work("a FIN uses one number, and its data none", breaks="R4")
def fin_hides_data(work, params):
    work.edit("numbers.py", SIZE, '    return 1 if "FIN" in flags else length + ("SYN" in flags)\n')


@mutant.work("a segment that is sent again gets a new number", breaks="R5")
def new_number(work, params):
    work.edit("numbers.py", "if again else side.next", "if False else side.next")


@mutant.work("after what was sent again the count goes on from there", breaks="R5")
def count_falls_back(work, params):
    work.edit("numbers.py", "side.next = max(side.next, seq + segment.size)", "side.next = seq + segment.size")


@mutant.work("what is sent again is counted twice", breaks="R5")
def counted_twice(work, params):
    work.edit("numbers.py", "side.next = max(side.next, seq + segment.size)", "side.next += segment.size")


@mutant.work("what is sent once more after that gets a new number: OLD was no first one", breaks="R5")
def again_of_again(work, params):
    work.edit("numbers.py", "        seq = self.segments[again].seq if again else side.next\n",
              "        first = self.__dict__.setdefault('first', {})\n        seq = first.get(again, side.next)\n"
              "        if not again:\n            first[number] = seq\n")


@mutant.work("a SYN that is sent again has the number after", breaks="R5")
def syn_moves_on(work, params):
    work.edit("numbers.py", "if again else side.next", 'if again and "SYN" not in flags else side.next')


@mutant.work("numbers go on beyond 32 bits", breaks="R6")
def no_wrap(work, params):
    work.edit("numbers.py", "MODULUS = 2**32", "MODULUS = 2**64")


@mutant.work("ACKs go on beyond 32 bits", breaks="R6")
def no_wrap_of_acks(work, params):
    work.edit("numbers.py", "side.expected % MODULUS", "side.expected")


@mutant.work("after 4294967295 comes 4294967296, and then 1", breaks="R6")
def one_too_far(work, params):
    work.edit("numbers.py", "{seq % MODULUS} {ack}", "{seq % MODULUS or seq} {ack}")


@mutant.work("an ACK of 4294967296 is not 0", breaks="R6")
def ack_too_far(work, params):
    work.edit("numbers.py", "side.expected % MODULUS", "(side.expected % MODULUS or side.expected)")


@mutant.work("after 4294967295 comes 1", breaks="R6")
def no_zero(work, params):
    work.edit("numbers.py", "MODULUS = 2**32", "MODULUS = 2**32 - 1")


@mutant.work("numbers of 32 bits are compared as they are", breaks="R6")
def compared_as_they_are(work, params):
    work.edit("numbers.py", "max(side.next, seq + segment.size)",
              "max(side.next, seq + segment.size) if again else (seq + segment.size) % MODULUS")
    work.edit("numbers.py", "max(self.expected, *(one.seq + one.size for one in ready))",
              "max(self.expected, *(one.seq + one.size for one in ready)) % MODULUS")


@mutant.work("an ACK speaks of what was sent, arrived or not", breaks="R7")
def clairvoyant(work, params):
    work.edit("numbers.py", "        ack = side.expected", "        ack = self.other(sender).next")


@mutant.work("what is sent again has the ACK that it had", breaks="R7")
def old_ack(work, params):
    work.edit("numbers.py", '        return f"{self.name} {number}',
              "        acks = self.__dict__.setdefault('acks', {})\n"
              "        ack = acks[number] = acks[again] if again else ack\n"
              '        return f"{self.name} {number}')


@mutant.work("an ACK names the last byte that came", breaks="R7")
def last_byte(work, params):
    work.edit("numbers.py", "ack = side.expected %", "ack = (side.expected - 1) %")


@mutant.work("a pure ACK that comes behind a gap tells what has come", breaks="R7")
def ack_fills(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)\n",
              "        if not segment.size:\n            self.expected = max(self.expected, segment.seq)\n"
              "        self.waiting.append(segment)\n")


@mutant.work("an ACK names the end of what came last, gap or not", breaks="R8")
def no_gap(work, params):
    work.edit("numbers.py", READY, "]")


@mutant.work("only the last segment behind a gap is kept", breaks="R8")
def forgets(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)", "        self.waiting = [segment]")


@mutant.work("nothing behind a gap is kept", breaks="R8")
def keeps_nothing(work, params):
    work.edit("numbers.py", "            self.waiting = [one for one in self.waiting if one not in ready]\n",
              "            self.waiting = [one for one in self.waiting if one not in ready]\n"
              "        self.waiting = []\n")


@mutant.work("when a gap is filled, all that has come counts, whatever is still missing", breaks="R8")
def one_gap_only(work, params):
    work.edit("numbers.py", "*(one.seq + one.size for one in ready)",
              "*(one.seq + one.size for one in (self.waiting if len(self.waiting) > 1 else ready))")


@mutant.work("a filled gap lets one waiting segment in, and no more", breaks="R8")
def one_at_a_time(work, params):
    work.edit("numbers.py", "        while ready := ", "        for _ in range(2):\n            ready = ")
    work.edit("numbers.py", "one.seq <= self.expected]:\n",
              "one.seq <= self.expected][:1]\n            if not ready:\n                break\n")


@mutant.work("a FIN counts when it comes, gap or not", breaks="R8")
def fin_jumps(work, params):
    work.edit("numbers.py", READY, "if one.seq <= self.expected or one.fin]")
    work.edit("numbers.py", "    size: int  # how many sequence numbers it uses\n",
              "    size: int\n    fin: bool = False\n")
    work.edit("numbers.py", "size_of(flags, length))", 'size_of(flags, length), "FIN" in flags)')


@mutant.work("what comes twice is counted twice", breaks="R9")
def heard_twice(work, params):
    work.edit("numbers.py", "max(self.expected, *(one.seq + one.size for one in ready))",
              "self.expected + sum(one.size for one in ready)")


@mutant.work("what comes twice behind a gap is counted twice when the gap is filled", breaks="R9")
def kept_twice(work, params):
    work.edit("numbers.py", "max(self.expected, *(one.seq + one.size for one in ready))",
              "self.expected + sum(one.size for one in ready if one.seq + one.size > self.expected)")


@mutant.work("what comes once more is taken for what was missing", breaks="R9")
def fills_any_gap(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)\n",
              "        if self.waiting and segment.size and segment.seq + segment.size <= self.expected:\n"
              "            self.expected = min(one.seq for one in self.waiting)\n"
              "        self.waiting.append(segment)\n")


@mutant.work("a FIN that comes once more is counted once more", breaks="R9")
def fin_twice(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)\n",
              "        self.expected += segment.fin and segment.seq + segment.size <= self.expected\n"
              "        self.waiting.append(segment)\n")
    work.edit("numbers.py", "    size: int  # how many sequence numbers it uses\n",
              "    size: int\n    fin: bool = False\n")
    work.edit("numbers.py", "size_of(flags, length))", 'size_of(flags, length), "FIN" in flags)')


@mutant.work("a SYN that comes once more, late, begins the counting anew", breaks="R9")
def late_syn(work, params):
    work.edit("numbers.py", "        self.waiting.append(segment)\n",
              "        if segment.syn:\n            self.expected = segment.seq\n"
              "        self.waiting.append(segment)\n")
    work.edit("numbers.py", "    size: int  # how many sequence numbers it uses\n",
              "    size: int\n    syn: bool = False\n")
    work.edit("numbers.py", "size_of(flags, length))\n", "size_of(flags, length), \"SYN\" in flags)\n")


@mutant.work("what comes once more takes the ACK back", breaks="R9")
def taken_back(work, params):
    work.edit("numbers.py", "max(self.expected, *(one.seq + one.size for one in ready))",
              "ready[-1].seq + ready[-1].size")


# --- right programs, written otherwise ---

@mutant.right("32-bit numbers all along, compared by their distance; received ranges joined")
def ranges(work, params):
    work.take("ranges.py", "numbers.py")


@mutant.right("a set of all numbers that have arrived, relative to the SYN; all lines at the end")
def every_number(work, params):
    work.take("every_number.py", "numbers.py")


# --- wrong answers ---

@mutant.answers("counts the handshake's ACK")
def counts_ack(answers, params):
    answers["seq_4"] += 1


@mutant.answers("acknowledges the last byte, not the next one")
def acks_last(answers, params):
    answers["ack_5"] -= 1


@mutant.answers("forgets the bytes of the answer's ACK")
def seq_of_the_ask(answers, params):
    answers["seq_6"] -= params["ask"]


@mutant.answers("counts the ACK before the data")
def counts_ack_later(answers, params):
    answers["seq_7"] += 1


@mutant.answers("goes on beyond 2^32")
def beyond(answers, params):
    answers["ack_8"] += 2**32


@mutant.answers("forgets h2's SYN")
def forgets_syn(answers, params):
    answers["seq_9"] -= 1


@mutant.answers("acknowledges the last byte of h2's")
def acks_last_of_h2(answers, params):
    answers["ack_10"] -= 1


@mutant.answers("thinks that after 4294967295 comes 1")
def begins_with_one(answers, params):
    answers["seq_11"] += 1


@mutant.answers("forgets the FIN behind its data")
def forgets_fin(answers, params):
    answers["ack_12"] -= 1


@mutant.answers("counts h2's ACK of the FIN")
def counts_ack_of_h2(answers, params):
    answers["seq_15"] += 1


@mutant.answers("forgets h1's own FIN in its last ACK")
def forgets_own_fin(answers, params):
    answers["seq_16"] -= 1


@mutant.answers("forgets h2's FIN")
def forgets_fin_of_h2(answers, params):
    answers["ack_16"] -= 1


@mutant.answers("thinks that the first SYN's data is taken")
def taken_without_cookie(answers, params):
    answers["cookie_synack"] += params["cookie_data"]


@mutant.answers("forgets the SYN before its data")
def fast_without_syn(answers, params):
    answers["fast_synack"] -= 1


@mutant.answers("thinks that every server takes data in a SYN")
def always_taken(answers, params):
    answers["refused_synack"] += params["refused_data"]


@mutant.answers("takes RFC 9293's 4 µs for the clock's tick")
def slow_clock(answers, params):
    answers["isn_millions"] = params["pause"] / 4


@mutant.answers("thinks that the ACK is sent again, too")
def ack_again(answers, params):
    answers["sent_again"] = ["SYN", "ACK", "data", "FIN"]


@mutant.answers("lets ACKs name what has come behind the gap")
def gap_ignored(answers, params):
    answers["gap_ack"] += params["lost"] + params["next"]


@mutant.answers("forgets what was waiting behind the gap")
def waiting_forgotten(answers, params):
    answers["filled_ack"] -= params["next"] + params["after"]
