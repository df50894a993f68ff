"""ARP: questions, repetitions, answers, and what nobody asked for."""

import pytest

scapy_l2 = pytest.importorskip("scapy.layers.l2")
ARP, Ether = scapy_l2.ARP, scapy_l2.Ether

from mnlab.protocols import arp  # noqa: E402
from mnlab.protocols.capture import Frame, merge  # noqa: E402

BROADCAST, MAC1, MAC2, MAC3 = "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"


def who_has(target="10.0.0.2", tell="10.0.0.1", mac=MAC1, to=BROADCAST):
    return Ether(src=mac, dst=to) / ARP(op=1, hwsrc=mac, psrc=tell, hwdst="00:00:00:00:00:00", pdst=target)


def is_at(owner="10.0.0.2", mac=MAC2, to="10.0.0.1", to_mac=MAC1):
    return Ether(src=mac, dst=to_mac) / ARP(op=2, hwsrc=mac, psrc=owner, hwdst=to_mac, pdst=to)


def test_a_question_and_its_answer(wire):
    wire.add(who_has())
    wire.add(is_at(), after=0.002)
    (exchange,) = arp.exchanges(wire.frames)
    assert exchange.asker == (MAC1, "10.0.0.1")
    assert (exchange.target_ip, exchange.owner) == ("10.0.0.2", MAC2)
    assert exchange.request.broadcast and not exchange.reply.broadcast
    assert exchange.latency == pytest.approx(0.002)
    assert [message.text for message in arp.messages(wire.frames)] == [
        "who has 10.0.0.2? tell 10.0.0.1", f"10.0.0.2 is at {MAC2}"]
    assert [message.style for message in arp.messages(wire.frames)] == ["broadcast", "answer"]


def test_three_tries_a_second_apart_are_one_question(wire):
    for _ in range(3):
        wire.add(who_has("10.0.0.9"), after=1.0)
    wire.add(who_has("10.0.0.9"), after=5.0)
    first, second = arp.exchanges(wire.frames)
    assert first.gaps == pytest.approx([1.0, 1.0]) and first.reply is None and first.latency is None
    assert len(second.requests) == 1
    assert [message.style for message in arp.messages(wire.frames)] == ["broadcast", "again", "again", "broadcast"]


def test_a_question_after_the_answer_is_a_new_one(wire):
    for packet in (who_has(), is_at(), who_has(), is_at()):
        wire.add(packet)
    assert [len(exchange.replies) for exchange in arp.exchanges(wire.frames)] == [1, 1]


def test_a_second_answer_is_kept_beside_the_first(wire):
    for packet in (who_has(), is_at(), is_at(mac=MAC3)):
        wire.add(packet)
    (exchange,) = arp.exchanges(wire.frames)
    assert [reply.sender_mac for reply in exchange.replies] == [MAC2, MAC3]
    assert exchange.owner == MAC2


def test_two_askers_are_told_apart(wire):
    wire.add(who_has())
    wire.add(who_has(tell="10.0.0.3", mac=MAC3))
    wire.add(is_at(to="10.0.0.3", to_mac=MAC3))
    first, second = arp.exchanges(wire.frames)
    assert first.reply is None and second.owner == MAC2


def test_probes_announcements_and_unsolicited_replies(wire):
    wire.add(who_has("10.0.0.5", tell="0.0.0.0"))
    wire.add(who_has("10.0.0.5", tell="10.0.0.5"))
    wire.add(is_at())
    frames = wire.frames
    assert [packet.kind for packet in arp.packets(frames)] == ["probe", "gratuitous", "reply"]
    assert [probe.target_ip for probe in arp.probes(frames)] == ["10.0.0.5"]
    assert [packet.sender_ip for packet in arp.gratuitous(frames)] == ["10.0.0.5"]
    assert [packet.sender_mac for packet in arp.unsolicited(frames)] == [MAC2]
    assert [exchange.asker_ip for exchange in arp.exchanges(frames)] == ["0.0.0.0"]


def test_two_captures_of_one_exchange_are_two_exchanges(wire):
    wire.add(who_has())
    wire.add(is_at())
    there = [Frame(frame.number, frame.time + 1e-5, frame.data, "h2-eth0") for frame in wire.frames]
    exchanges = arp.exchanges(merge(wire.frames, there))
    assert [(exchange.where, len(exchange.requests), len(exchange.replies)) for exchange in exchanges] == [
        ("h1-eth0", 1, 1), ("h2-eth0", 1, 1)]


def test_vlan_tags_are_seen_through_and_damage_is_passed_over(wire):
    wire.add(Ether(src=MAC1, dst=BROADCAST) / scapy_l2.Dot1Q(vlan=5) / who_has().payload)
    wire.add(bytes(who_has())[:30])
    wire.add(Ether(src=MAC1, dst=BROADCAST) / ARP(hwtype=6))
    wire.add(b"\x02")
    assert [packet.target_ip for packet in arp.packets(wire.frames)] == ["10.0.0.2"]
