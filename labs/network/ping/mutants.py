"""Ways to break the ping lab, each of which some check must catch."""

from mnlab.checks import mutant

ENOUGH = ("crashes", "other_source", "wide_link", "proxy_arp", "promiscuous", "other_ttl", "silent_routers")

# --- the network misbehaves ---


@mutant.network("h1 has a static ARP entry for h2", scenes=["kernel"])
def static_entry(net, params):
    net["h1"].run(f"ip neigh add {params['h2']} lladdr {params['h2_mac']} dev h1-eth0 nud permanent")


@mutant.network("r1 answers ARP for h3 (proxy ARP)", scenes=["kernel"])
def proxy_arp(net, params):
    net["r1"].sysctl("net.ipv4.conf.r1-eth0.proxy_arp", 1)


@mutant.network("h2 takes frames for another MAC address", scenes=["kernel"])
def promiscuous(net, params):
    net["h2"].run("tc qdisc add dev h2-eth0 ingress && "
                  "tc filter add dev h2-eth0 ingress matchall action skbedit ptype host")


@mutant.network("h2 does not answer echo requests", scenes=["kernel"])
def silent(net, params):
    net["h2"].sysctl("net.ipv4.icmp_echo_ignore_all", 1)


@mutant.network("h1 sends with a TTL of 128", scenes=["kernel"])
def other_ttl(net, params):
    net["h1"].sysctl("net.ipv4.ip_default_ttl", 128)


@mutant.network("h1 sends under an address that is not its own", scenes=["kernel"])
def other_source(net, params):
    net["h1"].run(f"ip addr add {params['outside']}/32 dev h1-eth0 && "
                  f"ip route replace {params['left']} dev h1-eth0 src {params['outside']}")


@mutant.network("routers report nothing", scenes=["kernel"])
def silent_routers(net, params):
    for router in ("r1", "r2"):
        net[router].sysctl("net.ipv4.icmp_ratelimit", 1_000_000)
        net[router].sysctl("net.ipv4.icmp_msgs_per_sec", 0)


@mutant.network("r2 has a route to everywhere", scenes=["kernel"])
def default_route(net, params):
    net["r2"].run(f"ip route add default via {params['r1_out']}")


@mutant.network("the link between the routers takes 1500 bytes", scenes=["kernel"])
def wide_link(net, params):
    net["r1"].run("ip link set dev r1-eth1 mtu 1500")
    net["r2"].run("ip link set dev r2-eth1 mtu 1500")


# --- wrong programs ---

@mutant.work("it does not wait between requests", breaks="R1")
def hurries(work, params):
    work.edit("ping.py", "            time.sleep(max(0, sent + PATIENCE - time.monotonic()))", "            pass")


@mutant.work("it waits a second after each answer, instead of from request to request", breaks="R1")
def sleeps_more(work, params):
    work.edit("ping.py", "time.sleep(max(0, sent + PATIENCE - time.monotonic()))", "time.sleep(PATIENCE)")


@mutant.work("it sends five requests, whatever it is told", breaks="R1")
def always_five(work, params):
    work.edit("ping.py", "range(1, count + 1)", "range(1, 6)")


@mutant.work("it sends no more once an error came", breaks="R1")
def stops_at_an_error(work, params):
    work.edit("ping.py", "        if number < count:",
              '        if "error" in said:\n            break\n        if number < count:')
    work.edit("ping.py", '        print(f"seq={number} {wait(raw, target, ident, number, sent)}")',
              '        said = wait(raw, target, ident, number, sent)\n        print(f"seq={number} {said}")')


@mutant.work("it sends one request less", breaks="R1")
def one_less(work, params):
    work.edit("ping.py", "range(1, count + 1)", "range(1, max(2, count))")


@mutant.work("it sets the TTL for the first command only", breaks="R2")
def first_ttl(work, params):
    work.edit("ping.py", "    raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)",
              "    if not hasattr(time, 'set'):\n"
              "        raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)\n    time.set = True")


@mutant.work("it leaves the TTL to the kernel", breaks="R2")
def default_ttl(work, params):
    work.edit("ping.py", "    raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)\n", "")


