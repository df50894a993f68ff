"""What must be true of TLS: who offers and who picks, who can open what, and that nobody can change it.

Nothing here depends on how long anything takes, so real time makes no difference.
"""

import re
import ssl
from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import tcp, tls
from mnlab.protocols.tls import hello, opening

read = load(Path(__file__).with_name("reading.py"))
proof = load(Path(__file__).with_name("proof.py"))
program = load(Path(__file__).with_name("program.py"))
experiment = load(Path(__file__).with_name("experiment.py"))

WAYS = ("rsa", "ecdhe", "tls13")
SSL3, TLS10, TLS12, TLS13 = 0x0300, 0x0301, 0x0303, 0x0304
FLIPPED = {"flipped-12": "ecdhe", "flipped-13": "tls13"}  # the session whose page was on its way
#: Messages by what is difficult about them. The first two: hellos in one record, with extensions.
CLIENTS = [f"{name}.client" for name in ("tls10", *WAYS, "retry", "nothing-in-common", "strange", "greased")]
SERVERS = [f"{name}.server" for name in ("tls10", *WAYS, "greased")]
LONG, BARE = ["long.client", "pieces.client"], ["ssl3.client", "strange.server"]
REFUSALS = ["ssl3.server", "nothing-in-common.server", "pieces.server", "farewell.client"]


def in_iana(name: str) -> str:
    """A suite's IANA name, from OpenSSL's."""
    return (experiment.RSA | experiment.ECDHE | experiment.TLS13)[name]


def word_of(params, way: str) -> bytes:
    return params["pages"][way]["word"].encode()


def fetched(evidence, name: str) -> None:
    """Fail unless the client of this session got its page."""
    got = evidence.command(name)
    expect(got.status == 0 and "status 200" in got.stdout, done=f"the client fetched a page ({name})",
           expected="status 200", seen=f"curl ended with {got.status}: {(got.stderr or got.stdout).strip()[:200]}")


# --- TLS-1: where it comes from ---

@observation(1, claim="TLS-1", hint="Two bytes in the record, two in the message: written as major.minor.")
def check_versions_count_on_from_ssl(evidence):
    """SSL 3.0 is 3.0 on the wire, TLS 1.0 is 3.1, TLS 1.2 is 3.3; TLS 1.3 says 3.3 there, and 3.4 in an extension."""
    for name, legacy, highest, record in (("ssl3", SSL3, SSL3, SSL3), ("tls10", TLS10, TLS10, TLS10),
                                          ("rsa", TLS12, TLS12, TLS12), ("tls13", TLS12, TLS13, TLS12)):
        offered = read.fields(evidence, name, tcp.CLIENT)
        expect((offered.version, max(offered.versions)) == (legacy, highest), done=f"the client of {name} said hello",
               expected=f"version field {read.dotted(legacy)}, at most {read.dotted(highest)} offered",
               seen=f"{read.dotted(offered.version)}, at most {read.dotted(max(offered.versions))}")
        answered = {one.version for one in read.session(evidence, name).records if one.sender == tcp.SERVER}
        expect(answered == {record}, done=f"the server answered {name}",
               expected=f"records of version {read.dotted(record)}",
               seen=", ".join(map(read.dotted, sorted(answered))) or "nothing")
    fetched(evidence, "tls10")


@observation(1, claim="TLS-1", hint="What does the server's first record hold, and of which version is it?")
def check_ssl3_is_refused(evidence):
    """The server reads a hello of SSL 3.0 as it reads TLS's, for TLS is its successor, and refuses: too old."""
    seen = read.session(evidence, "ssl3")
    said = [(alert.sender, alert.level) for alert in seen.alerts]
    expect(said == [(tcp.SERVER, "fatal")] and seen.server_hello is None,
           done="a client of 1996 said hello in SSL 3.0", expected="a fatal alert from the server, and no ServerHello",
           seen=read.told(seen))
    expect("version too low" in evidence.command("server").stderr, done="a client of 1996 said hello in SSL 3.0",
           expected="the server notes: version too low", seen=evidence.command("server").stderr[:200] or "nothing")


# --- TLS-2: who offers, who picks ---

