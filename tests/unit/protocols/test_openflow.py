"""OpenFlow out of TCP: a capture of Ryu 4.34 and Open vSwitch 3.1 saying one of each, and streams made by hand."""

import random
import struct
from pathlib import Path

import pytest

from mnlab.protocols import arp, capture, icmp, ladder_words, openflow
from mnlab.protocols.openflow import wire
from mnlab.protocols.openflow.names import TYPES
from mnlab.protocols.openflow.wire import Action, Instruction

DATAPATH = "0000000000000001"


@pytest.fixture(scope="module")
def frames():
    return capture.read_capture(Path(__file__).with_name("openflow.pcap"))


@pytest.fixture(scope="module")
def channel(frames):
    return openflow.channels(frames)[-1]


def bodies(channel, *types):
    return [message.body for message in channel.of_type(*types)]


def test_a_channel_knows_its_ends_and_its_switch(channel):
    assert (channel.controller.port, channel.datapath_id) == (6653, DATAPATH)
    assert channel.of_type("HELLO")[0].sender == openflow.CONTROLLER
    request, reply = channel.of_type("FEATURES_REQUEST", "FEATURES_REPLY")
    assert (request.xid, request.source, request.target) == (reply.xid, channel.controller, channel.switch)
    assert all(message.datapath_id == DATAPATH for message in channel.messages)
    times = [message.time for message in channel.messages]
    assert times == sorted(times)


def test_a_connection_that_says_no_more_than_hello_is_a_channel_without_a_datapath(frames):
    first = openflow.channels(frames)[0]
    assert first.datapath_id == "" and [message.type for message in first.messages] == ["HELLO"]


def test_every_message_with_contents_is_decoded(channel):
    empty = {"HELLO", "ECHO_REQUEST", "ECHO_REPLY", "BARRIER_REQUEST", "BARRIER_REPLY", "FEATURES_REQUEST",
             "GET_CONFIG_REQUEST", "GET_CONFIG_REPLY", "SET_CONFIG"}
    for message in channel.messages:
        assert (message.body is None) == (message.type in empty), message


def test_matches_are_read(channel):
    assert [body.match for body in bodies(channel, "FLOW_MOD")] == [
        {}, {"in_port": 1, "eth_dst": "02:00:00:00:00:02", "eth_src": "02:00:00:00:00:01"},
        {"eth_type": 0x800, "ip_proto": 6, "ipv4_src": "10.1.0.0/255.255.0.0", "ipv4_dst": "10.0.0.9", "tcp_dst": 80},
        {"eth_type": 0x800, "ip_proto": 17, "udp_src": 5}, {"vlan_vid": 0x1007}, {"in_port": 3},
        {"eth_type": 0x806, "arp_op": 1, "arp_tpa": "10.0.0.2"}, {"eth_dst": "01:00:00:00:00:00/01:00:00:00:00:00"},
        {"eth_type": 0x800, "ip_proto": 1, "icmpv4_type": 8}, {}, {"tcp_dst": 80}]


def test_instructions_are_read(channel):
    found = [body.instructions for body in bodies(channel, "FLOW_MOD")]
    assert found[0] == (Instruction("apply_actions", (Action("output", "CONTROLLER"),)),)
    assert found[2] == ()
    assert found[3][0].actions == (Action("set_field", ("eth_dst", "02:00:00:00:00:09")), Action("dec_nw_ttl"),
                                   Action("output", 3))
    assert found[4][0].actions == (Action("pop_vlan"), Action("output", 1))
    assert found[5] == (Instruction("goto_table", (), 1),)
    assert found[8][0].actions == (Action("group", 5),)


def test_a_flow_mod_tells_priority_timeouts_and_flags(channel):
    learned, deletion = (bodies(channel, "FLOW_MOD")[index] for index in (1, 9))
    assert (learned.command, learned.priority, learned.idle_timeout, learned.hard_timeout, learned.cookie) == \
        ("add", 1, 1, 30, 7)
    assert learned.flags == ("send_flow_rem",) and learned.buffer_id is None
    assert (deletion.command, deletion.table, deletion.out_port) == ("delete", 255, 3)


def test_a_flow_that_ended_tells_why_and_how_long_it_lived(channel):
    (removed,) = bodies(channel, "FLOW_REMOVED")
    assert (removed.reason, removed.cookie, removed.priority, removed.packets) == ("idle timeout", 7, 1, 0)
    assert removed.duration == pytest.approx(1, abs=0.1) and removed.match["in_port"] == 1


