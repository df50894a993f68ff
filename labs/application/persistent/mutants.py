"""Ways to break the persistent lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("short_path", "slow_client", "in_reserve", "keep_alive_always", "parallel", "keeps_none",
          "counts_not", "looks_for_headers")

SITE = Path("lab/site.conf")  # in the job: what the experiment's nginx is configured with


def configure(old: str, new: str) -> None:
    """Change the configuration of the documents' server."""
    text = SITE.read_text()
    if old not in text:
        raise ValueError(f"site.conf no longer holds {old!r}")
    SITE.write_text(text.replace(old, new))


# --- the path and its ends ---

@mutant.network("the path is half as long", scenes=["documents"])
def short_path(net, params):
    net["s1"].run("tc qdisc del dev s1-eth2 root")


@mutant.network("the link is four times as fast", scenes=["documents"])
def fast_link(net, params):
    net["s1"].run(f"tc qdisc change dev s1-eth1 parent 1:1 handle 2: tbf rate {params['rate'] * 4}mbit burst 1600 "
                  "limit 200000")


@mutant.network("the client's programs are slow: what it sends leaves more than half a round trip late",
                scenes=["documents"])
def slow_client(net, params):
    net["client"].run(f"tc qdisc add dev client-eth0 root netem delay {params['delay'] * 1.2:.0f}ms")


@mutant.network("the client opens with TCP Fast Open, and the request rides on the SYN (RFC 7413)",
                scenes=["documents"])
def fast_open(net, params):
    curl_always(net["client"], "tcp-fastopen")
    for name in ("client", "server"):
        net[name].sysctl("net.ipv4.tcp_fastopen", 0x607)


@mutant.network("the server begins with a window of one segment", scenes=["documents"])
def tiny_window(net, params):
    net["server"].run(f"ip route change {params['net']}.0/24 dev server-eth0 src {params['net']}.2 initcwnd 1")


@mutant.network("the server begins with a window of 64 segments", scenes=["documents"])
def huge_window(net, params):
    net["server"].run(f"ip route change {params['net']}.0/24 dev server-eth0 src {params['net']}.2 initcwnd 64")


# --- another client, another server ---

@mutant.network("the client of HTTP/1.0 asks to keep the connection", scenes=["documents"])
def keep_alive_always(net, params):
    curl_always(net["client"], 'header = "Connection: keep-alive"')


@mutant.network("the client wants no connection kept", scenes=["documents"])
def close_always(net, params):
    curl_always(net["client"], 'header = "Connection: close"')


@mutant.network("the client fetches in parallel", scenes=["documents"])
def parallel(net, params):
    curl_always(net["client"], "parallel", "parallel-immediate")


@mutant.network("the server keeps no connection", scenes=["documents"])
def keeps_none(net, params):
    configure("listen {{keeps}};", "listen {{keeps}}; keepalive_timeout 0;")


@mutant.network("the server has no slow document", scenes=["documents"])
def nothing_slow(net, params):
    configure("limit_rate {{slow_rate}};", "")


@mutant.network("the server that counts does not count", scenes=["documents"])
def counts_not(net, params):
    configure("keepalive_requests {{requests_kept}};", "")


@mutant.network("the server's FIN is held back for half a second", scenes=["documents"])
def late_fin(net, params):
    """Where the server closes first, the client's FIN overtakes its own."""
    net["server"].run(["bash", "-c", """
        tc qdisc add dev server-eth0 root handle 9: prio
        tc qdisc add dev server-eth0 parent 9:3 netem delay 500ms
        tc filter add dev server-eth0 parent 9: protocol ip u32 match u8 1 1 at 33 flowid 9:3"""])


# --- wrong fetchers ---

@mutant.work("the fetcher counts characters", breaks="R1")
def counts_characters(work, params):
    work.edit("fetch.py", "{len(body)} {zlib", "{len(body.decode(errors='ignore'))} {zlib")


@mutant.work("a CRC may have fewer digits", breaks="R1")
def short_crc(work, params):
    work.edit("fetch.py", ":08x}", ":x}")


@mutant.work("the fetcher says at the end that it is done", breaks="R1")
def says_done(work, params):
    work.edit("fetch.py", '":\n    main()', '":\n    main()\n    print("done")')