@observation(1, claim="TLS-2", hint="Compare the list in the ClientHello with the one number in the ServerHello.")
def check_server_picks_one_suite_of_the_offer(evidence, params):
    """The client offers suites in its order; the server picks of them the one that it likes best itself."""
    for way in WAYS:
        seen = read.session(evidence, way)
        server = params["suites"]["server"]["tls13" if way == "tls13" else "tls12"]
        order = [in_iana(name) for name in server]
        wished = [in_iana(name) for name in params["suites"]["offers"][way]]
        offered = [suite for suite in seen.client_hello.suites if suite in wished]
        expect(offered == wished, done=f"the client of {way} was told to offer {', '.join(wished)}",
               expected="these suites in its ClientHello, in this order", seen=", ".join(seen.client_hello.suites))
        right = next(suite for suite in order if suite in offered)
        expect(seen.suite == right, done=f"the client of {way} offered {', '.join(offered)}",
               expected=f"the server's favourite of them, {right}", seen=seen.suite or read.told(seen))


@observation(1, claim="TLS-2", hint="supported_versions in both hellos; where a client has none, the version field.")
def check_server_picks_the_version(evidence):
    """The server picks the highest version that both know: of 1.3 and 1.2 it takes 1.3, of 1.2 alone 1.2."""
    for way, offered in (("tls13", {TLS13, TLS12}), ("rsa", {TLS12}), ("ecdhe", {TLS12}), ("tls10", {TLS10})):
        client = set(read.fields(evidence, way, tcp.CLIENT).versions)
        expect(client == offered, done=f"the client of {way} said hello",
               expected=f"an offer of {', '.join(map(read.dotted, sorted(offered)))}",
               seen=", ".join(map(read.dotted, sorted(client))))
        picked = read.fields(evidence, way, tcp.SERVER).versions
        expect(picked == [max(offered)], done=f"the server answered {way}", expected=read.dotted(max(offered)),
               seen=", ".join(map(read.dotted, picked)))


@observation(1, claim="TLS-2", hint="The client offered a single suite, which the server does not have.")
def check_nothing_in_common(evidence):
    """Where the offer holds nothing that the server has, the handshake ends: handshake_failure."""
    seen, got = read.session(evidence, "nothing-in-common"), evidence.command("nothing-in-common")
    said = [(alert.sender, alert.level, alert.text) for alert in seen.alerts]
    expect(said == [(tcp.SERVER, "fatal", "handshake_failure")] and seen.server_hello is None and got.status != 0,
           done="a client offered one suite, which the server does not have",
           expected="a fatal alert handshake_failure from the server, and no ServerHello", seen=read.told(seen))


@observation(1, claim="TLS-2",
             hint="Which group did the client send a key share for, and which did the server ask for?")
def check_server_may_ask_again(evidence, params):
    """TLS 1.3: the client's key share is of the wrong group; the server names the right one, and gets it."""
    seen, group = read.session(evidence, "retry"), read.GROUP_NUMBERS[experiment.GROUPS[params["_group"]]]
    hellos = [read.take_apart(message) for message in seen.handshakes
              if message.type in (tls.CLIENT_HELLO, tls.SERVER_HELLO)]
    shares = [one.key_shares for one in hellos]
    expect(len(hellos) == 4 and hellos[1].retry and shares[1:] == [[group]] * 3 and group not in shares[0],
           done=f"a client guessed that the server would take {params['_other_group']}",
           expected=f"a HelloRetryRequest for group {group}, then a ClientHello and a ServerHello with such key shares",
           seen=f"{read.told(seen)}; key shares {shares}")
    fetched(evidence, "retry")


# --- TLS-3: the certificate ---

def certificate(evidence) -> bytes:
    return ssl.PEM_cert_to_DER_cert(evidence.json("certificates")["server"])


@observation(1, claim="TLS-3",
             hint="TLS 1.2: look for a Certificate message. TLS 1.3: open the .pcapng, and look again.")
