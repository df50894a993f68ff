"""What must be true of URLs: what curl makes of them first, then the student's client, then the answers.

All is read from the client's own interface, from nginx's log, and from the statuses that the two clients ended with.
"""

from collections import Counter
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

from mnlab.checks import expect, observation, points
from mnlab.lab.lab import load
from mnlab.protocols import dns, http, tcp, tls

urls = load(Path(__file__).with_name("urls.py"))

PORTS = {"http": 80, "https": 443}  # RFC 9110, sections 4.2.1 and 4.2.2


# --- reading the evidence ---

def span(evidence, name: str) -> tuple[float, float]:
    """Beginning and end of a step: from its mark to the next one."""
    begin = evidence.mark(name)
    return begin, min([one.start for one in evidence.timeline if one.kind == "mark" and one.start > begin], default=1e9)


@lru_cache(maxsize=2)
def captured(evidence) -> tuple[list, list, list]:
    """The client's connections, exchanges and questions, followed once for all checks."""
    frames = evidence.frames("client")
    return tcp.connections(frames), http.exchanges(frames), dns.transactions(frames)


def connections(evidence, name: str) -> list[tcp.Connection]:
    begin, end = span(evidence, name)
    return [one for one in captured(evidence)[0] if begin <= one.time < end]


def exchanges(evidence, name: str) -> list[http.Exchange]:
    begin, end = span(evidence, name)
    return [one for one in captured(evidence)[1] if begin <= one.time < end]


def questions(evidence, name: str) -> list[dns.Transaction]:
    """What the client asked by DNS in a step."""
    begin, end = span(evidence, name)
    return [one for one in captured(evidence)[2] if begin <= one.time < end]


def asked_for(evidence, name: str, host: str) -> list[dns.Transaction]:
    """The questions of a step in which a host's name occurs."""
    return [one for one in questions(evidence, name) if host.lower() in one.name.lower()]


def one_request(evidence, host: str, port: int) -> http.Exchange:
    """The first request of the step good with this Host to this port."""
    found = [one for one in exchanges(evidence, "good") if one.request.header("host") == host
             and one.connection.server.port == port and one.response]
    expect(found, done="curl was given the URLs of the step good",
           expected=f"a request to port {port}, with Host: {host}",
           seen=", ".join(f"port {one.connection.server.port}, Host: {one.request.header('host')}"
                          for one in exchanges(evidence, "good")) or "none")
    return found[0]


def said(message: http.HttpMessage | None) -> str:
    return http.words(message) if message else "no response"


# --- what a URL is for ---

@observation(2, claim="URL-1", hint="Compare the URL with the SYN's destination and with the request, part by part.")
def check_each_part_has_its_use(curl, params):
    """scheme://host:port/path?query#fragment: whom to ask, at which port, for what; the fragment stays at home."""
    url, host, port = params["parts_url"], params["first"], params["port"]
    one = one_request(curl, f"{host}:{port}", port)
    path = url.partition(f":{port}")[2].partition("#")[0]
    expect(one.request.target_uri == path and one.connection.server.ip == params["ip_web"], done=f"curl {url}",
           expected=f"a request for {path}, to {params['ip_web']} port {port}",
           seen=f"a request for {one.request.target_uri}, to {one.connection.server}")
    fragment = url.partition("#")[2].encode()
    expect(fragment not in one.connection.stream(tcp.CLIENT), done=f"curl {url}", expected="the fragment is not sent",
           seen=repr(one.request.head))


@observation(1, claim="URL-2", hint="What does the client do before its first SYN?")
def check_a_name_is_looked_up_first(curl, params):
    """The host is a name: DNS is asked for it, and the connection goes to the address in the answer."""
    asked = [one for one in asked_for(curl, "good", params["first"]) if one.type == "A"]
    expect(asked and asked[0].response and asked[0].addresses == [params["ip_web"]], done=f"curl {params['parts_url']}",
           expected=f"a question for {params['first']}, answered with {params['ip_web']}",
           seen=", ".join(one.name for one in questions(curl, "good")) or "no question")
    first = connections(curl, "good")[:1]
    expect(first and first[0].server.ip in asked[0].addresses and first[0].time >= asked[0].response.time,
           done=f"curl {params['parts_url']}", expected="then a SYN to that address",
           seen=f"a SYN to {first[0].server}" if first else "no SYN")