@mutant.work("the fetcher says at the end how many connections there were, if it was not one", breaks="R1")
def counts_connections(work, params):
    work.edit("fetch.py", "TIMEOUT = 10", "opened = []\nTIMEOUT = 10")
    work.edit("fetch.py", "        answered = 0\n", "        answered = 0\n        opened.append(address)\n")
    work.edit("fetch.py", '":\n    main()',
              '":\n    main()\n    if len(opened) > 1:\n        print(len(opened), "connections")')


@mutant.work("a blank line stands between the lines", breaks="R1")
def blank_lines(work, params):
    work.edit("fetch.py", "{zlib.crc32(body):08x}", "{zlib.crc32(body):08x}\\n")


@mutant.work("the length is that of the whole response", breaks="R1")
def whole_length(work, params):
    work.edit("fetch.py", "{len(body)} {zlib", "{len(body) + 250} {zlib")


@mutant.work("the fetcher opens a second connection before it has closed the first", breaks="R2")
def hoards_connections(work, params):
    work.edit("fetch.py", "        with (socket.create_connection((address, port), timeout=TIMEOUT) as connection,\n"
              "              connection.makefile(\"rb\") as reader):\n",
              "        connection = socket.create_connection((address, port), timeout=TIMEOUT)\n"
              "        reader = connection.makefile(\"rb\")\n        kept.append(reader)\n        if True:\n")
    work.edit("fetch.py", "    waiting = list(paths)\n", "    waiting, kept = list(paths), []\n")


@mutant.work("the fetcher keeps another connection in reserve", breaks="R2")
def in_reserve(work, params):
    work.edit("fetch.py", "    waiting = list(paths)\n",
              "    waiting, reserve = list(paths), socket.create_connection((address, port))\n")


@mutant.work("the fetcher opens a connection for each document", breaks="R3")
def connection_each(work, params):
    work.edit("fetch.py", "for path in waiting)", "for path in waiting[:1])")
    work.edit("fetch.py", "for _ in waiting:", "for _ in waiting[:1]:")


@mutant.work("the fetcher asks for two documents on each connection", breaks="R3")
def two_each(work, params):
    work.edit("fetch.py", "for path in waiting)", "for path in waiting[:2])")
    work.edit("fetch.py", "for _ in waiting:", "for _ in waiting[:2]:")


@mutant.work("the fetcher tries the server first", breaks="R3")
def tries_first(work, params):
    work.edit("fetch.py", "    waiting = list(paths)\n",
              "    socket.create_connection((address, port)).close()\n    waiting = list(paths)\n")


@mutant.work("the fetcher waits for each document before it asks for the next", breaks="R4")
def no_pipeline(work, params):
    work.edit("fetch.py", '            connection.sendall(b"".join(request(address, path) for path in waiting))\n', "")
    work.edit("fetch.py", "for _ in waiting:", "for path in waiting:\n                "
              "connection.sendall(request(address, path))")


@mutant.work("the fetcher asks for two documents at a time", breaks="R4")
def two_at_a_time(work, params):
    work.edit("fetch.py", '            connection.sendall(b"".join(request(address, path) for path in waiting))\n', "")
    work.edit("fetch.py", "for _ in waiting:",
              "for number, _ in enumerate(waiting):\n                if number % 2 == 0:\n"
              "                    two = waiting[number:number + 2]\n"
              "                    connection.sendall(b''.join(request(address, path) for path in two))")


@mutant.work("the fetcher takes its time ahead of each document", breaks="R4")
def takes_its_time(work, params):
    work.edit("fetch.py", "for _ in waiting:", "for _ in waiting:\n                __import__('time').sleep(0.4)")


@mutant.work("the fetcher looks for the next status line instead of counting bytes", breaks="R5")
def looks_for_headers(work, params):
    work.edit("fetch.py", "body = reader.read(size)",
              'body = b""\n    while not reader.peek()[:5] == b"HTTP/" and (line := reader.readline()):\n'
              '        body += line')


@mutant.work("the fetcher takes white space away around a document", breaks="R5")
def strips(work, params):
    work.edit("fetch.py", "yield status, body", "yield status, body.strip()")


