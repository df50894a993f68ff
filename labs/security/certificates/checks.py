"""What must be true of certificates, of clients that judge them, and of the student's CA.

Codes are OpenSSL's (include/openssl/x509_vfy.h), alerts TLS's (RFC 5246, section 7.2.2).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import http, ip, tcp, tls

read = load(Path(__file__).with_name("reading.py"))

NO_CONTENT = 204  # what each door answers to whoever comes in
HANDSHAKE_FAILED, NOT_TRUSTED = 35, 60  # curl(1), exit codes
SIGNATURE_FAILURE, EXPIRED, SELF_SIGNED_IN_CHAIN, NO_ISSUER = 7, 10, 19, 20
REVOKED, PATH_LENGTH, NOT_PERMITTED, WRONG_NAME, INVALID_CA = 23, 25, 47, 62, 79
NEVER = "no packet from or to the CA's host"


def door(evidence, params, name, command="knock"):
    """The TLS session at a door."""
    return read.session(evidence, command, params["doors"][name])


def accepted(evidence, params, name):
    found = read.verdict(evidence, params, name)
    expect(found.status == NO_CONTENT and found.exit == 0, done=f"curl, with the lab's root, knocked at {name!r}",
           expected=f"it is let in: HTTP {NO_CONTENT}", seen=found)


def refused(evidence, params, name, code, alert):
    """curl's own code and its alert; and it hangs up before it has sent anything that needs trust."""
    found, seen = read.verdict(evidence, params, name), door(evidence, params, name)
    done = f"curl, with the lab's root, knocked at the door {name!r} (port {seen.server.port})"
    expect(found.exit == NOT_TRUSTED and found.code == code, done=done, seen=found,
           expected=f"it refuses the certificate (60) with code {code}")
    complained(seen, done, alert)


def complained(seen, done, alert):
    expect(read.alerts(seen) == [alert], done=done, expected=f"one alert from the client, {alert}",
           seen=", ".join(read.alerts(seen)) or "none")
    sent = [record.name for record in seen.records if record.sender == tcp.CLIENT and record.encrypted]
    expect(not sent, done=done, expected="the client has encrypted nothing yet", seen=", ".join(sent))


# --- what a certificate is -----------------------------------------------------------------------------------------

def binds(evidence, params, name, *signers):
    """The certificate at a door binds the bank's name to the bank's key, and each of `signers` vouches for the one
    before it. Judged by the bytes on the wire."""
    own, done = read.chain(door(evidence, params, name))[0], f"took the certificate of {name!r} off the wire"
    expect(read.names(own) == [params["bank_name"]], done=done, expected=f"the name {params['bank_name']}",
           seen=", ".join(read.names(own)) or "no name")
    key = load_pem_public_key(evidence.text("bank-public-key").encode())
    expect(own.public_key() == key, done=done, expected="the public key that belongs to the bank's private key",
           seen="another key")
    below = own
    for signer in signers:
        (above,) = read.pem(evidence.json("certificates")[signer])
        expect(read.signed_by(below, above) and read.is_ca(above), done=done,
               expected=f"{below.subject.rfc4514_string()} signed by {above.subject.rfc4514_string()}, a CA",
               seen=f"its issuer is {below.issuer.rfc4514_string()}")
        below = above


@observation(2, claim="CRT-1",
             hint="Open the Certificate message of the door `good` in Wireshark: subject, issuer, key.")
def check_a_ca_below_binds_name_and_key(doors, params):
    """A CA below the root binds the bank's name to the bank's key; the root binds that CA's; the client accepts."""
    binds(doors, params, "good", "below", "root")
    accepted(doors, params, "good")


@observation(1, claim="CRT-1", hint="At this door the server sends a single certificate. Who signed it?")
def check_the_ca_itself_may_bind(doors, params):
    """The root itself may sign, too: one certificate is then enough, and the client accepts."""
    binds(doors, params, "direct", "root")
    sent = read.chain(door(doors, params, "direct"))
    expect(len(sent) == 1, done="counted the certificates at the door 'direct'", expected="1", seen=len(sent))
    accepted(doors, params, "direct")