def test_a_refused_message_is_named_by_its_transaction(channel):
    errors = channel.of_type("ERROR")
    assert [(error.body.type, error.body.code) for error in errors] == [("BAD_MATCH", "BAD_PREREQ"),
                                                                        ("BAD_REQUEST", "BUFFER_UNKNOWN")]
    assert errors[0].xid == channel.of_type("FLOW_MOD")[-1].xid


def test_packet_in_and_packet_out_hold_a_frame(channel):
    shown, sent = channel.of_type("PACKET_IN")[0], channel.of_type("PACKET_OUT")[1]
    body = shown.body
    assert (body.reason, body.in_port, body.table, body.cookie, body.buffer_id) == ("no_match", 2, 0, 0, None)
    assert body.total_length == len(body.data)
    assert sent.body.in_port == 2 and sent.body.actions == (Action("output", "FLOOD"),)
    assert shown.inner.data == sent.inner.data and shown.inner.packet.src == "00:00:00:00:00:02"
    assert arp.packets([shown.inner])[0].sender_ip == "10.0.0.2"
    echo = channel.of_type("PACKET_IN")[1]
    assert icmp.packets([echo.inner])[0].type == icmp.ECHO_REPLY and echo.inner.time == echo.time


def test_statistics_are_read(channel):
    replies = {body.kind: body for body in bodies(channel, "MULTIPART_REPLY")}
    ports = {entry.port: entry for entry in replies["PORT_STATS"].entries}
    assert set(ports) == {"LOCAL", 1, 2, 3} and (ports[1].rx_packets, ports[1].tx_packets) == (2, 2)
    assert 2 < ports[1].duration < 4
    flows = replies["FLOW"].entries
    assert [flow.priority for flow in flows] == [100, 99, 99, 98, 98, 97, 0]
    assert flows[0].match["ipv4_src"] == "10.1.0.0/255.255.0.0" and flows[0].instructions == ()
    assert replies["AGGREGATE"].entries == ()
    assert [port.name for port in replies["PORT_DESC"].entries] == ["s1", "s1-eth1", "s1-eth2", "s1-eth3"]


def test_groups_and_ports_are_read(channel):
    (group,) = bodies(channel, "GROUP_MOD")
    assert (group.command, group.type, group.group) == ("add", "select", 5)
    assert group.buckets == ((1, (Action("output", 2),)), (3, (Action("output", 3),)))
    changes = [(body.reason, body.port.down) for body in bodies(channel, "PORT_STATUS") if body.port.name == "s1-eth3"]
    assert changes == [("modified", False), ("modified", True), ("deleted", True)]  # not live; no link; gone


def test_arrows_stand_between_the_controller_and_the_datapath(frames):
    arrows = ladder_words.messages(frames, ["openflow"])
    texts = {arrow.text: arrow for arrow in arrows}
    shown = texts["packet-in port 2: 10.0.0.2 is at 00:00:00:00:00:02"]
    assert (shown.source, shown.target, shown.protocol) == (DATAPATH, "127.0.0.1", "openflow")
    sent = texts["packet-out FLOOD: 10.0.0.2 is at 00:00:00:00:00:02"]
    assert (sent.source, sent.target) == ("127.0.0.1", DATAPATH)
    assert {"flow-mod add prio 0 any -> output CONTROLLER", "flow-mod delete any to port 3", "flow-mod add prio 100 "
            "eth_type=0x0800 ip_proto=17 udp_src=5 -> set_field eth_dst=02:00:00:00:00:09, dec_nw_ttl, output 3",
            "error BAD_MATCH: BAD_PREREQ", "flow-removed (idle timeout) prio 1 in_port=1 eth_src=02:00:00:00:00:01 "
            "eth_dst=02:00:00:00:00:02", "packet-in port 2: 10.0.0.2 to 10.0.0.1: echo reply id 595 seq 1",
            "features-reply datapath 0000000000000001", "group-mod add group 5 (select)"} <= set(texts)
    assert texts["error BAD_MATCH: BAD_PREREQ"].style == "error"
    assert {"packet-in 2: echo reply id 595 seq 1", "packet-out FLOOD: echo reply id 595 seq 1", "flow-mod delete",
            "flow-mod add -> set_field eth_dst=02:00:00:00:00:09, dec_nw_ttl, output 3", ""} <= \
        {arrow.brief for arrow in arrows}


# --- streams made by hand ---

def said(kind: str, xid: int = 1, body: bytes = b"", version: int = wire.VERSION) -> bytes:
    return wire.HEADER.pack(version, TYPES.index(kind), 8 + len(body), xid) + body


