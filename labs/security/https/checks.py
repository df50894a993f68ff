"""What must be true of HTTP, of HTTPS, and of the student's server."""

import re
import ssl
from pathlib import Path

from mnlab.checks import expect, observation, points, saw
from mnlab.lab.lab import load
from mnlab.protocols import checksum, curl, tcp

reading = load(Path(__file__).with_name("reading.py"))
experiment = load(Path(__file__).with_name("experiment.py"))
connection, session, exchange, whole = reading.connection, reading.session, reading.exchange, reading.whole
page_record, money, shorten, told = reading.page_record, reading.money, reading.shorten, reading.told

YEAR = 365 * 24 * 3600  # s: what browsers' lists ask of an HSTS header
PERMANENT = (301, 308)  # RFC 9110, sections 15.4.2 and 15.4.9

#: What Eve may hope to learn of the sealed exchange: letter in answers.toml -> whether she does.
HOPES = {
    "a": lambda bank, seen: seen.server.ip == bank["ip"],
    "b": lambda bank, seen: seen.server_name == bank["name"],
    "c": lambda bank, seen: bank["path"].encode() in whole(seen.connection),
    "d": lambda bank, seen: bank["cookie"].encode() in whole(seen.connection),
    "e": lambda bank, seen: bool(seen.suite),
    "f": lambda bank, seen: seen.certificates_visible,
    "g": lambda bank, seen: page_record(seen).length > 0,
    "h": lambda bank, seen: b"200 OK" in whole(seen.connection),
}


# --- what HTTP and HTTPS are ---------------------------------------------------------------------------------------

@observation(1, claim="HVS-1", hint="Open scenes/cafe/captures/eve-eth0.pcap: what does the frame with the GET hold?")
def check_http_is_readable(cafe, params):
    """HTTP: Eve reads the request, the cookie and the page."""
    heard, done = exchange(cafe, "plain-page"), "the client fetched the page over http:// while Eve listened"
    read = heard.request.head + heard.response.body
    for secret in (params["bank"]["path"], params["bank"]["cookie"], money(params)):
        expect(secret.encode() in read, done=done, expected=f"{secret!r} in what Eve heard", seen=shorten(str(read)))


@observation(1, claim="HVS-1",
        hint="Search all of Eve's bytes of that connection, both ways, for what the client got to see.")
def check_https_is_not_readable(cafe, params):
    """HTTPS: the client gets the same page, and nothing of it is readable on the wire."""
    got = cafe.command("sealed-page")
    expect(got.status == 0 and money(params) in got.stdout, done=got.line, expected="the page", seen=told(got))
    heard = whole(connection(cafe, "sealed-page"))
    for secret in (params["bank"]["path"], params["bank"]["cookie"], str(params["bank"]["amount"]),
                   params["bank"]["account"], "HTTP/1.1"):
        expect(secret.encode() not in heard, done="the client fetched the same page over https://",
               expected=f"{secret!r} nowhere in what Eve heard", seen="it is there, in the clear")


@observation(1, claim="HVS-6", hint="The URL names no port: the scheme does. Look at the destination port of the SYN.")
def check_ports(cafe, params):
    """A URL without a port: http goes to 80, https to 443."""
    for command, port in (("plain-page", 80), ("sealed-page", 443)):
        url = cafe.command(command).argv[-1]
        used = connection(cafe, command).server.port
        expect(used == port and f"{params['bank_name']}/" in url, done=f"the client fetched {url}",
               expected=f"a connection to port {port}", seen=f"one to port {used}")


