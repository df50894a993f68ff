"""Ways to break the time_wait lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("twice", "one_connection", "cookies", "too_late", "lingers_zero", "reuses_address")

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

OPTION = "        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
BIND = '        listener.bind(("", int(sys.argv[1])))\n'
TELLS = '            connection.sendall(b"%d\\n" % len(TEXT) + TEXT)\n'
LINES = 'for line in connection.makefile("rb"):'


@mutant.work("the server answers one question, and closes", breaks="R1")
def one_answer(work, params):
    work.edit("server.py", TELLS, TELLS + "            return\n")


@mutant.work("the server takes what one recv() gets for a line", breaks="R1")
def pieces_as_lines(work, params):
    work.edit("server.py", LINES, 'while line := connection.recv(100):\n            if line == b"get\\nbye\\n":\n'
              "    " + TELLS + "                return")


@mutant.work("a visitor who is silent for five seconds is thrown out", breaks="R1")
def impatient(work, params):
    work.edit("server.py", LINES, "connection.settimeout(5)\n        " + LINES)
    work.edit("server.py", TELLS,
              "            connection.settimeout(None)\n" + TELLS + "            connection.settimeout(5)\n")


@mutant.work("a visitor has ten seconds in all", breaks="R1")
def ten_seconds(work, params):
    work.edit("server.py", LINES, "connection.settimeout(10)\n        " + LINES)


@mutant.work("the server's N counts the line, too", breaks="R1")
def counts_line(work, params):
    work.edit("server.py", "% len(TEXT)", "% (len(TEXT) + 6)")


@mutant.work("the server tells another text each time", breaks="R1")
def other_text(work, params):
    work.edit("server.py", TELLS, TELLS.replace(" + TEXT)", " + TEXT[::-1])"))


@mutant.work("the line of the number ends with CR and LF", breaks="R1")
def crlf(work, params):
    work.edit("server.py", 'b"%d\\n"', 'b"%d\\r\\n"')


@mutant.work("the server leaves it to the visitor to close first", breaks="R2")
def visitor_first(work, params):
    work.edit("server.py", "                return\n", "                continue\n")


@mutant.work("the server resets its connections (SO_LINGER 0), so that none waits", breaks="R2")
def lingers_zero(work, params):
    work.edit("server.py", "            with connection:\n", "            with connection:\n"
              "                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))\n")


@mutant.work("the server sends what there is room for, and no more", breaks="R2")
def sends_once(work, params):
    work.edit("server.py", TELLS, TELLS.replace("connection.sendall(",
              "connection.setblocking(False)\n            connection.send(")
              + "            connection.setblocking(True)\n")


@mutant.work("the answer must have gone in five seconds", breaks="R2")
def answers_in_time(work, params):
    work.edit("server.py", TELLS,
              "            connection.settimeout(5)\n" + TELLS + "            connection.settimeout(None)\n")


@mutant.work("the server thinks for a second before it closes", breaks="R2")
def closes_late(work, params):
    work.edit("server.py", "                return\n",
              "                __import__('time').sleep(1)\n                return\n")


@mutant.work("the server takes three seconds to see that the visitor has ended", breaks="R3")
def closes_later(work, params):
    work.edit("server.py", "    except OSError as problem:",
              "        __import__('time').sleep(3)\n    except OSError as problem:")


@mutant.work("the server waits for bye when the visitor has ended", breaks="R3")
def never_ends(work, params):
    work.edit("server.py", LINES, 'stream = connection.makefile("rb")\n        while True:\n'
              "            line = stream.readline()\n            if not line:\n"
              "                __import__('time').sleep(0.1)\n"
              "                continue")


@mutant.work("the server does not answer a visitor who has ended", breaks="R3")
def leavers_unanswered(work, params):
    work.edit("server.py", TELLS, "            if has_ended(connection):\n                return\n" + TELLS)
    work.edit("server.py", "def talk(connection):\n", """def has_ended(connection):
    __import__("time").sleep(0.1)
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False


