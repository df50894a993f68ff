"""What happens in the tls lab: certificates, a server, clients of all ages, and Mallory with a screwdriver."""

import random
import shutil
from contextlib import contextmanager
from pathlib import Path

from lab import probes
from lab.experiment import FOREIGN, HEADERS, RECORD_HEADER, WAYS
from mnlab.lab import rsa_keys
from mnlab.net.errors import NetworkError

PKI = Path("pki").absolute()  # in the job's own folder, closed to the student
PORT = 443
SERVER_OPTIONS = ("-serverpref", "-min_protocol", "TLSv1")
CURL = ("curl", "-sS", "--http1.1", "--max-time", "10", "-o", "/dev/null",
        "-w", "status %{http_code}, %{size_download} bytes\\n")
ROOT_FILE = ("-CAfile", f"{PKI}/root.crt")
ROOT, WRONG_ROOT = ("--cacert", f"{PKI}/root.crt"), ("--cacert", f"{PKI}/stranger.crt")
TO_SWITCH = "s1-eth1"  # Mallory's interface towards the client
FRAGMENT = "512"  # bytes: OpenSSL's least
BY_HAND = "by-hand"  # the folder, in given/, of what the clients made by hand sent and got
KEPT = 8192  # bytes of each side that the student's program is to read
HELLOS = ("ssl3", "tls10", *WAYS, "retry", "nothing-in-common", "long", *probes.NAMES)


def prepare(net, rec):
    """Certificates, names, pages, and the server."""
    p = rec.params
    PKI.mkdir(mode=0o700)
    key = rsa_keys.private_pem(rsa_keys.choose(random.Random(p["_key"])))
    (PKI / "server.key").write_text(rec.keep("server.key", key))
    rec.run("certificates", net["server"], ["bash", Path(__file__).with_name("make_certificates.sh"), PKI, p["name"]])
    rec.keep("certificates", {path.stem: path.read_text() for path in sorted(PKI.glob("*.crt"))})
    net["client"].replace_file("/etc/hosts", f"{p['server']} {p['name']}\n")
    for way in WAYS:
        (PKI / way).write_text(page(p, way))
    suites = ":".join([*liked(p, "tls12"), *old(p), "@SECLEVEL=0"])
    argv = ["env", f"--chdir={PKI}", "openssl", "s_server", "-4", "-accept", PORT, "-cert", "server.crt", "-key",
            "server.key", "-HTTP", "-keylogfile", "server.keys", "-cipher", suites, "-ciphersuites",
            ":".join(liked(p, "tls13")), "-groups", server_groups(p), *SERVER_OPTIONS]
    rec.service("server", net["server"], argv, tcp=PORT)


def liked(p, version) -> list[str]:
    """The server's suites, by OpenSSL's names, its favourite first."""
    return p["suites"]["server"][version]


def old(p) -> list[str]:
    """The server's suites for TLS 1.0, its favourite first."""
    return p["_tls10"]["server"]


def offer(p, way) -> list[str]:
    """The client's suites, its favourite first."""
    return p["suites"]["offers"][way]


def server_groups(p) -> str:
    return p["_group"]


def page(p, way) -> str:
    """The whole response for /WAY. s_server -HTTP sends a file as it is."""
    size, first = p["pages"][way]["size"], f"The word is {p['pages'][way]['word']}.\n"
    body = (first + "All work and no play makes Jack a dull boy.\n" * 40)[:size - 1] + "\n"
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n{body}"


def get(rec, name, path, *options, root=ROOT):
    """The client fetches a page; what comes of it is for the checks to say. It logs its keys."""
    url, log = f"https://{rec.params['name']}/{path}", f"SSLKEYLOGFILE={PKI}/client.keys"
    rec.run(name, rec.net["client"], ["env", log, *CURL, *root, *options, url], check=False)


def tls12(*suites) -> tuple:
    return "--tls-max", "1.2", "--ciphers", ":".join(suites)


def groups(p, *names) -> tuple:
    return "--curves", ":".join([*names, p["_group"]])


def history(net, rec):
    """Two clients from the past: one of 1996, which is only bytes, and one of 1999."""
    p = rec.params
    say(net, rec, "ssl3", ssl3_hello(**p["_ssl3"]))
    get(rec, "tls10", "rsa", "--tlsv1.0", "--tls-max", "1.0", "--ciphers",
        ":".join([*p["_tls10"]["client"], "@SECLEVEL=0"]))


def say(net, rec, name, data: bytes):
    """A client that is only bytes."""
    written = "".join(f"\\x{byte:02x}" for byte in data)
    rec.run(name, net["client"], f"printf '{written}' | nc -N -w 5 {rec.params['server']} {PORT} | od -An -v -tx1",
            check=False)


def ssl3_hello(random: str, suites: list[int]) -> bytes:
    """A ClientHello of SSL 3.0 (RFC 6101, section 5.6.1.2): five fields, and no extensions. In its record there is one
    more message, a ClientKeyExchange too early: where a hello ends, its length says, and not its record's."""
    offered = vector(2, b"".join(suite.to_bytes(2, "big") for suite in suites))
    body = bytes.fromhex(f"0300{random}00") + offered + b"\1\0"
    return b"\x16\3\0" + vector(2, b"\1" + vector(3, body) + b"\x10" + vector(3, bytes.fromhex(random[:8])))


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def three_ways(net, rec):
    """RSA key exchange, ECDHE, and TLS 1.3, each for a page."""
    p = rec.params
    get(rec, "rsa", "rsa", *tls12(*offer(p, "rsa")), *groups(p))
    get(rec, "ecdhe", "ecdhe", *tls12(*offer(p, "ecdhe")), *groups(p))
    get(rec, "tls13", "tls13", *modern(p), *groups(p))