@observation(1, claim="HVS-5", hint="Which segment of the connection is the first to carry data, and what is in it?")
def check_tls_follows_tcp(cafe):
    """First TCP's three segments without data, then ClientHello, ServerHello, and from there on only ciphertext."""
    seen = session(cafe, "sealed-page")
    shake, done = seen.connection.handshake, "the client fetched the page over https://"
    expect(shake and not any(segment.length for segment in shake), done=done,
           expected="SYN, SYN+ACK, ACK, none of them with data",
           seen=", ".join(f"{segment.flags} with {segment.length} bytes" for segment in shake or ()) or "another order")
    names = [(message.sender, message.name) for message in seen.handshakes]
    expect(names == [(tcp.CLIENT, "ClientHello"), (tcp.SERVER, "ServerHello")] and
           seen.handshakes[0].time >= shake.ack.time, done=done,
           expected="after the third segment a ClientHello, then a ServerHello, and nothing else in the clear",
           seen=", ".join(f"{name} from the {sender}" for sender, name in names))
    last = seen.handshakes[-1].time
    clear = [record.name for record in seen.records if record.time > last and not record.encrypted]
    expect(set(clear) <= {"ChangeCipherSpec"}, done=done, expected="only encrypted records after the ServerHello",
           seen=", ".join(clear))


@observation(1, claim="HVS-7", hint="Expand key_share in both hellos: a group, a length, and so many bytes.")
def check_key_shares_are_as_long_as_their_group(cafe):
    """Each hello brings half of a key, as long as its group asks: x25519 32 bytes, X25519MLKEM768 1216 and 1120."""
    seen, done = session(cafe, "sealed-page"), "the client fetched the page over https://"
    sent, picked = (reading.key_shares(hello, hello is seen.client_hello)
                    for hello in (seen.client_hello, seen.server_hello))
    for end, shares in enumerate((sent, picked)):
        right_ones = {group: reading.SHARES.get(group, (0, 0))[end] for group in shares}
        expect(shares and shares == right_ones, done=done, seen=shares or "none",
               expected=f"key shares in the {(tcp.CLIENT, tcp.SERVER)[end]}'s hello, of these sizes: {right_ones}")
    saw("key shares of the client, and of the server (bytes)", [sent, picked])
    expect(len(picked) == 1 and picked.keys() <= sent.keys(), done=done,
           expected=f"one share from the server, of a group of the client's: {', '.join(sent)}",
           seen=", ".join(picked))


@observation(1, claim="HVS-2",
        hint="Compare the bytes that left the bank (bank-eth0) with those that reached Eve (eve-eth0).")
def check_http_takes_the_flipped_bit(cafe, params):
    """HTTP: one bit is changed on the path, the TCP checksum fits, and the client believes the changed page."""
    _one_bit_changed(cafe, "plain-flipped")
    got, wrong = cafe.command("plain-flipped"), money(params).replace(*_amounts(params))
    expect(got.status == 0 and wrong in got.stdout, done="Mallory flipped a bit of the page on its way",
           expected=f"the client accepts {wrong!r}", seen=told(got))
    expect(got.stdout.splitlines()[0].endswith("200 OK"), done="the same", expected="200 OK, and no complaint",
           seen=told(got))


def _amounts(params):
    """The amount that the bank sent, and the one that the client believes."""
    sent = str(params["bank"]["amount"])
    return sent, chr(ord(sent[0]) ^ params["bank"]["flip"]) + sent[1:]


def _one_bit_changed(evidence, command):
    sent, got = (connection(evidence, command, where).stream(tcp.SERVER) for where in ("bank", "eve"))
    bits = sum((one ^ other).bit_count() for one, other in zip(sent, got))
    expect(bits == 1 and len(sent) == len(got), done=f"Mallory changed a bit of what the bank sent ({command})",
           expected="the bytes at bank-eth0 and at eve-eth0 differ in one bit",
           seen=f"they differ in {bits} bits; {len(sent)} bytes left, {len(got)} arrived")
    for segment in connection(evidence, command).segments:
        expect(checksum.transport_fits(segment.frame), done=f"Mallory changed a bit of what the bank sent ({command})",
               expected="a TCP checksum that fits in every segment",
               seen=f"a wrong one in frame {segment.frame.number} of eve-eth0")


@observation(1, claim="HVS-2", hint="The same bit was flipped in the encrypted page. What did the client print?")
def check_https_notices_the_flipped_bit(cafe, params):
    """HTTPS: the same bit is changed, the record's tag no longer fits, the client takes nothing and hangs up."""
    _one_bit_changed(cafe, "sealed-flipped")
    got, done = cafe.command("sealed-flipped"), "Mallory flipped the same bit of the encrypted page"
    expect(got.status != 0 and "bad record mac" in got.stderr, done=done,
           expected="the client says: bad record MAC", seen=told(got))
    expect("EUR" not in got.stdout, done=done, expected="no page at all", seen=shorten(got.stdout))
    first = connection(cafe, "sealed-flipped").closed_first
    expect(first == tcp.CLIENT, done=done, expected="the client ends the connection", seen=f"the {first} did")


