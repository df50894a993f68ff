"""How the checks of the ARP lab read the evidence: the kernels' part, and what the student's resolver was told, asked,
heard and printed."""

import re
from itertools import pairwise

from mnlab.checks import expect
from mnlab.protocols import arp, icmp, ip

WORD = re.compile(r"(?<![0-9a-f])[0-9a-f]{2}(?:([:.-]?)[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![0-9a-f])|unreachable", re.I)
NOTHING = "nothing"
ANSWER = 2.0  # s: what comes later is no answer to a question


# --- the kernels ---

def first_exchange(evidence) -> arp.Exchange:
    """h1's first question about h2, with its answers."""
    found = [exchange for exchange in arp.exchanges(evidence.during("first-ping", "h1"))
             if (exchange.asker_ip, exchange.target_ip) == (evidence.params["h1"], evidence.params["h2"])]
    expect(found, done="h1, which knew no MAC address, pinged h2", expected="an ARP request from h1 for h2's address",
           seen="none")
    return found[0]


def requests(frames, asker_ip: str, target_ip: str) -> list[arp.Arp]:
    return [packet for packet in arp.packets(frames)
            if packet.kind == "request" and (packet.sender_ip, packet.target_ip) == (asker_ip, target_ip)]


def echo_requests(frames, target: str) -> list[icmp.Icmp]:
    return [packet for packet in icmp.packets(frames) if packet.type == icmp.ECHO_REQUEST and packet.target == target]


def link_target(packet) -> str:
    """The MAC address that a packet's frame was sent to."""
    return ip.ethernet(packet.frame.data).target


def the_echo(evidence, name: str) -> icmp.Icmp:
    """The echo request to h2 that the ping `name` sent."""
    found = echo_requests(evidence.during(name, "h1"), evidence.params["h2"])
    expect(found, done=f"h1 pinged h2 ({name})", expected="an echo request on the wire", seen="none")
    return found[0]


# --- the student's resolver ---


def address(resolver, who: str) -> str:
    """The IP address of a host, or of a part that h3 plays."""
    p = resolver.params
    return p["_cast"].get(who) or p[who]


def told(resolver) -> list[str]:
    """The addresses that the resolver was told to resolve, in order."""
    lines = map(str.split, resolver.command("your-resolver").stdin.splitlines())
    return [line[1] for line in lines if line[0] == "resolve"]


def results(resolver, who: str) -> list[str]:
    """What the resolver printed each time it was told to resolve an address: a MAC address, "unreachable", or NOTHING.

    However it is written: the form of its lines is a rule of its own.
    """
    found = [WORD.search(line) for line in resolver.command("your-resolver").stdout.splitlines()]
    said = [match[0].lower() for match in found if match]
    said = [word if word == "unreachable" else ":".join(re.findall("[0-9a-f]{2}", word)) for word in said]
    numbers = [number for number, ip in enumerate(told(resolver)) if ip == address(resolver, who)]
    return [said[number] if number < len(said) else NOTHING for number in numbers]


def expect_results(resolver, who: str, expected: dict[int, str], done: str) -> None:
    """Fail unless the resolver printed these MAC addresses (or "unreachable"), by how often it had been asked (from 0).
    """
    seen = results(resolver, who)
    for number, right in expected.items():
        expect(seen[number] == right, done=done, expected=f"{address(resolver, who)} {right}",
               seen=seen[number] + ending(resolver))


def ending(resolver) -> str:
    """How the program ended, if it was stopped."""
    stopped = resolver.command("your-resolver").stopped
    return f"\n{stopped}" if stopped else ""


def sent(resolver) -> list[arp.Arp]:
    """The ARP requests that left h1 while the program ran."""
    return [packet for packet in arp.packets(resolver.during("your-resolver", "h1"))
            if packet.operation == arp.REQUEST and resolver.mac("h1") in (packet.source, packet.sender_mac)]


def asked(resolver, who: str) -> list[arp.Arp]:
    """The requests about an address."""
    return [packet for packet in sent(resolver) if packet.target_ip == address(resolver, who)]


def questions(resolver, who: str) -> list[arp.Arp]:
    """The same; fails if there is none."""
    found = asked(resolver, who)
    expect(found, done=f"your resolver was told to resolve {address(resolver, who)}",
           expected="an ARP request from h1 for it", seen="none" + ending(resolver))
    return found


def told_of(resolver, who: str) -> list[float]:
    """When replies about an address reached h1 (s) that are addressed to it and not h3's false ones."""
    p = resolver.params
    mine = (resolver.mac("h1"), p["h1"])
    return [packet.time for packet in arp.packets(resolver.during("your-resolver", "h1"))
            if packet.operation == arp.REPLY and (packet.target_mac, packet.target_ip) == mine
            and packet.sender_ip == address(resolver, who) and packet.sender_mac != p["h3_mac"]]


def learned(resolver, who: str) -> list[float]:
    """The same, as far as they come soon enough after a question to be its answer."""
    questions = [request.time for request in asked(resolver, who)]
    return [time for time in told_of(resolver, who) if any(0 <= time - asked < ANSWER for asked in questions)]


def false_frames(resolver) -> list[arp.Arp]:
    """What reached h1 from h3 about its parts or h2 with h3's own MAC address as the sender's: all of it is false."""
    p = resolver.params
    addresses = {p["h2"], *p["_cast"].values()}
    return [packet for packet in arp.packets(resolver.during("your-resolver", "h1"))
            if packet.sender_mac == p["h3_mac"] and packet.sender_ip in addresses]


def a_second(resolver, gap: float) -> bool:
    """Whether a second lies between two questions. In virtual time a program may look at its clock ten times a second;
    in real time a busy computer may let it wait."""
    return -0.05 <= gap - 1 <= 0.2 if resolver.clock == "virtual" else abs(gap - 1) < 0.3


def gaps(packets) -> list[float]:
    return [later.time - earlier.time for earlier, later in pairwise(packets)]


def shown(seconds) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds) or "none"
