"""Ways to break the lab: kernels set otherwise, paths that are better or worse than they should be, wrong programs.

The experiment holds the sockets itself, so what a host's program would do wrong is changed in the lab's own modules.
"""

import socket

from mnlab.checks.mutants import mutant, rewrite

ENOUGH = ("jumbo", "leftover_dropped", "whole_prefix", "jitter", "worse_path", "silent", "anycast", "no_broadcast",
          "another_member", "h4_mute", "no_checksum")

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


@mutant.answers("thinks that UDP's first byte takes a round trip")
def round_trip_of_udp(answers, params):
    answers["udp_first_ms"] = 2 * params["delay"]


@mutant.answers("thinks that a broadcast is a packet for each host")
def broadcast_copied(answers, params):
    answers["broadcast_packets"] = 3


@mutant.answers("thinks that a datagram to a group is a packet for each member")
def group_copied(answers, params):
    answers["group_packets"] = 3


@mutant.answers("thinks that TCP can tell three with one packet")
def tcp_told_once(answers, params):
    answers["tcp_packets"] = 1


@mutant.answers("counts only the fragments that have an offset")
def fragments_with_offset(answers, params):
    answers["fragments"] -= 1


@mutant.answers("gives the offset in units of eight bytes, as the header does")
def offset_in_units(answers, params):
    answers["last_offset"] //= 8


@mutant.answers("forgets that original and copy must both come through")
def copies_never_lost(answers, params):
    answers["expected_twice"] = params["chunks"] * params["duplicate"] / 100


@mutant.answers("counts from the second departure of the lost message")
def took_one_trip(answers, params):
    answers["lost_took_ms"] = params["delay"]


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

SEND = "    connection.sendall(LENGTH.pack(len(message)) + message)\n"
ANSWER = "        send(connection, message[::-1])\n"


def received_as(work, how: str) -> None:
    """Something happens to each message when it is whole."""
    work.edit("framing.py", "    return message\n", f"    return {how}\n")


@mutant.work("messages come back as they came", breaks="R1")
def forwards(work, params):
    work.edit("framing.py", "message[::-1]", "message")


@mutant.work("messages are taken for UTF-8", breaks="R1")
def utf8_only(work, params):
    received_as(work, 'message.decode(errors="replace").encode()')


@mutant.work("what is UTF-8 is turned around by characters", breaks="R1")
def by_characters(work, params):
    work.edit("framing.py", "        send(connection, message[::-1])\n", "        try:\n"
              "            send(connection, message.decode()[::-1].encode())\n        except UnicodeDecodeError:\n"
              "            send(connection, message[::-1])\n")


@mutant.work("bytes above 127 are lost", breaks="R1")
def ascii_only(work, params):
    received_as(work, 'message.decode("ascii", errors="ignore").encode()')


@mutant.work("white space around a message is taken away", breaks="R1")
def stripped(work, params):
    received_as(work, "message.strip()")


@mutant.work("a message ends with a zero byte", breaks="R1")
def ends_with_zero(work, params):
    received_as(work, 'message.split(b"\\0")[0]')


@mutant.work("the length of the answer counts itself", breaks="R1")
def length_with_prefix(work, params):
    work.edit("framing.py", SEND, SEND.replace("len(message)", "len(message) + 4"))


@mutant.work("the answer's length has the other byte order", breaks="R1")
def other_order(work, params):
    work.edit("framing.py", SEND, SEND.replace("LENGTH.pack(len(message))", 'len(message).to_bytes(4, "little")'))


@mutant.work("a line feed follows each answer", breaks="R1")
def line_feed(work, params):
    work.edit("framing.py", SEND, SEND.replace(" + message)", ' + message + b"\\n")'))


@mutant.work("answers go when the client has ended its stream", breaks="R2")
def answers_at_the_end(work, params):
    work.edit("framing.py", ANSWER, "        answers.append(message[::-1])\n")
    work.edit("framing.py", "    while (message := receive(connection)) is not None:\n",
              "    answers = []\n    while (message := receive(connection)) is not None:\n")
    work.edit("framing.py", "        answers.append(message[::-1])\n",
              "        answers.append(message[::-1])\n    for answer in answers:\n        send(connection, answer)\n")


