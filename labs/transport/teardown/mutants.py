"""Ways to break the teardown lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("no_resets_from_h1", "no_bare_ack", "deaf_after_fin", "first_piece", "lingers_zero", "waits_anyway",
          "falls_with_the_client", "forgetful_path", "no_resets_from_h2", "quick_acks")

# --- the network misbehaves ---


def firewall(host, rule: str, hook: str = "output") -> None:
    """Drop what matches `rule` (nft(8)) on its way out of a host's TCP, or into it."""
    host.run(["nft", f"add table ip wall; add chain ip wall c {{ type filter hook {hook} priority 0; }}; "
                     f"add rule ip wall c {rule} drop"])


@mutant.network("h2 sends no ACK of a FIN by itself", scenes=["endings"])
def no_bare_ack(net, params):
    # An ACK without data or options but the timestamps: 20 + 32 bytes. The one of the handshake comes from h1.
    firewall(net["h2"], "tcp flags == ack ip length 52")


@mutant.network("a firewall lets nothing through to a host that has said FIN", scenes=["endings"])
def deaf_after_fin(net, params):
    firewall(net["h1"], f"tcp sport {params['port']} ip length > 200", "input")


@mutant.network("the path forgets a half-closed connection after half a minute", scenes=["endings"])
def forgetful_path(net, params):
    patient = params["port"] + 7  # its place in STEPS
    net["h2"].run("nft 'add table ip wall; add chain ip wall c { type filter hook output priority 0; }'")
    net["h2"].start_process(["bash", "-c", f"sleep 50; nft add rule ip wall c tcp sport {patient} drop"])


@mutant.network("a firewall swallows h1's resets", scenes=["endings"])
def no_resets_from_h1(net, params):
    firewall(net["h1"], "tcp flags & rst == rst")


@mutant.network("a firewall swallows h2's resets", scenes=["endings"])
def no_resets_from_h2(net, params):
    firewall(net["h2"], "tcp flags & rst == rst")


@mutant.network("h2 acknowledges everything at once", scenes=["endings"])
def quick_acks(net, params):
    net["h2"].run(f"ip route change {params['net']}.0/24 dev h2-eth0 src {params['net']}.2 quickack 1")


@mutant.network("h1 keeps no TIME-WAIT", scenes=["endings"])
def no_time_wait(net, params):
    net["h1"].sysctl("net.ipv4.tcp_max_tw_buckets", 0)


@mutant.network("the links do not delay", scenes=["endings"])
def no_delay(net, params):
    for node, interface in (("h1", "h1-eth0"), ("s1", "s1-eth1"), ("s1", "s1-eth2"), ("h2", "h2-eth0")):
        net[node].run(f"tc qdisc del dev {interface} root")


@mutant.network("h1 waits 20 s for the other FIN", scenes=["endings"])
def short_fin_timeout(net, params):
    net["h1"].sysctl("net.ipv4.tcp_fin_timeout", 20)


# --- wrong servers ---

SERVE = "    connection.sendall(answer_to(read_request(connection)))\n"
DRAINS = "    drain(connection, time.monotonic() + DRAIN)\n"
ENDS = "    connection.shutdown(socket.SHUT_WR)"
ANSWER = 'return b"%d bytes\\n" % len(request) + request[::-1]'


@mutant.work("the server takes the first piece for the whole request", breaks="R1")
def first_piece(work, params):
    work.edit("server.py", "        request += part\n", "        request += part\n        break\n")


@mutant.work("the server takes no data for no request", breaks="R1")
def silent_on_nothing(work, params):
    work.edit("server.py", SERVE, "    if not (request := read_request(connection)):\n        return\n"
              "    connection.sendall(answer_to(request))\n")


@mutant.work("the server loses patience with a request after DRAIN seconds", breaks="R1")
def impatient(work, params):
    work.edit("server.py", SERVE, "    connection.settimeout(DRAIN)\n" + SERVE)


@mutant.work("a client has a minute for its request", breaks="R1")
def a_minute(work, params):
    work.edit("server.py", SERVE, "    connection.settimeout(60)\n" + SERVE)


@mutant.work("the server takes a pause for the end", breaks="R1")
def pause_is_end(work, params):
    work.edit("server.py", "        part = connection.recv(65536)\n        if not part:\n            break\n"
              "        request",
              "        connection.settimeout(2)\n        try:\n            part = connection.recv(65536)\n"
              "        except TimeoutError:\n            break\n        if not part:\n            break\n"
              "        request")


@mutant.work("the server takes a line feed for the end", breaks="R1")
def line_is_end(work, params):
    work.edit("server.py", "        request += part\n",
              "        request += part\n        if request.endswith(b'\\n'):\n            break\n")


