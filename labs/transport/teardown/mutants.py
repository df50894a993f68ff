"""Ways to break the teardown lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("no_resets_from_h1", "no_bare_ack", "deaf_after_fin", "first_piece", "forgetful_path", "no_resets_from_h2",
          "quick_acks", "silent_on_nothing")

# --- the network misbehaves ---


def firewall(host, rule: str, hook: str = "output") -> None:
    """Drop what matches `rule` (nft(8)) on its way out of a host's TCP, or into it."""
    host.run(["nft", f"add table ip wall; add chain ip wall c {{ type filter hook {hook} priority 0; }}; "
                     f"add rule ip wall c {rule} drop"])


@mutant.network("h2 sends no ACK of a FIN by itself")
def no_bare_ack(net, params):
    # An ACK without data or options but the timestamps: 20 + 32 bytes. The one of the handshake comes from h1.
    firewall(net["h2"], "tcp flags == ack ip length 52")


@mutant.network("a firewall lets nothing through to a host that has said FIN")
def deaf_after_fin(net, params):
    firewall(net["h1"], f"tcp sport {params['port']} ip length > 200", "input")


@mutant.network("the path forgets a half-closed connection after half a minute")
def forgetful_path(net, params):
    patient = params["port"] + 7  # its place in STEPS
    net["h2"].run("nft 'add table ip wall; add chain ip wall c { type filter hook output priority 0; }'")
    net["h2"].start_process(["bash", "-c", f"sleep 50; nft add rule ip wall c tcp sport {patient} drop"])


@mutant.network("a firewall swallows h1's resets")
def no_resets_from_h1(net, params):
    firewall(net["h1"], "tcp flags & rst == rst")


@mutant.network("a firewall swallows h2's resets")
def no_resets_from_h2(net, params):
    firewall(net["h2"], "tcp flags & rst == rst")


@mutant.network("h2 acknowledges everything at once")
def quick_acks(net, params):
    net["h2"].run(f"ip route change {params['net']}.0/24 dev h2-eth0 src {params['net']}.2 quickack 1")


@mutant.network("h1 keeps no TIME-WAIT")
def no_time_wait(net, params):
    net["h1"].sysctl("net.ipv4.tcp_max_tw_buckets", 0)


@mutant.network("the links do not delay")
def no_delay(net, params):
    for node, interface in (("h1", "h1-eth0"), ("s1", "s1-eth1"), ("s1", "s1-eth2"), ("h2", "h2-eth0")):
        net[node].run(f"tc qdisc del dev {interface} root")


@mutant.network("h1 waits 20 s for the other FIN")
def short_fin_timeout(net, params):
    net["h1"].sysctl("net.ipv4.tcp_fin_timeout", 20)


# --- wrong servers ---

@mutant.work("the server takes the first piece for the whole request")
def first_piece(work, params):
    work.edit("server.py", "        request += part\n", "        request += part\n        break\n")


@mutant.work("the server takes no data for no request")
def silent_on_nothing(work, params):
    work.edit("server.py", "    connection.sendall(answer_to(read_request(connection)))",
              "    if not (request := read_request(connection)):\n        return\n"
              "    connection.sendall(answer_to(request))")


@mutant.work("the server reads to the end before it refuses")
def refuses_late(work, params):
    work.edit("server.py", "while len(request) <= LIMIT:", "while True:")


@mutant.work("the server closes right after its answer")
def closes_at_once(work, params):
    work.edit("server.py", "    drain(connection, time.monotonic() + DRAIN)\n", "")


@mutant.work("the server shuts both halves")
def shuts_both(work, params):
    work.edit("server.py", "socket.SHUT_WR", "socket.SHUT_RDWR")


@mutant.work("the server hears the client out before its FIN, not after it")
def drains_first(work, params):
    work.edit("server.py", "    connection.shutdown(socket.SHUT_WR)", "    drain(connection, time.monotonic() + 1)\n"
              "    connection.shutdown(socket.SHUT_WR)")


@mutant.work("every piece gives the client DRAIN seconds more")
def patient_drain(work, params):
    work.edit("server.py", "connection.settimeout(left)", "connection.settimeout(DRAIN)")
    work.edit("server.py", "while (left := deadline - time.monotonic()) > 0:", "while True:")


@mutant.work("the server ends its connections with SO_LINGER 0")
def lingers_zero(work, params):
    work.edit("server.py", "                try:\n", "                connection.setsockopt(socket.SOL_SOCKET, "
              "socket.SO_LINGER, bytes([1] + [0] * 7))\n                try:\n")


@mutant.work("the server never closes")
def never_closes(work, params):
    work.edit("server.py", "            with connection:\n",
              "            open_ones.append(connection)\n            if True:\n")
    work.edit("server.py", "        while True:\n            connection, _", "        open_ones = []\n"
              "        while True:\n            connection, _")
    work.edit("server.py", "    connection.shutdown(socket.SHUT_WR)", "    return")


@mutant.work("a client that has gone ends the server")
def falls_with_the_client(work, params):
    work.edit("server.py", "except OSError", "except KeyError")


# --- wrong answers ---

@mutant.answers("says that a FIN uses no sequence number")
def fin_is_free(answers, params):
    answers["ack_of_fin"] -= 1


@mutant.answers("mixes up the states of the two ends")
def other_end(answers, params):
    answers["state_h1"], answers["state_h2"] = answers["state_h2"], answers["state_h1"]


@mutant.answers("says that closing always takes four segments")
def always_four(answers, params):
    answers["segments_three"] = 4


@mutant.answers("says that the passive closer waits")
def passive_waits(answers, params):
    answers["waits_server_first"] = ["h1"]


@mutant.answers("says that what send() took arrives")
def nothing_lost(answers, params):
    answers["lost"] = 0


@mutant.answers("says that a kernel waits for the other FIN as long as it takes")
def waits_for_ever(answers, params):
    answers["orphan_a"] = answers["orphan_b"] = "ACK"