@observation(2, claim="CRT-2",
        hint="scenes/doors/output/false-root.err: the same door, the same certificates, another root in the store.")
def check_own_store_decides(doors, params):
    """The client judges with the CA's key from its own store: a root of the same name with another key will not do."""
    accepted(doors, params, "good")
    got, seen = doors.command("false-root"), door(doors, params, "good", "false-root")
    same = seen.certificates == door(doors, params, "good").certificates
    expect(same, done=got.line, expected="the same certificates from the server", seen="others")
    said(got, SIGNATURE_FAILURE)
    complained(seen, got.line, "decrypt_error")


def said(command, code):
    """openssl s_client names this code, and no other."""
    found = [line for line in command.stderr.splitlines() if "verify error" in line]
    expect(len(found) == 1 and f"num={code}:" in found[0], done=command.line, expected=f"verify error:num={code}",
           seen="; ".join(found) or "no verify error")


def with_ca(evidence, first, last, where):
    """IP packets from or to the CA's host between two moments. (ARP requests are for everybody, and no question.)"""
    ca = evidence.ip("ca")
    return [frame for frame, packet in ip.packets(evidence.frames(where)) if first <= frame.time <= last
            and ca in (packet.source, packet.target)]


@observation(2, claim="CRT-2", hint="scenes/doors/captures/ca-eth0.pcap, from door to door: whom did the client ask?")
def check_no_packet_to_the_ca(doors, params):
    """The client accepts and refuses without a packet to the CA, though certificates say where it can be asked."""
    url = f"http://{doors.ip('ca')}/".encode()
    expect(url in door(doors, params, "good").certificates[0], done="looked into the bank's certificate",
           expected=f"{url.decode()} in it", seen="no such address")
    accepted(doors, params, "good")
    missing = read.verdict(doors, params, "broken")
    expect(missing.exit == NOT_TRUSTED, done="the client knocked at 'broken'", expected="a refusal (60)", seen=missing)
    for where in ("client", "ca"):
        packets = with_ca(doors, doors.mark("doors"), doors.mark("doors-end"), where)
        expect(not packets, done=f"captured at {where} while a client judged {len(params['doors'])} doors",
               expected=NEVER, seen=f"{len(packets)} packets")


@observation(2, claim="CRT-2", hint="ask-revoked runs with -crl_check -crl_download. Look at ca-eth0 while it does.")
def check_taken_back_is_known_to_the_ca_alone(doors, params):
    """The limit: a revoked certificate is accepted by who does not ask, and refused by who fetches the CA's list."""
    accepted(doors, params, "revoked")
    for name in ("good", "revoked"):
        ran = doors.command(f"ask-{name}")
        lists = [one for connection in tcp.connections(doors.frames("ca")) if ran.start <= connection.time <= ran.end
                 for one in http.of_connection(connection)]
        expect(lists and lists[0].request.start_line.startswith("GET /below.crl ") and lists[0].response.status == 200,
               done=ran.line, expected="at the CA's host: GET /below.crl, 200", seen=f"{len(lists)} requests")
    good, revoked = doors.command("ask-good"), doors.command("ask-revoked")
    expect(good.status == 0, done=good.line, expected="status 0", seen=f"{good.status}: {good.stderr[-200:]}")
    said(revoked, REVOKED)
    complained(door(doors, params, "revoked", "ask-revoked"), revoked.line, "certificate_revoked")


# --- first the certificate, then the signature ---------------------------------------------------------------------

@observation(2, claim="CRT-3",
             hint="scenes/doors/output/look-stolen.err: how far does the client get, and no further, why?")