@mutant.work("the server takes a short piece for the last one", breaks="R1")
def short_is_last(work, params):
    work.edit("server.py", "        request += part\n",
              "        request += part\n        if len(part) < 1000:\n            break\n")


@mutant.work("the request comes back as it is", breaks="R2")
def forwards(work, params):
    work.edit("server.py", "request[::-1]", "request")


@mutant.work("the request is turned round in blocks of 32 KiB", breaks="R2")
def turns_blocks(work, params):
    work.edit("server.py", "request[::-1]",
              'b"".join(request[at:at + 32768][::-1] for at in range(0, len(request), 32768))')


@mutant.work("the line counts its own bytes, too", breaks="R2")
def counts_line(work, params):
    work.edit("server.py", "% len(request)", "% (len(request) + 8)")


@mutant.work("a line feed follows the answer", breaks="R2")
def line_feed(work, params):
    work.edit("server.py", "request[::-1]", 'request[::-1] + b"\\n"')


@mutant.work("the server takes the request for UTF-8", breaks="R2")
def utf8_only(work, params):
    work.edit("server.py", ANSWER, 'text = request.decode(errors="replace")\n'
              '    return f"{len(text)} bytes\\n{text[::-1]}".encode()')


@mutant.work("white space around the request is taken away", breaks="R2")
def stripped(work, params):
    work.edit("server.py", "return bytes(request)", "return bytes(request.strip())")


@mutant.work("an empty request has another answer", breaks="R2")
def no_bytes(work, params):
    work.edit("server.py", ANSWER, f'{ANSWER} if request else b"no bytes\\n"')


@mutant.work("one byte is a byte, and not bytes", breaks="R2")
def one_byte(work, params):
    work.edit("server.py", ANSWER, f'{ANSWER} if len(request) != 1 else b"1 byte\\n" + request')


@mutant.work("the answer's line ends with CR and LF", breaks="R2")
def crlf(work, params):
    work.edit("server.py", "%d bytes\\n", "%d bytes\\r\\n")


@mutant.work("the server sends what there is room for, and no more", breaks="R3")
def sends_once(work, params):
    work.edit("server.py", SERVE, "    request = read_request(connection)\n    connection.setblocking(False)\n"
              "    connection.send(answer_to(request))\n    connection.setblocking(True)\n")


@mutant.work("the server loses patience with a client that reads slowly", breaks="R3")
def impatient_sender(work, params):
    work.edit("server.py", SERVE, "    request = read_request(connection)\n    connection.settimeout(1)\n"
              "    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)\n"
              "    connection.sendall(answer_to(request))\n    connection.settimeout(None)\n")


@mutant.work("the answer must have gone in DRAIN seconds", breaks="R3")
def answers_in_time(work, params):
    work.edit("server.py", SERVE, "    request = read_request(connection)\n    connection.settimeout(DRAIN)\n"
              "    connection.sendall(answer_to(request))\n")


@mutant.work("the server closes with SO_LINGER 0, whatever waits to be sent", breaks="R3")
def cut_off(work, params):
    work.edit("server.py", DRAINS, DRAINS + "    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,\n"
              "                          bytes([1] + [0] * 7))\n")


@mutant.work("the server ends its connections with SO_LINGER 0", breaks="R4")
def lingers_zero(work, params):
    work.edit("server.py", "                try:\n", "                connection.setsockopt(socket.SOL_SOCKET, "
              "socket.SO_LINGER, bytes([1] + [0] * 7))\n                try:\n")
    work.edit("server.py", ENDS, "    time.sleep(0.2)")


@mutant.work("the server hears the client out before its FIN, not after it", breaks="R4")
def drains_first(work, params):
    work.edit("server.py", ENDS, "    time.sleep(1)\n" + ENDS)


@mutant.work("the server sends no FIN until DRAIN seconds have passed", breaks="R4")
def no_half_close(work, params):
    work.edit("server.py", ENDS + "  # FIN behind the last byte; whatever the client still sends is received\n", "")
    work.edit("server.py", "        if not connection.recv(65536):\n            return\n",
              "        if not connection.recv(65536):\n            time.sleep(1)\n            return\n")


@mutant.work("the server reads to the end before it refuses", breaks="R5")
def refuses_late(work, params):
    work.edit("server.py", "while len(request) <= LIMIT:", "while True:")


@mutant.work("a request of exactly the limit is refused", breaks="R5")
def limit_excluded(work, params):
    work.edit("server.py", "while len(request) <= LIMIT:", "while len(request) < LIMIT:")
    work.edit("server.py", "if len(request) > LIMIT:", "if len(request) >= LIMIT:")


