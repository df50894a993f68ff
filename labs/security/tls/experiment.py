"""TLS, read to the last byte: three ways to agree on a key, who can open which of them, and what Mallory cannot change.

    client ──┐
             s1 (a hub, and Mallory's) ──── server     openssl s_server, which speaks nearly everything
    eve ─────┘

Every client is a real one. Both ends write key logs, so that what eve recorded can be opened afterwards.
"""

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed()
needs = ("netem", "curl", "openssl", "nc")

diagram = Diagram(captures=("eve",), protocols=("tls",), hosts=("client", "server"), first="three-ways", last="opened",
                  limit=60)

TREES = ("alder", "beech", "cedar", "hazel", "larch", "maple", "rowan", "willow")
WORDS = ("anchor", "basalt", "cobalt", "dynamo", "ermine", "falcon", "garnet", "harbor", "indigo", "jasper")

#: Suites by the name that OpenSSL has for them -> by their IANA name.
RSA = {"AES128-GCM-SHA256": "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES256-GCM-SHA384": "TLS_RSA_WITH_AES_256_GCM_SHA384"}
ECDHE = {"ECDHE-RSA-AES128-GCM-SHA256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
         "ECDHE-RSA-AES256-GCM-SHA384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
         "ECDHE-RSA-CHACHA20-POLY1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"}
TLS13 = {name: name for name in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")}
OLD_SUITES = [0x0004, 0x0005, 0x0009, 0x000A]  # of SSL 3.0: RC4 with MD5 and SHA, DES, 3DES
OLD = ("AES128-SHA", "AES256-SHA")  # of TLS 1.0, and known to the server
OLD_FOREIGN = ("ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA")  # are not
FOREIGN = "AES256-CCM"  # TLS_RSA_WITH_AES_256_CCM: the server does not know it
GROUPS = {"P-256": "secp256r1", "X25519": "x25519"}  # OpenSSL's name -> IANA's

WAYS = ("rsa", "ecdhe", "tls13")
HEADERS = 20 + 32  # bytes of IP and TCP (with timestamps) before a segment's data
RECORD_HEADER = 5  # bytes of a record: type, version, length


def variant(rng) -> dict:
    """Addresses, names, who likes which suite best, the pages. What has a leading _ or is nested is to be found out."""
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(250)}"
    groups = rng.sample(list(GROUPS), 2)
    numbers, words = rng.sample(range(2, 250), 3), rng.sample(WORDS, len(WAYS))
    server = {"tls12": rng.sample(list(ECDHE), 3) + rng.sample(list(RSA), 2), "tls13": rng.sample(list(TLS13), 3)}
    offers = {"rsa": [name for name in reversed(server["tls12"]) if name in RSA],
              "ecdhe": [rng.choice(list(RSA)), *unlike(rng, server["tls12"], list(ECDHE))],
              "tls13": unlike(rng, server["tls13"], list(TLS13))}
    pages = {way: {"word": f"{word}-{rng.randrange(1000, 9999)}", "size": rng.randrange(300, 1000)}
             for way, word in zip(WAYS, words, strict=True)}
    return {"client": f"{net}.{numbers[0]}", "server": f"{net}.{numbers[1]}", "eve": f"{net}.{numbers[2]}",
            "name": f"www.{rng.choice(TREES)}{rng.randrange(10, 100)}.test",  # RFC 6761: nobody's
            "_key": rng.getrandbits(32), "_group": groups[0], "_other_group": groups[1],
            "suites": {"server": server, "offers": offers}, "pages": pages,
            "flip": {"bit": rng.randrange(8), "at": rng.randrange(30, 250)}}


def unlike(rng, order: list[str], names: list[str]) -> list[str]:
    """Two of `names`, the one first that `order` likes less."""
    return sorted(rng.sample(names, 2), key=order.index, reverse=True)


def secret(rng, params) -> dict:
    """What old and long hellos say that nobody asks about in answers.toml: the student's program reads them."""
    return {"_tls10": {"server": rng.sample(OLD, 2), "client": rng.sample([*OLD, *rng.sample(OLD_FOREIGN, 2)], 4)},
            "_protocols": [f"{rng.choice(WORDS)}-{rng.getrandbits(64):016x}/{n}" for n in range(rng.randrange(18, 23))],
            "_ssl3": {"random": f"{rng.getrandbits(256):064x}", "suites": rng.sample(OLD_SUITES, 3)},
            "_odd": rng.getrandbits(64)}


def topology(params):
    from topologies.star import Star
    return Star(nodes={name: (f"{params[name]}/24", "2ms") for name in ("client", "server", "eve")})


@scene(work=["*.py"])
def handshakes(net, rec, work):
    """Handshakes, read to the last byte."""
    from lab import steps
    net["s1"].run("ip link set s1 type bridge ageing_time 0".split())  # it learns nothing, so it floods: a hub
    steps.prepare(net, rec)
    with rec.capture("eve", "client"):
        steps.history(net, rec)
        rec.mark("three-ways")
        steps.three_ways(net, rec)
        rec.mark("opened")
        steps.no_agreement(net, rec)
        steps.flip_a_bit(net, rec)
        steps.long_hello(net, rec)
        steps.odd_hellos(net, rec)
    steps.keep_secrets(rec)
    steps.give_hellos(net, rec, work)
    given = sorted(str(path.relative_to(work)) for path in (work / "given").rglob("*.*"))
    rec.student("hello", net["eve"], ["python3", "hello.py", *given])
    steps.give_again(net, rec, given)
