"""Ways to break the browser lab: other names, servers and browsers; plausible sites that are slow or wrong; answers."""

from mnlab.checks import mutant

ENOUGH = ("keep_alive", "hosts_file", "still_redirected", "wrong_address")


# --- the network ---------------------------------------------------------------------------------------------------

def browse_with(*command: str) -> None:
    """The browser is another one, or w3m with other options."""
    from lab import browsers
    browsers.W3M = command


@mutant.network("the client knows the names beforehand (/etc/hosts)")
def hosts_file(net, params):
    names = "".join(f"{params[host]} {host}.{params['domain']}\n" for host in ("www", "media", "shop"))
    net["client"].replace_file("/etc/hosts", names)


@mutant.network("DNS sends the client to media for www")
def wrong_address(net, params):
    from lab import servers
    servers.ZONE = servers.ZONE.replace("www IN A {www}", "www IN A {media}")


@mutant.network("the page is at / itself")
def no_redirect(net, params):
    from lab import servers
    servers.REDIRECT = "location = / {{ try_files /{start} =404; }}"


@mutant.network("the redirect is a temporary one")
def temporary(net, params):
    from lab import servers
    servers.REDIRECT = servers.REDIRECT.replace("301", "302")


@mutant.network("w3m loads no frames")
def no_frames(net, params):
    browse_with("w3m", "-dump")


@mutant.network("w3m shows the source instead of the page")
def source_only(net, params):
    browse_with("w3m", "-F", "-dump_source")


@mutant.network("the browser speaks HTTP/1.1 and keeps its connection (curl, which knows no frames)")
def keep_alive(net, params):
    browse_with("curl", "-sSL", "--http1.1")


@mutant.network("the frame at media is not in DNS")
def no_media(net, params):
    from lab import servers
    servers.ZONE = servers.ZONE.replace("media IN A {media}\n", "")


@mutant.network("the ticker is a page like any other, on www")
def ticker_at_home(net, params):
    from lab import servers
    servers.site = lambda p, original=servers.site: {
        name: text.replace(f"http://media.{p['domain']}/ticker.html", f"/{list(p['page']['frames'])[0]}?2")
        for name, text in original(p).items()}


@mutant.network("the frames have pictures that are frames")
def picture_frames(net, params):
    from lab import servers
    servers.site = lambda p, original=servers.site: {
        name: text.replace("</frameset>", f'<frame src="/{p["page"]["picture"]}">\n</frameset>').replace("<img", "<i")
        for name, text in original(p).items()}


@mutant.forged("no connection has a handshake")
def no_handshake(evidence):
    def without_syn(packet, _):
        return None if packet.haslayer("TCP") and packet["TCP"].flags.S and not packet["TCP"].flags.A else packet
    evidence.rewrite_frames("client", without_syn)


# --- the student's site --------------------------------------------------------------------------------------------

@mutant.work("the redirect is still there")
def still_redirected(work, params):
    work.edit("nginx.conf", "root site;", "root site; location = / { return 301 /index.html; }")


@mutant.work("four frames as before")
def four_frames(work, params):
    names = ("one", "two", "three", "four")
    for number, name in enumerate(names, start=1):
        work.write(f"site/{name}.html", f"<html><body><p>{params[f'piece_{number}']}</p></body></html>\n")
    work.edit("site/index.html", '<frame src="/pieces.html">', "".join(f'<frame src="/{name}.html">' for name in names))
    work.edit("site/index.html", 'rows="*,*"', 'rows="*,*,*,*,*"')


@mutant.work("one sentence was lost in the move")
def lost_sentence(work, params):
    work.edit("site/pieces.html", f"<p>{params['piece_3']}</p>", "")


@mutant.work("the ticker's word was copied into the page")
def stale_ticker(work, params):
    work.edit("site/index.html", f"http://media.{params['domain']}/ticker.html", "/ticker.html")
    work.write("site/ticker.html", f"<html><body>ticker {'0' * 32}</body></html>\n")


@mutant.work("no ticker, which is quicker")
def no_ticker(work, params):
    work.edit("site/index.html", f'<frame src="http://media.{params["domain"]}/ticker.html">\n', "")


@mutant.work("frames in columns, which cut the sentences up")
def columns(work, params):
    work.edit("site/index.html", 'rows="*,*"', 'cols="10%,90%"')


@mutant.work("a page that drips out of the server")
def dripping(work, params):
    work.edit("nginx.conf", "root site;", "root site; limit_rate 200;")


@mutant.work("a typing error in nginx.conf")
def bad_configuration(work, params):
    work.edit("nginx.conf", "listen 80;", "listen 80")


# --- wrong answers -------------------------------------------------------------------------------------------------

def swap(answers, params, one: str, other: str) -> None:
    """Two events change places in the answer."""
    from mnlab.lab.lab import find
    events = find("browser").experiment.EVENTS
    letters = {text: letter for letter in "abcdefghijkl" for text in [params[f"event_{letter}"]]}
    places = {letters[events[one]]: letters[events[other]], letters[events[other]]: letters[events[one]]}
    answers["order"] = [places.get(letter, letter) for letter in answers["order"]]


@mutant.answers("all names are asked at the start")
def names_first(answers, params):
    swap(answers, params, "ask-media", "syn")


@mutant.answers("the connection is made, then the name is asked")
def connection_first(answers, params):
    swap(answers, params, "ask", "syn")


@mutant.answers("the frames come on the page's own connection, which then closes")
def closes_last(answers, params):
    swap(answers, params, "fin", "last")


@mutant.answers("the page is shown before its frames have come")
def shown_early(answers, params):
    swap(answers, params, "shown", "frame")


@mutant.answers("AAAA is not counted")
def a_only(answers, params):
    answers["questions"] //= 2


@mutant.answers("one connection for www, one for media")
def two_connections(answers, params):
    answers["connections"] = 2


@mutant.answers("the client closes")
def client_closes(answers, params):
    answers["closes_first"] = "client"


@mutant.answers("the redirect's answer is taken for the page")
def redirect_is_page(answers, params):
    answers["ms_page"] /= 2


@mutant.answers("A and AAAA are added up")
def added_up(answers, params):
    answers["ms_dns"] *= 2


@mutant.answers("w3m is taken to load pictures")
def pictures(answers, params):
    answers["not_loaded"] = [name for name in answers["not_loaded"] if not name.endswith("svg")]


@mutant.answers("another host is taken to be told the whole URL of the page")
def whole_referer(answers, params):
    answers["referer_media"] = answers["referer_www"]