def check_server_sends_its_certificate(evidence):
    """The server sends its certificate: in TLS 1.2 for all to see, in TLS 1.3 encrypted already."""
    for way in WAYS:
        visible = read.session(evidence, way).certificates
        expect(bool(visible) == (way != "tls13"), done=f"eve listened to {way}",
               expected=f"{'no' if way == 'tls13' else 'a'} certificate in the clear", seen=f"{len(visible)} of them")
        sent = read.opened(evidence, way).certificates
        expect(sent == (certificate(evidence),), done=f"{way} was opened with the client's key log",
               expected="the server's certificate", seen=f"{len(sent)} certificates")


@observation(1, claim="TLS-3",
             hint="The same server, another root in the client's hand: what does the client send then?")
def check_client_checks_the_certificate(evidence, params):
    """The client with the root that signed it goes on; one with another root says unknown_ca, and sends no request."""
    roots = evidence.json("certificates")
    for root, right in (("root", True), ("stranger", False)):
        fits = proof.issued(roots[root], certificate(evidence), params["name"])
        expect(fits == right, done=f"the certificate was held against {root}'s key",
               expected=f"a signature that {'fits' if right else 'does not fit'}", seen="the contrary")
    fetched(evidence, "tls13")
    refused, got = read.opened(evidence, "no-root"), evidence.command("no-root")
    said = [(alert.sender, alert.text) for alert in refused.alerts]
    expect(said == [(tcp.CLIENT, "unknown_ca")] and got.status == 60, done="a client with another root connected",
           expected="the alert unknown_ca from the client (curl's status 60)", seen=f"{said}, status {got.status}")
    expect(refused.stream(tcp.CLIENT) == b"", done="a client with another root connected", expected="no request",
           seen=refused.stream(tcp.CLIENT)[:60])


@observation(1, claim=("TLS-3", "TLS-4"),
        hint="Anybody can send a certificate. ServerKeyExchange (1.2) and CertificateVerify (1.3) end in a signature.")
def check_server_proves_that_it_has_the_key(evidence):
    """With ECDHE and in TLS 1.3 the server signs; with RSA key exchange it proves its key by being able to go on."""
    leaf = certificate(evidence)
    expect(proof.signed_share(read.session(evidence, "ecdhe"), leaf), done="the server sent its key share (ecdhe)",
           expected="a signature over it and both randoms that fits the key in the certificate", seen="none that fits")
    expect(proof.signed_handshake(read.opened(evidence, "tls13"), leaf), done="the server sent CertificateVerify",
           expected="a signature over the handshake that fits the key in the certificate", seen="none that fits")
    names = [message.name for message in read.session(evidence, "rsa").handshakes]
    expect("ServerKeyExchange" not in names and "CertificateVerify" not in names, done="RSA key exchange (rsa)",
           expected="nothing that is signed", seen=", ".join(names))
    answered = [message.name for message in read.unlocked(evidence, "rsa").handshakes if message.sender == tcp.SERVER]
    expect(answered[-1:] == ["Finished"], done="RSA key exchange (rsa)",
           expected="a Finished from the server, in keys made of the secret that was locked", seen=", ".join(answered))


# --- TLS-4: how they agree on a secret ---

@observation(1, claim="TLS-4", hint="openssl pkeyutl -decrypt -inkey server.key takes what ClientKeyExchange holds.")
def check_secret_is_locked_with_the_servers_key(evidence):
    """RSA: the client locks 48 bytes, the version that it offered and 46 random ones, with the certificate's key."""
    seen = read.session(evidence, "rsa")
    locked = opening.locked_premaster(seen)
    expect(locked and len(locked) == 256, done="the client sent ClientKeyExchange (rsa)",
           expected="256 bytes: as long as the server's RSA key", seen=f"{len(locked or b'')} bytes locked with RSA")
    secret = opening.premaster(seen, evidence.text("server.key").encode())
    expect(secret and secret[:2] == b"\3\3", done="they were unlocked with the server's private key",
           expected="48 bytes that begin with 3.3", seen=secret[:4].hex() if secret else "nothing of the kind")
    logged = read.secrets(evidence, "client").get(locked[:opening.LOCKED_NAME], {}).get(opening.PREMASTER)
    expect(secret == logged, done="they were unlocked with the server's private key",
           expected="the very secret that the client made up", seen="another one")


