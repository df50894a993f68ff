"""What must be true of the evidence: what Linux does, then the student's server and answers."""

from mnlab.checks import expect, observation, points, same
from mnlab.protocols import icmp, udp

PORT = 7


def asked(server) -> list[udp.Datagram]:
    """The datagrams that h1 sent to the server. There are some: a loop over none would pass whatever it checks."""
    found = [one for one in udp.datagrams(server.frames("h1")) if one.target.port == PORT]
    expect(found, done="your server was started", expected="h1 asks it", seen="it was not there to be asked")
    return found


def answered(server, to: udp.Datagram) -> list[bytes]:
    """What came back to the port that a datagram was sent from, until h1 sent the next from there."""
    later = [one.time for one in asked(server) if one.time > to.time and one.source == to.source]
    return [one.payload for one in udp.datagrams(server.frames("h1"))
            if (one.source, one.target) == (to.target, to.source) and to.time < one.time < min(later, default=1e9)]


def in_capitals(text: bytes) -> bytes:
    return bytes(letter - 32 if ord("a") <= letter <= ord("z") else letter for letter in text)


@observation(1, hint="Filter `icmp` in scenes/kernel/captures/h1-eth0.pcap.")
def check_ping_is_answered(kernel):
    """Linux itself answers a ping."""
    replies = [packet for packet in icmp.packets(kernel.frames("h1")) if packet.type == icmp.ECHO_REPLY]
    expect(len(replies) == 1, done="h1 pinged h2", expected="one echo reply", seen=f"{len(replies)}")


@points(4, hint="bytes.upper() changes a to z, and nothing else.")
def check_answers_in_capitals(server):
    """Each text comes back in capital letters. (R1)"""
    for one in filter(lambda one: one.payload, asked(server)):
        copies = [late.payload for late in udp.datagrams(server.frames("h1")) if late.source == one.target]
        expect(in_capitals(one.payload) in copies, done=f"h1 sent {one.payload!r}",
               expected=f"a datagram {in_capitals(one.payload)!r} from the server",
               seen=f"{copies}" if copies else "none")


@points(4, hint="recvfrom() says where a datagram came from.")
def check_answers_go_where_the_question_came_from(server):
    """The answer goes to the port that asked. (R2)"""
    for one in filter(lambda one: one.payload, asked(server)):
        answers = answered(server, one)
        expect(len(answers) == 1, done=f"h1 sent {one.payload!r} from port {one.source.port}",
               expected=f"one answer to port {one.source.port}", seen=f"{len(answers)} there")


@points(4, hint="A datagram of no bytes is a datagram.")
def check_nothing_is_answered_with_nothing(server):
    """An empty datagram is answered with an empty one. (R3)"""
    empty = [datagram for datagram in udp.datagrams(server.frames("h1")) if not datagram.payload]
    back = [datagram for datagram in empty if datagram.source.port == PORT]
    expect(len(back) == 1, done="h1 sent an empty datagram", expected="an empty one back", seen=f"{len(back)} of them")


@points(2, hint="Look at the IP header of the echo reply.")
def check_answer_ttl(kernel, answers):
    """The TTL of Linux's packets."""
    replies = [packet for packet in icmp.packets(kernel.frames("h1")) if packet.type == icmp.ECHO_REPLY]
    same(answers.integer("ttl"), replies[0].ttl if replies else None, "ttl")
