"""Messages between Alice and Bob, by way of Eve: locked with one key, with two keys, and with both kinds together.

    alice ── eve ── bob        every packet passes Eve's computer; she records all and, once, does more

`openssl` locks and opens, nc carries, a small program on each side takes what comes.
"""

import hashlib
import shutil
from contextlib import contextmanager
from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(packages=("cryptography",))
needs = ("netem", "nftables", "openssl", "nc", "socat", "cryptography")
diagram = Diagram(captures=("eve-eth0",), protocols=("tcp",), scene="keys", hosts=("alice", "bob"), first="shared",
                  last="shared-end", limit=40)

HERE, PKI = Path(__file__).parent, Path("pki")  # PKI is in the job's own folder, closed to the student
SINK, HYBRID = 7001, 7002  # ports
BYTES = 256  # of an RSA modulus here, and so of everything that is locked with it
WORDS = ("attack", "defend", "escape", "gather", "listen", "remain", "settle", "travel")
PLACES = ("bridge", "castle", "forest", "garden", "harbor", "island", "market", "tunnel")
ALICE, BOB = "alice", "bob"
MISLED = {"misled-last": 63, "misled-first": 0, "misled-within": 30}  # by which digit of the fingerprint is wrong


def variant(rng):
    """Addresses, keys, messages. What is to be found out is nested, or has a leading _."""
    from mnlab.lab import rsa_keys
    first, second = rng.sample(range(1, 250), 2)
    primes = rng.sample(rsa_keys.PRIMES, 4)
    bob, eve = rsa_keys.of_primes(*primes[:2]), rsa_keys.of_primes(*primes[2:])

    return {"nets": f"10.{first}.0 10.{second}.0", "delay": f"{rng.randrange(2, 8)}ms",
            "fingerprint": hashlib.sha256(rsa_keys.public_der(bob)).hexdigest(), "message": message(rng),
            "_bob": list(bob), "_eve": list(eve),
            "texts": {"shared": message(rng), "answer": message(rng), "clear": message(rng), "public": message(rng),
                      "raw": rng.choice(WORDS), "signed": message(rng)},
            "keys": {"shared": rng.randbytes(32).hex(), "clear": rng.randbytes(32).hex(),
                     **{f"iv-{name}": rng.randbytes(16).hex() for name in ("shared", "answer", "clear")}}}


def secret(rng, params) -> dict:
    """What Bob answers to the student's program, at first and at last; and a long message for it, in which a character
    is not always a byte, with white space around it."""
    return {"_answers": [message(rng), message(rng), long_message(rng, 120)], "_long": f" {long_message(rng, 1800)} \n"}


def message(rng) -> str:
    return f"{rng.choice(WORDS)} at the {rng.choice(PLACES)}, {rng.randrange(1000, 10000)}"


def long_message(rng, sentences: int) -> str:
    return " ".join(f"{message(rng)} \N{EN DASH} {rng.choice(WORDS)}!" for _ in range(sentences))


def topology(params):
    from topologies.between import Between
    return Between(nets=params["nets"].split(), names=(ALICE, "eve", BOB), delay=params["delay"])


@scene
def keys(net, rec):
    """One key, two keys."""
    write_keys(rec.params)
    talk = Talk(net, rec)
    with rec.capture("eve-eth0", "bob"):
        rec.mark("shared")
        one_key(talk)
        rec.mark("shared-end")
        two_keys(talk)
        both_ways(talk)


@scene(work=["*.py"])
def hybrid(net, rec, work):
    """Both kinds together: your program."""
    write_keys(rec.params)
    with rec.capture("eve-eth0"):
        both_kinds(net, rec)


def write_keys(params) -> None:
    """Bob's pair of keys, and Eve's."""
    from mnlab.lab import rsa_keys
    PKI.mkdir(mode=0o700)
    for who in ("bob", "eve"):
        key = rsa_keys.Key(*params[f"_{who}"])
        (PKI / f"{who}.key").write_text(rsa_keys.private_pem(key))
        (PKI / f"{who}.pub").write_text(rsa_keys.public_pem(key))


class Talk:
    """Alice, Bob and Eve, with what they have; a message `name` is the file PKI/name."""

    def __init__(self, net, rec):
        self.net, self.rec, self.p = net, rec, rec.params
        for host in (ALICE, BOB):
            (PKI / f"to-{host}").mkdir()
            rec.service(f"sink-{host}", net[host], ["python3", "-SE", HERE / "sink.py", PKI / f"to-{host}", SINK],
                        tcp=SINK)

    def openssl(self, name, who, *options, check=True):
        return self.rec.run(name, self.net[who], ["openssl", *options], check=check)

    def send(self, name, sender, receiver):
        """Carry the file `name` over TCP; it comes out as got-NAME."""
        box = PKI / f"to-{receiver}"
        before = set(box.iterdir())
        self.rec.run(f"send-{name}", self.net[sender], f"nc -N {self.net[receiver].IP()} {SINK} < {PKI / name}")
        (new,) = set(box.iterdir()) - before
        shutil.copy(new, PKI / f"got-{name}")

    def write(self, name, text):
        (PKI / f"{name}.txt").write_text(text)

    def symmetric(self, name, key, sender, receiver):
        """Lock a text with a shared key, carry it, open it."""
        self.write(name, self.p["texts"][name])
        cipher = ["enc", "-aes-256-cbc", "-K", self.p["keys"][key], "-iv", self.p["keys"][f"iv-{name}"]]
        self.openssl(f"lock-{name}", sender, *cipher, "-in", PKI / f"{name}.txt", "-out", PKI / name)
        self.send(name, sender, receiver)
        self.openssl(f"open-{name}", receiver, *cipher, "-d", "-in", PKI / f"got-{name}", check=False)