@observation(1, claim="TLS-4",
             hint="Wireshark: Preferences, RSA Keys, Add new keyfile. Take the .pcap, not the .pcapng.")
def check_private_key_opens_rsa(evidence, params):
    """RSA: with the server's private key alone, whoever recorded the session opens all of it, years later."""
    found = read.unlocked(evidence, "rsa")
    expect(found.complete, done="eve's capture of rsa was opened with files/server.key",
           expected="every record opens", seen=f"{len(found.sealed)} records stay sealed")
    text = found.stream(tcp.SERVER)
    expect(word_of(params, "rsa") in text, done="eve's capture of rsa was opened with files/server.key",
           expected="the page, with its word", seen=text[:80])


def stays_sealed(evidence, way: str) -> None:
    found = read.unlocked(evidence, way)
    encrypted = [one for one in found.records if one.record.encrypted]
    done = f"eve's capture of {way} was tried with files/server.key"
    expect(found.sealed == encrypted and encrypted, done=done, expected="every encrypted record stays sealed",
           seen=f"{len(encrypted) - len(found.sealed)} of {len(encrypted)} opened")
    expect(read.opened(evidence, way).complete, done=f"eve's capture of {way} was opened with the client's key log",
           expected="every record opens: the capture is whole", seen="some do not")


@observation(1, claim="TLS-4", hint="What does ClientKeyExchange hold, and with which key is that locked?")
def check_private_key_does_not_open_ecdhe(evidence):
    """ECDHE: ClientKeyExchange holds a public point, locked with nothing; the private key opens no record."""
    locked = opening.locked_premaster(read.session(evidence, "ecdhe"))
    expect(locked is None, done="the client sent ClientKeyExchange (ecdhe)", expected="a point of a curve",
           seen=f"{len(locked or b'')} bytes locked with RSA")
    stays_sealed(evidence, "ecdhe")


@observation(1, claim="TLS-4", hint="Is there a ClientKeyExchange at all?")
def check_private_key_does_not_open_tls13(evidence):
    """TLS 1.3: there is no ClientKeyExchange, only key shares in the hellos; the private key opens no record."""
    seen = read.opened(evidence, "tls13")
    names = [message.name for message in seen.handshakes]
    expect("ClientKeyExchange" not in names and seen.session.version == "TLS 1.3", done="eve's capture of tls13",
           expected="TLS 1.3, and no ClientKeyExchange", seen=", ".join(names))
    stays_sealed(evidence, "tls13")


@observation(1, claim="TLS-4", hint="Compare the server's key shares of any two sessions.")
def check_each_session_has_keys_of_its_own(evidence):
    """ECDHE and TLS 1.3: the server makes a new pair of keys for each session, and forgets it afterwards."""
    shares = {name: proof.ecdhe_share(read.session(evidence, name)) for name in ("ecdhe", "flipped-12")}
    shares |= {name: read.fields(evidence, name, tcp.SERVER).extensions.get(hello.KEY_SHARE)
               for name in ("tls13", "flipped-13", "no-root")}
    expect(all(shares.values()) and len(set(shares.values())) == len(shares),
           done="the same server was visited five times", expected="five key shares, all different",
           seen=", ".join(f"{name}: {(share or b'').hex()[:16] or 'none'}" for name, share in shares.items()))


# --- TLS-5: the same keys at both ends ---

@observation(1, claim="TLS-5", hint="client.keys and server.keys in scenes/handshakes/files: a line for each secret.")
def check_both_ends_have_the_same_keys(evidence):
    """Client and server each log what they derived: the same secrets, though none of them was ever sent."""
    wire = {way: read.whole(evidence, way) for way in WAYS}
    for way in WAYS:
        client, server = (read.own_secrets(evidence, end, way) for end in ("client", "server"))
        labels = [label for pair in opening.TRAFFIC.values() for label in pair] if way == "tls13" else [opening.MASTER]
        for label in labels:
            one, other = ((log.get(label) or b"").hex()[:16] or "none" for log in (client, server))
            expect(client.get(label) and client.get(label) == server.get(label), done=f"both ends logged keys ({way})",
                   expected=f"the same {label} at both", seen=f"{one} at the client, {other} at the server")
            expect(client[label] not in wire[way], done=f"both ends logged keys ({way})",
                   expected="a secret that was never on the wire", seen=f"{label}, in the capture")