@mutant.work("the checksum is not computed", breaks="R3")
def no_checksum(work, params):
    work.edit("ping.py", "    return ~total & 0xFFFF", "    return 0")


@mutant.work("the checksum forgets the carries", breaks="R3")
def no_carry(work, params):
    work.edit("ping.py", "        total = (total & 0xFFFF) + (total >> 16)", "        total = total & 0xFFFF")


@mutant.work("the checksum is the sum itself", breaks="R3")
def no_complement(work, params):
    work.edit("ping.py", "    return ~total & 0xFFFF", "    return total")


@mutant.work("the checksum covers the header alone", breaks="R3")
def header_only(work, params):
    work.edit("ping.py", "checksum(empty + data)", "checksum(empty)")


@mutant.work("an odd byte is put at the wrong end of its word", breaks="R3")
def front_padding(work, params):
    work.edit("ping.py", '        data += b"\\0"', '        data = data[:-1] + b"\\0" + data[-1:]')


@mutant.work("each request has another identifier", breaks="R4")
def other_ident(work, params):
    work.edit("ping.py", "        sent = time.monotonic()\n", "        sent = time.monotonic()\n        ident += 1\n")


@mutant.work("every request has the same sequence number", breaks="R5")
def same_number(work, params):
    work.edit("ping.py", "raw.sendto(request(ident, number)", "raw.sendto(request(ident, 1)")
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident, its_number) == (target, ident, 1)")


@mutant.work("sequence numbers begin with 0", breaks="R5")
def from_zero(work, params):
    work.edit("ping.py", "raw.sendto(request(ident, number)", "raw.sendto(request(ident, number - 1)")
    work.edit("ping.py", "target, ident, number, sent)}", "target, ident, number - 1, sent)}")


@mutant.work("numbers stand in the other byte order", breaks="R5")
def byte_order(work, params):
    work.edit("ping.py", 'struct.Struct("!BBHHH")', 'struct.Struct("<BBHHH")')
    work.edit("ping.py", 'f"!{len(data) // 2}H"', 'f"<{len(data) // 2}H"')


@mutant.work("sequence numbers go on from command to command", breaks="R5")
def goes_on_counting(work, params):
    work.edit("ping.py", "    ident = os.getpid() & 0xFFFF\n",
              "    ident = os.getpid() & 0xFFFF\n    base = os.__dict__.setdefault('base', [0])\n")
    work.edit("ping.py", "raw.sendto(request(ident, number)",
              "base[0] += 1\n        raw.sendto(request(ident, base[0])")
    work.edit("ping.py", "target, ident, number, sent)}", "target, ident, base[0], sent)}")


@mutant.work("it prints a command's lines without their numbers", breaks="R6")
def all_at_the_end(work, params):
    work.edit("ping.py", 'print(f"seq={number} {wait', 'print(f"{wait')


@mutant.work("its lines count from 0", breaks="R6")
def counts_from_zero(work, params):
    work.edit("ping.py", 'print(f"seq={number} {wait', 'print(f"seq={number - 1} {wait')


@mutant.work("it prints statistics after each command, as ping(8) does", breaks="R6")
def statistics(work, params):
    work.edit("ping.py", "            time.sleep(max(0, sent + PATIENCE - time.monotonic()))",
              "            time.sleep(max(0, sent + PATIENCE - time.monotonic()))\n"
              "    print(f'{count} packets transmitted')")


@mutant.work("it says 'Request timed out'", breaks="R6")
def other_words(work, params):
    work.edit("ping.py", '    return "timeout"', '    return "timeout: request timed out"')


@mutant.work("it prints a line for each answer until the second is over", breaks="R6")
def every_answer(work, params):
    work.edit("ping.py", "    while (left := sent", "    said = []\n    while (left := sent")
    work.edit("ping.py", 'return f"{words} time={rtt * 1000:.3f} ms" if words.startswith("reply") else words',
              'said += [f"{words} time={rtt * 1000:.3f} ms" if words.startswith("reply") else words]')
    work.edit("ping.py", 'return "timeout"', 'return f"\\nseq={number} ".join(said) or "timeout"')