FEATURES = said("FEATURES_REPLY", 7, struct.pack("!QIBB2xII", 0x2A, 0, 254, 0, 0, 0))


@pytest.fixture
def to_controller(new_talk):
    """A connection to port 6653."""
    return new_talk(where="c0-eth0", ports=(40000, 6653))


def types(frames):
    return [message.type for message in openflow.openflow_messages(frames)]


def test_several_messages_in_a_segment_and_one_over_several(to_controller):
    talk = to_controller.handshake()
    data = said("HELLO", body=bytes(8), version=6) + FEATURES + said("ECHO_REQUEST", 9, bytes(100))
    for start, end in ((0, 60), (60, 61), (61, len(data))):
        last = talk.c("PA", seq=1 + start, ack=1, data=data[start:end])
    (channel,) = openflow.channels(talk.frames)
    assert [message.type for message in channel.messages] == ["HELLO", "FEATURES_REPLY", "ECHO_REQUEST"]
    assert channel.datapath_id == "000000000000002a"
    assert channel.messages[-1].frame == last and channel.messages[0].frame == talk.frames[3]


def test_a_repeated_segment_says_nothing_twice(to_controller):
    talk = to_controller.handshake()
    for _ in range(2):
        talk.c("PA", seq=1, ack=1, data=said("ECHO_REQUEST"))
    assert types(talk.frames) == ["ECHO_REQUEST"]


def test_a_capture_that_begins_in_the_middle_is_read_from_the_next_message_on(to_controller):
    talk = to_controller
    talk.s("PA", seq=500, ack=70, data=bytes(range(40)))  # the rest of a message whose beginning was not captured
    talk.s("PA", seq=540, ack=70, data=said("BARRIER_REQUEST"))
    talk.c("PA", seq=70, ack=548, data=said("BARRIER_REPLY"))
    (channel,) = openflow.channels(talk.frames)
    assert [(message.type, message.sender) for message in channel.messages] == \
        [("BARRIER_REQUEST", openflow.CONTROLLER), ("BARRIER_REPLY", openflow.SWITCH)]
    assert channel.datapath_id == "" and openflow.messages(talk.frames)[0].source == "10.0.0.2"


def test_after_a_gap_reading_goes_on(to_controller):
    talk = to_controller.handshake()
    talk.c("PA", seq=1, ack=1, data=FEATURES + said("ECHO_REQUEST", 1, bytes(50))[:20])
    talk.c("PA", seq=200, ack=1, data=said("ECHO_REPLY"))
    assert types(talk.frames) == ["FEATURES_REPLY", "ECHO_REPLY"]


def test_what_is_no_openflow_is_left_out(to_controller, new_talk):
    talk = to_controller.handshake()
    talk.c("PA", seq=1, ack=1, data=b"GET / HTTP/1.1\r\nHost: controller\r\n\r\n")
    assert [channel.messages for channel in openflow.channels(talk.frames)] == [()]
    web = new_talk(ports=(40000, 80)).handshake()
    web.c("PA", seq=1, ack=1, data=said("HELLO"))
    assert openflow.channels(web.frames) == []


def test_another_version_has_a_type_and_no_body(to_controller):
    talk = to_controller.handshake()
    talk.c("PA", seq=1, ack=1, data=said("HELLO", version=1) + said("PACKET_IN", version=1, body=bytes(30)))
    (hello,) = openflow.openflow_messages(talk.frames)
    assert (hello.type, hello.body) == ("HELLO", None)


def test_damaged_bodies_are_none_and_never_raise(channel):
    chance = random.Random(2026)
    for message in channel.messages:
        for _ in range(40):
            data = bytearray(message.data)
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(8, max(9, len(data))) % len(data)] = chance.randrange(256)
            wire.decode(message.type, bytes(data[:chance.randrange(8, len(data) + 1)]))
    assert wire.decode("FLOW_MOD", b"") is None and wire.decode("NOTHING", b"") is None


def test_damaged_captures_never_raise(frames):
    chance = random.Random(7)
    for _ in range(15):
        damaged = []
        for frame in frames:
            data = bytearray(frame.data)
            if chance.random() < 0.3:
                data[chance.randrange(54, max(55, len(data))) % len(data)] = chance.randrange(256)
            if chance.random() < 0.9:
                damaged.append(capture.Frame(frame.number, frame.time, bytes(data), frame.where))
        openflow.messages(damaged)
