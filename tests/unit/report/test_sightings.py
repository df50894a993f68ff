import random

import pytest

from mnlab.report.sightings import arrows, is_group


def drawn(lan, **options):
    return arrows(lan.messages, lan.name_of, **options)


def test_a_message_seen_at_both_ends_is_one_arrow_from_when_it_was_sent(lan):
    [arrow] = drawn(lan.send(1.0, "h1", "h2", "echo request"))
    assert (arrow.time, arrow.source, arrow.target, arrow.lost, arrow.claimed) == (1.0, "h1", "h2", False, "")


def test_a_broadcast_is_one_arrow_with_no_target(lan):
    lan.send(0, "h1", "ff:ff:ff:ff:ff:ff", "who has 10.0.0.2?", seen="h1 h2 h3")
    [arrow] = drawn(lan)
    assert arrow.target == "" and not arrow.lost


def test_what_the_target_did_not_see_is_lost(lan):
    lan.send(0, "h1", "h2", "one").send(1, "h1", "h2", "two", seen="h1")
    assert [arrow.lost for arrow in drawn(lan)] == [False, True]


def test_nothing_is_lost_where_nobody_captured(lan):
    assert not drawn(lan.send(0, "h1", "h2", "one", seen="h1"))[0].lost


def test_a_captured_host_that_saw_nothing_lost_everything(lan):
    assert drawn(lan.send(0, "h1", "h2", "one", seen="h1"), captured=["h1", "h2"])[0].lost


def test_a_lost_segment_is_told_from_its_retransmission(lan):
    lan.send(0, "h1", "h2", "SYN")
    lan.send(0.1, "h1", "h2", "data seq 1", seen="h1").send(0.3, "h1", "h2", "data seq 1", style="again")
    assert [(arrow.time, arrow.lost) for arrow in drawn(lan)] == [(0, False), (0.1, True), (0.3, False)]


def test_a_repetition_before_the_first_one_arrived_is_not_a_loss(lan):
    lan.send(0, "h1", "h2", "data", transit=0.5).send(0.2, "h1", "h2", "data", transit=0.5)
    assert [arrow.lost for arrow in drawn(lan)] == [False, False]


def test_thousands_of_identical_datagrams_are_matched_by_their_time(lan):
    chance = random.Random(1)
    lan.send(-1, "h1", "h2", "hello")
    losses = {number for number in range(4000) if chance.random() < 0.3}
    for number in range(4000):
        lan.send(number / 1000, "h1", "h2", "datagram 1400 bytes", seen="h1" if number in losses else "h1 h2",
                 transit=0.02 + chance.random() / 2000)
    result = drawn(lan)
    assert {round(arrow.time * 1000) for arrow in result if arrow.lost} == losses


def test_a_routed_message_is_one_arrow_however_many_interfaces_it_crosses(make_lan):
    lan = make_lan(2)
    lan.send(0, "h1", "h2", "echo request", seen="h1 r1 r2 h2")
    assert len(drawn(lan)) == 1


def test_a_forged_source_is_drawn_from_who_really_sent_it(lan):
    lan.send(0, "h2", "h1", "honest").send(1, "h2", "h1", "forged", seen="h3 h1")
    honest, forged = drawn(lan)
    assert (honest.source, honest.claimed) == ("h2", "")
    assert (forged.source, forged.claimed, forged.lost) == ("h3", "h2", False)


def test_nobodys_address_as_source_is_drawn_from_who_sent_it(lan):
    [arrow] = drawn(lan.send(0, "10.9.9.9", "h1", "SYN", seen="h3 h1"))
    assert (arrow.source, arrow.claimed) == ("h3", "10.9.9.9")


def test_a_message_known_only_from_its_target_comes_from_its_source(lan):
    [arrow] = drawn(lan.send(0, "h2", "h1", "echo reply", seen="h1"))
    assert (arrow.source, arrow.target, arrow.claimed) == ("h2", "h1", "")


def test_segments_cut_up_on_the_way_are_not_taken_for_losses(lan):
    lan.send(0, "h1", "h2", "data 2896 bytes", seen="h1")
    for start in (1, 1449):
        lan.send(0.02, "h1", "h2", f"data 1448 bytes seq {start}", seen="h2")
    assert not any(arrow.lost for arrow in drawn(lan))


@pytest.mark.parametrize("address, group", [
    ("ff:ff:ff:ff:ff:ff", True), ("01:00:5e:00:00:fb", True), ("33:33:00:00:00:01", True), ("00:00:00:00:00:01", False),
    ("255.255.255.255", True), ("10.0.0.255", True), ("224.0.0.251", True), ("10.0.0.1", False), ("ff02::1", True),
    ("fe80::1", False), ("h1", False),
])
def test_group_addresses(address, group):
    assert is_group(address) is group


