"""Ways to break the tls lab: other clients and servers, a Mallory at rest, plausible wrong programs, wrong answers."""

from mnlab.checks import mutant

ENOUGH = ("rsa_for_tls13", "one_record_only", "no_encryption", "young_client", "foreign_suite", "careless_client",
          "ecdhe_for_rsa")


def offering(way: str, choose) -> None:
    """The client of `way` offers other suites: choose(what it would offer) for each way -> a list."""
    from lab import steps
    original = steps.offer
    steps.offer = lambda p, name: choose(lambda other: original(p, other)) if name == way else original(p, name)


def server_options(*options: str) -> None:
    from lab import steps
    steps.SERVER_OPTIONS = (*steps.SERVER_OPTIONS, *options)


# --- clients and servers -------------------------------------------------------------------------------------------

@mutant.network("the server takes the client's favourite")
def client_decides(net, params):
    from lab import steps
    steps.SERVER_OPTIONS = tuple(option for option in steps.SERVER_OPTIONS if option != "-serverpref")


@mutant.network("the server does not know TLS 1.3")
def no_tls13(net, params):
    server_options("-no_tls1_3")


@mutant.network("the server refuses TLS 1.0")
def no_tls10(net, params):
    from lab import steps
    steps.SERVER_OPTIONS = ("-serverpref", "-min_protocol", "TLSv1.2")


@mutant.network("the client of 1996 is one of 2008, and says TLS 1.2")
def young_client(net, params):
    from lab import steps
    original = steps.ssl3_hello

    def hello(random, suites):
        data = original(random, [0x009C, 0x009D, 0x009C])  # AES128-GCM-SHA256 and AES256-GCM-SHA384
        return data.replace(bytes.fromhex(f"0300{random}"), bytes.fromhex(f"0303{random}"))
    steps.ssl3_hello = hello


@mutant.network("the server has the suite that it should not have")
def foreign_suite(net, params):
    from lab import steps
    original = steps.old
    steps.old = lambda p: [*original(p), "AES256-CCM"]


@mutant.network("the server takes what the client guesses, too")
def all_groups(net, params):
    from lab import steps
    steps.server_groups = lambda p: f"{p['_group']}:{p['_other_group']}"


@mutant.network("the client checks no certificate")
def careless_client(net, params):
    from lab import steps
    steps.ROOT = steps.WRONG_ROOT = ("--insecure",)


@mutant.network("the root that signed is not the root that the client has")
def wrong_root(net, params):
    from lab import steps
    steps.ROOT, steps.WRONG_ROOT = steps.WRONG_ROOT, steps.ROOT


@mutant.network("the client of rsa offers ECDHE alone")
def ecdhe_for_rsa(net, params):
    offering("rsa", lambda offer: offer("ecdhe")[1:])


@mutant.network("the client of ecdhe offers RSA key exchange alone")
def rsa_for_ecdhe(net, params):
    offering("ecdhe", lambda offer: offer("ecdhe")[:1])


@mutant.network("the client of tls13 speaks TLS 1.2, with RSA key exchange")
def rsa_for_tls13(net, params):
    from lab import steps
    steps.modern = lambda p: steps.tls12(*steps.offer(p, "rsa"))


@mutant.network("a suite that authenticates and does not encrypt (RFC 4492: TLS_ECDHE_RSA_WITH_NULL_SHA)")
def no_encryption(net, params):
    from lab import steps
    null = "ECDHE-RSA-NULL-SHA"
    original = steps.old
    steps.old = lambda p: [*original(p), null]
    offering("ecdhe", lambda offer: [f"{null}:@SECLEVEL=0"])
    steps.picked = lambda p, way: null


@mutant.network("Mallory changes nothing")
def no_flip(net, params):
    run = net["s1"].run
    net["s1"].run = lambda command, **options: None if list(command)[:1] == ["tc"] else run(command, **options)


@mutant.network("Mallory flips a whole byte")
def whole_byte(net, params):
    run = net["s1"].run

    def changed(command, input=None, **options):
        text = input and input.replace(f"retain {1 << params['flip']['bit']:#x}", "retain 0xff")
        return run(command, input=text, **options)
    net["s1"].run = changed


@mutant.network("the client logs no keys")
def no_client_log(net, params):
    from lab import steps
    steps.CURL = ("env", "-u", "SSLKEYLOGFILE", *steps.CURL)


@mutant.network("hellos of any size in one record")
def one_record(net, params):
    from lab import steps
    steps.FRAGMENT = "4096"


# --- what no end of a session here can be made to do ---------------------------------------------------------------

def swapped(text: str) -> str:
    """The digits of every secret the other way round."""
    return "\n".join(" ".join([*words[:-1], words[-1][::-1]]) if len(words) == 3 else " ".join(words)
                     for words in map(str.split, text.splitlines())) + "\n"


@mutant.forged("the server derived other keys")
def other_keys(evidence):
    evidence.rewrite_text("files/server.keys", swapped)


@mutant.forged("the client locked another secret than it used")
def other_premaster(evidence):
    evidence.rewrite_text("files/client.keys", lambda text: "\n".join(
        swapped(line).strip() if line.startswith("RSA ") else line for line in text.splitlines()))


