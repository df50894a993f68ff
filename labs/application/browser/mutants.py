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

def ticker_at(path: str, params) -> str:
    """For nginx.conf: documents may include others, and the ticker is at a path of the site's own."""
    return f"root site; ssi on; location = {path} {{ proxy_pass http://{params['media']}/ticker.html; }}"


@mutant.work("one sentence was lost in the move", breaks="R1")
def lost_sentence(work, params):
    work.edit("site/pieces.html", f"<p>{params['piece_3']}</p>", "")


@mutant.work("one sentence is a comment", breaks="R1")
def commented_out(work, params):
    work.edit("site/pieces.html", f"<p>{params['piece_4']}</p>", f"<!-- {params['piece_4']} -->")


@mutant.work("frames in columns, which cut the sentences up", breaks="R1")
def columns(work, params):
    work.edit("site/index.html", 'rows="*,*"', 'cols="10%,90%"')


@mutant.work("one sentence is in two paragraphs", breaks="R1")
def two_paragraphs(work, params):
    work.edit("site/pieces.html", params["piece_2"], params["piece_2"].replace(" is ", " is</p>\n<p>"))


@mutant.work("one sentence has a line for each word", breaks="R1")
def narrow(work, params):
    work.edit("site/pieces.html", params["piece_3"], params["piece_3"].replace(" ", "<br>"))


@mutant.work("the sentences stand in a narrow column, each in two lines", breaks="R1")
def column(work, params):
    work.edit("site/pieces.html", "<body>", '<body><table><tr><td width="140">')
    work.edit("site/pieces.html", "</body>", "</td></tr></table></body>")


@mutant.work("one sentence has a line end in it", breaks="R1")
def line_end(work, params):
    work.edit("site/pieces.html", params["piece_1"], params["piece_1"].replace(" is ", " is<br>"))


@mutant.work("whoever comes again at once is turned away", breaks="R1")
def once_a_minute(work, params):
    work.edit("nginx.conf", "    server {", "    limit_req_zone $uri zone=all:64k rate=1r/m;\n    server {")
    work.edit("nginx.conf", "root site;", "root site; limit_req zone=all;")


@mutant.work("one sentence has lost its number", breaks="R1")
def shortened(work, params):
    work.edit("site/pieces.html", params["piece_1"], params["piece_1"].rpartition(" ")[0] + ".")


@mutant.work("the ticker's word was copied into the page", breaks="R2")
def stale_ticker(work, params):
    work.edit("site/index.html", f"http://media.{params['domain']}/ticker.html", "/ticker.html")
    work.write("site/ticker.html", f"<html><body>ticker {'0' * 32}</body></html>\n")


@mutant.work("no ticker, which is quicker", breaks="R2")
def no_ticker(work, params):
    work.edit("site/index.html", f'<frame src="http://media.{params["domain"]}/ticker.html">\n', "")


@mutant.work("a ticker of the site's own, new each time", breaks="R2")
def own_ticker(work, params):
    work.edit("site/index.html", f"http://media.{params['domain']}/ticker.html", "/ticker.html")
    work.edit("nginx.conf", "root site;", 'root site; location = /ticker.html { return 200 "ticker $request_id"; }')


@mutant.work("the ticker's word is kept for the next visitor", breaks="R2")
def kept_ticker(work, params):
    work.edit("site/index.html", f"http://media.{params['domain']}/ticker.html", "/ticker.html")
    work.edit("nginx.conf", "root site;", "root site; proxy_cache said; proxy_cache_valid any 1h; "
              f"location = /ticker.html {{ proxy_pass http://{params['media']}; "
              "proxy_ignore_headers Cache-Control Expires; }")
    work.edit("nginx.conf", "    server {", "    proxy_cache_path tmp-cache keys_zone=said:64k;\n    server {")


@mutant.work("the ticker is a link", breaks="R2")
def linked_ticker(work, params):
    work.edit("site/index.html", f'<frame src="http://media.{params["domain"]}/ticker.html">\n', "")
    work.edit("site/pieces.html", "</body>", f'<a href="http://media.{params["domain"]}/ticker.html">ticker</a></body>')


@mutant.work("the ticker's word is in a comment", breaks="R2")
def unseen_ticker(work, params):
    work.edit("site/index.html", f'<frame src="http://media.{params["domain"]}/ticker.html">\n', "")
    work.edit("site/pieces.html", "</body>", '<!-- <!--#include virtual="/word" --> --></body>')
    work.edit("nginx.conf", "root site;", ticker_at("/word", params))


@mutant.work("the redirect is still there", breaks="R3")
def still_redirected(work, params):
    work.edit("nginx.conf", "root site;", "root site; location = / { return 301 /index.html; }")


@mutant.work("the redirect is a temporary one", breaks="R3")
def redirected_for_now(work, params):
    work.edit("nginx.conf", "root site;", "root site; location = / { return 307 /index.html; }")


@mutant.work("whoever comes again at once is led elsewhere", breaks="R3")
def redirected_again(work, params):
    work.edit("nginx.conf", "    server {", "    limit_req_zone $uri zone=all:64k rate=1r/m;\n    server {")
    work.edit("nginx.conf", "root site;", "root site; location = / { limit_req zone=all; "
              "error_page 503 =302 /all.html; try_files /index.html =404; }")
    work.write("site/all.html", (work.folder / "site/index.html").read_text())