@mutant.work("the fetcher reads text", breaks="R5")
def reads_text(work, params):
    work.edit("fetch.py", "yield status, body", "yield status, body.decode(errors='replace').encode()")


@mutant.work("an empty document is no answer", breaks="R5")
def nothing_is_none(work, params):
    work.edit("fetch.py", "or len(body) < size:", "or len(body) < size or not size:")


@mutant.work("the field is found by its usual spelling", breaks="R5")
def usual_spelling(work, params):
    work.edit("fetch.py", 'int(headers.get(b"content-length", 0))', 'int(headers.get(b"Content-Length", 0))')
    work.edit("fetch.py", 'b"content-length" not in headers', 'b"Content-Length" not in headers')
    work.edit("fetch.py", "headers[name.lower()] =", "headers[name.title() if name != b'content-length' else name] =")
    work.edit("fetch.py", 'headers.get(b"connection")', 'headers.get(b"Connection")')


@mutant.work("the field is found wherever its name occurs", breaks="R5")
def any_field(work, params):
    work.edit("fetch.py", "headers[name.lower()] =", "headers[name.lower().removeprefix(b'x-')] =")
    work.edit("fetch.py", 'headers[name.lower().removeprefix', 'if name.lower().removeprefix(b"x-") not in headers:\n'
              '            headers[name.lower().removeprefix')


@mutant.work("of all fields whose names end alike the last one counts", breaks="R5")
def last_length(work, params):
    work.edit("fetch.py", "        headers[name.lower()] = value",
              "        headers[{b'x-content-length': b'content-length'}.get(name.lower(), name.lower())] = value")


@mutant.work("the fetcher takes what is there for the document", breaks="R5")
def what_is_there(work, params):
    work.edit("fetch.py", "body = reader.read(size)", "body = reader.read1(size)\n    size = len(body)")


@mutant.work("the fetcher leaves out what is not there", breaks="R6")
def leaves_out_404(work, params):
    work.edit("fetch.py", "        print(", "        if status == 200:\n            print(")


@mutant.work("what is not there has no body", breaks="R6")
def no_body_of_404(work, params):
    work.edit("fetch.py", "yield status, body", "yield status, body if status == 200 else b''")


@mutant.work("the fetcher gives up at an error", breaks="R6")
def gives_up_at_404(work, params):
    work.edit("fetch.py", "yield status, body", "if status != 200:\n                    raise SystemExit(1)\n"
              "                yield status, body")


@mutant.work("the fetcher says 200 of everything", breaks="R6")
def always_200(work, params):
    work.edit("fetch.py", "{path} {status}", "{path} 200")


@mutant.work("the fetcher waits for the end of the stream", breaks="R7")
def waits_for_the_end(work, params):
    work.edit("fetch.py", "                if last:\n                    break\n", "")


@mutant.work("the fetcher knows close in small letters", breaks="R7")
def small_close(work, params):
    work.edit("fetch.py", "= value.strip().lower()", "= value.strip()")


@mutant.work("close is found in whatever field it stands", breaks="R7")
def close_anywhere(work, params):
    work.edit("fetch.py", 'headers.get(b"connection") == b"close"', 'b"close" in headers.values()')


@mutant.work("the fetcher reads to the end when it is told", breaks="R7")
def reads_to_the_end(work, params):
    work.edit("fetch.py", "                if last:\n                    break\n",
              "                if last:\n                    reader.read()\n                    break\n")


@mutant.work("the fetcher gives up when the server closes", breaks="R8")
def gives_up(work, params):
    work.edit("fetch.py", "                if response is None:\n                    break\n",
              "                if response is None:\n                    raise SystemExit(f'{address} has closed')\n")


@mutant.work("half a document is taken for the whole", breaks="R8")
def half_is_whole(work, params):
    work.edit("fetch.py", " or len(body) < size:", ":")


@mutant.work("half a head is taken for the whole", breaks="R8")
def half_a_head(work, params):
    work.edit("fetch.py", "    if not line:\n        return None  # it ended within the headers\n", "")
    work.edit("fetch.py", 'if b"content-length" not in headers or len(body) < size:', "if len(body) < size:")


