"""The kernel's account of its neighbour cache."""

import pytest

from mnlab.protocols import neighbours

LINE = ("          {task} [000] ..s1.    {time}: {event}: family 2 dev {device} lladdr {mac} flags 00 "
        "nud_state {state} type 01 dead 0 refcnt 2 primary_key4 {address} "
        "primary_key6 ::ffff:{address} confirmed 1 updated 2 used 3{more}")


def line(time, state, mac="020000000200", event="neigh_timer_handler", device="h1-eth0", address="10.0.0.2",
         more=" err 0",
         task="<idle>-0    "):
    return LINE.format(time=time, state=state, mac=mac, event=event, device=device, address=address, more=more,
                       task=task)


def test_a_change_is_told_once_with_its_time_in_lab_time():
    text = "\n".join([line("100.000001", "reachable"), line("100.5", "reachable"), line("143.25", "stale")])
    first, second = neighbours.changes(text, offset=-100.0)
    assert (first.state, first.mac, first.device, first.address) == ("REACHABLE", "02:00:00:00:02:00", "h1-eth0",
                                                                     "10.0.0.2")
    assert first.time == pytest.approx(1e-6) and second.time == pytest.approx(43.25)
    assert second.state == "STALE"


def test_an_unknown_address_is_empty_and_a_new_entry_says_nothing():
    text = "\n".join([line("1.0", "0x0", mac="000000000000"), line("1.1", "incomplete", mac="000000000000")])
    (only,) = neighbours.changes(text)
    assert (only.state, only.mac) == ("INCOMPLETE", "")


def test_another_address_in_the_same_state_is_a_change():
    text = "\n".join([line("1.0", "reachable"), line("2.0", "reachable", mac="020000000300")])
    assert [entry.mac for entry in neighbours.changes(text)] == ["02:00:00:00:02:00", "02:00:00:00:03:00"]


def test_entries_of_other_devices_and_addresses_are_told_apart():
    text = "\n".join([line("1.0", "stale"), line("1.0", "stale", device="h2-eth0"),
                      line("1.0", "stale", address="10.0.0.3")])
    assert len(neighbours.changes(text)) == 3


def test_an_update_tells_the_state_before_it():
    more = " new_lladdr 020000000200 new_state reachable update_flags 00 pid 0"
    text = line("1.0", "incomplete", mac="000000000000", event="neigh_update", more=more, task="ping -c1 x-529 ")
    assert [entry.state for entry in neighbours.changes(text)] == ["INCOMPLETE"]


def test_comments_and_other_events_are_skipped():
    text = "# tracer: nop\nping-1 [000] ..... 1.0: neigh_create: family 2 dev h1-eth0 entries 1 primary_key4 10.0.0.2"
    assert neighbours.changes(text) == []
    assert neighbours.unknown(text) == ""


@pytest.mark.parametrize("text, words", [
    (line("1.0", "stale") + "\n", ""), (line("1.0", "stale")[:90], ""), ("# absent: neigh_update\n", "no tracepoint neigh_update"),
    (line("1.0", "stale").replace("nud_state", "state") + "\n", "neigh_timer_handler in another form"),
    ("neigh_update h1-eth0 10.0.0.2 stale\n", "another form")])
def test_what_this_kernel_cannot_tell_or_tells_otherwise_is_not_nothing(text, words):
    assert words in neighbours.unknown(text) and bool(words) == bool(neighbours.unknown(text))
