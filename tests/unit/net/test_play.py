"""A timetable is kept, sockets are served meanwhile, and it ends when it should."""

import socket
import time

from mnlab.net.play import play


def test_actions_come_in_their_order_and_not_before_their_time():
    begin, seen = time.monotonic(), []
    play(begin + 0.03, [(begin + 0.01 * number, lambda number=number: seen.append((number, time.monotonic())))
                        for number in range(3)])
    assert [number for number, _ in seen] == [0, 1, 2]
    assert all(moment >= begin + 0.01 * number for number, moment in seen)
    assert time.monotonic() >= begin + 0.03


def test_sockets_are_served_until_done():
    left, right = socket.socketpair()
    got, room = [], {}

    def write():
        left.send(b"data")
        room.clear()

    room[left] = write
    with left, right:
        play(time.monotonic() + 10, (), {right: lambda: got.append(right.recv(10))}, room, done=lambda: bool(got))
    assert got == [b"data"]


def test_a_timetable_without_end_is_left_at_the_end_of_time():
    begin, count = time.monotonic(), []

    def endless():
        while True:
            yield begin, lambda: count.append(1)

    play(begin + 0.005, endless(), done=lambda: len(count) >= 50)
    assert len(count) == 50