@observation(1, claim="URL-2", hint="What is there to look up in an address?")
def check_an_address_is_not(curl, params):
    """The host may be an address: then nobody asks DNS."""
    one = one_request(curl, params["ip_web"], 80)
    before = max([each.time for each in exchanges(curl, "good") if each.time < one.time], default=0.0)
    between = [each.name for each in questions(curl, "good") if before < each.time < one.time]
    expect(one.connection.server.ip == params["ip_web"] and not between, done=f"curl http://{params['ip_web']}/",
           expected="a connection at once, and no question", seen=f"questions: {', '.join(between) or 'none'}")


@observation(2, claim="URL-3", hint="Look at the destination port of each SYN, and at Host.")
def check_default_ports(curl, params):
    """No port means the scheme's: http 80, https 443. Said or not, the default one is left out of Host."""
    host, found = params["first"], connections(curl, "good")
    plain = [one for one in exchanges(curl, "good") if one.request.header("host") == host]
    expect(len(plain) == 2 and {one.connection.server.port for one in plain} == {PORTS["http"]},
           done=f"curl http://{host}/, and http://{host}:80/", expected="both to port 80, with the same Host",
           seen=", ".join(f"port {one.connection.server.port}" for one in plain) or "no such request")
    sealed = [one for one in found if one.server.port == PORTS["https"]]
    session = tls.of_connection(sealed[0]) if sealed else None
    logged = f'443 "{host}" "GET / HTTP/1.1" 200' in curl.text("access.log")
    expect(session and session.server_name == host and logged, done=f"curl https://{host}/",
           expected="a connection to port 443, on which TLS is spoken; nginx has answered there",
           seen="ports " + ", ".join(str(one.server.port) for one in found))


@observation(1, claim="URL-4", hint="The three names have one address. How does nginx know which site is meant?")
def check_host_chooses_the_site(curl, params):
    """Three names, one address: nginx tells its two sites apart by Host, and knows no third one."""
    wanted = ((params["first"], 200), (params["second"], 200), (params["third"], 404))
    for name, status in wanted:
        one = one_request(curl, name, 80)
        expect(one.connection.server.ip == params["ip_web"] and one.response.status == status and
               (status == 404 or name.encode() in one.response.body), done=f"curl http://{name}/",
               expected=f"{params['ip_web']} answers {status}" + (", in the name of the site" if status == 200 else ""),
               seen=f"{one.connection.server.ip}: {said(one.response)}, {one.response.body[:60]!r}")


@observation(2, claim="URL-5", hint="scenes/curl/files/access.log: a line ends with what nginx has understood.")
def check_spellings(curl, params):
    """Percent-encoding: some spellings are the same to nginx, others are not; capitals in a path always count."""
    found = exchanges(curl, "spelling")
    for number, (name, one, other, same) in enumerate(urls.spellings(params)):
        answers = found[2 * number:2 * number + 2]
        expect(len(answers) == 2 and all(each.response and each.response.status == 200 for each in answers),
               done=f"curl asked for {one} and {other}", expected="two answers", seen=f"{len(answers)}")
        bodies = [each.response.body for each in answers]
        expect((bodies[0] == bodies[1]) == same, done=f"curl asked for {one} and {other} ({name})",
               expected="the same" if same else "two different things", seen=f"{bodies[0]!r} and {bodies[1]!r}")


def expect_quiet(evidence, step: str, which: str, number: int, url: str, status: int) -> None:
    """That a bad URL led to as little as it should: no packet; a question and no SYN; a SYN, refused."""
    params, done = evidence.params, f"a client was given {url}"
    asked = asked_for(evidence, step, urls.bad_host(params, which, number))
    port = int(url.rstrip("/").rpartition(":")[2]) if status == urls.NO_CONNECTION else 0
    tried = [one for one in connections(evidence, step) if one.server.port == port]
    if status == urls.NO_SUCH_NAME:
        expect(asked and all(one.kind == "nxdomain" for one in asked), done=done,
               expected="DNS is asked, and denies it", seen=", ".join(one.kind for one in asked) or "no question")
    elif status == urls.NO_CONNECTION:
        expect(tried and all(one.resets and not one.handshake for one in tried), done=done,
               expected=f"a SYN to port {port}, answered with RST", seen=f"{len(tried)} attempts")
    else:
        expect(not asked, done=done, expected="no packet", seen=f"a question for {asked[0].name}" if asked else "")