def talk(connection):
""")


@mutant.work("a visitor who is cut off ends the server", breaks="R4")
def falls_with_the_visitor(work, params):
    work.edit("server.py", "except OSError as problem:", "except KeyError as problem:")


@mutant.work("a visitor who is cut off when it has ended its stream ends the server", breaks="R4")
def falls_of_a_broken_pipe(work, params):
    work.edit("server.py", "except OSError as problem:", "except ConnectionResetError as problem:")


@mutant.work("a visitor who is cut off while the server listens ends it", breaks="R4")
def falls_while_it_listens(work, params):
    work.edit("server.py", TELLS,
              "            try:\n    " + TELLS + "            except OSError:\n                return\n")
    work.edit("server.py", "except OSError as problem:", "except KeyError as problem:")


@mutant.work("a visitor who is cut off before it is accepted ends the server", breaks="R4")
def asks_who_it_is(work, params):
    work.edit("server.py", "            connection, _ = listener.accept()\n",
              "            connection, _ = listener.accept()\n            connection.getpeername()\n")


@mutant.work("the server ends after its fifth visitor", breaks="R4")
def five_visitors(work, params):
    work.edit("server.py", "        while True:\n            connection, _",
              "        for _ in range(5):\n            connection, _")


@mutant.work("the server sets SO_REUSEADDR after bind", breaks="R5")
def too_late(work, params):
    work.edit("server.py", OPTION + BIND, BIND + OPTION)


@mutant.work("the server does not set SO_REUSEADDR", breaks="R5")
def no_option(work, params):
    work.edit("server.py", OPTION, "")


@mutant.work("the server sets SO_REUSEADDR on each connection, not on the listener", breaks="R5")
def on_connections(work, params):
    work.edit("server.py", OPTION, "")
    work.edit("server.py", "            with connection:\n", "            with connection:\n"
              "                connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n")


@mutant.work("the server tries until the port is free", breaks="R5")
def tries_on(work, params):
    work.edit("server.py", OPTION + BIND,
              "        while True:\n            try:\n"
              '                listener.bind(("", int(sys.argv[1])))\n                break\n'
              "            except OSError:\n                __import__('time').sleep(0.5)\n")


@mutant.work("the server sets SO_REUSEPORT", breaks="R6")
def reuse_port(work, params):
    work.edit("server.py", "socket.SO_REUSEADDR", "socket.SO_REUSEPORT")


@mutant.work("the server sets both options", breaks="R6")
def both_options(work, params):
    work.edit("server.py", OPTION, OPTION + OPTION.replace("REUSEADDR", "REUSEPORT"))


@mutant.work("a server that is refused the port ends as if all were well", breaks="R6")
def ends_well(work, params):
    work.edit("server.py", BIND, "        try:\n    " + BIND + "        except OSError:\n            return\n")


@mutant.work("a server that is refused the port waits for it", breaks="R6")
def waits_for_port(work, params):
    work.edit("server.py", BIND, "        while True:\n            try:\n        " + BIND + "                break\n"
              "            except OSError:\n                __import__('time').sleep(0.5)\n")


# --- wrong clients ---

BYE = '        connection.sendall(b"bye\\n")\n        stream.read()\n'
ONES = "        print(ask(server, port, own_port))\n        time.sleep(1)\n"


@mutant.work("the client asks all over one connection", breaks="R7")
def one_for_all(work, params):
    work.edit("client.py", "    for _ in range(count):\n" + ONES, "    print(ask(server, port, own_port, count))\n")
    work.edit("client.py", "def ask(server, port, own_port) -> str:", "def ask(server, port, own_port, count) -> str:")
    work.edit("client.py", '        connection.sendall(b"get\\n")\n', '        connection.sendall(b"get\\n" * count)\n')
    work.edit("client.py", "        answer = stream.read(int(stream.readline()))\n",
              "        answer = b'\\n'.join(stream.read(int(stream.readline())) for _ in range(count))\n")


@mutant.work("the client asks five times, whatever it is told", breaks="R7")
def five_times(work, params):
    work.edit("client.py", "range(count)", "range(5)")


@mutant.work("the client asks once too often", breaks="R7")
def once_more(work, params):
    work.edit("client.py", "range(count)", "range(count + 1)")


@mutant.work("the client asks as fast as it can", breaks="R7")
def no_pause(work, params):
    work.edit("client.py", "        time.sleep(1)\n", "")


@mutant.work("the client takes three seconds for each question", breaks="R7")
def long_pauses(work, params):
    work.edit("client.py", "time.sleep(1)", "time.sleep(2.5)")


@mutant.work("the client takes any port", breaks="R8")
def any_port(work, params):
    work.edit("client.py", '        connection.bind(("", own_port))\n', "")


@mutant.work("the client takes the next port for each question", breaks="R8")
def next_ports(work, params):
    work.edit("client.py", "    for _ in range(count):\n        print(ask(server, port, own_port))\n",
              "    for number in range(count):\n        print(ask(server, port, own_port + number))\n")


@mutant.work("the client takes what one recv() gets for the answer", breaks="R9")
def first_piece(work, params):
    work.edit("client.py", "answer = stream.read(int(stream.readline()))",
              "answer = connection.recv(4096).partition(b'\\n')[2]")


@mutant.work("the client takes N for a number of letters", breaks="R9")
def letters(work, params):
    work.edit("client.py", 'makefile("rb")', 'makefile("r", encoding="utf-8")')
    work.edit("client.py", "stream.read(int(stream.readline()))", "stream.read(int(stream.readline())).encode()")
    work.edit("client.py", '        connection.sendall(b"bye\\n")\n', "")
    work.edit("client.py", '        connection.sendall(b"get\\n")\n', '        connection.sendall(b"get\\nbye\\n")\n')
    work.edit("client.py", "int(stream.readline())", "int(stream.readline()) - 1")


@mutant.work("the client decodes each piece by itself", breaks="R9")
def decodes_pieces(work, params):
    work.edit("client.py", "        answer = stream.read(int(stream.readline()))\n",
              "        left, answer = int(stream.readline()), b''\n        while left:\n"
              "            part = stream.read1(left)\n            left -= len(part)\n"
              "            answer += part.decode(errors='replace').encode()\n")


@mutant.work("the client takes white space off the answers", breaks="R9")
def stripped(work, params):
    work.edit("client.py", "answer.decode()", "answer.decode().strip()")


@mutant.work("the client makes one space of two", breaks="R9")
def one_space(work, params):
    work.edit("client.py", "answer.decode()", "__import__('re').sub(' +', ' ', answer.decode())")


@mutant.work("the client prints bytes", breaks="R9")
def prints_bytes(work, params):
    work.edit("client.py", "answer.decode()", "str(answer)")


@mutant.work("the client prints the first word of each answer", breaks="R9")
def first_words(work, params):
    work.edit("client.py", "answer.decode()", "answer.decode().split()[0]")


@mutant.work("the client prints all answers on one line", breaks="R9")
def one_line(work, params):
    work.edit("client.py", "print(ask(server, port, own_port))", 'print(ask(server, port, own_port), end=" ")')


@mutant.work("the client does not end when it has asked", breaks="R9")
def does_not_end(work, params):
    work.edit("client.py", "        time.sleep(1)\n", "        time.sleep(1)\n    time.sleep(60)\n")


@mutant.work("the client closes first and sets SO_REUSEADDR", breaks="R10")
def reuses_address(work, params):
    work.edit("client.py", BYE, "")
    work.edit("client.py", "        connection.bind(", "        connection.setsockopt(socket.SOL_SOCKET, "
              "socket.SO_REUSEADDR, 1)\n        connection.bind(")


@mutant.work("the client resets its connections", breaks="R10")
def client_resets(work, params):
    work.edit("client.py", BYE,
              "        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))\n")


@mutant.work("the client says bye and does not wait for the end", breaks="R10")
def does_not_wait(work, params):
    work.edit("client.py", "        stream.read()\n", "")


@mutant.work("the client says bye, half-closes, and reads to the end", breaks="R10")
def half_closes(work, params):
    work.edit("client.py", "        stream.read()\n",
              "        connection.shutdown(socket.SHUT_WR)\n        stream.read()\n")


# --- right programs, written otherwise ---

@mutant.right("socketserver and a thread for each visitor; a client that says all at once and reads to the end")
def otherwise(work, params):
    work.take("threads.py", "server.py")
    work.edit("server.py", "{{body}}", str(params["body"]))
    work.take("all_at_once.py", "client.py")


@mutant.right("asyncio, for both")
def streams(work, params):
    work.take("streams.py", "server.py")
    work.edit("server.py", "{{body}}", str(params["body"]))
    work.take("own_port.py", "client.py")


# --- wrong answers ---

@mutant.answers("says that the server waits, whoever closes first")
def server_waits(answers, params):
    answers["waits_client_first"] = "h2"


@mutant.answers("says that the client waits, whoever closes first")
def client_waits(answers, params):
    answers["waits_server_first"] = "h1"


@mutant.answers("says that Linux waits as long as the RFC asks for")
def rfc_seconds(answers, params):
    answers["seconds_h2"] = 240


@mutant.answers("says that tcp_fin_timeout is the length of TIME-WAIT")
def fin_timeout(answers, params):
    answers["seconds_h1"] = params["fin_timeout"]


@mutant.answers("takes one MSL for two")
def one_msl(answers, params):
    answers["minutes_rfc"] = 2


@mutant.answers("says that the end whose ACK was lost repeats something")
def repeats_ack(answers, params):
    answers["repeats"] = "h1"


@mutant.answers("forgets that the FIN has a number")
def fin_is_free(answers, params):
    answers["answer_number"] -= 1


@mutant.answers("says that the FIN is repeated after a second")
def one_second(answers, params):
    answers["repeated_after"] = 1000


@mutant.answers("says that the repeated FIN is acknowledged by anybody")
def anybody_acks(answers, params):
    answers["answer_without"] = "ACK"


@mutant.answers("says that the server's port is taken after the client has closed first")
def port_taken(answers, params):
    answers["listen_after_client_first"] = False


@mutant.answers("says that SO_REUSEADDR in the new server is enough")
def new_is_enough(answers, params):
    answers["listen_if_only_new_sets_it"] = True


@mutant.answers("says that nothing helps a server that closed first")
def nothing_helps(answers, params):
    answers["listen_if_both_set_it"] = False


@mutant.answers("says that timestamps change nothing for the client")
def never_again(answers, params):
    answers["connect_with_timestamps"] = False


@mutant.answers("says that SO_REUSEADDR is enough for the client")
def always_again(answers, params):
    answers["connect_without_timestamps"] = True


@mutant.answers("says that an old segment harms nothing in TIME-WAIT")
def harmless(answers, params):
    answers["assassin_still_waits"] = True


@mutant.answers("says that nothing old is ever read")
def never_read(answers, params):
    answers["ghost_is_read"] = False
