"""From a link's parameters to qdiscs, and the proof that the kernel has them."""

import pytest

from mnlab.net.errors import NetworkError, describe_status
from mnlab.net.shaping import Shape, commands, seconds, verify


@pytest.mark.parametrize("value, expected", [("20ms", 0.02), ("1.5s", 1.5), ("100us", 1e-4), ("250", 250e-6), (500, 5e-4), (" 3 ms", 0.003)])
def test_times(value, expected):
    assert seconds(value) == pytest.approx(expected)


@pytest.mark.parametrize("value", ["20 m", "fast", "-5ms", "5msec", "1h", "", "1.2.3.4ms"])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(NetworkError):
        seconds(value)


@pytest.mark.parametrize("params", [{"bw": 0}, {"bw": -1}, {"bw": 10_001}, {"loss": 101}, {"loss": -1}, {"delay": "soon"},
                                    {"duplicate": 200}, {"corrupt": -3}])
def test_shapes_that_make_no_sense_are_refused(params):
    with pytest.raises(NetworkError):
        Shape.of(params)


def test_a_plain_link_gets_no_qdisc():
    assert commands("h1-eth0", Shape.of({})) == []


def test_bw_above_1000_is_not_ignored():
    assert "rate 2500000000bit" in commands("h1-eth0", Shape.of({"bw": 2500}))[0]


def test_netem_holds_whatever_is_in_flight_and_tbf_alone_drops():
    netem, tbf = commands("e", Shape.of({"bw": 1000, "delay": "100ms", "max_queue_size": 50}))
    limit = int(netem.split("limit ")[1].split()[0])
    assert limit > 1e9 * 0.1 / 8 / 1514  # netem's own default is 1000
    assert tbf.endswith(f"limit {50 * 1514}") and "parent 1:1" in tbf


def test_the_queue_is_a_bandwidth_delay_product_unless_asked_otherwise():
    assert Shape.of({"bw": 10, "delay": "50ms"}).queue_bytes() == pytest.approx(10e6 * 0.1 / 8, rel=0.02)
    assert Shape.of({"bw": 1}).queue_bytes() == 16 * 1514


WANTED = Shape.of({"bw": 10, "delay": "20ms", "loss": 2})
NETEM = {"kind": "netem", "dev": "e", "options": {"delay": {"delay": 0.02}, "loss-random": {"loss": 0.02}}}
TBF = {"kind": "tbf", "dev": "e", "options": {"rate": 1_250_000}}


def test_what_was_asked_for_is_accepted():
    verify("e", WANTED, [NETEM, TBF])


@pytest.mark.parametrize("qdiscs, what", [
    ([], "a delay"), ([NETEM], "a rate"), ([TBF], "a delay"), ([{**NETEM, "dev": "other"}, TBF], "a delay"),
    ([{**NETEM, "options": {"delay": {"delay": 0.03}, "loss-random": {"loss": 0.02}}}, TBF], "a delay"),
    ([{**NETEM, "options": {"delay": {"delay": 0.02}}}, TBF], "a loss"),
    ([NETEM, {**TBF, "options": {"rate": 1_000_000}}], "a rate"), ([{"kind": "noqueue", "dev": "e"}], "a delay")])
def test_a_kernel_that_has_something_else_is_an_error(qdiscs, what):
    with pytest.raises(NetworkError, match=f"e: asked the kernel for {what}"):
        verify("e", WANTED, qdiscs)


@pytest.mark.parametrize("status, words", [(2, "status 2"), (-9, "killed by signal 9"), (None, "timed out")])
def test_statuses_in_words(status, words):
    assert describe_status(status) == words
