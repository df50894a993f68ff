"""The receiver that students' sliding-window senders talk to."""

import pytest

from mnlab.lab.lab import ROOT, load

receiver = load(ROOT / "labs/transport/flow_control/receiver.py")


@pytest.fixture
def inbox():
    return receiver.Inbox(room=10, lumps=[4])


def tell(inbox, first: int, data: bytes) -> tuple[int, int]:
    return receiver.ANSWER.unpack(inbox.answer(receiver.DATA.pack(first) + data))


def test_an_empty_datagram_asks_for_the_window(inbox):
    assert tell(inbox, 0, b"") == (0, 10)


def test_what_comes_ahead_of_a_gap_is_kept(inbox):
    assert tell(inbox, 3, b"def") == (0, 10)
    assert tell(inbox, 0, b"abc") == (6, 8)
    assert bytes(inbox.delivered) == b"abcdef"


def test_what_its_program_has_not_read_takes_room(inbox):
    edges = [sum(tell(inbox, first, b"x")) for first in range(9)]
    assert edges == [10, 10, 10, 14, 14, 14, 14, 18, 18]


def test_its_program_reads_by_turns():
    inbox = receiver.Inbox(room=10, lumps=[1, 4])
    edges = [sum(tell(inbox, first, b"x")) for first in range(11)]
    assert edges == [11, 11, 11, 11, 15, 16, 16, 16, 16, 20, 21]


def test_what_comes_twice_is_delivered_once(inbox):
    for first, data in ((3, b"def"), (3, b"def"), (0, b"abc"), (0, b"abc")):
        tell(inbox, first, data)
    assert (bytes(inbox.delivered), inbox.duplicates) == (b"abcdef", 2)


def test_what_lies_beyond_the_window_is_thrown_away(inbox):
    assert tell(inbox, 8, b"xyz") == (0, 10)
    assert inbox.beyond == 1 and not inbox.kept


def test_a_datagram_without_a_number_is_noted(inbox):
    assert receiver.ANSWER.unpack(inbox.answer(b"ab")) == (0, 10)
    assert inbox.broken == 1