@observation(1, claim="HVS-3", hint="Did any frame of this exchange reach bank-eth0? Who answered, then?")
def check_http_is_fooled_by_an_impostor(cafe, params):
    """HTTP: Mallory's server answers at the bank's address, and the client takes it for the bank."""
    got, done = cafe.command("plain-impostor"), "Mallory redirected ports 80 and 443 of the bank to himself"
    expect(got.status == 0 and params["bank"]["thief"] in got.stdout, done=done,
           expected=f"the client accepts a page with Mallory's account {params['bank']['thief']}", seen=told(got))
    expect(not reading.connections(cafe, "plain-impostor", "bank"), done=done, expected="nothing reaches the bank",
           seen="a connection to the bank itself")


@observation(1, claim="HVS-3",
             hint="What does the client hold against the certificate, and had it sent its cookie by then?")
def check_https_refuses_the_impostor(cafe, params):
    """HTTPS: the impostor's certificate is nobody's: refused before the request leaves. A careless client is fooled."""
    done = "Mallory redirected ports 80 and 443 of the bank to himself"
    _refused(cafe, "sealed-impostor", done)
    careless = cafe.command("careless-impostor")
    expect(careless.status == 0 and params["bank"]["thief"] in careless.stdout, done=careless.line,
           expected="a client that checks nothing is fooled, over HTTPS too", seen=told(careless))


def _refused(evidence, command, done):
    """curl's status 60: the certificate does not lead to a root at hand. Nothing but an alert was sent then."""
    got, seen = evidence.command(command), session(evidence, command)
    expect(got.status == 60 and "certificate problem" in got.stderr and "EUR" not in got.stdout, done=done,
           expected="the client refuses the certificate (curl's status 60)", seen=told(got))
    sent = [record for record in seen.records if record.sender == tcp.CLIENT and record.name == "ApplicationData"]
    expect(sum(record.length for record in sent) < 40, done=done,
           expected="the client hangs up without sending its request", seen=f"it sent {len(sent)} encrypted records")


@observation(1, claim="HVS-4",
        hint="Port 8443 of the bank speaks TLS, but has no certificate. Who ends the handshake, and how?")
def check_the_server_needs_a_certificate(cafe):
    """A TLS server without a certificate cannot even say ServerHello: the handshake fails."""
    got, seen = cafe.command("ask-no-certificate"), session(cafe, "ask-no-certificate")
    done = "the client asked a TLS server that has no certificate"
    said = [(alert.sender, alert.text) for alert in seen.alerts]
    expect(said == [(tcp.SERVER, "handshake_failure")] and seen.server_hello is None, done=done,
           expected="a fatal alert handshake_failure from the server, and no ServerHello",
           seen=f"{said or 'no alert'}, {'a' if seen.server_hello else 'no'} ServerHello")
    expect(got.status == 35, done=done, expected="a failed handshake at the client (curl's status 35)", seen=told(got))


@observation(1, claim="HVS-4", hint="The bank's certificate is as good as before. What does the client lack?")
def check_the_client_needs_the_root(cafe):
    """A client without the lab's root refuses the very certificate that it accepts with the root."""
    before = cafe.command("sealed-page")
    expect(before.status == 0, done="with the root: " + before.line, expected="the page", seen=told(before))
    _refused(cafe, "no-root", "without the root: " + cafe.command("no-root").line)


# --- your server ---------------------------------------------------------------------------------------------------

def answered(evidence, command):
    """What a client of the shop got, URL by URL. Status 0 stands for no answer at all."""
    found = curl.answers(evidence.command(command).stdout, experiment.MARK)
    return [*found, *[curl.Answer(0, {}, "")] * 4][:4]


@points(3, claim=("HVS-3", "HVS-4"),
        hint="curl's words name what is wrong. Compare given/ with what start.sh puts together.")
