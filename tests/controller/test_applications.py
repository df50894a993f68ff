"""Each application of controller/ under plain Mininet: mn --custom FILE --topo NAME --controller remote.

Flow counters are up to a second late: Open vSwitch collects them from the kernel from time to time. Hence `sleep 2`.
"""

import json
import re

from .conftest import DUMP, dropped

SENT = 1 << 20  # bytes over the two paths


def counted(flows: str, mark: str, what: str = "n_packets") -> int:
    """Packets (or n_bytes) counted by the flows of a dump whose line holds `mark`."""
    return sum(int(count) for line in flows.splitlines() if mark in line
               for count in re.findall(rf"{what}=(\d+)", line))


def test_on_one_switch(machine):
    """A hub, a learning switch, an ARP proxy, port statistics, an access list, one after the other."""
    machine.write("seconds.conf", "[statistics]\ninterval = 1\n")
    seen = machine.mn("lan,3", "controller/hub.py", f"""\
        sh ./say hub
        pingall
        h1 sleep 2
        {DUMP} s1
        sh ./use controller/learning_switch.py
        sh ./say learning_switch
        pingall
        {DUMP} s1
        sh ./use controller/arp_proxy.py
        sh ./say arp_proxy
        pingall
        h1 ip neigh flush all
        h3 tcpdump -ni h3-eth0 -w h3.pcap arp >/dev/null 2>&1 &
        h1 sleep 1
        h1 ping -c1 10.0.0.2
        h3 kill %1
        h3 wait
        h3 tcpdump -nr h3.pcap 2>/dev/null
        sh ./say statistics
        sh ./use controller/port_statistics.py --config-file seconds.conf
        h1 sleep 2
        h1 ping -c5 -i0.2 10.0.0.2
        h1 sleep 2
        sh cat port_statistics.log
        sh ./use controller/access_list.py --config-file controller/access_list.conf
        sh ./say access_list
        pingall
        h2 nc -lk 80 &
        h2 until ss -ltnH sport = :80 | grep -q .; do sleep 0.1; done
        h1 nc -zw1 10.0.0.2 80; echo h1: $?
        h3 nc -zw1 10.0.0.2 80; echo h3: $?
        h1 sleep 2
        {DUMP} s1
        sh ./say logs
        sh head *.log
        sh kill -9 $(cat pid)
        """)
    assert dropped(seen["hub"]) == 0
    assert seen["hub"].count("actions=") == 1 and counted(seen["hub"], "CONTROLLER") > 12  # requests and replies

    assert dropped(seen["learning_switch"]) == 0
    assert len(re.findall("dl_src=.*dl_dst=.*actions=output", seen["learning_switch"])) == 6

    assert dropped(seen["arp_proxy"]) == 0
    assert "1 received" in seen["arp_proxy"] and "who-has 10.0.0.2" not in seen["arp_proxy"]

    lines = [json.loads(line) for line in seen["statistics"].splitlines() if line.startswith("{")]
    assert {line["port"] for line in lines} == {1, 2, 3}
    first, last = ([line for line in lines if line["port"] == 1][end] for end in (0, -1))
    assert last["packets_in"] - first["packets_in"] >= 5 and last["bytes_in"] - first["bytes_in"] >= 5 * 98
    assert 0.9 < last["seconds"] - first["seconds"] < 10

    # h1 may ping h2 and use its port 80; the rest is dropped: 10 of 12 pings' halves
    assert "h1 -> h2 X" in seen["access_list"] and "h2 -> X X" in seen["access_list"]
    assert "h3 -> X X" in seen["access_list"]
    assert "h1: 0" in seen["access_list"] and "h3: 1" in seen["access_list"]
    assert counted(seen["access_list"], "actions=drop") > 0
    assert "Traceback" not in seen["logs"]


def test_two_paths(machine):
    """On a diamond, which is a loop: every host reaches every other, each flow on one path, both paths in use.

    The switches speak every version of OpenFlow here, as mn's do if they are not told; the controller agrees on 1.3.
    """
    seen = machine.mn("diamond", "controller/two_paths.py", switch="ovsk", typed=f"""\
        sh ./say pings
        pingall
        {DUMP} s1
        h4 iperf3 -sD
        sh ./say s2 before
        {DUMP} s2
        sh ./say s3 before
        {DUMP} s3
        h1 iperf3 -c 10.0.0.4 -n {SENT} -P4 | tail -3
        h1 sleep 2
        sh ./say flows
        {DUMP} s1
        sh ./say s2 after
        {DUMP} s2
        sh ./say s3 after
        {DUMP} s3
        sh ./say log
        sh head two_paths.log
        sh kill -9 $(cat pid)
        """)
    assert dropped(seen["pings"]) == 0
    outputs = re.findall(r"nw_src=10\.0\.0\.1,nw_dst=10\.0\.0\.4,nw_frag=no,tp_src=(\d+),tp_dst=5201 "
                         r"actions=output:(\d)", seen["flows"])
    assert len({port for port, _ in outputs}) == 5  # iperf3's own connection and four for the data
    assert sorted(path for _, path in outputs).count("1") in (2, 3) and {path for _, path in outputs} == {"1", "2"}
    before, after = ([counted(seen[f"{middle} {when}"], "actions", "n_bytes") for middle in ("s2", "s3")]
                     for when in ("before", "after"))
    taken = [last - first for first, last in zip(before, after)]
    # iperf3 stops when it has handed over SENT bytes, whatever is on its way by then. A storm would be far more.
    assert min(taken) > SENT / 16 and sum(taken) < 2 * SENT
    assert "Traceback" not in seen["log"]


def test_two_paths_keep_the_pieces_of_a_packet_together(machine):
    """Twenty datagrams, each of another conversation and in three pieces, after whole ones of the same two hosts."""
    machine.write("talk.py", """\
        import socket, sys
        for port in range(5000, 5020):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.sendto(bytes(range(256)) * (int(sys.argv[1]) // 256), ("10.0.0.4", port))
        """)
    seen = machine.mn("diamond", "controller/two_paths.py", switch="ovsk", typed=f"""\
        h1 ping -c1 10.0.0.4
        h4 nc -ukl 9 >/dev/null &
        h4 iptables -A OUTPUT -p icmp --icmp-type port-unreachable -j DROP
        h1 python3 talk.py 512
        h1 sleep 1
        h4 tcpdump -ni h4-eth0 -w h4.pcap udp >/dev/null 2>&1 &
        h1 sleep 1
        h1 python3 talk.py 3072
        h1 sleep 1
        h1 python3 talk.py 3072
        h1 sleep 3
        sh ./say flows
        {DUMP} s1
        sh ./say heard
        h4 kill %2
        h4 wait %2
        h4 tcpdump -vnr h4.pcap 2>/dev/null | grep -c offset
        sh ./say log
        sh head two_paths.log
        sh kill -9 $(cat pid)
        """)
    there = [line for line in seen["flows"].splitlines() if "udp,nw_src=10.0.0.1,nw_dst=10.0.0.4" in line]
    pieces = [line for line in there if "nw_frag=yes" in line]
    assert len(there) == 21 and len(pieces) == 1  # one for each conversation of whole packets, one for all pieces
    assert counted(pieces[0], "udp") >= 60  # the second time; before the flow was there, the controller had them all
    assert int(seen["heard"].split()[0]) == 120
    assert "Traceback" not in seen["log"]
