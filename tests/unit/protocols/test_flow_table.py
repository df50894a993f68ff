"""Flow tables as Open vSwitch 3.1 printed them."""

from mnlab.protocols.openflow import flow_table

DUMP = """OFPST_FLOW reply (OF1.3) (xid=0x2):
 cookie=0x0, duration=0.215s, table=0, n_packets=2, n_bytes=196, idle_timeout=60, priority=1,in_port=2,\
dl_src=02:00:00:00:02:00,dl_dst=02:00:00:00:01:00 actions=output:1
 cookie=0x7, duration=22.318s, table=1, n_packets=0, n_bytes=0, idle_timeout=5, hard_timeout=30, priority=100,tcp,\
nw_src=10.1.0.0/16,tp_dst=80 actions=drop
 cookie=0x0, duration=22.3s, table=0, n_packets=0, n_bytes=0, arp actions=set_field:02:00:00:00:00:09->eth_dst,\
learn(table=1,idle_timeout=5),output:3
 cookie=0x0, duration=0.226s, table=0, n_packets=7, n_bytes=574, priority=0 actions=CONTROLLER:65535
"""
KERNEL = """recirc_id(0),in_port(2),eth(src=02:00:00:00:02:00,dst=02:00:00:00:01:00),eth_type(0x0800),ipv4(frag=no), \
packets:5, bytes:490, used:0.012s, actions:4
recirc_id(0),in_port(7),eth(),eth_type(0x0806), packets:2, bytes:84, used:0.984s, actions:userspace(pid=4294967295,\
controller(reason=6,dont_send=0,continuation=0,recirc_id=7,rule_cookie=0,controller_id=0,max_len=65535))
"""


def test_a_flow_is_read():
    flow = flow_table.flows(DUMP)[0]
    assert flow.match == {"in_port": "2", "eth_src": "02:00:00:00:02:00", "eth_dst": "02:00:00:00:01:00"}
    assert (flow.actions, flow.priority, flow.idle_timeout, flow.hard_timeout) == (("output:1",), 1, 60, 0)
    assert (flow.packets, flow.bytes, flow.duration, flow.table) == (2, 196, 0.215, 0)


def test_protocols_limits_and_the_default_priority():
    _, drop, learn, miss = flow_table.flows(DUMP)
    assert drop.match == {"tcp": "", "ipv4_src": "10.1.0.0/16", "tp_dst": "80"} and drop.actions == ("drop",)
    assert (drop.table, drop.hard_timeout) == (1, 30)
    assert learn.priority == 32768
    assert learn.actions == ("set_field:02:00:00:00:00:09->eth_dst", "learn(table=1,idle_timeout=5)", "output:3")
    assert (miss.match, miss.priority) == ({}, 0)


def test_the_kernels_entries_are_read():
    known, miss = flow_table.kernel_flows(KERNEL)
    assert (known.eth_src, known.eth_dst, known.packets, known.actions) == \
        ("02:00:00:00:02:00", "02:00:00:00:01:00", 5, "4")
    assert (miss.eth_src, miss.packets) == ("", 2) and miss.actions.startswith("userspace")


def test_what_is_no_flow_is_left_out():
    assert flow_table.flows("NXST_FLOW reply (xid=0x4):\n\n") == [] and flow_table.kernel_flows("no flows\n") == []