def test_a_broadcast_is_heard_where_a_capture_holds_it_and_nowhere_else(lan):
    lan.send(0, "h1", "ff:ff:ff:ff:ff:ff", "who has 10.0.0.2?", seen="h1 h2")
    [arrow] = drawn(lan, captured=["h1", "h2", "h3"])
    assert (arrow.heard, arrow.deaf) == ({"h2"}, {"h1", "h3"})


def test_the_place_that_saw_a_lost_message_last_is_known(lan):
    lan.send(0, "h1", "h2", "one", seen="h1 s1-eth1 s1-eth2 h2").send(1, "h1", "h2", "two", seen="h1 s1-eth1")
    lan.send(2, "h1", "h2", "three", seen="h1")
    arrived, at_switch, before = drawn(lan)
    assert [arrow.lost for arrow in (arrived, at_switch, before)] == [False, True, True]
    assert (arrived.last, at_switch.last, before.last) == ("", "s1-eth1", "")
    assert at_switch.heard == {"s1"} and "s1" in before.deaf


def test_identity_tells_a_lost_segment_from_its_retransmission_whatever_the_times(lan):
    """The segment that arrives took as long as if it had been the first one: transit times mislead here."""
    lan.send(0, "h1", "h2", "SYN", transit=0.3, identity=(1,))
    lan.send(1.0, "h1", "h2", "data", seen="h1", identity=(2,))
    lan.send(1.2, "h1", "h2", "data", transit=0.1, identity=(3,))
    assert [(arrow.time, arrow.lost) for arrow in drawn(lan)] == [(0, False), (1.0, True), (1.2, False)]


def test_a_copy_made_on_the_way_is_an_arrow_and_hides_no_loss(lan):
    lan.send(0, "h1", "h2", "data", seen="h1 s1-eth2 h2", identity=(1,))
    lan.send(0.03, "h1", "h2", "data", seen="s1-eth2 h2", identity=(1,))
    lan.send(1, "h1", "h2", "data", seen="h1", identity=(2,))
    assert [(arrow.time, arrow.lost, arrow.note) for arrow in drawn(lan)] == [
        (0, False, ""), (0.03, False, "a copy"), (1, True, "")]


def test_a_message_that_left_a_translator_under_another_address_ends_there_and_is_not_lost(lan):
    """h2 is a translator between h1 and h3: what h1 sends to h3 goes on as h2's, the answer comes back as h3's."""
    lan.send(0, "h1", "h3", "request", seen="h1 h2-eth0", content=(1,))
    lan.send(0.03, "h2", "h3", "request", seen="h2-eth1 h3", content=(1,))
    lan.send(0.06, "h3", "h2", "answer", seen="h3 h2-eth1", content=(2,))
    lan.send(0.09, "h3", "h1", "answer", seen="h2-eth0 h1", content=(2,))
    lan.send(1, "h1", "h3", "again", seen="h1 h2-eth0", content=(3,))
    found = [(arrow.source, arrow.target, arrow.onward, arrow.claimed, arrow.lost) for arrow in drawn(lan)]
    assert found == [("h1", "h2", "h3", "", False), ("h2", "h3", "", "", False), ("h3", "h2", "", "", False),
                     ("h2", "h1", "", "h3", False), ("h1", "h3", "", "", True)]


def test_a_translator_that_was_not_captured_is_known_by_what_it_sends(lan):
    lan.send(0, "h1", "h3", "request", seen="h1", content=(1,))
    lan.send(0.05, "h2", "h3", "request", seen="h3", content=(1,))
    lan.send(1, "h1", "h3", "second", seen="h1", content=(2,))
    assert [(arrow.target, arrow.lost) for arrow in drawn(lan)] == [("h2", False), ("h3", False), ("h3", True)]


def test_of_equal_messages_before_a_translator_the_one_that_was_lost_is_drawn_so(lan):
    lan.send(0, "h1", "h3", "hello", seen="h1 h2-eth0", content=(1,))
    lan.send(1, "h1", "h3", "hello", seen="h1 h2-eth0", content=(1,))
    lan.send(1.03, "h2", "h3", "hello", seen="h2-eth1 h3", content=(1,))
    assert [(arrow.target, arrow.lost) for arrow in drawn(lan)] == [("h3", True), ("h2", False), ("h3", False)]