def check_strict_client_is_content(shop, params):
    """A client that knows the root and nothing else gets your page over HTTPS."""
    page = answered(shop, "strict")[0]
    done = f"curl, with the lab's root as its only root, fetched https://{params['shop_name']}/"
    expect(page.status == 200, done=done, expected="200", seen=told(shop.command("strict")))
    expect(params["token"] in page.body, done=done, expected=f"the page with {params['token']!r}",
           seen=shorten(page.body))


@points(3, claim="HVS-4",
        hint="The server's own certificate comes first; each that follows is its predecessor's issuer.")
def check_chain_is_complete(shop):
    """Your server sends its certificate and the intermediate one, in this order."""
    seen = session(shop, "tls12")  # with TLS 1.2 the certificates pass in the clear
    known = {ssl.PEM_cert_to_DER_cert(text): name for name, text in shop.json("certificates").items()}
    sent = [known.get(certificate, "a stranger") for certificate in seen.certificates]
    # The root may be sent and may be left out: whoever trusts it has it (RFC 8446, section 4.4.2).
    expect(sent in (["shop", "intermediate"], ["shop", "intermediate", "root"]),
           done="a TLS 1.2 client asked for your certificates", expected="shop, intermediate",
           seen=", ".join(sent) or "none")


@points(2, hint="See ssl_protocols, and say it: which versions nginx speaks untold has changed over time.")
def check_new_tls_is_spoken(shop):
    """TLS 1.2 and TLS 1.3 are spoken."""
    for command, offered, version in (("strict", "TLS 1.2 and 1.3", "TLS 1.3"), ("tls12", "TLS 1.2 only", "TLS 1.2")):
        seen = session(shop, command)
        expect(seen.version == version, done=f"a client offered {offered}", expected=version,
               seen=seen.version or "no ServerHello")


@points(1, hint="See ssl_protocols: what it does not name is refused.")
def check_old_tls_is_refused(shop):
    """A client that knows nothing newer than TLS 1.1 is refused."""
    spoken = [session(shop, command).version for command in ("strict", "tls12")]
    expect(any(spoken), done="clients offered TLS 1.2 and 1.3", expected="one of them", seen="no ServerHello")
    old = session(shop, "old-tls")
    expect(old.version is None, done="a client offered TLS 1.0 and 1.1 only", expected="no ServerHello",
           seen=f"your server agreed to {old.version}")


def over_http(evidence, params):
    """(the URL asked for, the response) for all that a client asked the shop for over HTTP, answered or not."""
    asked = experiment.asked_over_http(params)
    found = {(one.request.method, one.request.target_uri): one.response
             for one in reading.exchanges(evidence, "redirect")}
    for method, target in ((method, target) for method, targets in asked.items() for target in targets):
        response, url = found.get((method, target)), f"http://{params['shop_name']}{target}"
        expect(response, done=f"a client sent {method} {url}", expected="an answer", seen="none")
        yield f"a client sent {method} {url}", url, response


@points(2, claim=("HVS-1", "HVS-6"), hint="`return` with a status that is for good, for whatever is asked on port 80.")
def check_http_redirects(shop, params):
    """Over HTTP your server has nothing but permanent redirects, for whatever is asked."""
    for done, _, answer in over_http(shop, params):
        expect(answer.status in PERMANENT, done=done, expected="301 or 308: moved for good", seen=answer.start_line)


@points(2, claim="HVS-6", hint="nginx has variables for the name and for the whole request URI, as it was sent.")
def check_redirects_lead_to_the_same_url(shop, params):
    """Each redirect leads to the URL that was asked for, with https: name, path and query."""
    for done, url, answer in over_http(shop, params):
        target, given = url.replace("http://", "https://", 1), answer.header("Location") or "none"
        expect(reading.same_url(given, target, url), done=done, expected=f"Location: {target}",
               seen=f"Location: {given}")


