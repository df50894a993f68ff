"""Ways to break the time_wait lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("twice", "one_connection", "cookies", "too_late", "reuses_address")

# --- the network and the kernels misbehave ---


def rule(host, hook: str, text: str) -> None:
    """A rule of nft(8) for what goes out of a host, or comes into it."""
    host.run(["nft", f"add table ip wall; add chain ip wall c {{ type filter hook {hook} priority 0; }}; "
                     f"add rule ip wall c {text}"])


@mutant.network("h1 keeps no TIME-WAIT", scenes=["kernel"])
def h1_keeps_none(net, params):
    net["h1"].sysctl("net.ipv4.tcp_max_tw_buckets", 0)


@mutant.network("h2 keeps no TIME-WAIT", scenes=["kernel"])
def h2_keeps_none(net, params):
    net["h2"].sysctl("net.ipv4.tcp_max_tw_buckets", 0)


@mutant.network("a firewall takes the timestamps out of h1's SYNs", scenes=["kernel"])
def no_timestamps(net, params):
    rule(net["h1"], "output", "tcp flags syn reset tcp option timestamp")


@mutant.network("a firewall swallows h1's resets", scenes=["kernel"])
def no_resets(net, params):
    rule(net["h1"], "output", "tcp flags & rst == rst drop")


@mutant.network("the link from h1 brings every frame twice", scenes=["kernel"])
def twice(net, params):
    net["h1"].run(f"tc qdisc replace dev h1-eth0 root netem delay {params['delay']}ms duplicate 100%")


@mutant.network("a firewall lets a port through for one connection only", scenes=["kernel"])
def one_connection(net, params):
    reopened = params["server"] + 8  # its place in STEPS
    rule(net["h2"], "input", f"tcp dport {reopened} tcp flags syn numgen inc mod 1000 != 0 drop")


@mutant.network("h2 chooses its numbers by SYN cookies", scenes=["kernel"])
def cookies(net, params):
    net["h2"].sysctl("net.ipv4.tcp_syncookies", 2)


# --- wrong servers ---

@mutant.work("the server sets SO_REUSEADDR after bind")
def too_late(work, params):
    option = "        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
    bind = '        listener.bind(("", int(sys.argv[1])))\n'
    work.edit("server.py", option + bind, bind + option)


@mutant.work("the server resets its connections (SO_LINGER 0), so that none waits")
def lingers_zero(work, params):
    work.edit("server.py", "            with connection:\n", "            with connection:\n"
              "                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))\n")


@mutant.work("the server sets SO_REUSEPORT")
def reuse_port(work, params):
    work.edit("server.py", "socket.SO_REUSEADDR", "socket.SO_REUSEPORT")


@mutant.work("the server tries until the port is free")
def tries_on(work, params):
    work.edit("server.py", "        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
              '        listener.bind(("", int(sys.argv[1])))\n',
              "        while True:\n            try:\n"
              '                listener.bind(("", int(sys.argv[1])))\n                break\n'
              "            except OSError:\n                __import__('time').sleep(0.5)\n")


@mutant.work("the server leaves it to the visitor to close first")
def visitor_first(work, params):
    work.edit("server.py", "                return\n", "                continue\n")


# --- wrong clients ---

@mutant.work("the client closes first and sets SO_REUSEADDR")
def reuses_address(work, params):
    work.edit("client.py", '        connection.sendall(b"bye\\n")\n        stream.read()\n', "")
    work.edit("client.py", "        connection.bind(", "        connection.setsockopt(socket.SOL_SOCKET, "
              "socket.SO_REUSEADDR, 1)\n        connection.bind(")


@mutant.work("the client resets its connections")
def client_resets(work, params):
    work.edit("client.py", '        connection.sendall(b"bye\\n")\n        stream.read()\n',
              "        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))\n")


@mutant.work("the client says bye and does not wait for the end")
def does_not_wait(work, params):
    work.edit("client.py", "        stream.read()\n", "")


@mutant.work("the client takes any port")
def any_port(work, params):
    work.edit("client.py", '        connection.bind(("", own_port))\n', "")


@mutant.work("the client asks all over one connection")
def one_for_all(work, params):
    work.edit("client.py", "    for _ in range(count):\n        print(ask(server, port, own_port))\n"
              "        time.sleep(1)\n", "    print(ask(server, port, own_port, count))\n")
    work.edit("client.py", "def ask(server, port, own_port) -> str:", "def ask(server, port, own_port, count) -> str:")
    work.edit("client.py", '        connection.sendall(b"get\\n")\n', '        connection.sendall(b"get\\n" * count)\n')
    work.edit("client.py", "        answer = stream.read(int(stream.readline()))\n",
              "        answer = b'\\n'.join(stream.read(int(stream.readline())) for _ in range(count))\n")


# --- wrong answers ---

@mutant.answers("says that the client waits, whoever closes first")
def client_waits(answers, params):
    answers["waits_server_first"] = "h1"


@mutant.answers("says that tcp_fin_timeout is the length of TIME-WAIT")
def fin_timeout(answers, params):
    answers["seconds_h1"] = params["fin_timeout"]


@mutant.answers("forgets that the FIN has a number")
def fin_is_free(answers, params):
    answers["answer_number"] -= 1


@mutant.answers("says that the repeated FIN is acknowledged by anybody")
def anybody_acks(answers, params):
    answers["answer_without"] = "ACK"


@mutant.answers("says that SO_REUSEADDR in the new server is enough")
def new_is_enough(answers, params):
    answers["listen_if_only_new_sets_it"] = True


@mutant.answers("says that an old segment harms nothing in TIME-WAIT")
def harmless(answers, params):
    answers["assassin_still_waits"] = True


@mutant.answers("says that nothing old is ever read")
def never_read(answers, params):
    answers["ghost_is_read"] = False