@mutant.work("whoever comes again at once has to wait", breaks="R5")
def slow_again(work, params):
    work.edit("nginx.conf", "    server {", "    limit_req_zone $uri zone=all:64k rate=10r/m;\n    server {")
    work.edit("nginx.conf", "root site;", "root site; limit_req zone=all burst=9;")


@mutant.work("a frame is a folder without its slash", breaks="R3")
def folder(work, params):
    (work.folder / "site/pieces").mkdir()
    work.write("site/pieces/index.html", (work.folder / "site/pieces.html").read_text())
    work.edit("site/index.html", "/pieces.html", "/pieces")


@mutant.work("the page is one of an error", breaks="R3")
def error_page(work, params):
    work.edit("nginx.conf", "root site;", "root site; location = / { error_page 404 /index.html; return 404; }")


@mutant.work("four frames as before", breaks="R4")
def four_frames(work, params):
    names = ("one", "two", "three", "four")
    for number, name in enumerate(names, start=1):
        work.write(f"site/{name}.html", f"<html><body><p>{params[f'piece_{number}']}</p></body></html>\n")
    work.edit("site/index.html", '<frame src="/pieces.html">', "".join(f'<frame src="/{name}.html">' for name in names))
    work.edit("site/index.html", 'rows="*,*"', 'rows="*,*,*,*,*"')


@mutant.work("two frames for the sentences", breaks="R4")
def two_frames(work, params):
    work.write("site/more.html", f"<html><body><p>{params['piece_4']}</p></body></html>\n")
    work.edit("site/pieces.html", f"<p>{params['piece_4']}</p>", "")
    work.edit("site/index.html", '<frame src="/pieces.html">', '<frame src="/pieces.html"><frame src="/more.html">')
    work.edit("site/index.html", 'rows="*,*"', 'rows="*,*,*"')


@mutant.work("two frames more, on a port of their own", breaks="R4")
def other_port(work, params):
    for name in ("three", "four"):
        number = ("one", "two", "three", "four").index(name) + 1
        work.write(f"site/{name}.html", f"<html><body><p>{params[f'piece_{number}']}</p></body></html>\n")
    work.edit("nginx.conf", "listen 80;", "listen 80; listen 8080;")
    frames = "".join(f'<frame src="http://shop.{params["domain"]}:8080/{name}.html">' for name in ("three", "four"))
    work.edit("site/index.html", '<frame src="/pieces.html">', f'<frame src="/pieces.html">{frames}')
    work.edit("site/index.html", 'rows="*,*"', 'rows="*,*,*,*"')


@mutant.work("a page that drips out of the server", breaks="R5")
def dripping(work, params):
    work.edit("nginx.conf", "root site;", "root site; limit_rate 200;")


@mutant.work("the site asks the ticker three times, one after the other", breaks="R5")
def slow_includes(work, params):
    includes = '<!--#include virtual="/word" wait="yes" -->' * 3
    pieces = (work.folder / "site/pieces.html").read_text()
    work.write("site/index.html", pieces.replace("</body>", includes + "</body>"))
    work.edit("nginx.conf", "root site;", ticker_at("/word", params))


@mutant.work("a typing error in nginx.conf")
def bad_configuration(work, params):
    work.edit("nginx.conf", "listen 80;", "listen 80")


# --- other ways to do it right -------------------------------------------------------------------------------------

@mutant.right("one page, into which the server puts the ticker's words (server-side includes, a proxy)")
def included(work, params):
    work.write("site/index.html", (work.folder / "site/pieces.html").read_text().replace(
        "</body>", '<!--#include virtual="/word" --></body>'))
    work.remove("site/pieces.html")
    work.edit("nginx.conf", "root site;", ticker_at("/word", params))


@mutant.right("the sentences in one paragraph, which goes on in a second line")
def paragraph(work, params):
    work.edit("site/pieces.html", "</p>\n<p>", "\n")
    work.edit("site/pieces.html", f"<p>{params['piece_1']}", f"<blockquote>In our shop: {params['piece_1']}")


@mutant.right("no files: the sentences are in nginx.conf, in a list; the ticker is asked for by its address")
def no_files(work, params):
    items = "".join(f"<li>{params[f'piece_{number}']}" for number in (3, 1, 4, 2))
    frames = f"<frame src=list><frame src=http://{params['media']}/ticker.html>"
    work.edit("nginx.conf", "        root site;              # index.html answers for /\n", f"""\
        location = / {{ return 200 "<title>x</title><frameset rows=70%,30%>{frames}</frameset>"; }}
        location = /list {{ return 200 "<ul>{items}</ul>"; }}
""")
    for name in ("index", "pieces"):
        work.remove(f"site/{name}.html")


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


@mutant.answers("the last frame is forgotten")
def frame_forgotten(answers, params):
    answers["ms_all"] -= 4 * params["delay_media"]


@mutant.answers("the frames' referer is the URL that was typed")
def typed_referer(answers, params):
    answers["referer_www"] = f"http://www.{params['domain']}/"


@mutant.answers("media is asked for www")
def host_of_page(answers, params):
    answers["host_media"] = f"www.{params['domain']}"