@mutant.work("one byte over the limit is allowed", breaks="R5")
def limit_plus_one(work, params):
    work.edit("server.py", "LIMIT:", "LIMIT + 1:")


@mutant.work("the limit is that of the longest piece", breaks="R5")
def limit_of_a_piece(work, params):
    work.edit("server.py", "    while len(request) <= LIMIT:\n        part = connection.recv(65536)\n",
              "    while True:\n        part = connection.recv(1 << 20)\n"
              "        if len(part) > LIMIT:\n            return part\n")


@mutant.work("the refusal has no newline", breaks="R5")
def no_newline(work, params):
    work.edit("server.py", 'b"too long\\n"', 'b"too long"')


@mutant.work("a refusal tells the number of bytes, too", breaks="R5")
def tells_number(work, params):
    work.edit("server.py", 'return b"too long\\n"', 'return b"%d bytes\\ntoo long\\n" % len(request)')


@mutant.work("the limit is 35000", breaks="R5")
def another_limit(work, params):
    work.edit("server.py", f"LIMIT = {params['limit']}", "LIMIT = 35000")


@mutant.work("what is UTF-8 is turned around by characters", breaks="R2")
def by_characters(work, params):
    work.edit("server.py", "request[::-1]\n", "backwards(request)\n\n\ndef backwards(request):\n    try:\n"
              "        return request.decode()[::-1].encode()\n    except UnicodeDecodeError:\n"
              "        return request[::-1]\n")


@mutant.work("the server closes right after its answer", breaks="R6")
def closes_at_once(work, params):
    work.edit("server.py", DRAINS, "")


@mutant.work("the server shuts both halves", breaks="R6")
def shuts_both(work, params):
    work.edit("server.py", "socket.SHUT_WR", "socket.SHUT_RDWR")


@mutant.work("the server reads once more after its FIN, and closes", breaks="R6")
def reads_once_more(work, params):
    work.edit("server.py", DRAINS, "    connection.recv(65536)\n")


@mutant.work("the server hears a client out for a quarter of a megabyte", breaks="R6")
def hears_no_more(work, params):
    work.edit("server.py", "    while (left :=", "    heard = 0\n    while heard < 2**18 and (left :=")
    work.edit("server.py", "        if not connection.recv(65536):\n            return\n",
              "        part = connection.recv(65536)\n        heard += len(part)\n"
              "        if not part:\n            return\n")


@mutant.work("the server waits for a second, and reads nothing", breaks="R6")
def waits_and_reads_nothing(work, params):
    work.edit("server.py", DRAINS, "    if connection.recv(1):\n        time.sleep(1)\n")


@mutant.work("the server waits for DRAIN seconds, whoever is there", breaks="R7")
def waits_anyway(work, params):
    work.edit("server.py", DRAINS,
              "    if connection.recv(1):\n        time.sleep(DRAIN)\n" + DRAINS)


@mutant.work("every piece gives the client DRAIN seconds more", breaks="R7")
def patient_drain(work, params):
    work.edit("server.py", "connection.settimeout(left)", "connection.settimeout(DRAIN)")
    work.edit("server.py", "while (left := deadline - time.monotonic()) > 0:", "while True:")


@mutant.work("the server looks at its watch only when something comes", breaks="R7")
def no_timeout(work, params):
    work.edit("server.py", "        connection.settimeout(left)\n", "")


@mutant.work("the server hears a client out as long as it likes to talk", breaks="R7")
def endless_drain(work, params):
    work.edit("server.py", "while (left := deadline - time.monotonic()) > 0:", "while left := 3600:")


@mutant.work("the server hears every refused client out for DRAIN seconds, though it has ended", breaks="R7")
def full_drain(work, params):
    work.edit("server.py", "        if not connection.recv(65536):\n            return\n",
              "        if not connection.recv(65536):\n            time.sleep(left)\n            return\n")
    work.edit("server.py", DRAINS, "    if not connection.recv(65536):\n        return\n" + DRAINS)


@mutant.work("the DRAIN seconds begin with the connection", breaks="R7")
def drain_since_accept(work, params):
    work.edit("server.py", SERVE, "    begin = time.monotonic()\n" + SERVE)
    work.edit("server.py", "time.monotonic() + DRAIN", "begin + DRAIN")


@mutant.work("the client is heard out for a quarter of DRAIN", breaks="R7")
def short_drain(work, params):
    work.edit("server.py", "time.monotonic() + DRAIN", "time.monotonic() + DRAIN / 4")


@mutant.work("a client that is silent for two seconds is not heard out", breaks="R6")
def silence_ends_it(work, params):
    work.edit("server.py", "connection.settimeout(left)", "connection.settimeout(min(left, 2))")