def check_a_copied_certificate_fails_at_the_signature(doors, params):
    """Who copies the bank's certificate but not its key: the certificate passes, then the signature is refused."""
    got, seen = doors.command("look-stolen"), door(doors, params, "stolen", "look-stolen")
    expect(seen.certificates == door(doors, params, "good").certificates, done=got.line,
           expected="the very certificates of the door 'good'", seen="others")
    expect(read.key_exchange_is_signed(door(doors, params, "good")) and not read.key_exchange_is_signed(seen),
           done="computed whether the key exchange is signed with the certificate's key",
           expected="at the door 'good' it is, at 'stolen' it is not", seen="not so")
    lines = got.stderr.splitlines()
    passed = [number for number, line in enumerate(lines) if line == "verify return:1"]
    failed = [number for number, line in enumerate(lines) if "bad signature" in line]
    expect(len(passed) == 3 and failed and passed[-1] < failed[0] and "verify error" not in got.stderr, done=got.line,
           expected="three certificates pass (verify return:1), and only then: bad signature", seen=got.stderr[-300:])
    complained(seen, got.line, "decrypt_error")


@observation(2, claim="CRT-3", hint="Two things are wrong at this door. About which of them does the client complain?")
def check_the_certificate_comes_first(doors, params):
    """With both the certificate and the signature bad, the client complains about the certificate."""
    seen = door(doors, params, "stolen-expired")
    expect(not read.key_exchange_is_signed(seen), done="computed the signature at the door 'stolen-expired'",
           expected="it is not made with the certificate's key", seen="it is")
    refused(doors, params, "stolen-expired", EXPIRED, "certificate_expired")


# --- each refused for its own reason -------------------------------------------------------------------------------

@observation(1, claim="CRT-4", hint="The chain is whole, each signature is right. Who is at its top?")
def check_unknown_ca_is_refused(doors, params):
    """A certificate of a CA that the client does not know: self-signed certificate in chain; unknown_ca."""
    refused(doors, params, "unknown", SELF_SIGNED_IN_CHAIN, "unknown_ca")


@observation(2, claim="CRT-4",
             hint="scenes/doors/output/look-altered.err. What did Mallory change, and what covers it?")
def check_altered_certificate_is_refused(doors, params):
    """Mallory writes the bank's name into his own true certificate: the CA's signature no longer fits."""
    got, seen = doors.command("look-altered"), door(doors, params, "altered", "look-altered")
    own = read.chain(seen)[0]
    (below,) = read.pem(doors.json("certificates")["below"])
    expect(read.names(own) == [params["bank_name"]] and own.issuer == below.subject and not read.signed_by(own, below),
           done="looked at the certificate of the door 'altered'",
           expected="the bank's name, the true CA as issuer, and a signature that does not fit",
           seen=f"{read.names(own)} by {own.issuer.rfc4514_string()}, signed: {read.signed_by(own, below)}")
    said(got, SIGNATURE_FAILURE)
    complained(seen, got.line, "decrypt_error")
    found = read.verdict(doors, params, "altered")
    expect(found.exit == HANDSHAKE_FAILED, done="curl knocked at the same door", expected="no connection (35)",
           seen=found)


@observation(1, claim="CRT-4", hint="Compare notAfter with the day of the run.")
def check_expired_is_refused(doors, params):
    """A certificate whose time is over: certificate has expired; certificate_expired."""
    refused(doors, params, "expired", EXPIRED, "certificate_expired")


@observation(2, claim="CRT-4", hint="scenes/doors/output/look-other-name.err, and curl's words about the same door.")
def check_wrong_name_is_refused(doors, params):
    """A perfect certificate for another name: hostname mismatch. The chain is not to blame."""
    got, seen = doors.command("look-other-name"), door(doors, params, "other-name", "look-other-name")
    own = read.chain(seen)[0]
    expect(read.names(own) == [params["other_name"]], done=got.line, seen=", ".join(read.names(own)),
           expected=f"a certificate for {params['other_name']}")
    said(got, WRONG_NAME)
    complained(seen, got.line, "bad_certificate")
    found = read.verdict(doors, params, "other-name")
    expect(found.exit == NOT_TRUSTED and "subject name" in found.words, done="curl knocked at the same door",
           expected="it refuses (60) because of the name", seen=found)


@observation(1, claim="CRT-4",
             hint="How many certificates does the server send, and how many lie between it and the root?")
