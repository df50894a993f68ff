"""What must be true of the three kinds of link. A frame's flight is seen twice: at the sender, and at the receiver.

How one knows when a frame was on the wire: the cable passes a frame on when its last bit has arrived. So a frame of L
bytes on a channel of R bit/s, captured at the receiver at the time t, was on the wire from t - 8 L / R to t. Frames of
both directions that share a channel must fit one behind the other: between the arrivals of any two frames there must be
time for all the frames that arrived in between.

In virtual time all this is exact to some microseconds (SHARP allows for the steps of the sending program). In real time
a busy computer may let everything stand for a while: frames are sent late, and arrive late. But none arrives early, and
lateness does not add up, because netem computes each departure from the one before it and not from when it was served
(netem_enqueue). So no frame may be early in any clock, and in real time most may be late by BLUNT only.
"""

import re
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from mnlab.checks import expect, near, observation, points, same
from mnlab.protocols import arp, ip, udp

ORDER = ("simplex", "half", "full", "your-simplex", "your-half", "your-full")  # ports count up from params["port"]
SHARP, BLUNT = 0.0005, 0.1  # s of tolerance in virtual and in real time; a frame is on the wire for 7 to 30 ms
FEW = 5  # frames: with fewer there is nothing to be said of a cable
WAITED = 0.1  # s: no frame takes as long on any wire here, and on each of the student's cables some wait much longer
SYN, ACK = 0x02, 0x10  # bits of a TCP header's flags (RFC 9293, section 3.1)


# --- reading the evidence ---

@dataclass(frozen=True)
class Flight:
    """A frame of `size` bytes from `sender`; `arrived` is None if its receiver never saw it. Times in s."""

    sender: str
    sent: float
    arrived: float | None
    size: int

    def line_time(self, rate: float) -> float:
        """Seconds on a wire of `rate` kbit/s."""
        return self.size * 8 / (rate * 1000)


def flights(evidence, name: str, *senders: str) -> list[Flight]:
    """The flow (or both) over the cable `name`, in the order of sending."""
    p, found = evidence.params, []
    port = p["port"] + ORDER.index(name)
    evidence.mark(name)  # Missing, if the run did not get so far
    for sender, receiver in (("h1", "h2"), ("h2", "h1")):
        if sender not in (senders or ("h1", "h2")):
            continue
        sent, arrived = ({datagram.payload[:4]: datagram for datagram in udp.datagrams(evidence.frames(host))
                          if (datagram.source.ip, datagram.source.port) == (p[sender], port)}
                         for host in (sender, receiver))
        expect(len(sent) == p[f"{sender}_frames"], done=f"{sender} sent its flow ({name})",
               expected=f"{p[f'{sender}_frames']} frames in its own capture", seen=len(sent))
        found += [Flight(sender, one.time, arrived[key].time if key in arrived else None, one.frame.length)
                  for key, one in sent.items()]
    return sorted(found, key=lambda flight: flight.sent)


def all_arrived(found: list[Flight], name: str) -> list[Flight]:
    """`found`, in the order of arrival; fails if a frame is missing."""
    lost = {sender: sum(1 for flight in found if flight.sender == sender and flight.arrived is None)
            for sender in ("h1", "h2")}
    expect(not any(lost.values()), done=f"the flows were sent over the cable ({name})", expected="every frame arrives",
           seen=", ".join(f"{count} of {sender}'s are missing" for sender, count in lost.items() if count))
    return sorted(found, key=lambda flight: flight.arrived)


def is_virtual(evidence) -> bool:
    return evidence.clock == "virtual"


def overtime(arrivals: list[Flight], rate: float) -> float:
    """How much more time (s) frames, in the order of arrival, needed on one wire of `rate` kbit/s than there was.

    The worst of all stretches between two arrivals; at most 0 where no two frames' times on the wire overlap.
    """
    needed, lowest, worst = 0.0, None, float("-inf")
    for flight in arrivals:
        needed += flight.line_time(rate)
        surplus = needed - flight.arrived
        if lowest is not None:
            worst = max(worst, surplus - lowest)
        lowest = surplus if lowest is None else min(lowest, surplus)
    return worst


def lateness(sent: list[Flight], rate: float) -> list[float]:
    """By how much (s) each frame is later than one wire of `rate` kbit/s brings it, first come, first served."""
    free, late = 0.0, []
    for flight in sent:
        free = max(free, flight.sent) + flight.line_time(rate)
        late.append(flight.arrived - free)
    return late