@mutant.work("it takes whatever has its numbers for a reply", breaks="R7")
def any_kind(work, params):
    work.edit("ping.py", "if kind == ECHO_REPLY and (source, its_ident, its_number) == (target, ident, number)",
              "if (source, its_ident, its_number) == (target, ident, number)")


@mutant.work("it takes whatever is no request for a reply", breaks="R7")
def no_request(work, params):
    work.edit("ping.py", "if kind == ECHO_REPLY and (source", "if kind not in (*ERRORS, ECHO_REQUEST) and (source")


@mutant.work("it takes a reply from anybody", breaks="R8")
def any_source(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(its_ident, its_number) == (ident, number)")


@mutant.work("it takes a reply with any identifier", breaks="R9")
def any_ident(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_number) == (target, number)")


@mutant.work("it compares the lower byte of the identifier", breaks="R9")
def half_ident(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident & 255, its_number) == (target, ident & 255, number)")


@mutant.work("it takes a reply with any sequence number", breaks="R10")
def any_number(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident) == (target, ident)")


@mutant.work("it compares the lower byte of the sequence number", breaks="R10")
def half_number(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident, its_number & 255) == (target, ident, number)")


@mutant.work("it takes replies to all requests so far", breaks="R10")
def old_numbers(work, params):
    work.edit("ping.py", "(source, its_ident, its_number) == (target, ident, number)",
              "(source, its_ident) == (target, ident) and its_number <= number")


@mutant.work("it prints the TTL that it sent with", breaks="R11")
def own_ttl(work, params):
    work.edit("ping.py", "ttl={header[8]}", "ttl=64")


@mutant.work("it takes the TTL from the wrong byte", breaks="R11")
def wrong_byte(work, params):
    work.edit("ping.py", "ttl={header[8]}", "ttl={header[9]}")


@mutant.work("it prints how many routers there were", breaks="R11")
def hops(work, params):
    work.edit("ping.py", "ttl={header[8]}", "ttl={64 - header[8]}")


@mutant.work("it prints seconds and calls them milliseconds", breaks="R12")
def seconds(work, params):
    work.edit("ping.py", "rtt * 1000", "rtt")


@mutant.work("it counts the wait before the request, too", breaks="R12")
def late_clock(work, params):
    work.edit("ping.py", "rtt = time.monotonic() - sent", "rtt = time.monotonic() - sent + 0.05")


@mutant.work("it halves the time", breaks="R12")
def one_way(work, params):
    work.edit("ping.py", "rtt * 1000", "rtt * 500")


@mutant.work("it prints microseconds and calls them milliseconds", breaks="R12")
def microseconds(work, params):
    work.edit("ping.py", "rtt * 1000", "rtt * 1000000")


@mutant.work("it gives up after half a second", breaks="R13")
def impatient(work, params):
    work.edit("ping.py", "while (left := sent + PATIENCE", "while (left := sent + PATIENCE / 2")


@mutant.work("it waits for three seconds", breaks="R13")
def patient(work, params):
    work.edit("ping.py", "while (left := sent + PATIENCE", "while (left := sent + 3 * PATIENCE")


@mutant.work("it claims a reply where none came", breaks="R13")
def claims(work, params):
    work.edit("ping.py", '    return "timeout"', '    return f"reply from {target} ttl=62 time=45.000 ms"')


@mutant.work("it prints nothing about a request that got lost", breaks="R13")
def drops_lines(work, params):
    work.edit("ping.py", '        print(f"seq={number} {wait(raw, target, ident, number, sent)}")',
              '        said = wait(raw, target, ident, number, sent)\n        if said != "timeout":\n'
              '            print(f"seq={number} {said}")')


@mutant.work("every packet begins the second anew", breaks="R14")
def restarts(work, params):
    work.edit("ping.py", "        rtt = time.monotonic() - sent\n",
              "        rtt = time.monotonic() - sent\n        last = time.monotonic()\n")
    work.edit("ping.py", "    while (left := sent + PATIENCE", "    last = sent\n    while (left := last + PATIENCE")


@mutant.work("it reads one packet for each request", breaks="R14")
def one_packet(work, params):
    work.edit("ping.py", "        if words:\n", "        if not words:\n            break\n        if words:\n")


@mutant.work("an error about somebody else's packet ends the wait", breaks="R14")
def anybodys_error_ends(work, params):
    work.edit("ping.py", "                return f\"error from {source} type={kind} code={code}\"\n",
              "                return f\"error from {source} type={kind} code={code}\"\n        return \"timeout\"\n")


@mutant.work("a reply to the request before ends the wait", breaks="R14")
def old_reply_ends(work, params):
    work.edit("ping.py", "    if kind in ERRORS:\n",
              "    if (kind, source, its_ident) == (ECHO_REPLY, target, ident):\n        return \"timeout\"\n"
              "    if kind in ERRORS:\n")


@mutant.work("it knows no ICMP errors", breaks="R15")
def no_errors(work, params):
    work.edit("ping.py", "    if kind in ERRORS:", "    if False:")


@mutant.work("it knows time exceeded alone", breaks="R15")
def exceeded_only(work, params):
    work.edit("ping.py", "ERRORS = (3, 11, 12)", "ERRORS = (11,)")


@mutant.work("it does not know parameter problem", breaks="R15")
def no_parameter(work, params):
    work.edit("ping.py", "ERRORS = (3, 11, 12)", "ERRORS = (3, 11)")


@mutant.work("it takes the target to send replies and nothing else", breaks="R15")
def no_errors_of_the_target(work, params):
    work.edit("ping.py", "    if kind in ERRORS:", "    if kind in ERRORS and source != target:")


@mutant.work("it prints code 0 for every error", breaks="R15")
def no_code(work, params):
    work.edit("ping.py", "code={code}", "code=0")


@mutant.work("it says that the error comes from the target", breaks="R15")
def blames_the_target(work, params):
    work.edit("ping.py", "error from {source} type", "error from {target} type")


@mutant.work("it mixes up type and code", breaks="R15")
def code_first(work, params):
    work.edit("ping.py", "type={kind} code={code}", "type={code} code={kind}")


@mutant.work("it takes every other message that quotes its request for an error", breaks="R16")
def any_error(work, params):
    work.edit("ping.py", "    if kind in ERRORS:", "    if kind not in (ECHO_REPLY, ECHO_REQUEST):")


@mutant.work("it takes source quench for an error", breaks="R16")
def old_errors(work, params):
    work.edit("ping.py", "ERRORS = (3, 11, 12)", "ERRORS = (3, 4, 11, 12)")


@mutant.work("it takes a redirect for an error", breaks="R16")
def redirect_too(work, params):
    work.edit("ping.py", "ERRORS = (3, 11, 12)", "ERRORS = (3, 5, 11, 12)")


@mutant.work("it does not read what an error quotes", breaks="R17")
def anybodys_errors(work, params):
    work.edit("ping.py",
              "        if quoted_header[16:20] == socket.inet_aton(target) and quoted[:1] == bytes([ECHO_REQUEST]):\n"
              "            if ECHO.unpack_from(quoted)[3:] == (ident, number):\n                return",
              "        if quoted:\n            if quoted_header:\n                return")


@mutant.work("it does not compare the quoted identifier", breaks="R17")
def any_quoted_ident(work, params):
    work.edit("ping.py", "ECHO.unpack_from(quoted)[3:] == (ident, number)", "ECHO.unpack_from(quoted)[4] == number")


@mutant.work("it compares the lower byte of the quoted numbers", breaks="R17")
def half_quoted(work, params):
    work.edit("ping.py", "ECHO.unpack_from(quoted)[3:] == (ident, number)",
              "quoted[5::2][:2] == bytes([ident & 255, number])")


@mutant.work("it does not compare the quoted sequence number", breaks="R17")
def any_quoted_number(work, params):
    work.edit("ping.py", "ECHO.unpack_from(quoted)[3:] == (ident, number)", "ECHO.unpack_from(quoted)[3] == ident")


@mutant.work("it does not compare the quoted target", breaks="R17")
def any_quoted_target(work, params):
    work.edit("ping.py", "quoted_header[16:20] == socket.inet_aton(target) and ", "")


@mutant.work("it takes every IP header to have 20 bytes", breaks="R18")
def twenty_bytes(work, params):
    work.edit("ping.py", "    length = (packet[0] & 15) * 4", "    length = 20")


@mutant.work("it looks for what an error quotes 28 bytes behind the packet's beginning", breaks="R18")
def fixed_quote(work, params):
    work.edit("ping.py", "        quoted_header, quoted = split(message[8:])\n",
              "        if len(packet) < 56:\n            return None\n"
              "        quoted_header, quoted = split(packet[28:])\n")


@mutant.work("it crashes at the first command")
def crashes(work, params):
    work.edit("ping.py", "    ident = os.getpid() & 0xFFFF\n", "    raise RuntimeError(1)\n")


# --- right programs, written otherwise ---

@mutant.right("asyncio; an identifier for each command by chance; an odd number of bytes; bytes put together by hand")
def with_asyncio(work, params):
    work.take("asynchronous.py", "ping.py")


@mutant.right("a thread that receives, queues, classes; the other byte order within; times without decimals lost")
def with_threads(work, params):
    work.take("threaded.py", "ping.py")


@mutant.right("select, a new socket for each request, the identifier of the socket")
def socket_for_each(work, params):
    work.take("select_loop.py", "ping.py")


# --- wrong answers ---

@mutant.answers("says that h1 asks for h3 itself")
def asks_for_h3(answers, params):
    answers["arp_far"] = params["h3"]


@mutant.answers("says that h1 asks the router about its neighbour, too")
def asks_for_r1(answers, params):
    answers["arp_near"] = params["r1"]


@mutant.answers("takes the network for a /24")
def whole_network(answers, params):
    answers["network"] = params["left"].rsplit(".", 1)[0] + ".0/24"


@mutant.answers("takes the network for h3's")
def other_network(answers, params):
    answers["network"] = params["right"]


@mutant.answers("says that the frame to h3 has the MAC address of h2")
def frame_to_h2(answers, params):
    answers["far_frame_to"] = params["h2_mac"]


@mutant.answers("says that with the wrong mask h1 asks for its router all the same")
def still_r1(answers, params):
    answers["arp_wrong_mask"] = params["r1"]


@mutant.answers("says that the TTL falls at hosts, too")
def ttl_at_hosts(answers, params):
    answers["ttl_at_h3"] = 61


@mutant.answers("says that the TTL falls at one router only")
def ttl_once(answers, params):
    answers["ttl_at_h3"] = 63


@mutant.answers("says that r1 reports with its address towards r2")
def r1_out(answers, params):
    answers["ttl1_from"] = params["r1_out"]


@mutant.answers("says that r2 answers with its address in h3's network")
def other_address(answers, params):
    answers["ttl2_from"] = params["r2"]


@mutant.answers("takes no route for host unreachable")
def outside_is_host(answers, params):
    answers["outside_code"] = 1


@mutant.answers("says that h1's own router has no route")
def outside_at_r1(answers, params):
    answers["outside_from"] = params["r1"]


@mutant.answers("takes nobody there for network unreachable")
def absent_is_network(answers, params):
    answers["absent_code"] = 0


@mutant.answers("says that r2 reports who is absent with its address on that network")
def absent_at_r2(answers, params):
    answers["absent_from"] = params["r2"]


@mutant.answers("takes a closed port for a protocol that is not there")
def protocol_unreachable(answers, params):
    answers["closed_port_code"] = 2


@mutant.answers("says that a router reports the closed port")
def port_at_r2(answers, params):
    answers["closed_port_from"] = params["r2_out"]


@mutant.answers("counts a fragment less")
def one_fragment_less(answers, params):
    answers["fragments"] -= 1


@mutant.answers("forgets the ICMP header when cutting")
def no_header(answers, params):
    answers["last_size"] -= 8


@mutant.answers("says that fragments carry as many bytes as the MTU")
def whole_mtu(answers, params):
    answers["last_offset"] = params["mtu"]


@mutant.answers("gives the offset in units of 8 bytes, as it stands in the header")
def offset_in_header(answers, params):
    answers["last_offset"] //= 8


@mutant.answers("says that the report names the MTU of h1's link")
def own_mtu(answers, params):
    answers["df_mtu"] = 1500