def modern(p) -> tuple:
    """TLS 1.3 or 1.2."""
    return "--tlsv1.2", "--ciphers", ":".join(offer(p, "ecdhe")), "--tls13-ciphers", ":".join(offer(p, "tls13"))


def no_agreement(net, rec):
    """A wrong guess of the key exchange; no suite in common; a certificate that the client will not have."""
    p = rec.params
    get(rec, "retry", "tls13", *modern(p), *groups(p, p["_other_group"]))
    get(rec, "nothing-in-common", "rsa", *tls12(FOREIGN), *groups(p))
    get(rec, "no-root", "tls13", *modern(p), *groups(p), root=WRONG_ROOT)


def flip_a_bit(net, rec):
    """Mallory changes one bit of a page on its way to the client, once in TLS 1.2, once in TLS 1.3."""
    p = rec.params
    overhead = {"ecdhe": 16 if "CHACHA20" in picked(p, "ecdhe") else 24, "tls13": 17}  # see protocols/tls/keys.py
    sizes = [len(page(p, way)) + extra for way, extra in overhead.items()]
    with flipping(net["s1"], sizes, **p["flip"]):
        get(rec, "flipped-12", "ecdhe", *tls12(*offer(p, "ecdhe")), *groups(p))
        get(rec, "flipped-13", "tls13", *modern(p), *groups(p))


def picked(p, way) -> str:
    """What the server likes best of what the client offers."""
    order = liked(p, "tls13" if way == "tls13" else "tls12")
    return min((name for name in offer(p, way) if name in order), key=order.index)


@contextmanager
def flipping(switch, sizes, bit, at):
    """The switch flips a bit in the byte `at` of records of application data of these sizes, and puts the TCP checksum
    right (tc-pedit(8), tc-csum(8))."""
    lines = [f"qdisc add dev {TO_SWITCH} clsact"]
    lines += [f"filter add dev {TO_SWITCH} egress protocol ip prio {number} u32 match ip protocol 6 0xff "
              f"match ip sport {PORT} 0xffff match u32 0x170303{size >> 8:02x} 0xffffffff at {HEADERS} "
              f"match u8 {size & 255:#x} 0xff at {HEADERS + 4} action pedit munge offset "
              f"{HEADERS + RECORD_HEADER + at} u8 invert retain {1 << bit:#x} pipe action csum tcp"
              for number, size in enumerate(sizes, start=1)]
    switch.run(["tc", "-batch", "-"], input="\n".join(lines) + "\n")
    yield
    switch.run(["tc", "qdisc", "del", "dev", TO_SWITCH, "clsact"])


def long_hello(net, rec):
    """A client with much to offer, and records of at most 512 bytes: its ClientHello takes some of them."""
    p = rec.params
    rec.run("long", net["client"], [
        "openssl", "s_client", "-connect", f"{p['server']}:{PORT}", "-servername", p["name"], *ROOT_FILE, "-brief",
        "-max_send_frag", FRAGMENT, "-alpn", ",".join(p["_protocols"]), "-keylogfile", PKI / "client.keys"],
        check=False)


def odd_hellos(net, rec):
    """Clients made by hand, for the student's program."""
    for name in probes.NAMES:
        say(net, rec, name, probes.sent(name, rec.params["_odd"], rec.params["name"]))


def keep_secrets(rec):
    """What both ends logged."""
    for end, keep in (("client", rec.keep_key_log), ("server", rec.keep)):
        path = PKI / f"{end}.keys"
        keep(f"{end}.keys", path.read_text() if path.exists() else "")


def give_hellos(net, rec, work):
    """What each side sent in a session, from the first byte on, as files for the student's program."""
    from mnlab.evidence import layout
    from mnlab.protocols import tcp
    from mnlab.protocols.capture import read_capture
    folder = work / "given"
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    (folder / BY_HAND).mkdir(parents=True)
    connections = tcp.connections(read_capture(rec.folder / layout.CAPTURES / "eve-eth0.pcap", rec.start_ns))
    for name in HELLOS:
        ran = rec_of(rec, name)
        found = [one for one in connections if ran["start"] <= one.time <= ran["end"]]
        if not found:
            raise NetworkError(f"eve saw no connection of {name!r}")
        for side in (tcp.CLIENT, tcp.SERVER):
            if data := found[0].stream(side)[:KEPT]:
                place = folder / BY_HAND if name in probes.NAMES else folder
                (place / f"{name}.{side}").write_bytes(data)


def give_again(net, rec, given):
    """Each file of which the student's program said nothing, by itself: a slip in one shall not hide the others."""
    said = (rec.folder / "output/hello.out")
    text = said.read_text(errors="replace") if said.is_file() else ""
    for path in given:
        if f'"{Path(path).name}"' not in text:
            rec.student(f"hello-{Path(path).name}", net["eve"], ["python3", "hello.py", path])


def rec_of(rec, name) -> dict:
    """The timeline's entry of a command that has ended."""
    import json

    from mnlab.evidence import layout
    lines = (rec.folder / layout.TIMELINE).read_text().splitlines()
    return next(entry for entry in map(json.loads, lines) if entry["name"] == name)