def check_broken_chain_is_refused(doors, params):
    """The bank's own good certificate without the one between: unable to get local issuer certificate."""
    seen, good = door(doors, params, "broken"), door(doors, params, "good")
    expect(seen.certificates == good.certificates[:1], done="looked at the certificates of 'broken'",
           expected="the first certificate of 'good', and nothing else", seen=f"{len(seen.certificates)} certificates")
    refused(doors, params, "broken", NO_ISSUER, "unknown_ca")


@observation(2, claim="CRT-4", hint="Whose certificate is the second one at this door, and what may its owner sign?")
def check_not_a_ca_is_refused(doors, params):
    """Mallory signs with the key of his own true server certificate: each signature fits, but he is no CA."""
    own, second, third = (read.chain(door(doors, params, "not-a-ca")) + [None] * 3)[:3]
    expect(own and second and third and read.signed_by(own, second) and read.signed_by(second, third)
           and not read.is_ca(second), done="followed the chain at the door 'not-a-ca'",
           expected="three certificates, each signed by the next, the second with CA:FALSE", seen="another chain")
    refused(doors, params, "not-a-ca", INVALID_CA, "unknown_ca")


# --- your CA -------------------------------------------------------------------------------------------------------

def yours(evidence, file):
    """The certificates in a file that build.sh made."""
    found = read.pem(evidence.text(f"build/{file}"))
    expect(found, done="ran your build.sh", expected=f"a certificate in {file}", seen="none")
    return found


def told(command):
    return f"status {command.status}: {(command.stderr or command.stdout).strip()[-300:]}"


@points(4, claim="CRT-1", hint="scenes/own_ca/output/visit.out ends with curl's own words; the handout has them.")
def check_a_real_client_accepts_your_chain(own_ca, params):
    """curl, with your root as its only root, gets the shop's page."""
    url = f"https://{params['shop_name']}/"
    got = own_ca.command("visit")
    found = read.verdicts(own_ca, "visit").get(url)
    expect(found and found.status == 200 and found.exit == 0 and params["token"] in got.stdout, done=got.line,
           expected=f"HTTP 200 and {params['token']!r}", seen=found or told(got))


@points(2, claim="CRT-1", hint="openssl verify -x509_strict says what RFC 5280 wants and your certificates lack.")
def check_a_strict_verifier_accepts_your_chain(own_ca):
    """A verifier that insists on RFC 5280 finds nothing to complain about."""
    got = own_ca.command("judge-shop")
    expect(got.status == 0, done=got.line, expected="OK", seen=told(got))
    # OpenSSL does not look at this one: RFC 5280, section 4.2.1.10.
    lax = [file for file in ("intermediate.crt", "root.crt") for one in yours(own_ca, file)[0].extensions
           if isinstance(one.value, x509.NameConstraints) and not one.critical]
    expect(not lax, done="looked at your nameConstraints", expected="marked critical",
           seen=f"not so in {', '.join(lax)}")


@points(2, claim="CRT-1", hint="The root signs the intermediate and nothing else; the intermediate signs the shop.")
def check_your_chain_has_a_ca_below(own_ca, params):
    """On the wire: the shop's certificate, then your intermediate's, which your root has signed."""
    sent = read.chain(read.session(own_ca, "visit", 443))
    (root, *more), (intermediate, *others) = yours(own_ca, "root.crt"), yours(own_ca, "intermediate.crt")
    expect(not more and not others, done="ran your build.sh", expected="one certificate each in root.crt and "
           "intermediate.crt", seen=f"{1 + len(more)} and {1 + len(others)}")
    done = "took the shop's certificates off the wire"
    expect("PRIVATE KEY" not in own_ca.text("build/chain.pem"), done="read your chain.pem",
           expected="certificates, and nothing else", seen="a private key")
    expect(sent[1:] in ([intermediate], [intermediate, root]), done=done,  # the root may come along: RFC 8446, 4.4.2
           expected="after the shop's own one that of your intermediate", seen=f"{len(sent)} certificates, not so")
    expect(read.signed_by(sent[0], intermediate) and read.signed_by(intermediate, root)
           and read.signed_by(root, root) and root != intermediate, done=done,
           expected="shop signed by intermediate, intermediate by root, root by itself",
           seen=" <- ".join(one.issuer.rfc4514_string() for one in sent))
    expect(root.public_key() != intermediate.public_key(), done="compared the keys of your CAs",
           expected="another one in each", seen="one and the same: who steals the intermediate's has the root's")