def hsts_for_a_year(evidence, *asked, command="visits"):
    """Fail unless the answers on these places of a command carry one HSTS header, for a year or more."""
    heads = reading.heads(evidence.command(command), experiment.MARK)
    urls = [word for word in evidence.command(command).argv if "://" in word]
    for place in asked:
        head = heads[place] if place < len(heads) else [""]
        given, done = reading.policies(head), f"a client fetched {urls[place]}"
        expect(head[0].startswith("HTTP/"), done=done, expected="an answer", seen="none")
        expect(len(given) == 1 and reading.max_age(given[0]) >= YEAR, done=done,
               expected=f"one Strict-Transport-Security, with a max-age of at least {YEAR}",
               seen=f"{head[0]}, with {', and '.join(map(repr, given)) or 'no such header'}")


@points(2, claim="HVS-6", hint="RFC 6797: one header. Its time is in seconds.")
def check_hsts(shop, params):
    """With HSTS the client remembers for a year: it goes to port 443 even when told http://."""
    hsts_for_a_year(shop, 0, 1)
    ports = [opened.server.port for opened in reading.connections(shop, "visits")]
    expect(ports and 80 not in ports, done="a client fetched https://, and then http:// in the same breath",
           expected="not one segment to port 80", seen=f"connections to {ports}")


@points(1, hint="nginx adds headers to a few statuses only, unless told otherwise: read about add_header.")
def check_hsts_on_errors(shop):
    """What is not there carries the HSTS header, too, and so does the answer to a POST."""
    hsts_for_a_year(shop, *range(2, 2 + len(experiment.MISSING)))
    hsts_for_a_year(shop, 0, command="order")


@points(1, hint="RFC 6797, section 7.2: over HTTP it must not be sent. Anybody could have written it there.")
def check_hsts_is_not_said_over_http(shop, params):
    """No answer over HTTP carries the HSTS header, which your server knows."""
    heads = reading.heads(shop.command("visits"), experiment.MARK)
    expect(any(map(reading.policies, heads)), done=shop.command("visits").line, seen="none",
           expected="the header in an answer over HTTPS")
    for done, _, answer in over_http(shop, params):
        given = answer.header("Strict-Transport-Security")
        expect(given is None, done=done, expected="an answer without Strict-Transport-Security", seen=given)
    for one in reading.exchanges(shop, "stranger"):
        given = one.response and one.response.header("Strict-Transport-Security")
        expect(given is None, done=f"a client asked for {one.request.target_uri} of {one.request.header('Host')}",
               expected="no answer, or one without Strict-Transport-Security", seen=given)


@points(2, claim="HVS-3",
        hint="Without a server_name that fits, nginx takes the first server of the port, or the default_server.")
def check_strangers_get_nothing(shop, params):
    """Who asks your server by its name gets the page; by another name, or by the address, nobody does."""
    page = answered(shop, "visits")[0]
    expect(params["token"] in page.body, done="a client asked by the server's own name", expected="the page",
           seen=told(shop.command("visits")))
    got = shop.command("stranger")
    asked = " ".join(word for word in got.argv if "://" in word)
    expect(params["token"] not in got.stdout, done=f"a client asked for {asked}",
           expected="no page: a refused handshake, a closed connection, a 4xx, a redirect", seen=shorten(got.stdout))
    got = shop.command("inside")
    expect(params["token"] not in got.stdout, seen=shorten(got.stdout), expected="no page",
           done=f"a client named your server in the handshake, and then asked for Host: {params['stranger']}")


# --- your answers --------------------------------------------------------------------------------------------------

def right(key, given, seen):
    expect(given == seen, done=f"compared answers.toml with your own run: {key}", expected="what your run shows",
           seen=f"{given!r}, which it does not show")


@points(1, claim="HVS-1", hint="Frame by frame: the request of plain-page, as text.")
def check_answer_cookie(answers, params, cafe):
    """You found the cookie that Eve can steal."""
    cookie = exchange(cafe, "plain-page").request.header("Cookie") or ""
    right("stolen_cookie", answers.text("stolen_cookie"), cookie.removeprefix("session="))


@points(2, hint="The first message after the TCP handshake is in the clear, and says where it wants to go.")
def check_answer_name(answers, cafe):
    """You found the name that HTTPS does not hide, and the message that gives it away."""
    seen = session(cafe, "sealed-page")
    right("name_seen", answers.text("name_seen").lower(), seen.server_name)
    carriers = [message.name for message in seen.handshakes if seen.server_name.encode() in message.data]
    spelled = answers.text("name_carrier").replace(" ", "").lower()  # Wireshark writes "Client Hello"
    right("name_carrier", spelled, carriers[0].lower())