@observation(2, claim="URL-6", hint="curl's exit status says how far it came. What is on the wire for each?")
def check_bad_urls_fail_at_home(curl, params):
    """What is malformed sends no packet; a wrong name ends at DNS, a wrong port at TCP; curl says which it was."""
    lines = curl.command("curl-bad").stdout.splitlines()
    for number, (name, url, status) in enumerate(urls.bad(params, "curl_bad"), start=1):
        got = lines[number - 1].split(" ", 1)[0] if number <= len(lines) else "nothing"
        expect(got == str(status), done=f"curl {url!r} ({name})", expected=f"exit status {status}", seen=got)
        expect_quiet(curl, "bad", "curl_bad", number, url, status)
    strays = [one for one in connections(curl, "bad") if one.server.port != params["closed"]]
    expect(not strays, done="curl was given bad URLs", expected="no other connection",
           seen=", ".join(str(one.server) for one in strays))


# --- your client ---

def printed(evidence, step: str) -> dict[str, str]:
    """What get.py printed: URL -> status."""
    lines = (line.partition(" ") for line in evidence.command(f"get-{step}").stdout.splitlines())
    return {url: status for status, _, url in lines}


def expect_printed(evidence, step: str, url: str, status: int, name: str = "") -> None:
    """That the program says of a URL how it ended."""
    given, ran = printed(evidence, step).get(url), evidence.command(f"get-{step}")
    words = ran.stopped or "\n".join(ran.stderr.strip().splitlines()[-3:]) or f"it ended with {ran.status}"
    expect(given == str(status), done=f"get.py was given {url!r}" + (f": {name}" if name else ""),
           expected=f"the line '{status} {url}'", seen=f"{given} for it" if given else f"no line about it; {words}")


def expect_fetched(evidence, kind: str) -> None:
    """That the good URLs of a kind led to the right requests, and that the program says so."""
    step = "parts" if kind in urls.PARTS else "redirects"
    for wanted in urls.good(evidence.params)[kind]:
        done = f"get.py was given {wanted.url}"
        for port, target in wanted.stops():
            expect(any((one.connection.server.port, one.request.target_uri) == (port, target)
                       for one in exchanges(evidence, step)), done=done,
                   expected=f"a request for {target} at port {port}",
                   seen="none such. " + near(evidence, step, wanted))
        found = [one for one in exchanges(evidence, step) if one.request.target_uri == wanted.target
                 and one.connection.server.port == wanted.port and same_host(one.request.header("host"), wanted)]
        expect(found, done=done, expected=f"a request for {wanted.target}, Host: {wanted.host}, to port {wanted.port}",
               seen="none such. " + near(evidence, step, wanted))
        expect(found[0].response, done=done, expected="nginx answers", seen=said(found[0].response))
        expect(not wanted.site or any(one.time < found[0].time for one in asked_for(evidence, step, wanted.site)),
               done=done, expected=f"a question for {wanted.site} ahead of it", seen="none")
        expect_printed(evidence, step, wanted.url, 0)


def same_host(given: str | None, wanted) -> bool:
    """Host is the URL's host and port (RFC 9110, section 7.2), or no default port; capitals do not count."""
    name, _, port = (given or "").lower().partition(":")
    return name == wanted.host.partition(":")[0] and (port or "80") == str(wanted.port)


def near(evidence, step: str, wanted) -> str:
    """What the student's program asked for that might have been meant."""
    word = wanted.target.split("?")[0].strip("/").split("/")[-1].lower()
    asked = [f"{one.request.target_uri} (port {one.connection.server.port}, Host: {one.request.header('host')})"
             for one in exchanges(evidence, step)]
    like = [one for one in asked if word and word in one.lower()]
    return f"It asked for {', '.join((like or asked)[:4])}" if asked else "It sent no request"


@points(1, claim="URL-6", hint="One bad URL must not keep the program from those behind it.")
def check_your_lines(client, params):
    """A line for each URL, in the order given, and nothing else."""
    for step, locations in urls.commands(params).items():
        lines = client.command(f"get-{step}").stdout.splitlines()
        wrong = next((number for number, pair in enumerate(zip(lines, locations), start=1)
                      if pair[0].partition(" ")[2] != pair[1]), min(len(lines), len(locations)) + 1)
        expect(len(lines) == len(locations) and wrong > len(lines), done=f"get.py was given {len(locations)} URLs",
               expected=f"{len(locations)} lines, each a status and the URL",
               seen=f"{len(lines)} lines; line {wrong} is {lines[wrong - 1] if wrong <= len(lines) else 'not there'}")