@mutant.work("an answer goes when the next message is whole, or nothing comes for a second", breaks="R2")
def one_behind(work, params):
    work.edit("framing.py", ANSWER, "        import select\n        if select.select([connection], [], [], 1)[0]:\n"
              "            later = receive(connection)\n            send(connection, message[::-1])\n"
              "            message = later\n            if message is None:\n                return\n" + ANSWER)


@mutant.work("messages are looked for when nothing has come for 0.2 s", breaks="R2")
def waits_for_quiet(work, params):
    work.edit("framing.py", "    prefix = read_exactly(connection, LENGTH.size)\n", "    waiting = -1\n"
              "    while waiting != (waiting := len(connection.recv(1 << 20, socket.MSG_PEEK))):\n"
              "        __import__('time').sleep(0.2)\n"
              "    prefix = read_exactly(connection, LENGTH.size)\n")


@mutant.work("one recv() is taken for all that was asked for", breaks="R3")
def short_reads(work, params):
    work.edit("framing.py", "    while len(data) < count:\n", "    for _ in range(1):\n")


@mutant.work("what is left in the buffer after a message is thrown away", breaks="R3")
def leftover_dropped(work, params):
    work.edit("framing.py", "connection.recv(count - len(data))", "connection.recv(65536)[:count - len(data)]")


@mutant.work("the length is thought to come in one piece", breaks="R3")
def whole_prefix(work, params):
    work.edit("framing.py", "prefix = read_exactly(connection, LENGTH.size)", "prefix = connection.recv(LENGTH.size)")


@mutant.work("a client that is silent for two seconds is thrown out", breaks="R3")
def impatient(work, params):
    work.edit("framing.py", "            with connection:\n",
              "            connection.settimeout(2)\n            with connection:\n")


@mutant.work("a client that says nothing for ten seconds after a message is thrown out", breaks="R3")
def idle_ones_leave(work, params):
    work.edit("framing.py", "    prefix = read_exactly(connection, LENGTH.size)\n",
              "    connection.settimeout(10)\n    prefix = read_exactly(connection, LENGTH.size)\n"
              "    connection.settimeout(None)\n")


@mutant.work("a client that says nothing for a minute between messages is thrown out", breaks="R3")
def a_minute_between(work, params):
    work.edit("framing.py", "    prefix = read_exactly(connection, LENGTH.size)\n",
              "    connection.settimeout(60)\n    prefix = read_exactly(connection, LENGTH.size)\n"
              "    connection.settimeout(None)\n")


@mutant.work("whoever has begun must go on within half a minute", breaks="R3")
def half_a_minute_within(work, params):
    work.edit("framing.py", "    message = read_exactly(connection, length)\n",
              "    connection.settimeout(30)\n    message = read_exactly(connection, length)\n"
              "    connection.settimeout(None)\n")


@mutant.work("no more than 16 KiB of a message are read", breaks="R3")
def long_ones_cut(work, params):
    work.edit("framing.py", "    message = read_exactly(connection, length)\n",
              "    message = read_exactly(connection, min(length, 16384))\n    length = len(message)\n")


@mutant.work("a message is read in pieces of 4096, and the last piece waited for in vain", breaks="R3")
def full_blocks(work, params):
    work.edit("framing.py", "connection.recv(count - len(data))",
              "connection.recv(min(4096, count - len(data)), socket.MSG_WAITALL if count > 4096 else 0)")
    work.edit("framing.py", "    while len(data) < count:\n",
              "    while len(data) < count and (count <= 4096 or len(data) + 4096 <= count):\n")


@mutant.work("an empty message is taken for the end", breaks="R4")
def empty_is_end(work, params):
    work.edit("framing.py", "(message := receive(connection)) is not None", "message := receive(connection)")