def of_the_shop(evidence):
    """The shop's certificate, and the request that it answers."""
    own, *_ = yours(evidence, "chain.pem")
    return own, read.parsed(x509.load_pem_x509_csr, evidence.text("shop.csr").encode())


OWN = "looked at the first certificate of your chain.pem"


@points(1, hint="The request brings the shop's public key; the CA needs no key of the shop's beside it.")
def check_you_bind_the_shops_key(own_ca):
    """The shop's certificate is for the key in its request."""
    own, request = of_the_shop(own_ca)
    expect(own.public_key() == request.public_key(), done=OWN, expected="the key of the shop's request",
           seen="another key")


@points(2, claim="CRT-1",
        hint="Look at the request: openssl req -in shop.csr -noout -text. What may the CA grant of it?")
def check_you_grant_no_more_than_the_name(own_ca, params):
    """The shop's certificate binds its name, and no other that its request asked for, or anybody."""
    own, _ = of_the_shop(own_ca)
    given = read.extension(own, x509.SubjectAlternativeName)
    said = [f"{type(one).__name__} {one.value}" for one in given or ()]
    expect({one.lower() for one in said} == {f"dnsname {params['shop_name']}"}, done=OWN,
           expected=f"for {params['shop_name']} alone", seen=", ".join(said) or "no name in subjectAltName")
    common = [str(one.value).lower() for one in own.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    expect(set(common) <= {params["shop_name"]}, done=OWN, expected="the same name in the subject, or none",
           seen=common)


@points(2,
        hint="basicConstraints, keyUsage, extendedKeyUsage: say what a server needs. What is copied from the request?")
def check_you_grant_no_other_wish(own_ca):
    """The shop's certificate makes it a server and nothing else, whatever its request wished for."""
    own, request = of_the_shop(own_ca)
    basic, usage, purposes = (read.extension(own, kind) for kind in (x509.BasicConstraints, x509.KeyUsage,
                                                                    x509.ExtendedKeyUsage))
    expect(basic and not basic.ca, done=OWN, expected="basicConstraints with CA:FALSE", seen=basic or "none")
    expect(not usage or not usage.key_cert_sign, done=OWN, expected="a keyUsage without keyCertSign", seen=usage)
    expect(purposes and list(purposes) == [x509.ExtendedKeyUsageOID.SERVER_AUTH], done=OWN,
           expected="extendedKeyUsage: serverAuth",
           seen=", ".join(one.dotted_string for one in purposes or ()) or "none")
    wished = {one.oid for one in request.extensions} - {one.oid for one in KNOWN}
    copied = [one.oid.dotted_string for one in own.extensions if one.oid in wished]
    expect(not copied, done=OWN, expected="no other extension of the request's", seen=", ".join(copied))


#: Extensions of the request that a CA gives contents of its own.
KNOWN = (x509.SubjectAlternativeName, x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage)


@points(2, hint="-days, and how many; variant.toml has it.")
def check_your_certificate_is_for_the_days_asked(own_ca, params):
    """The shop's certificate is valid from now on, for as many days as asked."""
    own, _ = of_the_shop(own_ca)
    begin, end = own.not_valid_before_utc, own.not_valid_after_utc
    now = datetime.fromtimestamp(own_ca.start_ns / 1e9 + own_ca.command("build").end, UTC)
    hour, done = timedelta(hours=1), "looked at the dates of the shop's certificate"
    expect(now - hour <= begin <= now, done=done, expected=f"valid from now on, {now:%Y-%m-%d %H:%M}",
           seen=f"from {begin:%Y-%m-%d %H:%M}")
    expect(abs(end - now - timedelta(days=params["days"])) <= hour, done=done,
           expected=f"for {params['days']} days, to an hour", seen=f"until {end:%Y-%m-%d %H:%M}: {end - now}")


@points(1, claim="CRT-4", hint="What is signed by a certificate is worth nothing once that one has expired.")
def check_your_lifetimes_are_nested(own_ca):
    """The intermediate outlives the shop's certificate, and the root outlives both."""
    ends = [yours(own_ca, file)[0].not_valid_after_utc for file in ("chain.pem", "intermediate.crt", "root.crt")]
    expect(ends[0] < ends[1] < ends[2], done="looked at the dates of your certificates",
           expected="shop ends before intermediate, intermediate before root",
           seen=", ".join(f"{end:%Y-%m-%d %H:%M:%S}" for end in ends))


def limited(evidence, command, code):
    """The thief's work is refused for this reason; within the limits it is accepted, or this would mean little."""
    got = evidence.command(command)
    expect(got.status != 0 and f"error {code} at" in got.stderr, done=got.line, expected=f"error {code}",
           seen=told(got))
    within = evidence.command("judge-own")
    expect(within.status == 0, done=within.line, expected="a certificate for the shop's own name is accepted",
           seen=told(within))


@points(2, claim="CRT-4", hint="basicConstraints of the intermediate: how many CAs may follow below it?")
def check_your_intermediate_makes_no_cas(own_ca):
    """Whoever steals your intermediate's key cannot make a CA below it: path length constraint exceeded."""
    limited(own_ca, "judge-below", PATH_LENGTH)


@points(3, claim="CRT-4", hint="nameConstraints, RFC 5280 section 4.2.1.10.")
def check_your_intermediate_stays_in_its_domain(own_ca):
    """Whoever steals your intermediate's key cannot sign for other domains: permitted subtree violation."""
    limited(own_ca, "judge-foreign", NOT_PERMITTED)
    limited(own_ca, "judge-elsewhere", NOT_PERMITTED)


# --- your answers --------------------------------------------------------------------------------------------------

@points(4, claim="CRT-4", hint="curl's words are in scenes/doors/output/knock.out, the certificates in the capture.")
def check_answers_doors(answers, params, doors):
    """You know which door is which."""
    for name in ("unknown", "altered", "expired", "other-name", "broken", "not-a-ca", "stolen", "direct"):
        key = f"port_{name.replace('-', '_')}"
        expect(door(doors, params, name), expected=f"a session at the door {name}")
        same(answers.integer(key), params["doors"][name], key)


@points(2, claim="CRT-4", hint="Wireshark: tls.handshake.certificate. The validity's end; the second name at a door.")
def check_answers_certificates(answers, params, doors):
    """You read the certificates themselves."""
    over = read.chain(door(doors, params, "expired"))[0].not_valid_after_utc
    days = (datetime.fromtimestamp(doors.start_ns / 1e9, UTC) - over).days
    same(answers.integer("days_expired"), days, "days_expired")
    thief = read.chain(door(doors, params, "not-a-ca"))[-2]  # below the CA, above the forgery
    same(answers.text("thief_name").lower(), read.names(thief)[0], "thief_name")


@points(1, claim="CRT-2",
        hint="Filter captures/ca-eth0.pcap of scenes/doors by ip. doors and doors-end are in timeline.jsonl.")
def check_answer_packets_to_the_ca(answers, doors):
    """You counted the packets that the CA's host exchanged with anybody while the doors were judged."""
    packets = with_ca(doors, doors.mark("doors"), doors.mark("doors-end"), "ca")
    same(answers.integer("packets_to_ca"), len(packets), "packets_to_ca")


@points(2, claim="CRT-3", hint="Which message of the server carries a signature, and how does the client take it?")
def check_answers_order(answers, params, doors):
    """You saw where the signature is, and what is complained about when everything is wrong."""
    stolen, both = (door(doors, params, name) for name in ("stolen", "stolen-expired"))
    same(read.chosen(answers, "signed_message", tls.HANDSHAKES.values()), tls.HANDSHAKES[read.SERVER_KEY_EXCHANGE],
         "signed_message")
    same(read.chosen(answers, "alert_stolen", tls.ALERTS.values()), ", ".join(read.alerts(stolen)), "alert_stolen")
    same(read.chosen(answers, "alert_both", tls.ALERTS.values()), ", ".join(read.alerts(both)), "alert_both")