@points(2, claim="URL-1", hint="RFC 9112, section 3: method, target, version. Count your requests.")
def check_your_requests(client, params):
    """GET and HTTP/1.1, one request for each URL and each redirect, and no other."""
    wanted = [one for kind in urls.good(params).values() for one in kind]
    right = Counter([(one.port, one.target) for one in wanted] + [stop for one in wanted for stop in one.stops()]
                    + [(80, target) for _, target, *_ in urls.astray(params)])
    asked = [one for step in urls.commands(params) for one in exchanges(client, step)]
    made = Counter((one.connection.server.port, one.request.target_uri) for one in asked)
    expect((made & right).total() > right.total() / 2, done="get.py was given good URLs",
           expected=f"{right.total()} requests", seen=f"{made.total()}, of which {(made & right).total()} are right")
    expect(not made - right, done="get.py was given good URLs", expected="one request for each, and no others",
           seen=", ".join(f"{number} more for {target} at port {port}" for (port, target), number
                          in list((made - right).items())[:3]))
    once = [one.url for one in wanted if wanted.count(one) > 1 and made[one.port, one.target] == 1]
    expect(not once, done=f"get.py was given {once[0] if once else ''} twice", expected="two requests", seen="one")
    odd = [one.request.start_line for one in asked
           if (one.request.method, one.request.version) != ("GET", "HTTP/1.1")]
    expect(not odd, done="get.py was given good URLs", expected="request lines: GET ... HTTP/1.1", seen=odd[:3])


@points(2, claim=("URL-1", "URL-3"), hint="A port may be there, absent, or empty; Host repeats all but the default.")
def check_your_host_and_port(client, params):
    """A port in the URL, an empty one, the default one, an address with a port."""
    expect_fetched(client, "ports")
    odd = [one.name for one in questions(client, "parts") if one.name.rstrip(".").replace(".", "").isdigit()]
    expect(not odd, done=f"get.py was given an address, {params['ip_web']}", expected="no question for it",
           seen=", ".join(odd))


@points(2, claim=("URL-1", "URL-5"), hint="Cut off the fragment first, then the query. What is encoded, stays encoded.")
def check_your_target(client):
    """Query yes, fragment no; no path means /; what is percent-encoded goes out as it is, and so does the rest."""
    expect_fetched(client, "targets")


@points(2, claim="URL-1", hint="RFC 3986, sections 3.1 and 3.2. The authority ends at the first of / ? #.")
def check_your_capitals_and_users(client):
    """Scheme and host in capitals; a user's name ahead of the host, which looks like a host; an @ in the path."""
    expect_fetched(client, "authorities")


@points(1, claim="URL-1", hint="RFC 3986, section 5.2.4.")
def check_your_dots(client):
    """/a/x/.././b/../c is /a/c; the root has no parent; names may have dots in them."""
    expect_fetched(client, "dots")


@points(2, claim="URL-1", hint="RFC 3986, section 5.2: what the reference lacks comes from the URL of the page.")
def check_your_relative_redirect(client):
    """Location may be a path like ../new/./place?from=old#end, a whole path, or a query alone."""
    expect_fetched(client, "references")


@points(1, claim="URL-1", hint="RFC 9110, section 15.4: five of these statuses send the client on. 201 does not.")
def check_your_redirects(client):
    """One redirect behind another, of each kind; and a Location that is none."""
    expect_fetched(client, "codes")


@points(2, claim=("URL-1", "URL-4"), hint="What does a reference mean that begins with two slashes?")
def check_your_redirect_to_another_site(client):
    """Location: //other-site/arrived: the same scheme, another host. And a whole URL with a port."""
    expect_fetched(client, "elsewhere")


def expect_refused(evidence, step: str, kind: int) -> None:
    """The bad URLs that are to end with this status: as little traffic as each deserves, and the right status."""
    for number, (name, url, status) in enumerate(urls.bad(evidence.params, "_own_bad"), start=1):
        if status == kind:
            expect_printed(evidence, step, url, status, name)
            expect_quiet(evidence, step, "_own_bad", number, url, status)


@points(3, claim="URL-6", hint="Which characters may stand in a URL at all (RFC 3986, section 2), and where?")
def check_your_malformed_urls(client):
    """What is no http URL: 3, and no packet leaves."""
    expect_refused(client, "malformed", urls.MALFORMED)


@points(1, claim="URL-6", hint="RFC 3986, section 3.1. What does your client do with https?")
def check_your_other_schemes(client):
    """What is a URL, and no http URL: 1, and no packet leaves."""
    expect_refused(client, "malformed", urls.UNKNOWN_SCHEME)


