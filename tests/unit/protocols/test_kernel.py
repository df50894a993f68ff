"""The kernel's trace: lines as Linux 6.1 writes them (and later ones), cut lines, lost events."""

import pytest

from mnlab.protocols import kernel
from mnlab.protocols.ip import Endpoint

H1, H2 = Endpoint("10.0.0.1", 40000), Endpoint("10.0.0.2", 5201)
ADDRESSES = ("sport=40000 dport=5201 saddr=10.0.0.1 daddr=10.0.0.2 saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2")
HEADER = """\
# tracer: nop
#
# entries-in-buffer/entries-written: {kept}/{written}   #P:1
#
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
"""
PROBE = ("          iperf3-312     [000] ..s2.    12.345678: tcp_probe: "
         "family=AF_INET src=10.0.0.1:40000 dest=10.0.0.2:5201 mark=0x0 "
         "data_len=0 snd_nxt=0x00000010 snd_una=0xfffffff0 snd_cwnd=10 ssthresh=2147483647 snd_wnd=65160 "
         "srtt=20046 rcv_wnd=64256 sock_cookie=1f\n")


def line(name, rest, time="12.000001", task="iperf3-312    "):
    return f"          {task} [000] ..s1.    {time}: {name}: {rest}\n"


def only(text, offset=0.0):
    (event,) = kernel.events(text, offset)
    return event


def test_tcp_probe_with_its_units():
    probe = only(HEADER + PROBE, offset=-12.0)
    assert isinstance(probe, kernel.Probe) and probe.name == "tcp_probe"
    assert probe.time == pytest.approx(0.345678, abs=1e-9)
    assert (probe.source, probe.target) == (H1, H2)
    assert probe.srtt == pytest.approx(0.020046)  # the text has microseconds
    assert (probe.snd_cwnd, probe.snd_wnd, probe.rcv_wnd, probe.data_len) == (10, 65160, 64256, 0)
    assert probe.in_flight == 32  # over the wrap of sequence numbers
    assert probe.infinite_ssthresh and probe.cookie == "1f"


@pytest.mark.parametrize("family", ["", "family=AF_INET "])  # 6.1 writes none, later kernels do
@pytest.mark.parametrize("number, state", list(enumerate(["Open", "Disorder", "CWR", "Recovery", "Loss"])))
def test_congestion_states(family, number, state):
    event = only(line("tcp_cong_state_set", f"{family}{ADDRESSES} cong_state={number}"))
    assert isinstance(event, kernel.CongestionState)
    assert (event.source, event.target, event.state) == (H1, H2, state)


def test_only_changes_of_the_congestion_state():
    numbers = [0, 3, 3, 0, 0, 4]
    found = kernel.events("".join(line("tcp_cong_state_set", f"{ADDRESSES} cong_state={number}") for number in numbers))
    assert [event.state for event in kernel.congestion_states(found)] == ["Recovery", "Open", "Loss"]


@pytest.mark.parametrize("name, rest, expected", [
    ("tcp_retransmit_skb", " state=TCP_ESTABLISHED", kernel.Retransmit(12.000001, H1, H2, "ESTABLISHED")),
    ("tcp_retransmit_skb", " state=TCP_SYN_SENT", kernel.Retransmit(12.000001, H1, H2, "SYN-SENT")),
    ("tcp_send_reset", " state=TCP_CLOSE", kernel.SendReset(12.000001, H1, H2, "CLOSED")),
    ("tcp_receive_reset", " sock_cookie=2", kernel.ReceiveReset(12.000001, H1, H2)),
    ("inet_sock_set_state", " oldstate=TCP_FIN_WAIT2 newstate=TCP_CLOSE",
     kernel.SocketState(12.000001, H1, H2, "FIN-WAIT-2", "CLOSED")),
])
def test_the_other_events(name, rest, expected):
    assert only(line(name, f"family=AF_INET protocol=IPPROTO_TCP {ADDRESSES}{rest}")) == expected


def test_the_two_ends_of_a_connection_share_its_name():
    there = line("tcp_receive_reset", ADDRESSES)
    back = line("tcp_receive_reset", "sport=5201 dport=40000 saddr=10.0.0.2 daddr=10.0.0.1 saddrv6=:: daddrv6=::")
    first, second = kernel.events(there + back)
    assert first.connection == second.connection and first != second


def test_a_reset_in_the_words_of_later_kernels():
    event = only(line("tcp_send_reset", "skbaddr=00000000 skaddr=00000000 src=10.0.0.1:40000 dest=10.0.0.2:5201 "
                                        "state=TCP_ESTABLISHED reason=NOT_SPECIFIED"))
    assert event == kernel.SendReset(12.000001, H1, H2, "ESTABLISHED")