@observation(1, claim="TLS-5", hint="scenes/handshakes/captures/eve-eth0.pcapng has the client's log inside.")
def check_logged_keys_open_the_capture(evidence, params):
    """Either log opens all that eve recorded: request and page, both Finished, and the closing alerts."""
    for way in WAYS:
        for end in ("client", "server"):
            found, done = read.opened(evidence, way, end), f"eve's capture of {way} was opened with the {end}'s key log"
            expect(found.complete, done=done, expected="every record opens", seen=f"{len(found.sealed)} stay sealed")
            expect(found.stream(tcp.CLIENT).startswith(f"GET /{way} HTTP/1.1\r\n".encode()) and
                   word_of(params, way) in found.stream(tcp.SERVER), done=done,
                   expected="the request, and the page with its word", seen=found.stream(tcp.SERVER)[:60])
            finished = {message.sender for message in found.handshakes if message.type == tls.FINISHED}
            expect(len(finished) == 2, done=done, expected="a Finished from either side", seen=finished or "none")


# --- TLS-6: encrypted and authenticated ---

@observation(1, claim="TLS-6", hint="Search eve's bytes of each connection.")
def check_nothing_can_be_read(evidence, params):
    """Request and page pass encrypted: eve finds no word of them, but the server's name in the hello."""
    for way in WAYS:
        fetched(evidence, way)
        heard, done = read.whole(evidence, way), f"eve listened to {way}"
        for text in (f"GET /{way}".encode(), b"HTTP/1.1", word_of(params, way), b"All work and no play"):
            expect(text not in heard, done=done, expected=f"{text!r} nowhere", seen="it is there, in the clear")
        expect(params["name"].encode() in heard, done=done, expected="the server's name in a ClientHello", seen="none")


@observation(2, claim="TLS-6",
             hint="Compare eve-eth0 and client-eth0 byte by byte; then look at the client's last record.")
def check_a_flipped_bit_is_caught(evidence):
    """Mallory flips one bit in the record with the page: the client takes nothing of it, and says bad_record_mac."""
    for name, way in FLIPPED.items():
        done = f"Mallory flipped a bit of the page in {name}"
        sent, came = (read.connection(evidence, name, where).stream(tcp.SERVER) for where in ("eve", "client"))
        bits = sum((one ^ other).bit_count() for one, other in zip(sent, came))
        expect(bits == 1 and len(sent) == len(came), done=done, expected="one bit that differs before and after him",
               seen=f"{bits} bits, {len(sent)} and {len(came)} bytes")
        found, got = read.opened(evidence, name, where="client"), evidence.command(name)
        expect(len(found.sealed) == 1 and found.stream(tcp.SERVER) == b"", done=done,
               expected="one record that the right keys no longer open", seen=f"{len(found.sealed)} of them")
        said = [alert.text for alert in found.alerts if alert.sender == tcp.CLIENT]
        expect(said == ["bad_record_mac"], done=done, expected="the alert bad_record_mac from the client",
               seen=", ".join(said) or "no alert")
        expect(got.status != 0 and "200" not in got.stdout, done=done, expected="no page, and an error at the client",
               seen=f"status {got.status}, {got.stdout.strip()}")
        fetched(evidence, way)


# --- your program ---

@points(2, claim="TLS-2", hint="The file that has none, or two, is named below. What is special about it?")
def check_program_prints_a_line_for_each_file(evidence):
    """Your program prints one line of JSON for each file, and no others."""
    ran = evidence.command("hello")
    given, said = [Path(file).name for file in ran.argv[2:]], [entry["file"] for entry in program.lines(ran)]
    missing, words = [file for file in given if said.count(file) != 1], ran.stderr.strip().splitlines()
    expect(not missing, done=ran.line, expected="a line for each file",
           seen=f"{said.count(missing[0]) if missing else 0} lines about {', '.join(missing)}"
                + (f"; {words[-1]}" if words else ""))
    others = [line for line in ran.stdout.splitlines() if line.strip() and not program.about_a_file(line)]
    expect(not others, done=ran.line, expected="no other lines",
           seen=f"{len(others)}: {others[0][:80]}" if others else "")


