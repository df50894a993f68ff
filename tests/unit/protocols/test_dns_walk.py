"""Walks: who was asked because of what."""

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from mnlab.protocols import dns
from mnlab.protocols.capture import Frame
from mnlab.protocols.dns_walk import walks

CLIENT, RESOLVER, ROOT, AUTH = "10.0.0.1", "10.0.0.53", "10.0.1.1", "10.0.1.2"
HOSTS = {CLIENT: "client", RESOLVER: "resolver", ROOT: "root", AUTH: "auth"}


class Net:
    """Messages as each of two hosts captures them, which see them 1 ms apart."""

    def __init__(self):
        self.frames, self.time = [], 0.0

    def send(self, source, target, message, after=0.01, seen=("client", "resolver")):
        self.time += after
        ports = {"sport": 5353, "dport": 53} if not message.qr else {"sport": 53, "dport": 5353}
        data = bytes(Ether() / IP(src=source, dst=target) / UDP(**ports) / message)
        for number, host in enumerate(name for name in seen if name in (HOSTS[source], HOSTS[target])):
            self.frames.append(Frame(len(self.frames) + 1, self.time + number / 1000, data, f"{host}-eth0"))

    def ask(self, source, target, name, id, rd=0):
        self.send(source, target, DNS(id=id, rd=rd, qd=DNSQR(qname=name)))

    def answer(self, source, target, name, id):
        self.send(source, target, DNS(id=id, qr=1, qd=DNSQR(qname=name),
                                      an=DNSRR(rrname=name, type="A", ttl=9, rdata="192.0.2.1")))

    def walks(self):
        found = walks(dns.transactions(sorted(self.frames, key=lambda frame: frame.time)),
                      lambda where: where.removesuffix("-eth0"), HOSTS.get)
        return [tree(step) for step in found]


def tree(step):
    one = step.transaction
    ends = f"{HOSTS[one.client.ip]}>{HOSTS[one.server.ip]} {one.name}"
    return (ends, [tree(below) for below in step.steps]) if step.steps else ends


@pytest.fixture
def net():
    return Net()


def test_what_a_resolver_asks_stands_below_what_it_was_asked(net):
    net.ask(CLIENT, RESOLVER, "www.lab", 1, rd=1)
    for id, server in ((2, ROOT), (3, AUTH)):
        net.ask(RESOLVER, server, "www.lab", id)
        net.answer(server, RESOLVER, "www.lab", id)
    net.answer(RESOLVER, CLIENT, "www.lab", 1)
    net.ask(RESOLVER, ROOT, "later.lab", 4)  # after the answer: nobody's doing
    assert net.walks() == [("client>resolver www.lab", ["resolver>root www.lab", "resolver>auth www.lab"]),
                           "resolver>root later.lab"]


def test_of_two_open_questions_the_one_about_that_name_is_the_cause(net):
    net.ask(CLIENT, RESOLVER, "www.lab", 1, rd=1)
    net.ask(CLIENT, RESOLVER, "news.lab", 2, rd=1)
    net.ask(RESOLVER, AUTH, "www.lab", 3)
    net.ask(RESOLVER, AUTH, "lab", 4)
    assert net.walks() == [("client>resolver www.lab", ["resolver>auth www.lab"]),
                           ("client>resolver news.lab", ["resolver>auth lab"])]


def test_who_asks_without_recursion_walks_himself(net):
    net.ask(CLIENT, RESOLVER, "www.lab", 1)
    net.ask(RESOLVER, AUTH, "www.lab", 2)
    assert net.walks() == ["client>resolver www.lab", "resolver>auth www.lab"]


def test_the_same_question_asked_twice_is_two_walks_and_seen_twice_is_one(net):
    for id in (1, 1):
        net.ask(CLIENT, RESOLVER, "www.lab", id, rd=1)
        net.answer(RESOLVER, CLIENT, "www.lab", id)
        net.time += 10
    assert net.walks() == ["client>resolver www.lab"] * 2
    (first, _) = walks(dns.transactions(net.frames), lambda where: where.removesuffix("-eth0"), HOSTS.get)
    assert first.transaction.where == "client-eth0"