def test_ipv6_sockets_and_ipv4_through_them():
    state = "oldstate=TCP_LISTEN newstate=TCP_SYN_RECV"
    mapped = only(line("inet_sock_set_state", f"family=AF_INET6 protocol=IPPROTO_TCP {ADDRESSES} {state}"))
    assert (mapped.source, mapped.new) == (H1, "SYN-RECEIVED")
    real = only(line("inet_sock_set_state", "family=AF_INET6 protocol=IPPROTO_TCP sport=1 dport=2 saddr=0.0.0.0 "
                                            f"daddr=0.0.0.0 saddrv6=fd00::1 daddrv6=fd00::2 {state}"))
    assert str(real.target) == "[fd00::2]:2"
    probe = only(PROBE.replace("src=10.0.0.1:40000", "src=[fd00::1]:40000").replace("10.0.0.2", "[::ffff:10.0.0.2]"))
    assert (str(probe.source), probe.target) == ("[fd00::1]:40000", H2)


@pytest.mark.parametrize("task", ["<idle>-0      ", "Web Content-77 ", "a-b-c-5       ", "x [1] y-9     "])
def test_names_of_tasks_do_not_confuse(task):
    assert only(line("tcp_receive_reset", ADDRESSES, task=task)).source == H1


def test_nanosecond_times_are_read_too():
    assert only(line("tcp_receive_reset", ADDRESSES, time="3.000000007")).time == pytest.approx(3.000000007, abs=1e-12)


@pytest.mark.parametrize("text", ["", "\n", "garbage\n", PROBE[:150], line("sched_switch", "prev_comm=x"),
                                  "CPU:0 [LOST 3 EVENTS]\n", HEADER.format(kept=0, written=0)])
def test_what_is_no_whole_event_is_passed_over(text):
    assert kernel.events(text) == []
    assert kernel.account(text).unknown == ({"": "this kernel's trace has another form"} if text == "garbage\n" else {})


@pytest.mark.parametrize("name, rest, lack", [
    ("tcp_cong_state_set", f"{ADDRESSES} cong_state=17", "another form"), ("tcp_cong_state_set", ADDRESSES, "no cong_state="),
    ("tcp_probe", "family=AF_INET src=x dest=y", "another form"),
    ("tcp_probe", PROBE.split("tcp_probe: ")[1].strip().replace("ssthresh=", "thresh="), "no ssthresh="),
    ("tcp_retransmit_skb", "from 10.0.0.1 to 10.0.0.2", "no saddr="),
    ("inet_sock_set_state", f"{ADDRESSES} old=TCP_LISTEN new=TCP_SYN_RECV", "no oldstate=")])
def test_what_this_kernel_tells_otherwise_is_not_nothing(name, rest, lack):
    found = kernel.account(line("tcp_receive_reset", ADDRESSES) + line(name, rest))
    assert [event.name for event in found.events] == ["tcp_receive_reset"]  # others are told as ever
    assert found.unknown == {name: f"this kernel writes {name} with {lack}"}
    assert kernel.account(line(name, rest).rstrip("\n")).unknown == {}  # tracing stopped in the middle of it


def test_an_event_that_a_kernel_does_not_have_is_not_nothing():
    found = kernel.account("# absent: tcp_cong_state_set\n" + HEADER.format(kept=1, written=1) + PROBE)
    assert len(found.events) == 1 and found.unknown == {
        "tcp_cong_state_set": "this kernel has no tracepoint tcp_cong_state_set"}


@pytest.mark.parametrize("name", ["a\nb", "a\n", "\n", "# x", "[0] 1.0: y: "])
def test_a_program_that_gives_itself_an_odd_name_hides_nothing(name):
    found = kernel.account(line("tcp_receive_reset", ADDRESSES) + line("tcp_receive_reset", ADDRESSES, task=f"{name}-9"))
    assert len(found.events) == 2 and found.unknown == {}


@pytest.mark.parametrize("peer", ["sport=5201 dport=0 saddr=10.0.0.2 daddr=0.0.0.0", "sport=5201 dport=40000 "
                                  "saddr=10.0.0.2 daddr=10.0.0.1"])
def test_a_listening_socket_may_name_the_peer_of_its_new_connection(peer):
    """Linux 7.3 does, 6.12 does not."""
    event = only(line("inet_sock_set_state", f"family=AF_INET protocol=IPPROTO_TCP {peer} saddrv6=:: daddrv6=:: "
                                             "oldstate=TCP_LISTEN newstate=TCP_SYN_RECV"))
    assert (event.source, event.old, event.new) == (H2, "LISTEN", "SYN-RECEIVED")


def test_fields_of_later_kernels_are_passed_over():
    probe = only(PROBE.replace("sock_cookie=1f", "sock_cookie=1f skbaddr=00000000aa skaddr=00000000bb"))
    assert probe == only(PROBE)
    again = line("tcp_retransmit_skb", f"skbaddr=0 skaddr=1 family=AF_INET {ADDRESSES} state=TCP_ESTABLISHED err=-11")
    assert only(again) == kernel.Retransmit(12.000001, H1, H2, "ESTABLISHED")


@pytest.mark.parametrize("text, count", [
    (HEADER.format(kept=5, written=5), 0),
    (HEADER.format(kept=5, written=12), 7),
    ("CPU:0 [LOST 3 EVENTS]\n" + PROBE + "CPU:0 [LOST EVENTS]\n", 4),
    ("", 0),
])
def test_lost_events_are_counted(text, count):
    assert kernel.lost(text) == count
