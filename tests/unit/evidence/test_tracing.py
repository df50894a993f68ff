"""On a kernel that is shared, a trace keeps to the networks of the run; what a kernel cannot tell is written down."""

from ipaddress import IPv4Network

import pytest

from mnlab.evidence import tracing
from mnlab.evidence.tracing import own_lines
from mnlab.protocols import kernel

OWN, FOREIGN, LISTENING, NEIGHBOUR, PROBE, LONGER, INSIDE_V6 = (
    f"  nc-537     [000] .....    17.350869: {text}\n" for text in (
        "inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=6001 dport=5001 saddr=10.0.0.1 daddr=10.0.0.2 "
        "saddrv6=::ffff:10.0.0.1 daddrv6=::ffff:10.0.0.2 oldstate=TCP_CLOSE newstate=TCP_SYN_SENT",
        "inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=6001 dport=5001 saddr=192.168.7.1 "
        "daddr=192.168.7.2 saddrv6=:: daddrv6=:: oldstate=TCP_CLOSE newstate=TCP_SYN_SENT",
        "inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=5001 dport=0 saddr=0.0.0.0 daddr=0.0.0.0 "
        "saddrv6=:: daddrv6=:: oldstate=TCP_LISTEN newstate=TCP_SYN_RECV",
        "neigh_update: family 2 dev h1-eth0 entries 1 lladdr 02:00:00:00:01:00 flags 01 nud_state reachable "
        "type unicast dead 0 refcnt 1 primary_key 10.0.0.9 primary_key6 :: confirmed 1 updated 2 used 3",
        "tcp_probe: family=AF_INET src=10.0.0.1:6001 dest=10.0.0.2:5001 mark=0x0 data_len=32 snd_nxt=0x1",
        "tcp_probe: family=AF_INET src=110.0.0.1:6001 dest=10.0.0.23.4:5001 mark=0x0 data_len=32 snd_nxt=0x1",
        "tcp_probe: family=AF_INET6 src=[::ffff:10.0.0.1]:6001 dest=[::ffff:10.0.0.2]:5001 mark=0x0 data_len=32"))
HEADING = "# tracer: nop\n#\n"
NETWORKS = {IPv4Network("10.0.0.0/24"), IPv4Network("10.9.0.0/24")}


def test_what_has_an_address_of_the_run_is_kept_in_order():
    text = HEADING + OWN + FOREIGN + NEIGHBOUR + PROBE + LONGER + INSIDE_V6
    assert own_lines(text, NETWORKS) == HEADING + OWN + NEIGHBOUR + PROBE + INSIDE_V6


def test_a_socket_without_addresses_is_nobodys():
    assert own_lines(HEADING + LISTENING + OWN, NETWORKS) == HEADING + OWN


def test_the_network_alone_decides():
    assert own_lines(OWN + FOREIGN, {IPv4Network("192.168.7.0/24")}) == FOREIGN


@pytest.fixture
def traced(tmp_path, monkeypatch):
    """traced(events the kernel has): the text that is written of what it traces, and what was enabled meanwhile."""
    def trace(*has):
        instance = tmp_path / "tracing/instances/mnlab-tcp"
        for event in has:
            (instance / "events" / event).mkdir(parents=True)
        (instance / "trace").write_text("")
        monkeypatch.setattr(tracing, "TRACEFS", tmp_path / "tracing")
        with tracing.Tracing(tmp_path / "tcp.trace", 5 * 10**9, (), only="sport == 80"):
            enabled = {event for event in has if (instance / "events" / event / "enable").read_text() == "1"}
        assert all((instance / "events" / event / "enable").read_text() == "0" for event in has)
        return (tmp_path / "tcp.trace").read_text(), enabled
    return trace


def test_an_event_that_this_kernel_does_not_have_is_written_down_and_the_others_are_recorded(traced):
    has = tuple(event for event in tracing.EVENTS if event != "tcp/tcp_cong_state_set")
    text, enabled = traced(*has)
    assert text == "# start 5.000000000\n# absent: tcp_cong_state_set\n" and enabled == set(has)
    assert kernel.absent(text) == {"tcp_cong_state_set": "this kernel has no tracepoint tcp_cong_state_set"}


def test_where_every_event_can_be_recorded_nothing_more_is_written(traced):
    assert traced(*tracing.EVENTS)[0] == "# start 5.000000000\n"
