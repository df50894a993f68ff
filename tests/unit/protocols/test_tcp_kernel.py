"""The analyser on captures of a real kernel, each connection with exact losses (fixtures/experiment.py says which)."""

from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import pytest

from mnlab.protocols import kernel, tcp
from mnlab.protocols.capture import read_capture
from mnlab.protocols.tcp import CLIENT, SERVER
from mnlab.protocols.tcp import kernel as tcp_kernel
from mnlab.protocols.tcp import rto as tcp_rto
from mnlab.protocols.tcp import rtt as tcp_rtt
from mnlab.protocols.tcp import windows as tcp_windows

FIXTURES = Path(__file__).parent / "fixtures"
FAST, TAIL, LONE, SYN, FIN, ACK, CLOSED = range(6001, 6008)
RTT = 0.02


@lru_cache
def captured(where):
    frames = read_capture(FIXTURES / f"{where}-eth0.pcap", int((FIXTURES / "start_ns").read_text()))
    return {connection.client.port: connection for connection in tcp.connections(frames)}


@lru_cache
def events():
    first, _, rest = (FIXTURES / "tcp.trace").read_text().partition("\n")
    return kernel.events(rest, -float(first.removeprefix("# start ")))


def sender(port):
    return captured("h1")[port], tcp_kernel.of_end(events(), captured("h1")[port], CLIENT)


@pytest.mark.parametrize("port, causes", [
    (FAST, ["fast retransmission"]), (TAIL, ["tail loss probe"]), (LONE, ["timeout", "timeout 2"]),
    (SYN, ["timeout"]), (FIN, ["tail loss probe", "timeout"]), (ACK, ["tail loss probe, spurious"]), (CLOSED, []),
])
def test_the_causes_are_the_kernels(port, causes):
    connection, told = sender(port)
    found = [one for one in connection.repeats(CLIENT, probes=port != LONE) if one.spurious is not None]
    assert [one.words for one in found] == causes
    reasons = tcp_kernel.reasons(told)
    assert [reason.cause for reason in reasons] == [one.cause for one in found]
    assert [reason.time for reason in reasons] == pytest.approx([one.time for one in found], abs=2e-5)


@pytest.mark.parametrize("port", [FAST, TAIL, LONE, SYN, FIN])
def test_nothing_was_spurious_where_the_receivers_capture_shows_the_loss(port):
    connection = captured("h1")[port]
    assert {one.spurious for one in connection.repeats(CLIENT, there=captured("h2")[port])} == {""}


def test_what_only_lost_its_ack_was_sent_for_nothing():
    (one,) = captured("h1")[ACK].repeats(CLIENT, there=captured("h2")[ACK])
    assert one.spurious == "the receiver's capture"
    (one,) = captured("h1")[ACK].repeats(CLIENT)
    assert one.spurious == "DSACK"


@pytest.mark.parametrize("port", [FAST, TAIL, LONE, SYN, FIN, ACK, CLOSED])
def test_srtt_and_bytes_in_flight_are_the_kernels(port):
    connection, told = sender(port)
    samples = tcp_rtt.samples(connection, CLIENT, timestamps=True)
    estimates = tcp_rto.linux((sample.rtt, sample.acked, sample.sent) for sample in samples)
    flights = {moment.segment: moment for moment in tcp_windows.flight(connection, CLIENT)}
    probes = [event for event in told if isinstance(event, kernel.Probe)]
    for probe in probes:
        # The newest segment of the peer's is the one that the kernel tells of; it has not taken it in yet.
        arrived = [segment for segment in connection.sent(SERVER) if segment.time < probe.time - 1e-6][-1]
        known = [one for sample, one in zip(samples, estimates, strict=True) if sample.time < arrived.time]
        assert known[-1].srtt == pytest.approx(probe.srtt, abs=2e-4)
        before = connection.segments[connection.segments.index(arrived) - 1]
        moment = flights[before]
        assert (moment.unacked, moment.unacked + moment.room) == (probe.in_flight, probe.snd_wnd)
    assert probes


@pytest.mark.parametrize("port", [FAST, TAIL, LONE, SYN, FIN, ACK, CLOSED])
def test_states_are_the_kernels(port):
    connection, told = sender(port)
    said = [event.new for event in told if isinstance(event, kernel.SocketState) and event.new != "SYN-SENT"]
    read = [change.state for change in connection.states(CLIENT) if change.state != "SYN-SENT"]
    assert [state.replace("TIME-WAIT", "CLOSED") for state in read] == said


def test_a_reader_that_does_not_read_closes_its_window():
    connection = captured("h1")[CLOSED]
    period = tcp_windows.closed(connection, SERVER)[0]
    assert 2 < period.end - period.start < 5 and period.update.window > 0
    probes = [one for one in connection.repeats(CLIENT) if one.segment in period.probes]
    assert [probe.words for probe in probes] == ["zero window probe", *(
        f"zero window probe {number}" for number in range(2, len(probes) + 1))]
    waits = [later.time - earlier.time for earlier, later in pairwise(probes)]
    assert len(probes) >= 3 and all(1.8 < two / one < 2.2 for one, two in pairwise(waits))
    assert tcp_windows.limited(connection, CLIENT)