@points(2, claim="URL-6", hint="socket.getaddrinfo and connect fail with different exceptions.")
def check_your_unreachable_urls(client):
    """A name that does not exist: 6. A port where nobody listens: 7."""
    expect_refused(client, "unreachable", urls.NO_SUCH_NAME)
    expect_refused(client, "unreachable", urls.NO_CONNECTION)


@points(1, claim="URL-6", hint="The URL that a redirect leads to may be as bad as any other.")
def check_your_redirects_astray(client, params):
    """Where a redirect leads to nothing, the status says why."""
    for url, target, location, status in urls.astray(params):
        expect(any(one.request.target_uri == target for one in exchanges(client, "astray")),
               done=f"get.py was given {url}", expected=f"a request for {target}", seen="none")
        expect_printed(client, "astray", url, status, f"it redirects to {location}")
    sealed = [one for one in connections(client, "astray") if one.server.port == PORTS["https"]]
    asked, tried = asked_for(client, "astray", f"gone.{params['zone']}"), [
        one for one in connections(client, "astray") if one.server.port == params["closed"]]
    expect(not sealed and asked and tried, done="get.py was given URLs that redirect to others, which lead to nothing",
           expected="a question for the name that is not there, a SYN to the closed port, and none to port 443",
           seen=f"{len(asked)} questions, {len(tried)} SYNs, {len(sealed)} to port 443")


# --- your answers ---

@points(1, claim="URL-1", hint="The request line and Host in the first GET of your capture.")
def check_answer_request(answers, curl, params):
    """What becomes of the URL's parts in the request."""
    one = one_request(curl, f"{params['first']}:{params['port']}", params["port"]).request
    given = (answers.text("target"), answers.text("host_header"))
    expect(given == (one.target_uri, one.header("host")), done=f"curl {params['parts_url']}",
           expected="target and host_header are what curl sent", seen=f"{given[0]!r} and {given[1]!r}")


@points(1, claim="URL-1", hint="Which part is for the client alone?")
def check_answer_never_sent(answers, curl, params):
    """The part that stays at home."""
    given, fragment = answers.text("never_sent"), params["parts_url"].partition("#")[2]
    sent = b"".join(one.stream(tcp.CLIENT) for one in connections(curl, "good")).decode("latin-1")
    expect(given.lstrip("#") == fragment and f"#{fragment}" not in sent, done=f"curl {params['parts_url']}",
           expected="never_sent is the part that is in no packet", seen=f"not {given!r}")


@points(1, claim="URL-2", hint="RFC 3986, section 3.2: authority = [ userinfo \"@\" ] host [ \":\" port ].")
def check_answer_contacted(answers, params):
    """Whom a URL with a user's name in it leads to."""
    given = answers.text("contacted").lower()
    expect(given == params["first"], done=f"http://{params['second']}@{params['first']}/ was read",
           expected="contacted is the name of the server", seen=f"not {given!r}")


@points(1, claim="URL-5", hint="scenes/curl/output/curl-spelling.out has the answers, two for each pair.")
def check_answer_spelled(answers, curl):
    """Which spellings nginx takes for the same."""
    bodies = [one.response.body for one in exchanges(curl, "spelling") if one.response]
    found = ["same" if one == other else "other" for one, other in zip(bodies[::2], bodies[1::2])]
    given = [str(one).lower() for one in answers.items("spelled")]
    expect(given == found, done="the five pairs of paths", seen=str(given),
           expected="spelled has same or other for each")


@points(1, claim="URL-5", hint="Two hexadecimal digits are a byte; the bytes are UTF-8.")
def check_answer_decoded(answers, params):
    """What percent-encoded bytes stand for."""
    given = answers.text("decoded")
    expect(given == unquote(params["encoded"]), done=f"{params['encoded']} was decoded",
           expected="decoded is the text that it stands for", seen=f"not {given!r}")


@points(2, claim="URL-6", hint="How far does curl get: not at all (1, 3), to DNS (6), to TCP (7)?")
def check_answer_exits(answers, curl):
    """How curl leaves each of the eight bad URLs."""
    given = answers.items("exits")
    found = [int(line.split()[0]) for line in curl.command("curl-bad").stdout.splitlines()]
    wrong = [str(number) for number, (one, other) in enumerate(zip(given, found), start=1) if one != other]
    expect(len(given) == len(found) and not wrong, done="curl was given eight bad URLs",
           expected="exits has its exit status for each",
           seen=f"not so for {', '.join(wrong)}" if wrong else f"{len(given)} numbers")