def last_bit(sent: list[Flight], rate: float) -> float:
    """When one wire of `rate` kbit/s has carried all that was sent."""
    sent = sorted(sent, key=lambda flight: flight.sent)
    return sent[-1].arrived - lateness(sent, rate)[-1]


def expect_one_wire(evidence, found: list[Flight], rate: int, done: str, more: str = "") -> None:
    """Fail unless frames, in the order of sending, arrive as one wire of `rate` kbit/s brings them."""
    found = sorted(found, key=lambda flight: flight.sent)
    late = lateness(found, rate)
    slow = max(late) <= SHARP if is_virtual(evidence) else median(late) <= BLUNT
    expect(slow and min(late) >= -SHARP, done=done, expected=f"each frame to arrive as on one wire of {rate} kbit/s",
           seen=f"frames up to {millis(-min(late))} too early" + more if min(late) < -SHARP
           else f"frames up to {millis(max(late))} too late" + more)


def expect_no_overlap(evidence, found: list[Flight], rate: int, done: str) -> None:
    """Fail unless the times on the wire of any two frames are apart; a late frame seems to overlap with the next."""
    latest = 0.0 if is_virtual(evidence) else max(0.0, *lateness(sorted(found, key=lambda flight: flight.sent), rate))
    worst = overtime(sorted(found, key=lambda flight: flight.arrived), rate)
    expect(worst <= SHARP + latest, done=done, expected="frames on the wire one after the other",
           seen=f"frames that overlap by {millis(worst)} in all")


def sum_of_rates(found: list[Flight]) -> float:
    """kbit/s that arrived, both directions together, from the first frame's sending to the last one's arrival."""
    landed = [flight for flight in found if flight.arrived is not None]
    expect(landed, done="flows were sent over the cable", expected="frames that arrive", seen="none")
    seconds = max(flight.arrived for flight in landed) - min(flight.sent for flight in landed)
    return sum(flight.size for flight in landed) * 8 / 1000 / seconds


def expect_rate(evidence, found: list[Flight], rate: int, wires: int, done: str) -> None:
    """Fail unless the rates add up to `rate` kbit/s for each of `wires`: one shared by both directions, or one each.

    2 % are for the last, lone frame. In real time it may be less: what the wires could carry of what was offered.
    """
    seen, least = sum_of_rates(found), rate * wires
    if not is_virtual(evidence):
        shares = [found] if wires == 1 else [[one for one in found if one.sender == host] for host in ("h1", "h2")]
        seconds = max(last_bit(share, rate) for share in shares) + BLUNT - min(flight.sent for flight in found)
        least = sum(flight.size for flight in found) * 8 / 1000 / seconds
    expect(0.98 * least <= seen <= 1.02 * rate * wires, done=done, expected=f"{rate * wires} kbit/s in all",
           seen=f"{seen:.1f} kbit/s")


def at_once(found: list[Flight], rates: dict[str, float]) -> float:
    """Seconds in which frames of both directions were on the wire."""
    spans = {sender: [(flight.arrived - flight.line_time(rate), flight.arrived) for flight in found
                      if flight.sender == sender] for sender, rate in rates.items()}
    return sum(max(0.0, min(end, other_end) - max(start, other_start))
               for start, end in spans["h1"] for other_start, other_end in spans["h2"])


def between(evidence, first: str, last: str, place: str) -> list:
    return [frame for frame in evidence.frames(place) if evidence.mark(first) <= frame.time < evidence.mark(last)]