def in_stream(old: bytes, new: bytes):
    """A change of frames: `old` becomes `new`, of the same length, wherever it stands in a segment."""
    def change(packet, _):
        data = bytes(packet["TCP"].payload) if packet.haslayer("TCP") else b""
        if old not in data:
            return packet
        packet["TCP"].remove_payload()
        return packet / data.replace(old, new)
    return change


def sessions(evidence, *numbers):
    """The TLS sessions that eve saw, by their place in the experiment."""
    from mnlab.protocols import tls
    from mnlab.protocols.capture import read_capture
    found = tls.sessions(read_capture(evidence.folder / "captures/eve-eth0.pcap"))
    return [found[number] for number in numbers]


@mutant.forged("the server's signature over its key share is another one")
def other_signature(evidence):
    from mnlab.protocols import tls
    (seen,) = sessions(evidence, 3)  # ecdhe
    body = next(message.data for message in seen.handshakes if message.type == tls.SERVER_KEY_EXCHANGE)
    evidence.rewrite_frames("eve", in_stream(body[-16:], body[-1:-17:-1]))


@mutant.forged("the server keeps one pair of keys for all sessions")
def static_keys(evidence):
    first, second = (seen.server_hello.extensions["key_share"][4:] for seen in sessions(evidence, 4, 9))
    evidence.rewrite_frames("eve", in_stream(second, first))


# --- the student's program -----------------------------------------------------------------------------------------

@mutant.work("the first record is taken for the whole message")
def one_record_only(work, params):
    work.edit("hello.py", 'len(message) - 4 >= int.from_bytes(message[1:4], "big")', "True")


@mutant.work("every hello is taken to have extensions")
def extensions_always(work, params):
    work.edit("hello.py", 'body.vector(2) if body else Bytes(b"")', "body.vector(2)")


@mutant.work("the version is taken from the version field")
def old_field(work, params):
    work.edit("hello.py", "    found |= reader(extensions)\n",
              "    found |= reader(extensions)\n    found[\"versions\"] = [found[\"legacy_version\"]]\n")


@mutant.work("a session id is taken to have 32 bytes")
def long_id(work, params):
    work.edit("hello.py", "body.vector(1).data.hex()", "body.take(body.number(1) and 32 or 32).hex()")


@mutant.work("the client's length byte is looked for in the server's supported_versions")
def vector_at_server(work, params):
    work.edit("hello.py", "dotted(extensions[SUPPORTED_VERSIONS].number(2))",
              "dotted(extensions[SUPPORTED_VERSIONS].vector(1).number(1))")


@mutant.work("a HelloRetryRequest is taken for a ServerHello")
def no_retry(work, params):
    work.edit("hello.py", 'found["random"] == RETRY', "False")


@mutant.work("alerts are not read")
def no_alerts(work, params):
    work.edit("hello.py", '"level": contents.number(1), "description": contents.number(1)', '"level": 2')


@mutant.work("suites are counted, not measured")
def suites_counted(work, params):
    work.edit("hello.py", 'found["suites"] = body.vector(2).numbers()',
              'found["suites"] = [body.number(2) for _ in range(body.number(2))]')


@mutant.work("the compression methods are forgotten")
def no_compression(work, params):
    work.edit("hello.py", "        body.vector(1)  # compression methods\n", "")


@mutant.work("the name is printed with its length before it")
def name_with_length(work, params):
    work.edit("hello.py", "names.vector(2).data.decode()", "names.data.decode('latin-1')")


# --- wrong answers -------------------------------------------------------------------------------------------------

@mutant.answers("offsets are counted from the message, not from the record")
def from_message(answers, params):
    offset, size, value = answers["client_first_suite"]
    answers["client_first_suite"] = [offset - 5, size, value]


@mutant.answers("the record is taken to be of TLS 1.3")
def record_of_13(answers, params):
    answers["client_record_version"] = [1, 2, 0x0304]


@mutant.answers("the server's version is taken from the version field")
def version_field(answers, params):
    answers["server_version"] = answers["server_legacy_version"]


@mutant.answers("the client's favourite is taken for the server's pick")
def favourite(answers, params):
    answers["place_in_offer"] = 1


@mutant.answers("the private key is taken to open all of TLS 1.2")
def opens_ecdhe(answers, params):
    answers["private_key_opens"] = ["rsa", "ecdhe"]


@mutant.answers("the locked bytes are given for the secret in them")
def still_locked(answers, params):
    answers["premaster"] = answers["premaster"][4:] + "0000"


@mutant.answers("the words of two sessions are mixed up")
def mixed_words(answers, params):
    answers["word_rsa"], answers["word_ecdhe"] = answers["word_ecdhe"], answers["word_rsa"]


@mutant.answers("SSL 3.0 is taken to be refused with TLS's own alert, protocol_version")
def tls_alert(answers, params):
    answers["alert_ssl3"] = 70


@mutant.answers("the flipped bit is taken for a failure to decrypt")
def decrypt_error(answers, params):
    answers["alert_flipped"] = 51


@mutant.answers("the tag alone is counted")
def tag_alone(answers, params):
    answers["overhead_tls13"] = 16
