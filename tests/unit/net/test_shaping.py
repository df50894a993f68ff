"""From a link's parameters to qdiscs, and the proof that the kernel has them."""

import pytest

from mnlab.net.errors import NetworkError, describe_status
from mnlab.net.notation import seconds
from mnlab.net.shaping import LET_GO, Shape, commands, qdiscs_of, verify


@pytest.mark.parametrize("value, expected", [("20ms", 0.02), ("1.5s", 1.5), ("100us", 1e-4), ("250", 250e-6), (500, 5e-4), (" 3 ms", 0.003)])
def test_times(value, expected):
    assert seconds(value) == pytest.approx(expected)


@pytest.mark.parametrize("value", ["20 m", "fast", "-5ms", "1h", "", "1.2.3.4ms"])
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
    assert "rate 2500000000bit" in commands("h1-eth0", Shape.of({"bw": 2500}))[-1]


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
TBF = {"kind": "tbf", "dev": "e", "options": {"rate": 1_250_000, "limit": WANTED.queue_bytes()}}


def test_what_was_asked_for_is_accepted():
    verify("e", WANTED, [NETEM, TBF])


@pytest.mark.parametrize("qdiscs, what", [
    ([], "a delay"), ([NETEM], "a rate"), ([TBF], "a delay"), ([{**NETEM, "dev": "other"}, TBF], "a delay"),
    ([{**NETEM, "options": {"delay": {"delay": 0.03}, "loss-random": {"loss": 0.02}}}, TBF], "a delay"),
    ([{**NETEM, "options": {"delay": {"delay": 0.02}}}, TBF], "a loss"),
    ([NETEM, {**TBF, "options": {"rate": 1_000_000}}], "a rate"),
    ([NETEM, {**TBF, "options": {"rate": 1_250_000, "limit": 1514}}], "a queue"),
    ([NETEM, {**TBF, "options": {"rate": 1_250_000}}], "a queue"), ([{"kind": "noqueue", "dev": "e"}], "a delay")])
def test_a_kernel_that_has_something_else_is_an_error(qdiscs, what):
    with pytest.raises(NetworkError, match=f"e: asked the kernel for {what}"):
        verify("e", WANTED, qdiscs)


@pytest.mark.parametrize("link", [{"bw": 1}, {"bw": 1, "loss": 1}, {"bw": 1, "use_htb": True}, {"slot": "20ms"}])
def test_a_queue_lets_go_of_its_frames_without_a_delay_too(link):
    assert LET_GO in commands("e", Shape.of(link))[0]


@pytest.mark.parametrize("link", [{"bw": 1, "delay": "1us"}, {"bw": 1, "delay": "0ms", "jitter": "1ms"}, {"rate": "1mbit"},
                                  {"loss": 1}, {}])
def test_what_lets_go_by_itself_or_holds_nothing_is_left_alone(link):
    assert LET_GO not in "".join(commands("e", Shape.of(link)))


def test_a_netem_that_does_not_let_go_is_an_error():
    with pytest.raises(NetworkError, match="a netem that lets go"):
        verify("e", Shape.of({"bw": 10}), [{**NETEM, "options": {}}, TBF])


#: Delays as asked for, and as the kernel's ticks of 64 ns and tc's whole microseconds show them.
@pytest.mark.parametrize("asked, shown", [("0.1ms", 99e-6), ("50us", 49e-6), ("20us", 19e-6), ("1us", 0.0), ("64us", 64e-6)])
def test_small_delays_are_accepted_as_tc_shows_them(asked, shown):
    verify("e", Shape.of({"delay": asked}), [{"kind": "netem", "options": {"delay": {"delay": shown}}}])


@pytest.mark.parametrize("asked, shown", [("0.1ms", 97e-6), ("50us", 52e-6), ("20us", 17e-6)])
def test_other_small_delays_are_not(asked, shown):
    with pytest.raises(NetworkError, match="a delay"):
        verify("e", Shape.of({"delay": asked}), [{"kind": "netem", "options": {"delay": {"delay": shown}}}])


@pytest.mark.parametrize("delay", ["0.2us", "1.5us", "0.0001ms"])
def test_a_delay_that_tc_cannot_say_is_refused(delay):
    with pytest.raises(NetworkError, match="whole microseconds"):
        Shape.of({"delay": delay})


@pytest.mark.parametrize("link, netem", [
    ({"delay": "20ms 5ms 25%"}, "delay 20000us 5000us 25%"), ({"loss": "5% 25%"}, "loss 5% 25%"), ({"loss": "1"}, "loss 1%"),
    ({"delay": "20ms", "jitter": "5ms", "distribution": "normal"}, "delay 20000us 5000us distribution normal"),
    ({"delay": "20ms", "reorder": "25% 50%"}, "delay 20000us reorder 25% 50%"),
    ({"gemodel": "1% 10% 70% 0.1%"}, "loss gemodel 1% 10% 70% 0.1%"), ({"gemodel": "1% 10%"}, "loss gemodel 1% 10%"),
    ({"slot": "10ms 30ms"}, f"slot 10000us 30000us {LET_GO}"), ({"duplicate": 1, "corrupt": "0.5%"}, "duplicate 1% corrupt 0.5%"),
    ({"rate": "1mbit", "delay": "5ms"}, "delay 5000us rate 1000000bit"), ({"bw": "10mbit", "delay": 20}, "delay 20us")])
