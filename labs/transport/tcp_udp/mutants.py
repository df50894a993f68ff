"""Ways to break the lab: kernels set otherwise, paths that are better or worse than they should be, wrong programs.

The experiment holds the sockets itself, so what a host's program would do wrong is changed in the lab's own modules.
"""

import socket

from mnlab.checks.mutants import mutant, rewrite

ENOUGH = ("jumbo", "leftover_dropped", "jitter", "worse_path", "silent", "anycast", "no_broadcast", "another_member",
          "h4_mute", "no_checksum")

kept = []  # sockets that must stay open


# --- answers ----------------------------------------------------------------------------------------------------------

@mutant.answers("counts round trips where data needs only half of one")
def round_trips(answers, params):
    answers["tcp_first_ms"] = 4 * params["delay"]


@mutant.answers("copies 24 bits of the group's address into the MAC address")
def group_mac_too_long(answers, params):
    answers["group_mac"] = "01:00:5e:" + ":".join(f"{int(part):02x}" for part in params["group"].split(".")[1:])


@mutant.answers("forgets that UDP's header is fragmented with the data")
def header_forgotten(answers, params):
    answers["last_bytes"] -= 8


@mutant.answers("counts TCP's segments without timestamps' 12 bytes, and a fragment for each")
def fragments_as_segments(answers, params):
    answers["large_segments"] += 1


@mutant.answers("takes SACK blocks to name what is missing")
def sack_is_missing(answers, params):
    answers["sacked"] = list(params["holes"])


@mutant.answers("counts only the data in the length of UDP")
def length_of_data(answers, params):
    answers["udp_header"] = answers["udp_header"].replace(" 000d ", " 0005 ")


@mutant.answers("takes the chances for the shares, as if no copy could stand in")
def chances_as_shares(answers, params):
    answers["expected_missing"] = params["chunks"] * params["loss"] / 100


@mutant.answers("takes every message after the lost one to have waited")
def all_waited(answers, params):
    answers["waited"] = list(range(params["voice_lost"] + 1, params["voices"] + 1))


# --- the network and its kernels --------------------------------------------------------------------------------------

@mutant.network("TCP carries its data in the SYN (Fast Open)", scenes=["kernel"])
def fast_open(net, params):
    from lab import steps
    for host in (net["h1"], net["h3"]):
        host.sysctl("net.ipv4.tcp_fastopen", 0x602 | 0x5)  # without cookies, on every listening socket

    def said(host, address, data):
        from mnlab.net.sockets import tcp
        ends = tcp(host)
        ends.sendto(data, socket.MSG_FASTOPEN, address)
        return ends
    steps.said = said


@mutant.network("h3 drops what comes to closed ports, and says nothing", scenes=["kernel"])
def silent(net, params):
    net["h3"].run("nft 'table inet quiet { chain in { type filter hook input priority 0; "
                  f"udp dport {params['closed_port']} drop; }}; }}'")


@mutant.network("a middlebox passes a SYN to everybody on to h1", scenes=["kernel"])
def anycast(net, params):
    net["s1"].run(f"nft 'table netdev any {{ chain in {{ type filter hook ingress device s1-eth4 priority 0; tcp flags "
                  f"syn ip daddr {params['broadcast']} ether daddr set {net['h1'].MAC()} ip daddr set {params['h1']}; "
                  "}; }'")


@mutant.network("the switch does not pass broadcasts on to h4", scenes=["kernel"])
def no_broadcast(net, params):
    net["s1"].run("nft 'table bridge quiet { chain out { type filter hook postrouting priority 0; "
                  "oifname s1-eth4 ip protocol udp ether daddr ff:ff:ff:ff:ff:ff drop; }; }'")


@mutant.network("another program on h4 is a member of the group", scenes=["kernel"])
def another_member(net, params):
    from mnlab.net import namespace
    with namespace.inside(net["h4"].pid):
        kept.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    kept[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                        socket.inet_aton(params["group"]) + socket.inet_aton(params["h4"]))


@mutant.network("the switch passes no datagram of h4's on to h1", scenes=["kernel"])
def h4_mute(net, params):
    net["s1"].run("nft 'table netdev quiet { chain in { type filter hook ingress device s1-eth4 priority 0; "
                  f"ip daddr {params['h1']} udp dport {params['talk_port']} drop; }}; }}'")