@mutant.work("an empty message is passed over", breaks="R4")
def empty_unanswered(work, params):
    work.edit("framing.py", ANSWER, "        if message:\n    " + ANSWER)


@mutant.work("an empty message waits for a byte", breaks="R4")
def empty_waits(work, params):
    work.edit("framing.py", "    message = read_exactly(connection, length)\n",
              "    message = read_exactly(connection, length) if length else connection.recv(1, socket.MSG_PEEK)[:0]\n")


@mutant.work("the connection stays open when the client's stream has ended", breaks="R5")
def never_closed(work, params):
    work.edit("framing.py", "        while True:\n            connection, _ = server.accept()\n"
              "            with connection:\n",
              "        kept = []\n        while True:\n            connection, _ = server.accept()\n"
              "            kept.append(connection)\n            if True:\n")
    work.edit("framing.py", "                    traceback.print_exc()",
              "                    connection.close(), traceback.print_exc()")


@mutant.work("the connection ends with a reset (SO_LINGER 0)", breaks="R5")
def ends_with_reset(work, params):
    work.edit("framing.py", "            with connection:\n", "            connection.setsockopt(socket.SOL_SOCKET, "
              "socket.SO_LINGER, bytes([1] + [0] * 7))\n            with connection:\n")


@mutant.work("a connection without a message is reset", breaks="R5")
def nothing_is_reset(work, params):
    work.edit("framing.py", "    while (message := receive(connection)) is not None:\n",
              "    if not connection.recv(1, socket.MSG_PEEK):\n        connection.setsockopt("
              "socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))\n"
              "    while (message := receive(connection)) is not None:\n")


@mutant.work("the last message before the end is not answered", breaks="R5")
def last_unanswered(work, params):
    work.edit("framing.py", ANSWER, "        try:\n"
              "            if not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):\n"
              "                return\n        except BlockingIOError:\n            pass\n" + ANSWER)


@mutant.work("the end of the stream is waited out in a loop", breaks="R6")
def endless_loop(work, params):
    work.edit("framing.py", "        if not part:\n            break\n",
              "        if not part and not data:\n            break\n")


@mutant.work("half a message is answered", breaks="R6")
def half_a_message(work, params):
    work.edit("framing.py", "if len(message) < length:", "if False:")


@mutant.work("half a length is a length", breaks="R6")
def half_a_length(work, params):
    work.edit("framing.py", "    if len(prefix) < LENGTH.size:\n"
              "        raise BrokenOff(\"in the middle of a length\")\n",
              "    if len(prefix) < LENGTH.size:\n        return prefix\n")


@mutant.work("a message without any bytes is empty, whatever its length", breaks="R6")
def no_bytes_is_empty(work, params):
    work.edit("framing.py", "if len(message) < length:", "if message and len(message) < length:")


@mutant.work("a broken stream is not closed", breaks="R6")
def broken_stays_open(work, params):
    work.edit("framing.py", "            connection, _ = server.accept()\n",
              "            connection, _ = server.accept()\n            kept.append(connection.dup())\n")
    work.edit("framing.py", "        while True:\n            connection",
              "        kept = []\n        while True:\n            connection")
    work.edit("framing.py", "                    serve(connection)\n",
              "                    serve(connection)\n                    kept.pop().close()\n")
    work.edit("framing.py", "                except (BrokenOff, ValueError, OSError):\n",
              "                except BrokenOff:\n                    pass\n"
              "                except (ValueError, OSError):\n"
              "                    kept.pop().close()\n")


@mutant.work("the program ends with its first broken client", breaks="R7")
def dies(work, params):
    work.edit("framing.py", "traceback.print_exc()", "raise")


@mutant.work("the program ends when a client resets the connection", breaks="R7")
def dies_of_reset(work, params):
    work.edit("framing.py", "except (BrokenOff, ValueError, OSError):", "except (BrokenOff, ValueError):")


@mutant.work("the program ends when a client has left before its answer", breaks="R7")
def dies_of_a_broken_pipe(work, params):
    work.edit("framing.py", "except (BrokenOff, ValueError, OSError):",
              "except (BrokenOff, ValueError, ConnectionResetError):")


