"""Ways to break the persistent lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("short_path", "slow_client", "hoards_connections", "keep_alive_always", "parallel", "keeps_none",
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

@mutant.work("the fetcher opens a connection for each document")
def connection_each(work, params):
    work.edit("fetch.py", "for path in waiting)", "for path in waiting[:1])")
    work.edit("fetch.py", "for _ in waiting:", "for _ in waiting[:1]:")


@mutant.work("the fetcher waits for each document before it asks for the next")
def no_pipeline(work, params):
    work.edit("fetch.py", '            connection.sendall(b"".join(request(address, path) for path in waiting))\n', "")
    work.edit("fetch.py", "for _ in waiting:", "for path in waiting:\n                "
              "connection.sendall(request(address, path))")


@mutant.work("the fetcher looks for the next status line instead of counting bytes")
def looks_for_headers(work, params):
    work.edit("fetch.py", 'body = reader.read(int(headers[b"content-length"]))',
              'body = b""\n    while not reader.peek()[:5] == b"HTTP/" and (line := reader.readline()):\n'
              '        body += line')


@mutant.work("the fetcher asks for everything again after a close")
def asks_again(work, params):
    work.edit("fetch.py", "for path in waiting))", "for path in paths))")
    work.edit("fetch.py", "for _ in waiting:", "for _ in paths:")


@mutant.work("the fetcher gives up when the server closes")
def gives_up(work, params):
    work.edit("fetch.py", "waiting = waiting[answered:]", "return")


@mutant.work("the fetcher opens a second connection before it has closed the first")
def hoards_connections(work, params):
    work.edit("fetch.py", "        with (socket.create_connection((address, port), timeout=TIMEOUT) as connection,\n"
              "              connection.makefile(\"rb\") as reader):\n",
              "        connection = socket.create_connection((address, port), timeout=TIMEOUT)\n"
              "        reader = connection.makefile(\"rb\")\n        kept.append(reader)\n        if True:\n")
    work.edit("fetch.py", "    waiting = list(paths)\n", "    waiting, kept = list(paths), []\n")
    work.edit("fetch.py", "                if last:\n", "                if answered == 2:\n")


@mutant.work("the fetcher speaks HTTP/1.0")
def speaks_http10(work, params):
    work.edit("fetch.py", "HTTP/1.1\\r\\n", "HTTP/1.0\\r\\n")


@mutant.work("the fetcher leaves out what is not there")
def leaves_out_404(work, params):
    work.edit("fetch.py", "        print(", "        if status == 200:\n            print(")


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


@mutant.answers("says that everything is answered before a close")
def all_answered(answers, params):
    answers["unanswered"] = 0


@mutant.answers("says that the fast document overtakes the slow one")
def fast_overtakes(answers, params):
    answers["blocked_ms"] = 2.0 * params["delay"]
