"""Windows: what is advertised, in flight, and when there is no room."""

import pytest

from mnlab.protocols import tcp
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp import windows as tcp_windows

MSS = 1000


@pytest.fixture
def closing(talk):
    """The server reads nothing: 3000 bytes of window fill up, two probes ask, then it reads all."""
    options = (("MSS", MSS), ("WScale", 0))
    talk.handshake(options)
    talk.frames.pop()
    talk.c("A", seq=1, ack=1, window=9000)
    talk.s("A", seq=1, ack=1, window=3000)
    for number in range(3):
        talk.c("A", seq=1 + number * MSS, ack=1, data=b"x" * MSS, window=9000)
    talk.s("A", seq=1, ack=2001, window=1000, after=0.1)
    talk.s("A", seq=1, ack=3001, window=0)
    for wait in (0.3, 0.6):
        talk.c("A", seq=3000, ack=1, window=9000, after=wait)
        talk.s("A", seq=1, ack=3001, window=0)
    talk.s("A", seq=1, ack=3001, window=3000, after=1.0)
    talk.c("PA", seq=3001, ack=1, data=b"y" * MSS, window=9000)
    talk.s("A", seq=1, ack=4001, window=2000)
    (connection,) = tcp.connections(talk.frames)
    return connection


def test_each_change_of_the_window(closing):
    windows = tcp_windows.advertised(closing, SERVER)
    assert [window.size for window in windows] == [65160, 3000, 1000, 0, 3000, 2000]
    assert [window.edge for window in windows] == [65161, 3001, 3001, 3001, 6001, 6001]
    assert {window.size for window in tcp_windows.advertised(closing, CLIENT)} == {9000}


def test_a_closed_window_its_probes_and_its_update(closing):
    (period,) = tcp_windows.closed(closing, SERVER)
    assert period.end - period.start == pytest.approx(1.903, abs=0.001)
    assert [probe.kind for probe in period.probes] == ["probe", "probe"]
    assert tcp_windows.updates(closing, SERVER) == [period.update] and period.update.window == 3000
    assert tcp_windows.closed(closing, CLIENT) == []


def test_a_window_that_stays_closed(talk):
    talk.handshake()
    talk.s("A", seq=1, ack=1, window=0)
    (connection,) = tcp.connections(talk.frames)
    (period,) = tcp_windows.closed(connection, SERVER)
    assert period.update is None and period.end is None


def test_bytes_in_flight_and_room_left(closing):
    moments = {moment.segment: moment for moment in tcp_windows.flight(closing, CLIENT)}
    first, second, third, last = closing.data(CLIENT)
    assert [(moments[segment].unacked, moments[segment].room) for segment in (first, second, third, last)] == [
        (1000, 2000), (2000, 1000), (3000, 0), (1000, 2000)]


def test_when_the_window_was_what_held_the_sender_back(closing):
    (span,) = tcp_windows.limited(closing, CLIENT)
    third, (period,) = closing.data(CLIENT)[2], tcp_windows.closed(closing, SERVER)
    assert (span.start, span.end) == (third.time, period.end) and span.length > 2
    assert tcp_windows.limited(closing, SERVER) == []