@mutant.work("the program asks who has come, and ends if that client has reset its connection already", breaks="R7")
def dies_of_an_early_reset(work, params):
    work.edit("framing.py", "            connection, _ = server.accept()\n",
              "            connection, _ = server.accept()\n            connection.getpeername()\n")


@mutant.work("the program ends when a client leaves without a message", breaks="R7")
def dies_of_nothing(work, params):
    work.edit("framing.py", "                    serve(connection)\n",
              "                    assert connection.recv(1, socket.MSG_PEEK)\n                    serve(connection)\n")


@mutant.work("the program ends after its fifth client", breaks="R7")
def five_clients(work, params):
    work.edit("framing.py", "        while True:\n            connection, _",
              "        for _ in range(5):\n            connection, _")


@mutant.work("a message of the limit is too long", breaks="R8")
def limit_excluded(work, params):
    work.edit("framing.py", "if length > LIMIT:", "if length >= LIMIT:")


@mutant.work("one byte above the limit is allowed", breaks="R8")
def limit_plus_one(work, params):
    work.edit("framing.py", "if length > LIMIT:", "if length > LIMIT + 1:")


@mutant.work("the limit is 2^16", breaks="R8")
def another_limit(work, params):
    work.edit("framing.py", "if length > LIMIT:", "if length > 65536:")


@mutant.work("the length is a number with a sign", breaks="R8")
def signed_length(work, params):
    work.edit("framing.py", 'struct.Struct("!I")', 'struct.Struct("!i")')


@mutant.work("every length is believed", breaks="R8")
def no_limit(work, params):
    work.edit("framing.py", "if length > LIMIT:", "if False:")


@mutant.work("with a monster behind it in the buffer a message is not answered", breaks="R8")
def monster_takes_answers(work, params):
    work.edit("framing.py", ANSWER, "        behind = b''\n        try:\n"
              "            behind = connection.recv(4, socket.MSG_PEEK | socket.MSG_DONTWAIT)\n"
              "        except BlockingIOError:\n            pass\n"
              "        if len(behind) == 4 and LENGTH.unpack(behind)[0] > LIMIT:\n            return\n" + ANSWER)


@mutant.work("a monster is cut to the limit", breaks="R8")
def monster_cut(work, params):
    work.edit("framing.py", "    if length > LIMIT:\n", "    length = min(length, LIMIT)\n    if length > LIMIT:\n")


@mutant.work("a monster is read as long as bytes come, before the connection is closed", breaks="R8")
def monster_read(work, params):
    work.edit("framing.py", "    if length > LIMIT:\n",
              "    if length > LIMIT:\n        read_exactly(connection, length)\n")


# --- right programs, written otherwise --------------------------------------------------------------------------------

def taken(work, source: str, params) -> None:
    work.take(source, "framing.py")
    work.edit("framing.py", "{{limit}}", str(params["limit"]))


@mutant.right("asyncio's streams, all clients at once")
def streams(work, params):
    taken(work, "streams.py", params)


@mutant.right("a selector, and a buffer for each client")
def one_buffer(work, params):
    taken(work, "one_buffer.py", params)


@mutant.right("a thread for each client, and an answer in two pieces")
def threads(work, params):
    work.edit("framing.py", SEND, "    connection.sendall(LENGTH.pack(len(message)))\n"
              "    connection.sendall(message)\n")
    work.edit("framing.py", "            with connection:\n                try:\n"
              "                    serve(connection)\n"
              "                except (BrokenOff, ValueError, OSError):\n"
              "                    traceback.print_exc()  # this client is done; the next one is not\n",
              "            __import__('threading').Thread(target=alone, args=[connection], daemon=True).start()\n")
    work.edit("framing.py", "def main():\n",
              "def alone(connection):\n    with connection:\n        try:\n            serve(connection)\n"
              "        except (BrokenOff, ValueError, OSError):\n            pass\n\n\ndef main():\n")