@points(2, claim="TLS-1", hint="Two bytes in the record, two in the message: written as major.minor.")
def check_program_tells_both_versions(evidence):
    """Your program tells the first record's version and the message's own."""
    program.tells(evidence, CLIENTS, "record_version", "legacy_version")
    program.tells(evidence, [*CLIENTS, "pieces.client"], "record_version")  # its records differ in it
    program.tells(evidence, SERVERS, "record_version", "legacy_version")
    program.tells(evidence, [*SERVERS, *REFUSALS], "record_version")  # an alert stands in a record, too


@points(1, hint="32 bytes; then a vector, which begins with its length in a byte.")
def check_program_reads_random_and_session_id(evidence):
    """Your program reads random values, and session ids of any length."""
    program.tells(evidence, CLIENTS, "random", "session_id")
    program.tells(evidence, SERVERS, "random", "session_id")


@points(2, claim="TLS-2", hint="A ClientHello has a length in bytes before its suites; a ServerHello has one suite.")
def check_program_reads_suites(evidence):
    """Your program reads the suites that are offered, known or not, and the one that is picked."""
    program.tells(evidence, CLIENTS, "suites")
    program.tells(evidence, SERVERS, "suites")


@points(2, claim="TLS-2", hint="Behind suites and compression methods: type, length, contents, and so on to the end.")
def check_program_reads_extensions(evidence):
    """Your program lists the extensions, known or not, in their order."""
    program.tells(evidence, CLIENTS, "extensions")
    program.tells(evidence, SERVERS, "extensions")


@points(2, claim="TLS-2", hint="A client's supported_versions is a list with a length, a server's one version.")
def check_program_reads_versions(evidence):
    """Your program tells the versions that are offered, and the one that is picked."""
    program.tells(evidence, CLIENTS, "versions")
    program.tells(evidence, SERVERS, "versions")


@points(2, claim="TLS-2", hint="A share is a group, a length, and so many bytes; a client may send several.")
def check_program_reads_key_shares(evidence):
    """Your program tells the groups of the key shares."""
    program.tells(evidence, CLIENTS, "key_shares")
    program.tells(evidence, SERVERS, "key_shares")


@points(1, hint="RFC 6066, section 3: a list with a length, a kind, and the name with its length.")
def check_program_reads_the_servers_name(evidence):
    """Your program tells the server's name, and null where there is none."""
    program.tells(evidence, CLIENTS, "server_name")


@points(2, claim="TLS-2", hint="The message's own length counts: gather records until it is whole.")
def check_program_joins_records(evidence):
    """Your program reads a ClientHello that takes more than one record, however small the first is."""
    for name in ("long", "pieces"):
        first = next(one for one in read.session(evidence, name).records if one.sender == tcp.CLIENT)
        whole = read.first_message(evidence, name, tcp.CLIENT)
        expect(whole and len(whole.data) + read.MESSAGE_HEADER > first.length, done=f"a client said hello ({name})",
               expected="a ClientHello in more than one record", seen=f"a first record of {first.length} bytes")
        program.tells(evidence, [f"{name}.client"], "message", "extensions")


@points(2, claim="TLS-1", hint="After the compression methods the message may simply end.")
def check_program_reads_a_hello_without_extensions(evidence):
    """Your program reads the ClientHello of SSL 3.0, and a ServerHello, that have no extensions."""
    for file in BARE:
        program.tells(evidence, [file], "extensions", "versions", "key_shares", "server_name")


@points(2, claim="TLS-2", hint="RFC 8446, section 4.1.3: its random value is a fixed one. It has a group, and no key.")
def check_program_knows_other_answers(evidence):
    """Your program tells ClientHello, ServerHello and HelloRetryRequest apart."""
    program.tells(evidence, CLIENTS, "message")
    program.tells(evidence, SERVERS, "message")
    program.tells(evidence, ["retry.server"], "message", "key_shares", "versions", "suites", "random", "extensions")