@mutant.network("the bad path loses three times as much", scenes=["kernel"])
def worse_path(net, params):
    rewrite(net["s1"], f"loss {params['loss']}%", f"loss {3 * params['loss']}%", only="reorder")


@mutant.network("the path keeps the order", scenes=["kernel"])
def no_reordering(net, params):
    rewrite(net["s1"], f"reorder {params['reorder']}%", "")


@mutant.network("a middlebox resets the connection in the middle of the file", scenes=["kernel"])
def reset_midway(net, params):
    net["h3"].run("nft 'table inet cut { chain in { type filter hook input priority 0; ip length > 600 "
                  f"tcp dport {params['file_port']} numgen inc mod 1000 == 80 reject with tcp reset; }}; }}'")


@mutant.network("the slow link is ten times as fast", scenes=["kernel"])
def wide_link(net, params):
    rewrite(net["s1"], f"rate {params['rate'] * 1e6:.0f}bit", f"rate {params['rate'] * 1e7:.0f}bit", only="burst")


@mutant.network("the datagrams' sender slows down by itself", scenes=["kernel"])
def polite_flood(net, params):
    from lab import steps
    steps.FLOOD_SHARE = 0.5


@mutant.network("the reader asks for no more than the first write", scenes=["kernel"])
def one_at_a_time(net, params):
    from lab import steps
    plain = steps.pair

    def pair(client, server, port):
        writer, reader = plain(client, server, port)
        return writer, _Reader(reader, params["sizes"][0]) if port == params["cuts_port"] else reader
    steps.pair = pair


class _Reader:
    """A socket that reads no more than the first write."""

    def __init__(self, ends, size):
        self.ends, self.size = ends, size

    def recv(self, _):
        return self.ends.recv(self.size)

    def close(self):
        self.ends.close()


@mutant.network("all links take frames of 9000 bytes", scenes=["kernel"])
def jumbo(net, params):
    for node in ("h1", "h2", "h3", "h4", "s1"):
        for intf in net[node].intfNames():
            if intf != "lo":
                net[node].run(f"ip link set dev {intf} mtu 9000")


@mutant.network("h1 computes no checksums for UDP", scenes=["kernel"])
def no_checksum(net, params):
    from lab import steps
    plain = steps.udp

    def udp(host, port=0):
        ends = plain(host, port)
        ends.setsockopt(socket.SOL_SOCKET, 11, 1)  # SO_NO_CHECK
        return ends
    steps.udp = udp


@mutant.network("h3 does without timestamps", scenes=["kernel"])
def no_timestamps(net, params):
    net["h3"].sysctl("net.ipv4.tcp_timestamps", 0)


@mutant.network("s1 loses nothing where it is told to", scenes=["kernel"])
def no_losses(net, params):
    rewrite(net["s1"], " drop; }", "; }", only="counter name dropped")


@mutant.network("the path's delay varies", scenes=["kernel"])
def jitter(net, params):
    net["s1"].run(f"tc qdisc change dev s1-eth3 root handle 1: netem limit 1000 delay {params['delay']}ms 25ms")


# --- framing.py -------------------------------------------------------------------------------------------------------

@mutant.work("one recv() is taken for all that was asked for")
def short_reads(work, params):
    work.edit("framing.py", "    while len(data) < count:\n", "    for _ in range(1):\n")


@mutant.work("what is left in the buffer after a message is thrown away")
def leftover_dropped(work, params):
    work.edit("framing.py", "connection.recv(count - len(data))", "connection.recv(65536)[:count - len(data)]")


@mutant.work("an empty message is taken for the end")
def empty_is_end(work, params):
    work.edit("framing.py", "(message := receive(connection)) is not None", "message := receive(connection)")


@mutant.work("the length is thought to come in one piece")
def whole_prefix(work, params):
    work.edit("framing.py", "prefix = read_exactly(connection, LENGTH.size)", "prefix = connection.recv(LENGTH.size)")


@mutant.work("half a message is answered")
def half_a_message(work, params):
    work.edit("framing.py", "if len(message) < length:", "if False:")


@mutant.work("the end of the stream is waited out in a loop")
def endless_loop(work, params):
    work.edit("framing.py", "        if not part:\n            break\n", "")


@mutant.work("every length is believed")
def no_limit(work, params):
    work.edit("framing.py", "if length > LIMIT:", "if False:")


@mutant.work("the program ends with its first broken client")
def dies(work, params):
    work.edit("framing.py", "traceback.print_exc()", "raise")
