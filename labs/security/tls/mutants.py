"""Ways to break the tls lab: other clients and servers, a Mallory at rest, plausible wrong programs, wrong answers."""

from mnlab.checks import mutant

RETRY_TEST = 'found["random"] == RETRY'

ENOUGH = ("one_object", "rsa_for_tls13", "no_encryption", "young_client", "foreign_suite", "careless_client",
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

@mutant.work("a file's name is printed with its folder", breaks="R1")
def with_folder(work, params):
    work.edit("hello.py", '{"file": path.name}', '{"file": str(path)}')


@mutant.work("the folder is cut off if it is given/, and no other", breaks="R1")
def given_is_cut(work, params):
    work.edit("hello.py", '{"file": path.name}', '{"file": str(path).removeprefix("given/")}')


@mutant.work("the lines are one object", breaks="R1")
def one_object(work, params):
    work.edit("hello.py", "    for path in map(Path, sys.argv[1:]):\n"
              '        print(json.dumps({"file": path.name} | read(path.read_bytes())))',
              "    print(json.dumps({path.name: read(path.read_bytes()) for path in map(Path, sys.argv[1:])}))")


@mutant.work("each object takes several lines", breaks="R1")
def indented(work, params):
    work.edit("hello.py", "read(path.read_bytes())))", "read(path.read_bytes()), indent=1))")


@mutant.work("each file is announced", breaks="R1")
def announced(work, params):
    work.edit("hello.py", "        print(json", "        print('reading', path)\n        print(json")


@mutant.work("Python's dictionaries are printed, and no JSON", breaks="R1")
def no_json(work, params):
    work.edit("hello.py", 'print(json.dumps({"file": path.name} | read(path.read_bytes())))',
              'print({"file": path.name} | read(path.read_bytes()))')


@mutant.work("only the client's files are read", breaks="R1")
def clients_only(work, params):
    work.edit("hello.py", "in map(Path, sys.argv[1:]):", "in map(Path, sys.argv[1:]):\n"
              "        if path.suffix == '.server':\n            continue")


@mutant.work("the record's version is that of the message", breaks="R2")
def one_version(work, params):
    work.edit("hello.py", "return found | hello(rest.number(1), rest.vector(3))",
              "return (lambda said: said | {'record_version': said['legacy_version']})"
              "(found | hello(rest.number(1), rest.vector(3)))")


@mutant.work("the message's version is that of the record", breaks="R2")
def records_version(work, params):
    work.edit("hello.py", "return found | hello(rest.number(1), rest.vector(3))",
              "return found | hello(rest.number(1), rest.vector(3)) | {'legacy_version': found['record_version']}")


@mutant.work("of several records the last one's version is told", breaks="R2")
def last_records_version(work, params):
    work.edit("hello.py", 'found.setdefault("record_version", dotted(version))',
              'found["record_version"] = dotted(version)')


@mutant.work("of an alert no version is told", breaks="R2")
def alert_without_version(work, params):
    work.edit("hello.py", 'return found | {"message": "Alert"', 'return {"message": "Alert"')


@mutant.work("every record is taken to be of TLS 1.0", breaks="R2")
def constant_version(work, params):
    work.edit("hello.py", 'found.setdefault("record_version", dotted(version))', 'found["record_version"] = "3.1"')


@mutant.work("a session id is taken to have 32 bytes, or none", breaks="R3")
def long_id(work, params):
    work.edit("hello.py", "body.vector(1).data.hex()", "body.take(32 * bool(body.number(1))).hex()")


@mutant.work("a session id is printed with its length before it", breaks="R3")
def id_with_length(work, params):
    work.edit("hello.py", '"session_id": body.vector(1).data.hex()}',
              '"session_id": (lambda data: f"{len(data):02x}{data.hex()}" if data else "")(body.vector(1).data)}')


@mutant.work("four bytes of the random value are taken for the time, and left out", breaks="R3")
def without_time(work, params):
    work.edit("hello.py", '"random": body.take(32).hex()', '"random": body.take(32)[4:].hex()')
    work.edit("hello.py", RETRY_TEST, f'{RETRY_TEST[:-5]}RETRY[8:]')


@mutant.work("random and session id are printed in base64", breaks="R3")
def in_base64(work, params):
    work.edit("hello.py", "body.vector(1).data.hex()", "__import__('base64').b64encode(body.vector(1).data).decode()")


@mutant.work("suites are counted, not measured", breaks="R4")
def suites_counted(work, params):
    work.edit("hello.py", 'found["suites"] = body.vector(2).numbers()',
              'found["suites"] = [body.number(2) for _ in range(body.number(2))]')


@mutant.work("suites that are no suites (GREASE, signals) are left out", breaks="R4")
def known_suites(work, params):
    work.edit("hello.py", "body.vector(2).numbers()",
              "[suite for suite in body.vector(2).numbers() if suite & 0x0f0f != 0x0a0a]")


@mutant.work("suites are sorted", breaks="R4")
def sorted_suites(work, params):
    work.edit("hello.py", "body.vector(2).numbers()", "sorted(body.vector(2).numbers())")


@mutant.work("the server's suite is a number, and no list", breaks="R4")
def bare_suite(work, params):
    work.edit("hello.py", '[body.number(2)]\n        body.number(1)', 'body.number(2)\n        body.number(1)')


@mutant.work("suites are printed in hexadecimal", breaks="R4")
def hexadecimal_suites(work, params):
    work.edit("hello.py", "body.vector(2).numbers()", "[hex(suite) for suite in body.vector(2).numbers()]")


@mutant.work("the compression methods are forgotten")
def no_compression(work, params):
    work.edit("hello.py", "        body.vector(1)  # compression methods\n", "")


@mutant.work("there is taken to be one compression method", breaks="R5")
def one_compression(work, params):
    work.edit("hello.py", "body.vector(1)  # compression methods", "body.number(2)")


@mutant.work("extensions are sorted", breaks="R5")
def sorted_extensions(work, params):
    work.edit("hello.py", "list(extensions)", "sorted(extensions)")


@mutant.work("only extensions of the year 2018 are listed", breaks="R5")
def known_extensions(work, params):
    work.edit("hello.py", "list(extensions)", "[number for number in extensions if number <= 51 or number == 0xff01]")


@mutant.work("only the three extensions that are read are listed", breaks="R5")
def three_extensions(work, params):
    work.edit("hello.py", "list(extensions)",
              "[number for number in extensions if number in (SERVER_NAME, SUPPORTED_VERSIONS, KEY_SHARE)]")


@mutant.work("empty extensions are left out", breaks="R5")
def full_extensions(work, params):
    work.edit("hello.py", "list(extensions)", "[number for number in extensions if extensions[number]]")


@mutant.work("the version is taken from the version field", breaks="R6")
def old_field(work, params):
    work.edit("hello.py", "    found |= reader(extensions)\n",
              "    found |= reader(extensions)\n    found[\"versions\"] = [found[\"legacy_version\"]]\n")


@mutant.work("the client's length byte is looked for in the server's supported_versions", breaks="R6")
def vector_at_server(work, params):
    work.edit("hello.py", "dotted(extensions[SUPPORTED_VERSIONS].number(2))",
              "dotted(int.from_bytes(extensions[SUPPORTED_VERSIONS].data[1:].ljust(2, b'\\0'), 'big'))")


@mutant.work("versions that nobody knows are left out", breaks="R6")
def known_versions(work, params):
    work.edit("hello.py", ".vector(1).numbers()]", ".vector(1).numbers() if version >> 8 == 3]")


@mutant.work("versions are sorted, the newest first", breaks="R6")
def sorted_versions(work, params):
    work.edit("hello.py", 'extensions[SUPPORTED_VERSIONS].vector(1).numbers()]',
              "sorted(extensions[SUPPORTED_VERSIONS].vector(1).numbers(), reverse=True)]")


@mutant.work("a list of key shares has one at least", breaks="R7")
def one_share_at_least(work, params):
    work.edit("hello.py", "        while shares:\n", "        while shares or not found['key_shares']:\n")


@mutant.work("key shares are sorted", breaks="R7")
def sorted_shares(work, params):
    work.edit("hello.py", "            shares.vector(2)\n",
              "            shares.vector(2)\n        found['key_shares'].sort()\n")


@mutant.work("of a hello without extensions no version is told", breaks="R6")
def bare_without_versions(work, params):
    work.edit("hello.py", '    found["versions"], found["key_shares"] =', "    if not extensions:\n"
              '        return found | {"message": {1: "ClientHello", 2: "ServerHello"}[kind]}\n'
              '    found["versions"], found["key_shares"] =')


@mutant.work("of a HelloRetryRequest no version is told", breaks="R6")
def retry_without_versions(work, params):
    work.edit("hello.py", '    found["message"] = "Hello', '    if retry:\n        del found["versions"]\n'
              '    found["message"] = "Hello')


@mutant.work("only the first of the versions is told", breaks="R6")
def first_version(work, params):
    work.edit("hello.py", ".vector(1).numbers()]", ".vector(1).numbers()[:1]]")


@mutant.work("without supported_versions no version is told", breaks="R6")
def no_fallback(work, params):
    work.edit("hello.py", 'found["versions"], found["key_shares"] = [found["legacy_version"]], []',
              'found["versions"], found["key_shares"] = [], []')


@mutant.work("only the first key share is told", breaks="R7")
def first_share(work, params):
    work.edit("hello.py", "            shares.vector(2)\n", "            shares.data = b''\n")


@mutant.work("every key share is taken to have 32 bytes", breaks="R7")
def short_shares(work, params):
    work.edit("hello.py", "            shares.vector(2)\n", "            shares.data = shares.data[34:]\n")


@mutant.work("key shares that nobody knows are left out", breaks="R7")
def known_shares(work, params):
    work.edit("hello.py", 'found["key_shares"].append(shares.number(2))',
              'found["key_shares"] += [group for group in [shares.number(2)] if group & 0x0f0f != 0x0a0a]')


@mutant.work("without key shares there is no list of them", breaks="R7")
def null_shares(work, params):
    work.edit("hello.py", '[found["legacy_version"]], []', '[found["legacy_version"]], None')


@mutant.work("the server's key share is left out", breaks="R7")
def no_server_share(work, params):
    work.edit("hello.py", 'found["key_shares"] = [extensions[KEY_SHARE].number(2)]',
              'found["key_shares"] = [extensions[KEY_SHARE].number(2)] if len(extensions[KEY_SHARE].data) < 3 else []')


@mutant.work("the name is printed with its length before it", breaks="R8")
def name_with_length(work, params):
    work.edit("hello.py", "names.vector(2).data.decode()", "names.data.decode('latin-1')")


@mutant.work("where there is no name it is empty", breaks="R8")
def empty_name(work, params):
    work.edit("hello.py", '{"server_name": None}', '{"server_name": ""}')


@mutant.work("where there is no name nothing is said of it", breaks="R8")
def no_name(work, params):
    work.edit("hello.py", '{"server_name": None}', "{}")


@mutant.work("the server's name is given in small letters", breaks="R8")
def small_letters(work, params):
    work.edit("hello.py", "names.vector(2).data.decode()", "names.vector(2).data.decode().lower()")


@mutant.work("a HelloRetryRequest is taken for a ServerHello", breaks="R9")
def no_retry(work, params):
    work.edit("hello.py", RETRY_TEST, "False")


@mutant.work("every ServerHello of TLS 1.3 is taken for a HelloRetryRequest", breaks="R9")
def always_retry(work, params):
    work.edit("hello.py", RETRY_TEST, '"3.4" in found["versions"]')


@mutant.work("a HelloRetryRequest's group is looked for behind a length", breaks="R9")
def retry_without_group(work, params):
    work.edit("hello.py", 'found["key_shares"] = [extensions[KEY_SHARE].number(2)]',
              'found["key_shares"] = [extensions[KEY_SHARE].number(2)] if len(extensions[KEY_SHARE].data) > 2 else []')


@mutant.work("of an alert no description is told", breaks="R10")
def no_alerts(work, params):
    work.edit("hello.py", '"level": contents.number(1), "description": contents.number(1)', '"level": 2')


@mutant.work("every alert is taken to be fatal", breaks="R10")
def always_fatal(work, params):
    work.edit("hello.py", '"level": contents.number(1)', '"level": contents.number(1) and 2')


@mutant.work("every alert is taken for handshake_failure", breaks="R10")
def one_description(work, params):
    work.edit("hello.py", '"description": contents.number(1)', '"description": 40')


@mutant.work("level and description are mixed up", breaks="R10")
def mixed_up(work, params):
    work.edit("hello.py", '"level": contents.number(1), "description"', '"description": contents.number(1), "level"')


@mutant.work("an alert is passed over, if anything follows it", breaks="R10")
def passes_over_alerts(work, params):
    work.edit("hello.py", "        if kind == ALERT:\n", "        if kind == ALERT and stream:\n"
              "            continue\n        if kind == ALERT:\n")


@mutant.work("alerts are told in words", breaks="R10")
def in_words(work, params):
    work.edit("hello.py", '"level": contents.number(1)', '"level": {1: "warning", 2: "fatal"}[contents.number(1)]')


@mutant.work("the first record is taken for the whole message", breaks="R11")
def one_record_only(work, params):
    work.edit("hello.py", 'len(message) - 4 >= int.from_bytes(message[1:4], "big")', "True")


@mutant.work("a message is taken to need two records at most", breaks="R11")
def two_records(work, params):
    work.edit("hello.py", 'len(message) - 4 >= int.from_bytes(message[1:4], "big")',
              '(len(message) - 4 >= int.from_bytes(message[1:4], "big") or len(message) > len(contents.data))')


@mutant.work("the first record is taken to hold the message's header", breaks="R11")
def header_in_first(work, params):
    work.edit("hello.py", "len(message) >= 4 and len(message) - 4 >= int.from_bytes(message[1:4], \"big\")",
              "len(message) >= int.from_bytes(message[1:4], \"big\") + 4 * (len(message) > 3)")


@mutant.work("the headers of later records are taken for part of the message", breaks="R11")
def headers_inside(work, params):
    work.edit("hello.py", "message += contents.data", "message += contents.data if not message else "
              "bytes([kind]) + version.to_bytes(2, 'big') + len(contents.data).to_bytes(2, 'big') + contents.data")


@mutant.work("every hello is taken to have extensions", breaks="R12")
def extensions_always(work, params):
    work.edit("hello.py", 'body.vector(2) if body else Bytes(b"")', "body.vector(2)")


@mutant.work("a hello is taken to end where its record does", breaks="R12")
def up_to_the_record(work, params):
    work.edit("hello.py", "hello(rest.number(1), rest.vector(3))", "hello(rest.number(1), Bytes(rest.data[3:]))")


@mutant.work("every ServerHello is taken to have extensions", breaks="R12")
def server_extensions_always(work, params):
    work.edit("hello.py", "body.vector(2) if body else", "body.vector(2) if body or kind == SERVER_HELLO else")


@mutant.work("without extensions there is no list of them", breaks="R12")
def null_extensions(work, params):
    work.edit("hello.py", 'found["extensions"] = list(extensions)', 'found["extensions"] = list(extensions) or None')


# --- correct programs, written otherwise ---------------------------------------------------------------------------

@mutant.right("struct and offsets, one function, hexadecimal in capital letters")
def by_offsets(work, params):
    work.take("by_offsets.py", "hello.py")


@mutant.right("generators over a file object; more fields than were asked for; the last file first")
def by_generators(work, params):
    work.take("by_generators.py", "hello.py")


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


@mutant.answers("SSL 3.0 is taken to be refused with TLS's own alert, protocol_version")
def tls_alert(answers, params):
    answers["alert_ssl3"] = 70


@mutant.answers("the flipped bit is taken for a failure to decrypt")
def decrypt_error(answers, params):
    answers["alert_flipped"] = 51


@mutant.answers("the tag alone is counted")
def tag_alone(answers, params):
    answers["overhead_tls13"] = 16


def annotated(answers, key, offset=0, size=0, value=0):
    """An annotation with other numbers."""
    old = answers[key]
    answers[key] = [old[0] + offset, old[1] + size, old[2] + value]


@mutant.answers("the record's version is given for the message's")
def version_of_record(answers, params):
    answers["client_legacy_version"] = answers["client_record_version"]


@mutant.answers("the session id is given for its length")
def id_for_length(answers, params):
    annotated(answers, "client_session_id_length", offset=1)


@mutant.answers("suites are counted in pairs of bytes")
def suites_in_pairs(answers, params):
    offset, size, value = answers["client_suites_length"]
    answers["client_suites_length"] = [offset, size, value // 2]


@mutant.answers("the extensions are measured with their own length")
def extensions_with_length(answers, params):
    annotated(answers, "client_extensions_length", value=2)


@mutant.answers("the name is given from its length on")
def name_from_length(answers, params):
    offset, size, name = answers["client_server_name"]
    answers["client_server_name"] = [offset - 2, size + 2, name]


@mutant.answers("the first version is given at the length of the list")
def version_at_length(answers, params):
    annotated(answers, "client_first_version", offset=-1)


@mutant.answers("a group is taken to be one byte")
def short_group(answers, params):
    annotated(answers, "client_key_share_group", size=-1)


@mutant.answers("the server's version field is taken to say 1.3")
def server_field_of_13(answers, params):
    annotated(answers, "server_legacy_version", value=1)


@mutant.answers("the server's session id is passed over")
def server_without_id(answers, params):
    annotated(answers, "server_suite", offset=-32)


@mutant.answers("the server's key share is taken for a list")
def server_share_in_list(answers, params):
    annotated(answers, "server_key_share_group", offset=2)


@mutant.answers("the suite of rsa is taken for one with ECDHE")
def rsa_with_ecdhe(answers, params):
    answers["suite_rsa"] = answers["suite_rsa"].replace("TLS_RSA", "TLS_ECDHE_RSA")


@mutant.answers("the suite of ecdhe is that of rsa")
def ecdhe_as_rsa(answers, params):
    answers["suite_ecdhe"] = answers["suite_rsa"]


@mutant.answers("the suite of TLS 1.3 names a key exchange")
def tls13_with_ecdhe(answers, params):
    answers["suite_tls13"] = answers["suite_tls13"].replace("TLS_", "TLS_ECDHE_RSA_WITH_")


@mutant.answers("the certificate is seen everywhere")
def certificate_everywhere(answers, params):
    answers["certificate_in_the_clear"] = ["rsa", "ecdhe", "tls13"]


@mutant.answers("rsa brought ecdhe's word")
def other_word_rsa(answers, params):
    answers["word_rsa"] = answers["word_ecdhe"]


@mutant.answers("ecdhe brought TLS 1.3's word")
def other_word_ecdhe(answers, params):
    answers["word_ecdhe"] = answers["word_tls13"]


@mutant.answers("TLS 1.3 brought rsa's word")
def other_word_tls13(answers, params):
    answers["word_tls13"] = answers["word_rsa"]


@mutant.answers("without a suite in common it is taken for insufficient_security")
def insufficient(answers, params):
    answers["alert_nothing_in_common"] = 71


@mutant.answers("another root is taken for a bad certificate")
def bad_certificate(answers, params):
    answers["alert_no_root"] = 42


@mutant.answers("TLS 1.2 is taken to cost as much as TLS 1.3")
def same_overhead(answers, params):
    answers["overhead_ecdhe"] = answers["overhead_tls13"]