@points(2, hint="An alert has two bytes: RFC 8446, section 6.")
def check_program_reads_alerts(evidence):
    """Your program reads the alerts of servers that refuse, and of a client that leaves."""
    for file in REFUSALS:
        program.tells(evidence, [file], "message", "level", "description")


# --- your answers ---

def annotated(answers, key: str, right: list) -> None:
    """Grade one annotation: [offset in the stream, bytes, value]."""
    given = answers.items(key)
    expect(len(given) == 3, done=f"answers.toml: {key}", expected="[offset, bytes, value]", seen=given)
    for what, mine, true in zip(("offset", "size in bytes", "value"), given, right, strict=True):
        mine = mine.lower() if isinstance(mine, str) else mine
        expect(mine == true, done=f"answers.toml: {key}, {what}", expected="what stands in your own capture",
               seen=repr(mine))


@points(3, claim="TLS-2", hint="Follow, TCP Stream, as a hex dump: its first byte is the first record's first byte.")
def check_annotation_of_the_client_hello(evidence, answers):
    """Your annotation of the ClientHello of tls13."""
    for key, right in read.client_annotations(evidence).items():
        annotated(answers, key, right)


@points(2, claim="TLS-2", hint="The session id comes before the suite, and has a length of its own.")
def check_annotation_of_the_server_hello(evidence, answers):
    """Your annotation of the ServerHello of tls13."""
    for key, right in read.server_annotations(evidence).items():
        annotated(answers, key, right)


@points(2, claim="TLS-2", hint="The suite's name tells the key exchange, but for TLS 1.3.")
def check_answers_on_suites(evidence, answers):
    """Your answers on what the server picked."""
    for way in WAYS:
        name = re.sub(r"\s*\(0x\w+\)$", "", answers.text(f"suite_{way}"))  # Wireshark has the number behind it
        same(name.upper(), read.session(evidence, way).suite.upper(), f"suite_{way}")
    offered, picked = read.session(evidence, "tls13").client_hello.suites, read.session(evidence, "tls13").suite
    same(answers.integer("place_in_offer"), offered.index(picked) + 1 if picked in offered else None, "place_in_offer")


def ways(answers, key: str, right) -> None:
    """Grade a list of the three sessions."""
    same(sorted({str(one).lower() for one in answers.items(key)}), sorted(right), key)


@points(2, claim=("TLS-4", "TLS-5"), hint="scenes/handshakes/files/server.key; and the .pcapng, with the keys inside.")
def check_answers_on_secrets(evidence, answers):
    """Your answers on what the private key opens, and what was locked with its other half."""
    ways(answers, "private_key_opens", [way for way in WAYS if read.unlocked(evidence, way).complete])
    premaster = answers.text("premaster").lower().replace(":", "").replace(" ", "")
    same(premaster, read.premaster_start(evidence), "premaster")


@points(1, hint="Look for a Certificate message in the .pcap, which has no keys inside.")
def check_answer_on_certificates(evidence, answers):
    """Your answer on where the certificate can be seen."""
    ways(answers, "certificate_in_the_clear",
         [way for way in WAYS if read.session(evidence, way).certificates_visible])


@points(1, hint="The .pcapng has the keys inside: Follow, TLS Stream.")
def check_answers_on_words(answers, params):
    """Your answers on what the pages say."""
    for way in WAYS:
        same(answers.text(f"word_{way}").lower(), word_of(params, way).decode(), f"word_{way}")


@points(1, claim=("TLS-1", "TLS-6"), hint="RFC 8446, section 6, has the numbers; an encrypted alert has to be opened.")
def check_answers_on_alerts(evidence, answers):
    """Your answers on how sessions were refused."""
    for key, right in read.alert_numbers(evidence).items():
        same(answers.integer(key), right, key)


@points(1, hint="A tag; a byte of type (1.3) or a nonce (1.2, with GCM).")
def check_answers_on_overhead(evidence, answers):
    """Your answers on what protection costs."""
    for way in ("ecdhe", "tls13"):
        same(answers.integer(f"overhead_{way}"), read.overhead(evidence, way), f"overhead_{way}")