def one_key(talk):
    """Alice and Bob share a key since long; then they do not, and Alice sends one along."""
    talk.symmetric("shared", "shared", ALICE, BOB)
    talk.symmetric("answer", "shared", BOB, ALICE)
    keys = talk.p["keys"]
    almost = f"{int(keys['shared'], 16) ^ 1:064x}"  # one bit beside the key
    talk.openssl("eve-guesses", "eve", "enc", "-d", "-aes-256-cbc", "-K", almost, "-iv", keys["iv-shared"], "-in",
                 PKI / "got-shared", check=False)
    (PKI / "key").write_text(f"{keys['clear']} {keys['iv-clear']}\n")
    talk.send("key", ALICE, BOB)
    talk.symmetric("clear", "clear", ALICE, BOB)


def two_keys(talk):
    """Bob tells everybody his public key. Alice locks with it; the same words twice."""
    shutil.copy(PKI / "bob.pub", PKI / "public-key")
    talk.send("public-key", BOB, ALICE)
    talk.write("public", talk.p["texts"]["public"])
    oaep = ["-pkeyopt", "rsa_padding_mode:oaep"]
    for name in ("public", "again"):
        talk.openssl(f"lock-{name}", ALICE, "pkeyutl", "-encrypt", *oaep, "-pubin", "-inkey", PKI / "got-public-key",
                     "-in", PKI / "public.txt", "-out", PKI / name)
        talk.send(name, ALICE, BOB)
        talk.openssl(f"open-{name}", BOB, "pkeyutl", "-decrypt", *oaep, "-inkey", PKI / "bob.key", "-in",
                     PKI / f"got-{name}", check=False)
    for name, key in (("public", ["-pubin", "-inkey", PKI / "bob.pub"]), ("own", ["-inkey", PKI / "eve.key"])):
        talk.openssl(f"eve-with-{name}-key", "eve", "pkeyutl", "-decrypt", *oaep, *key, "-in", PKI / "got-public",
                     check=False)


def both_ways(talk):
    """RSA without padding (RFC 8017, section 5.1): lock with either key, open with the other."""
    texts = talk.p["texts"]
    for name in ("raw", "signed"):
        (PKI / f"{name}.txt").write_bytes(texts[name].encode().rjust(BYTES, b"\0"))
    public, private = ["-raw", "-pubin", "-inkey", PKI / "bob.pub"], ["-raw", "-inkey", PKI / "bob.key"]
    turns = [("raw", ALICE, "-encrypt", public, BOB, "-decrypt", private),
             ("signed", BOB, "-sign", private, ALICE, "-verify", public)]
    for name, sender, lock, key, receiver, unlock, other in turns:
        talk.openssl(f"lock-{name}", sender, "rsautl", lock, *key, "-in", PKI / f"{name}.txt", "-out", PKI / name)
        talk.send(name, sender, receiver)
        talk.openssl(f"open-{name}", receiver, "rsautl", unlock, *other, "-in", PKI / f"got-{name}", check=False)
    talk.openssl("eve-opens-signed", "eve", "rsautl", "-verify", *public, "-in", PKI / "got-signed", check=False)


# --- the student's program ---

def both_kinds(net, rec):
    """The student's program talks to Bob thrice; then Eve answers in Bob's place, with a key of her own; at last it is
    Bob again, and the program is told of other fingerprints."""
    p = rec.params
    rec.service("bob", net[BOB], ["python3", HERE / "bob.py", PKI / "bob.key", HYBRID, *p["_answers"]],
                tcp=HYBRID)
    (PKI / "eve.sh").write_text(f"cat {PKI}/eve.pub; exec cat > {PKI}/caught\n")  # whatever comes, she opens later
    rec.service("eve", net["eve"], ["socat", f"TCP-LISTEN:{HYBRID},reuseaddr,fork", f"EXEC:bash {PKI}/eve.sh"],
                tcp=HYBRID)

    def send(name, message=p["message"], fingerprint=p["fingerprint"]):
        rec.student(name, net[ALICE], ["python3", "send.py", net[BOB].IP(), str(HYBRID), fingerprint, message])

    send("first")
    send("second")
    send("long", p["_long"])
    with in_bobs_place(net["eve"]):
        send("to-eve")
    for name, wrong in MISLED.items():
        send(name, fingerprint=nearly(p["fingerprint"], wrong))


def nearly(fingerprint: str, wrong: int) -> str:
    """A fingerprint with another digit at this place."""
    return f"{fingerprint[:wrong]}{int(fingerprint[wrong], 16) ^ 1:x}{fingerprint[wrong + 1:]}"


@contextmanager
def in_bobs_place(eve):
    """Whoever calls Bob's program gets Eve's."""
    eve.run(["nft", "-f", "-"], input=f"""table ip lab {{
        chain theft {{
            type nat hook prerouting priority dstnat
            tcp dport {HYBRID} redirect
        }}
    }}""")
    yield
    eve.run("nft delete table ip lab".split())