def millis(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


# --- DUP-1: simplex ---

@observation(1, claim="DUP-1", hint="Compare what h2 sent with what h1 received.")
def check_simplex_carries_one_way_only(kernel):
    """Simplex: all of h1's frames arrive at h2; h2 sends as well, and nothing of it arrives."""
    all_arrived(flights(kernel, "simplex", "h1"), "simplex")
    back = [flight for flight in flights(kernel, "simplex", "h2") if flight.arrived is not None]
    expect(not back, done="h2 sent its flow over the simplex cable", expected="none of it at h1",
           seen=f"{len(back)} frames")


@observation(1, claim="DUP-1", hint="R + 0.")
def check_simplex_sum_is_one_rate(kernel):
    """Simplex: the rates add up to R + 0."""
    found, rate = flights(kernel, "simplex"), kernel.params["rate"]
    forth = all_arrived([flight for flight in found if flight.sender == "h1"], "simplex")
    expect_rate(kernel, forth, rate, 1, f"both flows were sent over a simplex cable of {rate} kbit/s")
    expect_one_wire(kernel, forth, rate, f"h1 sent its flow over a channel of {rate} kbit/s")


@observation(1, claim="DUP-1", hint="Follow the question, and the answer.")
def check_simplex_has_no_arp(kernel):
    """Simplex: h1's ARP requests arrive, h2 answers each, no answer comes back: h1 cannot even begin to send."""
    asked, heard = ([packet for packet in arp.packets(between(kernel, "no-way-back", "connect", host))
                     if packet.sender_ip == kernel.params["h1"]] for host in ("h1", "h2"))
    expect(asked and len(asked) == len(heard), done="h1 pinged h2 over a simplex cable, with an empty ARP cache",
           expected="ARP requests at both ends", seen=f"{len(asked)} sent, {len(heard)} arrived")
    said, got = ([packet for packet in arp.packets(between(kernel, "no-way-back", "connect", host))
                  if packet.sender_ip == kernel.params["h2"] and packet.operation == arp.REPLY]
                 for host in ("h2", "h1"))
    expect(len(said) == len(heard) and not got, done=f"{len(heard)} ARP requests reached h2",
           expected=f"{len(heard)} replies sent, none arrived", seen=f"{len(said)} sent, {len(got)} arrived")
    ping = kernel.command("arp-ping")
    expect(ping.status == 1 and "Destination Host Unreachable" in ping.stdout, done="h1 pinged h2",
           expected="host unreachable, said by h1 itself", seen=ping.stdout.strip()[-200:])


def tcp_segments(frames, source: str) -> list[int]:
    """The flags of each TCP segment from `source`."""
    return [frame.data[packet.start + 13] for frame, packet in ip.packets(frames, ip.TCP) if packet.source == source]


@observation(1, claim="DUP-1", hint="Which of the three segments of the handshake get through?")
def check_simplex_has_no_tcp(kernel):
    """Simplex: SYNs arrive and are answered, no answer comes back: no TCP connection, whatever the ARP cache holds."""
    p, done = kernel.params, "h1 tried to connect to h2 by TCP over a simplex cable, with static ARP entries"
    at_h1, at_h2 = (between(kernel, "connect", "flows", host) for host in ("h1", "h2"))
    arrived = tcp_segments(at_h2, p["h1"])
    expect(len(arrived) > 1 and set(arrived) == {SYN}, done=done, expected="SYNs, and nothing else, from h1 at h2",
           seen=[f"{flags:#04x}" for flags in arrived] or "nothing")
    sent, got = tcp_segments(at_h2, p["h2"]), tcp_segments(at_h1, p["h2"])
    expect(sent and set(sent) == {SYN | ACK} and not got, done=done, expected="SYN+ACKs sent by h2, none at h1",
           seen=f"{len(sent)} segments sent, {len(got)} arrived")
    expect(kernel.text("connect").strip() == "timed out", done=done, expected="a timeout",
           seen=kernel.text("connect").strip())


# --- DUP-2: half duplex ---

@observation(1, claim="DUP-2", hint="Both directions, in turn.")
def check_half_carries_both_ways(kernel):
    """Half duplex: all frames of both flows arrive, and the directions take turns."""
    order = [flight.sender for flight in all_arrived(flights(kernel, "half"), "half")]
    turns = sum(1 for one, following in pairwise(order) if one != following)
    fewest = min(order.count("h1"), order.count("h2"))
    expect(turns >= fewest, done="both flows were sent over the half-duplex cable",
           expected=f"the direction to change at least {fewest} times", seen=f"{turns} times")


@observation(1, claim="DUP-2", hint="At most R, however much is offered.")
def check_half_sum_is_one_rate(kernel):
    """Half duplex: the rates of both directions together are R, though each end offers more than that."""
    rate = kernel.params["rate"]
    found = all_arrived(flights(kernel, "half"), "half")
    expect_rate(kernel, found, rate, 1, f"both flows were sent over a half-duplex cable of {rate} kbit/s")


@observation(2, claim="DUP-2", hint="A frame of L bytes that arrives at t was on the wire from t - 8 L / R to t.")
def check_half_never_at_once(kernel):
    """Half duplex: no two frames' times on the wire overlap, in whichever direction they go."""
    rate = kernel.params["rate"]
    expect_no_overlap(kernel, all_arrived(flights(kernel, "half"), "half"), rate,
                      f"both flows were sent over a half-duplex cable of {rate} kbit/s")


# --- DUP-3: full duplex ---

@observation(1, claim="DUP-3", hint="Two channels.")
def check_full_sum_is_twice_the_rate(kernel):
    """Full duplex: the rates of both directions add up to 2 R."""
    rate = kernel.params["rate"]
    found = all_arrived(flights(kernel, "full"), "full")
    expect_rate(kernel, found, rate, 2, f"both flows were sent over a full-duplex cable of {rate} kbit/s each way")


@observation(1, claim="DUP-3", hint="Draw both directions' frames on one time axis.")
def check_full_is_at_once(kernel):
    """Full duplex: nearly all the time, frames of both directions are on the wire at once."""
    rate = kernel.params["rate"]
    found = all_arrived(flights(kernel, "full"), "full")
    busy = min(sum(flight.line_time(rate) for flight in found if flight.sender == host) for host in ("h1", "h2"))
    seen = at_once(found, {"h1": rate, "h2": rate})
    # 5 % for the first and last frames; in real time a late frame seems to have been on the wire later than it was
    expect(seen >= (0.95 if is_virtual(kernel) else 0.5) * busy,
           done="both flows were sent over the full-duplex cable",
           expected=f"frames on the wire both ways for {busy:.2f} s", seen=f"{seen:.2f} s")


@observation(1, claim="DUP-3", hint="Does h2's sending delay h1's frames?")
def check_full_directions_do_not_disturb(kernel):
    """Full duplex: each direction's frames arrive as if the other did not exist."""
    rate = kernel.params["rate"]
    all_arrived(flights(kernel, "full"), "full")
    for host in ("h1", "h2"):
        expect_one_wire(kernel, flights(kernel, "full", host), rate,
                        f"{host} sent its flow while the other one came in")


# --- the student's cables ---

def trouble(evidence) -> str:
    """What the run complained of in the student's files."""
    return "".join(f"\n{line}" for line in evidence.reason.splitlines()[:6])


def yours(evidence, name: str, *senders: str) -> list[Flight]:
    """The student's flows as far as they arrived, in the order of sending; fails if there is next to nothing."""
    found = [flight for flight in flights(evidence, name, *senders) if flight.arrived is not None]
    for sender in senders or ("h1", "h2"):
        count = sum(1 for flight in found if flight.sender == sender)
        expect(count >= FEW, done=f"{sender} sent {evidence.params[f'{sender}_frames']} frames over your cable "
               f"({name.removeprefix('your-')}.tc)", expected="frames that arrive", seen=f"{count}{trouble(evidence)}")
    return found


@points(2, claim="DUP-1", hint="Which end of the cable sends into a channel, and what is the channel's rate?")
def check_your_simplex(cables):
    """R1: your simplex cable carries h2's frames at your rate."""
    expect_one_wire(cables, yours(cables, "your-simplex", "h2"), cables.params["own_simplex"],
                    "h2 sent over your cable (simplex.tc)", trouble(cables))


@points(1, claim="DUP-1", hint="Which end of the cable must have no transmitter?")
def check_your_simplex_has_no_way_back(cables):
    """R2: nothing of h1's passes your simplex cable."""
    yours(cables, "your-simplex", "h2")
    through = [flight for flight in flights(cables, "your-simplex", "h1") if flight.arrived is not None]
    expect(not through, done="h1 sent over your cable (simplex.tc)", expected="nothing of it at h2",
           seen=f"{len(through)} frames{trouble(cables)}")


@points(2, claim="DUP-2", hint="One wire, one queue, two ends that send into it.")
def check_your_half_is_never_at_once(cables):
    """R3: your half-duplex cable carries both ways, and never two frames at once."""
    rate = cables.params["own_half"]
    found = yours(cables, "your-half")
    expect_no_overlap(cables, found, rate, f"both flows were sent over your cable (half.tc), of {rate} kbit/s")


@points(2, claim="DUP-2", hint="While the other end is silent, the whole rate is there for whoever sends.")
def check_your_half_is_one_wire(cables):
    """R4: on your half-duplex cable who is alone gets the whole rate; two share it, first come, first served."""
    p, found = cables.params, yours(cables, "your-half")
    late = min(flight.sent for flight in found if flight.sender == "h2")
    alone = [flight for flight in found if flight.arrived < late]
    expect_one_wire(cables, alone or found, p["own_half"], "h1 alone sent over your cable (half.tc)",
                    trouble(cables))
    expect_one_wire(cables, found, p["own_half"], "both flows were sent over your cable (half.tc)", trouble(cables))


@points(2, claim="DUP-3", hint="tc tells kbit (bits) from kbps (bytes). Which end sends into which channel?")
def check_your_full_carries_h1_undisturbed(cables):
    """R5: your full-duplex cable carries h1's frames at their own rate, whatever h2 sends meanwhile."""
    expect_one_wire(cables, yours(cables, "your-full", "h1"), cables.params["own_there"],
                    "h1 sent over your cable (full.tc), and so did h2", trouble(cables))


@points(2, claim="DUP-3", hint="How many channels does full duplex need, and of what rate is the one for h2?")
def check_your_full_carries_h2_undisturbed(cables):
    """R6: your full-duplex cable carries h2's frames at their own rate, whatever h1 sends meanwhile."""
    expect_one_wire(cables, yours(cables, "your-full", "h2"), cables.params["own_back"],
                    "h2 sent over your cable (full.tc), and so did h1", trouble(cables))


@points(1, claim="DUP-3", hint="How many frames may wait in a channel? `limit` says so.")
def check_your_cables_lose_nothing(cables):
    """R7: whatever comes faster than your cables carry it waits, and nothing is lost for lack of room."""
    for name, senders in (("your-simplex", ("h2",)), ("your-half", ("h1", "h2")), ("your-full", ("h1", "h2"))):
        for sender in senders:
            found, file = flights(cables, name, sender), f"{name.removeprefix('your-')}.tc"
            lost = sum(1 for flight in found if flight.arrived is None)
            expect(not lost, done=f"{sender} sent over your cable ({file})", expected="every frame arrives",
                   seen=f"{lost} of {len(found)} are missing{trouble(cables)}")
        longest = max(flight.arrived - flight.sent for flight in flights(cables, name, *senders))
        expect(longest > WAITED, done=f"more was offered than your cable ({file}) carries", expected="frames that wait",
               seen=f"the longest took {millis(longest)}{trouble(cables)}")


# --- the student's answers ---

@points(2, claim=("DUP-2", "DUP-3"), hint="A frame of L bytes takes 8 L / R seconds.")
def check_answers_times(kernel, answers):
    """Your answers on how long frames and flows take."""
    p, found = kernel.params, flights(kernel, "half")
    bits = {host: sum(flight.size * 8 for flight in found if flight.sender == host) for host in ("h1", "h2")}
    near(answers.number("frame_ms"), flights(kernel, "half", "h1")[0].line_time(p["rate"]) * 1000, "frame_ms", 0.01)
    near(answers.number("half_seconds"), sum(bits.values()) / p["rate"] / 1000, "half_seconds", 0.02)
    near(answers.number("full_seconds"), max(bits.values()) / p["rate"] / 1000, "full_seconds", 0.02)


@points(2, claim=("DUP-1", "DUP-2", "DUP-3"), hint="R + 0, R, 2 R: which is which?")
def check_answers_rates(kernel, answers):
    """Your answers on the sums of rates."""
    rate, found = kernel.params["rate"], flights(kernel, "half")
    for kind, wires in (("simplex", 1), ("half", 1), ("full", 2)):
        near(answers.number(f"{kind}_sum"), rate * wires, f"{kind}_sum", 0.03)
    share = sum(flight.size for flight in found if flight.sender == "h1") / sum(flight.size for flight in found)
    near(answers.number("half_h1"), rate * share, "half_h1", 0.05)


@points(2, claim="DUP-1", hint="h2-eth0.pcap has what arrived, and what h2 said to it.")
def check_answers_simplex(kernel, answers):
    """Your answers on what gets through a simplex cable."""
    p, at = kernel.params, {host: between(kernel, "no-way-back", "flows", host) for host in ("h1", "h2")}
    asked = [packet for packet in arp.packets(at["h2"]) if packet.sender_ip == p["h1"]]
    same(answers.integer("arp_requests_at_h2"), len(asked), "arp_requests_at_h2")
    answered = [packet for packet in arp.packets(at["h1"]) if packet.sender_ip == p["h2"]]
    same(answers.integer("arp_replies_at_h1"), len(answered), "arp_replies_at_h1")
    same(answers.integer("syns_at_h2"), len(tcp_segments(at["h2"], p["h1"])), "syns_at_h2")
    told = re.search(r"From (\S+) icmp_seq", kernel.command("arp-ping").stdout)
    same(answers.text("unreachable_from"), told and told[1], "unreachable_from")
    same(answers.integer("h2_frames_at_h1"), sum(1 for flight in flights(kernel, "simplex", "h2") if flight.arrived),
         "h2_frames_at_h1")