@mutant.work("the fetcher fails where a response ends in its first line", breaks="R8")
def fails_in_the_first_line(work, params):
    work.edit("fetch.py", "    headers = {}\n", "    status = int(status_line.split()[1])\n    headers = {}\n")
    work.edit("fetch.py", "return int(status_line.split()[1]), body", "return status, body")


@mutant.work("the fetcher fails where a response ends in the middle", breaks="R8")
def fails_in_the_middle(work, params):
    work.edit("fetch.py", "return None  # it ended in the middle", "raise EOFError  # it ended in the middle")


@mutant.work("the fetcher asks for everything again after a close", breaks="R9")
def asks_again(work, params):
    work.edit("fetch.py", "for path in waiting))", "for path in paths))")
    work.edit("fetch.py", "for _ in waiting:", "for _ in paths:")


@mutant.work("the fetcher asks once more for the last document that it had", breaks="R9")
def last_again(work, params):
    work.edit("fetch.py", "waiting = waiting[answered:]",
              "waiting = waiting[answered - (1 < answered < len(waiting)):]")


@mutant.work("the fetcher strikes what was answered from its list by name, however often it was asked for", breaks="R9")
def strikes_by_name(work, params):
    work.edit("fetch.py", "waiting = waiting[answered:]",
              "done = waiting[:answered]\n        waiting = [path for path in waiting if path not in done]")


@mutant.work("the fetcher begins with the last of the rest", breaks="R9")
def rest_backwards(work, params):
    work.edit("fetch.py", "waiting = waiting[answered:]", "waiting = waiting[answered:][::-1]")


@mutant.work("the fetcher leaves out the first of the rest", breaks="R9")
def leaves_one_out(work, params):
    work.edit("fetch.py", "waiting = waiting[answered:]", "waiting = waiting[answered + 1:]")


@mutant.work("the fetcher speaks HTTP/1.0")
def speaks_http10(work, params):
    work.edit("fetch.py", "HTTP/1.1\\r\\n", "HTTP/1.0\\r\\n")


# --- other ways to do it right ---

@mutant.right("the first document comes alone; bytes are gathered in a buffer; lines are printed at the end")
def another_fetcher(work, params):
    work.take("fetch.py", "fetch.py")


@mutant.right("one request in each segment, with more fields; the CRC in capitals")
def other_habits(work, params):
    work.edit("fetch.py", '            connection.sendall(b"".join(request(address, path) for path in waiting))\n',
              "            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)\n"
              "            for path in waiting:\n                connection.sendall(request(address, path))\n")
    work.edit("fetch.py", "Host: {host}\\r\\n", "Accept: */*\\r\\nhost:{host}\\r\\nUser-Agent: fetch\\r\\n")
    work.edit("fetch.py", ":08x}", ":08X}")


# --- wrong answers ---

@mutant.answers("says that the request always rides on the third segment")
def always_third(answers, params):
    answers["segment_bare"] = 3


@mutant.answers("says that the saved segment saves a round trip")
def second_carries(answers, params):
    answers["segment_rides"] = 2


@mutant.answers("forgets the handshakes of HTTP/1.0")
def free_handshakes(answers, params):
    answers["rounds_each"] = params["documents"] + 1


@mutant.answers("says that a kept connection costs one round trip for all")
def kept_is_piped(answers, params):
    answers["rounds_kept"] = 2


@mutant.answers("forgets the handshake of the pipelined connection")
def piped_is_one(answers, params):
    answers["rounds_piped"] = 1


@mutant.answers("forgets the time to transmit the page")
def no_transmission(answers, params):
    answers["page_ms"] = 4 * params["delay"]


@mutant.answers("says that all of the long document leaves at once")
def no_slow_start(answers, params):
    answers["first_flight"] = params["long"] + 250


@mutant.answers("says that the client closes over HTTP/1.0")
def client_closes(answers, params):
    answers["closes_each"] = "client"


@mutant.answers("says that the server closes the kept connection")
def server_closes(answers, params):
    answers["closes_kept"] = "server"


@mutant.answers("says that everything is answered before a close")
def all_answered(answers, params):
    answers["unanswered"] = 0


@mutant.answers("says that the fast document overtakes the slow one")
def fast_overtakes(answers, params):
    answers["blocked_ms"] = 2.0 * params["delay"]