@mutant.work("the server never closes", breaks="R7")
def never_closes(work, params):
    work.edit("server.py", "            with connection:\n",
              "            open_ones.append(connection)\n            if True:\n")
    work.edit("server.py", "        while True:\n            connection, _", "        open_ones = []\n"
              "        while True:\n            connection, _")


@mutant.work("a client that has gone before it is accepted ends the server", breaks="R8")
def asks_who_it_is(work, params):
    work.edit("server.py", "            connection, _ = listener.accept()\n",
              "            connection, _ = listener.accept()\n            connection.getpeername()\n")


@mutant.work("a client that has gone ends the server", breaks="R8")
def falls_with_the_client(work, params):
    work.edit("server.py", "except OSError", "except KeyError")


@mutant.work("a client that is gone while it is answered ends the server", breaks="R8")
def falls_while_it_answers(work, params):
    work.edit("server.py", SERVE, "    answer = answer_to(read_request(connection))\n    try:\n"
              "        connection.sendall(answer)\n    except OSError:\n        sys.exit(1)\n")


@mutant.work("a client that is gone while it is heard out ends the server", breaks="R8")
def falls_while_it_hears(work, params):
    work.edit("server.py", DRAINS, "    try:\n    " + DRAINS + "    except ConnectionError:\n        sys.exit(1)\n")


@mutant.work("what a client had sent that is cut off stays, before the next one's request", breaks="R8")
def leftovers(work, params):
    work.edit("server.py", "def read_request(connection)", "request = bytearray()\n\n\ndef read_request(connection)")
    work.edit("server.py", "    request = bytearray()\n    while", "    while")
    work.edit("server.py", "    return bytes(request)\n",
              "    whole = bytes(request)\n    request.clear()\n    return whole\n")
    work.edit("server.py", "        request += part\n", "        request.extend(part)\n")


@mutant.work("the server serves ten clients, and ends", breaks="R8")
def ten_clients(work, params):
    work.edit("server.py", "        while True:\n            connection, _",
              "        for _ in range(10):\n            connection, _")


# --- right servers, written otherwise ---

def taken(work, source: str, params) -> None:
    work.take(source, "server.py")
    for name in ("limit", "drain"):
        work.edit("server.py", f"{{{{{name}}}}}", str(params[name]))


@mutant.right("socketserver, a thread for each client, files instead of recv()")
def threads(work, params):
    taken(work, "threads.py", params)


@mutant.right("asyncio's streams; the answer's line goes by itself")
def streams(work, params):
    taken(work, "streams.py", params)


@mutant.right("answers in other letters, hosts in another order")
def other_letters(answers, params):
    for key in ("state_h1", "state_h2", "orphan_a", "orphan_b"):
        answers[key] = answers[key].lower()
    answers["waits_together"] = ["H2", "H1"]
    answers["waits_server_first"] = ["H2"]


# --- wrong answers ---

@mutant.answers("says that the FIN uses the number of the last byte")
def fin_of_last_byte(answers, params):
    answers["fin_number"] -= 1


@mutant.answers("says that a FIN uses no sequence number")
def fin_is_free(answers, params):
    answers["ack_of_fin"] -= 1


@mutant.answers("says that nothing comes after the FIN")
def nothing_after_fin(answers, params):
    answers["bytes_after_fin"] = 0


@mutant.answers("gives the client the server's state")
def client_state(answers, params):
    answers["state_h1"] = "CLOSE-WAIT"


@mutant.answers("gives the server the client's state")
def server_state(answers, params):
    answers["state_h2"] = "FIN-WAIT-2"


@mutant.answers("says that closing always takes four segments")
def always_four(answers, params):
    answers["segments_three"] = 4


@mutant.answers("says that a server with nothing left always takes three")
def always_three(answers, params):
    answers["segments_late"] = 3


@mutant.answers("lets both pass FIN-WAIT-2 when both close at once")
def together_in_order(answers, params):
    answers["together_states"] = ["FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT"]


@mutant.answers("says that only one waits if both close at once")
def one_waits(answers, params):
    answers["waits_together"] = ["h1"]


@mutant.answers("says that the passive closer waits")
def passive_waits(answers, params):
    answers["waits_server_first"] = ["h1"]


@mutant.answers("says that what send() took arrives")
def nothing_lost(answers, params):
    answers["lost"] = 0


def other(flag: str) -> str:
    return "RST" if flag == "ACK" else "ACK"


@mutant.answers("takes the first orphan for the other kind")
def orphan_a_otherwise(answers, params):
    answers["orphan_a"] = other(answers["orphan_a"])


@mutant.answers("takes the second orphan for the other kind")
def orphan_b_otherwise(answers, params):
    answers["orphan_b"] = other(answers["orphan_b"])