@points(1, claim="HVS-5", hint="The client offers many; the ServerHello names one.")
def check_answer_suite(answers, cafe):
    """You found the cipher suite that the bank picked."""
    name, *_ = answers.text("cipher_suite").upper().split() or [""]  # Wireshark has the number behind it
    right("cipher_suite", name, session(cafe, "sealed-page").suite)


@points(1, claim="HVS-7", hint="ServerHello, key_share: a group, a length. Then the same group's in the ClientHello.")
def check_answer_key_shares(answers, cafe):
    """You found the group of the key exchange, and how long the two halves are."""
    seen = session(cafe, "sealed-page")
    (group, server), = reading.key_shares(seen.server_hello, client=False).items()
    numbers = {name: number for number, name in reading.GROUPS.items()}
    right("group", answers.integer("group"), numbers[group])
    right("share_bytes", answers.items("share_bytes"), [reading.key_shares(seen.client_hello, True).get(group), server])


@points(2, claim="HVS-1", hint="Go through the list with the capture open; TLS 1.3 hides more than TLS 1.2 did.")
def check_answer_what_eve_reads(answers, params, cafe):
    """You know what of an HTTPS exchange an eavesdropper can and cannot read."""
    seen, bank = session(cafe, "sealed-page"), reading.bank_of(params)
    truth = {letter for letter, learns in HOPES.items() if learns(bank, seen)}
    given = {str(letter).lower() for letter in answers.items("eve_reads")}
    expect(given == truth, done="compared answers.toml with what Eve heard: eve_reads",
           expected=f"{len(truth)} letters, each of something that she can read or measure",
           seen=f"{len(given - truth)} that she cannot, and {len(truth - given)} missing")


@points(2, claim="HVS-1",
        hint="Encryption keeps the length: a record holds header + page + 1 byte of type + 16 of tag (RFC 8446, 5.2).")
def check_answer_length(answers, cafe):
    """You computed the length of the response (header and page) from a record that you cannot read."""
    seen = session(cafe, "sealed-page")
    told_by_client = sum(map(int, re.search(r"\[(\d+) bytes of header, (\d+) of page",
                                            cafe.command("sealed-page").stdout).groups()))
    expect(page_record(seen).length == told_by_client + 17, done="measured the record that brought the page",
           expected=f"{told_by_client + 17} bytes", seen=f"{page_record(seen).length}")
    right("response_bytes", answers.integer("response_bytes"), told_by_client)


@points(2, claim="HVS-5", hint="Count how often the client has to wait for the server before its GET can leave.")
def check_answer_round_trips(answers, cafe):
    """You counted the segments before the ClientHello, and the round trips before each request."""
    plain, seen = connection(cafe, "plain-page"), session(cafe, "sealed-page")
    hello = seen.connection.piece_at(tcp.CLIENT, 0).segment
    right("segments_before_hello", answers.integer("segments_before_hello"),
          seen.connection.segments.index(hello))
    # The client's first encrypted record is its Finished; the second is the request.
    request = [record for record in seen.records if record.sender == tcp.CLIENT and record.encrypted][1]
    right("round_trips_plain", answers.integer("round_trips_plain"), reading.rounds(plain, 0))
    right("round_trips_sealed", answers.integer("round_trips_sealed"), reading.rounds(seen.connection, request.offset))


@points(2, claim=("HVS-2", "HVS-3"),
        hint="In scenes/cafe: output/plain-flipped.out; timeline.jsonl: how sealed-flipped and sealed-impostor ended.")
def check_answer_attacks(answers, cafe):
    """You saw what the client made of Mallory's attacks."""
    page = re.search(r"Please pay (\d+) EUR", cafe.command("plain-flipped").stdout)
    right("amount_believed", answers.integer("amount_believed"), int(page[1]) if page else None)
    for key, command in (("status_flipped", "sealed-flipped"), ("status_impostor", "sealed-impostor")):
        right(key, answers.integer(key), cafe.command(command).status)