def test_netems_own_notation(link, netem):
    assert Shape.of(link).netem() == netem


@pytest.mark.parametrize("link, words", [
    ({"bandwidth": 10}, "'bandwidth'; did you mean 'bw'"), ({"dealy": "1ms"}, "did you mean 'delay'"),
    ({"max_queue": 10}, "did you mean 'max_queue_size'"), ({"speedup": 2}, "params1 or params2"),
    ({"xyzzy": 1}, "there are bw, "),
    ({"bw": [10]}, "bw: .* is not a rate"), ({"bw": True}, "not a rate"), ({"bw": float("nan")}, "not a rate"),
    ({"bw": "fast"}, "not a rate"), ({"loss": "5% 25% 3%"}, "not a chance"), ({"loss": "5ms"}, "in percent"),
    ({"delay": [1]}, "not a time"), ({"delay": "1ms 2ms 3% 4"}, "not a delay"),
    ({"bw": 1, "max_queue_size": 0}, "max_queue_size: 0 is not a whole number from 1"),
    ({"bw": 1, "max_queue_size": "many"}, "whole number"), ({"bw": 1, "max_queue_size": 1.5}, "whole number"),
    ({"max_queue_size": 10}, "needs a bw"), ({"bw": 1, "max_queue_size": 10, "latency_ms": 5}, "not both"),
    ({"enable_red": True}, "needs a bw"), ({"bw": 1, "enable_red": True, "max_queue_size": 10}, "RED begins"),
    ({"bw": 1, "use_tbf": True, "use_hfsc": True}, "not several"), ({"reorder": 5}, "reorder needs a delay"),
    ({"delay": "5ms", "distribution": "normal"}, "a jitter"), ({"delay": "1ms", "distribution": "poisson"}, "none of"),
    ({"loss": 1, "gemodel": "1%"}, "not both"), ({"slot": "30ms 10ms"}, "not a slot"), ({"mtu": 20}, "from 68"),
    ({"gro": True}, "offloads are off"), ({"rate": "0bit"}, "not a rate")])
def test_what_is_not_known_or_makes_no_sense_is_refused_in_words(link, words):
    with pytest.raises(NetworkError, match=words):
        Shape.of(link, "h1-eth0")


def test_a_value_that_is_none_is_not_given():
    assert commands("e", Shape.of({"bw": None, "delay": None, "max_queue_size": None, "gro": False})) == []


@pytest.mark.parametrize("link, queue", [
    ({"bw": 10, "max_queue_size": 1}, 1514), ({"bw": 10, "latency_ms": 50}, 62500), ({"bw": 10, "max_queue_size": "10"}, 15140),
    ({"bw": 10, "enable_red": True}, 1_000_000), ({"bw": 10, "mtu": 900, "max_queue_size": 10}, 9140)])
def test_a_queue_is_as_long_as_asked(link, queue):
    lines = commands("e", Shape.of(link))
    assert f"limit {queue}" in lines[-1] and f"limit {queue}" in lines[1]


HTB = "class htb 2:1 root leaf 3: prio 0 rate 10Mbit ceil 10Mbit burst 1600b cburst 1600b \n"
HFSC = "class hfsc 2: root \n\nclass hfsc 2:1 parent 2: leaf 3: sc m1 0bit d 0us m2 10Mbit ul m1 0bit d 0us m2 10Mbit \n"
#: As iproute2 6.1 prints a network with hfsc.
TEXT = ('[{"kind":"netem","handle":"1:","root":true,"options":{"limit":1000,"rate":{"rate":4000000000000}}},'
        '{"kind":"hfsc","handle":"2:","parent":"1:1","options":{default 1 }},'
        '{"kind":"bfifo","handle":"3:","parent":"2:1","options":{"limit":24224}}]')


@pytest.mark.parametrize("shaper, classes", [("use_htb", HTB), ("use_hfsc", HFSC)])
def test_a_rate_that_a_class_keeps_is_read_back_too(shaper, classes):
    shape = Shape.of({"bw": 10, shaper: True})
    verify("e", shape, qdiscs_of(TEXT), classes)
    for other in ("", classes.replace("10Mbit", "9Mbit")):
        with pytest.raises(NetworkError, match="a rate"):
            verify("e", shape, qdiscs_of(TEXT), other)


def test_red_marks_only_if_asked_to():
    red = {"kind": "red", "options": {"limit": 1_000_000, "min": 30_000, "ecn": False}}
    netem = {"kind": "netem", "options": {"rate": {"rate": 4e12}}}
    tbf = {"kind": "tbf", "options": {"rate": 1_250_000, "limit": 1_000_000}}
    verify("e", Shape.of({"bw": 10, "enable_red": True}), [netem, tbf, red])
    with pytest.raises(NetworkError, match="ECN"):
        verify("e", Shape.of({"bw": 10, "enable_ecn": True}), [netem, tbf, red])


@pytest.mark.parametrize("status, words", [(2, "status 2"), (-9, "killed by signal 9"), (None, "timed out")])
def test_statuses_in_words(status, words):
    assert describe_status(status) == words
