"""Letters from Alice to Bob, with and without a signature, by way of Mallory; then letters of your own.

    alice ── mallory ── bob        Mallory owns the router: he reads, he rewrites what passes, he writes letters himself

Letters are signed and sealed by `openssl cms` (S/MIME, RFC 8551), and carried by SMTP from curl to Bob's postbox.
"""

import base64
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "nftables", "curl", "openssl", "nc", "socat")
diagram = Diagram(captures=("alice", "bob"), protocols=("tcp",), scene="letters", hosts=("alice", "mallory", "bob"),
                  first="plain", last="plain-end", limit=30)

HERE, PKI = Path(__file__).parent, Path("pki")  # PKI is in the job's own folder, closed to the student
BOX = PKI / "box"  # Bob's postbox
DOMAINS = ("elm", "fir", "oak", "ash", "yew", "bay")
PEOPLE = ("Carla", "Diana", "Frida", "Greta", "Hilda", "Ingrid")
GOODS = ("kettles", "ladders", "lanterns", "needles", "saddles", "teapots", "whistles")
KINDS = ("genuine", "genuine-too", "altered", "unsigned", "unopened", "forged-own", "forged-copied", "forged-from",
         "forged-namesake", "forged-alike", "forged-dotless", "forged-by-false-ca", "unsealed", "plain")
#: Kind of forgery -> who signs, with whose certificate, and with whose private key, if that is another's.
SIGNERS = {"forged-own": ("mallory", "false-alice"), "forged-copied": ("mallory", "alice", "copied"),
           "forged-from": ("mallory", "mallory")}
#: The same, for the student's judge: who has an address that begins like Alice's, or ends so, or is hers but for the
#: dot, or a CA of that name.
MORE_SIGNERS = {f"forged-{name}": ("mallory", name) for name in ("namesake", "alike", "dotless", "by-false-ca")}
SMTP_LINES = 4  # EHLO, MAIL, RCPT and DATA go before the letter
RELAY = 2525

#: A block, and the bytes in each of which one bit (0x80) makes it another block with the same MD5 (X. Wang, D. Feng,
#: X. Lai, H. Yu: Collisions for Hash Functions, 2004). What is the same behind both leaves the two alike: MD5
#: works from the beginning of a text to its end.
BLOCK = """d131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cd
c99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a8
0d1ec69821bcb6a8839396f9652b6ff72a70"""
FLIPPED = (19, 45, 59, 83, 109, 123)


def variant(rng):
    """Names, sums, Mallory's contracts, Alice's RSA key. What is to be found out is nested."""
    from mnlab.lab import rsa_keys
    first, second = rng.sample(range(1, 250), 2)
    amount = rng.randrange(1000, 2000)
    notes = rng.sample((3, 7, 9, 11, 13, 17, 19, 21, 23, 27), 2)
    return {"nets": f"10.{first}.0 10.{second}.0", "delay": f"{rng.randrange(2, 8)}ms",
            "domain": f"{rng.choice(DOMAINS)}.example", "student": rng.choice(PEOPLE),
            "order": f"{rng.randrange(10, 90)} {rng.choice(GOODS)}, reference {rng.randrange(10**7, 10**8)}",
            "letters": {"amount": amount, "wrong": amount + 1000 * rng.randrange(3, 8),
                        "account": f"{rng.randrange(10**7, 10**8)}", "notes": [100 * notes[0], notes[1]],
                        "terms": f"Delivery of {rng.randrange(10, 90)} {rng.choice(GOODS)}."},
            "_rsa": list(rsa_keys.choose(rng))}


def secret(rng, params) -> dict:
    """The letters for the student's judge, in their order: (kind, sum); and of which kinds the file has a space in its
    name.

    Each asks for another sum, of as many digits: what a letter says, and how long that is, tells nothing of its writer.
    Before and after each genuine one are bad ones, and those that do not open come behind such as did (for one of them
    `openssl cms -decrypt` empties its output file, for mere text it does not touch it): a judge who remembers anything
    is wrong.
    """
    genuine = ["genuine", "genuine-too"]
    bad = [kind for kind in KINDS if kind not in (*genuine, "unopened", "plain")]
    rng.shuffle(bad)
    one, other = sorted(rng.sample(range(1, len(bad)), 2))
    kinds = [*bad[:one], "genuine", "unopened", *bad[one:other], "genuine-too", "plain", *bad[other:]]
    return {"_inbox": list(zip(kinds, rng.sample(range(1000, 9999), len(kinds)))),
            "_spaced": ["genuine-too", rng.choice(bad)]}


def topology(params):
    from topologies.between import Between
    return Between(nets=params["nets"].split(), delay=params["delay"])


@scene
def letters(net, rec):
    """Letters from Alice to Bob, by way of Mallory."""
    post = Post(net, rec)
    prepare(net, rec)
    with rec.capture("alice", "bob"):
        rec.mark("plain")
        in_the_clear(post)
        rec.mark("plain-end")
        signed(post)
        sealed(post)
        forged(post)
        contracts(post)
    without_a_digest(post)


@scene(work=["*"])
def yours(net, rec, work):
    """Your letters."""
    post = Post(net, rec)
    prepare(net, rec)
    with rec.capture("alice"):
        your_letter(post, work)
    your_judgement(post, work)


def prepare(net, rec):
    """Keys and certificates for everybody, and Bob's postbox."""
    from mnlab.lab import rsa_keys
    p = rec.params
    PKI.mkdir(mode=0o700)
    BOX.mkdir()
    rec.run("people", net["bob"], ["bash", HERE / "make_people.sh", PKI, HERE / "pki.cnf", p["domain"], p["student"]])
    (PKI / "rsa.key").write_text(rsa_keys.private_pem(rsa_keys.Key(*p["_rsa"])))
    claim_to_own()
    rec.keep("alice.crt", (PKI / "alice.crt").read_text())
    rec.service("postbox", net["bob"], ["python3", "-SE", HERE / "postbox.py", BOX], tcp=25)


def claim_to_own() -> None:
    """A key file with Mallory's private key that says to belong to Alice's public one (its last 64 bytes, RFC 5915)."""
    his, hers = (subprocess.run(["openssl", "ec", "-in", PKI / f"{name}.key", "-outform", "DER"], capture_output=True,
                                check=True).stdout for name in ("mallory", "alice"))
    text = base64.encodebytes(his[:-64] + hers[-64:]).decode()
    (PKI / "copied.key").write_text(f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n")


class Post:
    """What Alice, Mallory and Bob do with letters. A letter `name` is the file PKI/name.eml."""

    def __init__(self, net, rec):
        self.net, self.rec, self.p, self.letters = net, rec, rec.params, rec.params["letters"]
        self.alice, self.mallory, self.bob = (net[name] for name in ("alice", "mallory", "bob"))

    def address(self, name) -> str:
        return f"{name.lower()}@{self.p['domain']}"

    def headers(self, sender="Alice") -> list[str]:
        return ["-from", self.address(sender), "-to", self.address("Bob"), "-subject", "Invoice"]

    def order(self, amount=0) -> str:
        return ("Content-Type: text/plain\n\nDear Bob,\n"
                f"please pay {amount or self.letters['amount']} EUR to account {self.letters['account']}.\nAlice\n")

    def cms(self, name, host, *options, check=True, out=None):
        """openssl cms; its result is the letter `out` (or `name`)."""
        return self.rec.run(name, host, ["openssl", "cms", *options, "-out", PKI / f"{out or name}.eml"], check=check)

    def sign(self, name, host, signer="alice", key="", text="order.txt", digest="sha256", form=()):
        self.cms(f"sign-{name}", host, "-sign", *form, "-md", digest, "-in", PKI / text,
                 "-signer", PKI / f"{signer}.crt", "-inkey", PKI / f"{key or signer}.key", *self.headers(), out=name)

    def send(self, name, host=None, sender="Alice", letter=""):
        """Carry a letter to Bob's postbox; it comes out as got-NAME.eml, and is kept."""
        before = set(BOX.iterdir())
        self.rec.run(f"send-{name}", host or self.alice, [
            "curl", "-sS", "--crlf", "--max-time", "10", f"smtp://{self.bob.IP()}/alice", "--mail-from",
            self.address(sender), "--mail-rcpt", self.address("Bob"), "-T", PKI / f"{letter or name}.eml"])
        (new,) = set(BOX.iterdir()) - before
        shutil.copy(new, PKI / f"got-{name}.eml")
        self.rec.keep(f"{name}.eml", new.read_text(errors="replace"))

    def open(self, name):
        """Bob unseals a letter with his private key."""
        self.cms(f"open-{name}", self.bob, "-decrypt", "-in", PKI / f"got-{name}.eml", "-recip", PKI / "bob.crt",
                 "-inkey", PKI / "bob.key", check=False, out=f"opened-{name}")
        opened = PKI / f"opened-{name}.eml"
        self.rec.keep(f"opened-{name}.eml", opened.read_text(errors="replace") if opened.is_file() else "")

    def verify(self, name, letter="", sender="Alice", label=""):
        """Bob verifies a letter: the signature, the certificate, and that it is the sender's."""
        named = ["-verify_email", self.address(sender)] if sender else []
        self.rec.run(f"verify-{label or name}", self.bob, [
            "openssl", "cms", "-verify", "-in", PKI / f"{letter or f'got-{name}'}.eml", "-CAfile", PKI / "ca.crt",
            *named], check=False)

    @contextmanager
    def rewriting(self, name, script):
        """Mallory's router passes what is meant for Bob's postbox through sed(1)."""
        relay = PKI / f"relay-{name}.sh"
        relay.write_text(f"sed -u '{script}' | nc -N {self.bob.IP()} 25\n")
        service = self.rec.service(f"relay-{name}", self.mallory, [
            "socat", f"TCP-LISTEN:{RELAY},reuseaddr,fork", f"EXEC:bash {relay}"], tcp=RELAY)
        self.mallory.run(["nft", "-f", "-"], input=f"""table ip lab {{
            chain theft {{
                type nat hook prerouting priority dstnat
                tcp dport 25 redirect to :{RELAY}
            }}
        }}""")
        yield
        self.mallory.run("nft delete table ip lab".split())
        service.stop()


def in_the_clear(post):
    """A letter without a signature, as it was and rewritten on its way."""
    (PKI / "order.txt").write_text(post.order())
    lines = f"From: {post.address('Alice')}\nTo: {post.address('Bob')}\nSubject: Invoice\n"
    (PKI / "plain.eml").write_text(lines + post.order())
    post.send("plain")
    with post.rewriting("plain", pay_more(post)):
        post.send("plain-altered", letter="plain")


def pay_more(post) -> str:
    return f"s/pay {post.letters['amount']} EUR/pay {post.letters['wrong']} EUR/"


def signed(post):
    """The same letter with Alice's signature."""
    post.sign("signed", post.alice)
    post.send("signed")
    post.verify("signed")
    with post.rewriting("signed", pay_more(post)):
        post.send("signed-altered", letter="signed")
    post.verify("signed-altered")


def sealed(post):
    """Signed, then encrypted to Bob; undone in reverse. Mallory can still damage it."""
    post.rec.run("seal", post.alice, ["openssl", "cms", "-encrypt", "-aes-256-cbc", "-in", PKI / "signed.eml",
                                      *post.headers(), "-out", PKI / "sealed.eml", PKI / "bob.crt"])
    post.send("sealed")
    post.verify("sealed", label="before-opening")
    post.open("sealed")
    post.verify("sealed", letter="opened-sealed")
    post.rec.run("mallory-opens", post.mallory, ["openssl", "cms", "-decrypt", "-in", PKI / "got-sealed.eml",
                                                 "-inkey", PKI / "mallory.key"], check=False)
    line = len((PKI / "sealed.eml").read_text().splitlines()) // 2 + SMTP_LINES
    with post.rewriting("sealed", f"{line}{{s/^A/B/;t;s/^./A/}}"):
        post.send("sealed-altered", letter="sealed")
    post.open("sealed-altered")
    post.verify("sealed-altered", letter="opened-sealed-altered")


def forged(post):
    """Mallory writes letters in Alice's name."""
    (PKI / "forged.txt").write_text(post.order().replace(str(post.letters["amount"]), str(post.letters["wrong"])))
    for name, (who, *with_what) in SIGNERS.items():
        post.sign(name, post.net[who], *with_what, text="forged.txt")
        post.send(name, post.mallory)
        post.verify(name)
    post.verify("forged-from", sender="", label="anybody")


def contracts(post):
    """Mallory has written two contracts. Alice signs one of them; he sends Bob the other, with her signature."""
    block = bytes.fromhex(BLOCK)
    twin = bytes(byte ^ 0x80 * (place in FLIPPED) for place, byte in enumerate(block))
    for name, begin in (("one", block), ("other", twin)):
        (PKI / f"{name}.bin").write_bytes(begin + post.letters["terms"].encode())
        post.rec.keep(f"contract-{name}", (begin + post.letters["terms"].encode()).hex())
    for digest in ("md5", "sha256"):
        post.rec.run(f"{digest}-sign", post.alice, ["openssl", "dgst", f"-{digest}", "-sign", PKI / "rsa.key", "-out",
                                                    PKI / f"{digest}.sig", PKI / "one.bin"])
    post.rec.run("rsa-public", post.alice, ["openssl", "rsa", "-in", PKI / "rsa.key", "-pubout", "-out",
                                            PKI / "rsa.pub"])
    for name, host in (("one", post.alice), ("other", post.mallory)):
        parts = [(PKI / file).read_bytes().hex() for file in (f"{name}.bin", "md5.sig", "sha256.sig")]
        (PKI / f"contract-{name}.eml").write_text(
            f"From: {post.address('Alice')}\nTo: {post.address('Bob')}\nSubject: Contract\n\n"
            + "".join(f"{label}: {part}\n" for label, part in zip(("contract", "md5", "sha256"), parts)))
        post.send(f"contract-{name}", host)
        received = re.findall(r"^(\w+): ([0-9a-f]+)$", (PKI / f"got-contract-{name}.eml").read_text(), re.M)
        for label, part in received:
            (PKI / f"got-{name}.{label}").write_bytes(bytes.fromhex(part))
        for digest in ("md5", "sha256"):
            post.rec.run(f"{digest}-verify-{name}", post.bob, [
                "openssl", "dgst", f"-{digest}", "-verify", PKI / "rsa.pub", "-signature", PKI / f"got-{name}.{digest}",
                PKI / f"got-{name}.contract"], check=False)


def without_a_digest(post):
    """Alice signs two small numbers as they are (RFC 8017, RSASP1). Mallory multiplies the signatures."""
    n, *_ = post.p["_rsa"]
    size, made = 256, []
    for number, amount in enumerate(post.letters["notes"]):
        (PKI / f"note{number}").write_bytes(amount.to_bytes(size, "big"))
        post.rec.run(f"note-{amount}", post.alice, [
            "openssl", "rsautl", "-sign", "-raw", "-inkey", PKI / "rsa.key", "-in", PKI / f"note{number}", "-out",
            PKI / f"note{number}.sig"])
        made.append(int.from_bytes((PKI / f"note{number}.sig").read_bytes(), "big"))
    (PKI / "product.sig").write_bytes((made[0] * made[1] % n).to_bytes(size, "big"))
    post.rec.keep("note-signatures", {"amounts": post.letters["notes"], "signatures": [f"{one:0512x}" for one in made]})
    post.rec.run("recover-product", post.bob, ["openssl", "rsautl", "-verify", "-raw", "-pubin", "-inkey",
                                               PKI / "rsa.pub", "-in", PKI / "product.sig", "-hexdump"])


# --- the student's letters ---

def your_letter(post, work):
    """The student writes to Bob from Alice's computer: signed, then sealed."""
    p, before = post.p, set(BOX.iterdir())
    give(work / "given", {"me.key": "student.key", "me.crt": "student.crt", "bob.crt": "bob.crt", "ca.crt": "ca.crt"})
    post.rec.student("write", post.alice, ["bash", "write.sh", post.bob.IP()])
    new = sorted(set(BOX.iterdir()) - before)
    post.rec.keep("arrived", {"letters": len(new)})
    if not new:
        return post.rec.fault("write.sh should hand a letter to Bob's postbox, and none arrived.")
    shutil.copy(new[0], PKI / "got-yours.eml")
    post.rec.keep("yours.eml", new[0].read_text(errors="replace"))
    post.open("yours")
    opened = (post.rec.folder / "files/opened-yours.eml").stat().st_size
    inside = "opened-yours" if opened else "got-yours"  # what is not sealed may still be signed
    post.verify("yours", letter=inside, sender=p["student"])
    post.rec.run("inside-yours", post.bob, ["openssl", "cms", "-cmsout", "-print", "-noout", "-in",
                                            PKI / f"{inside}.eml"], check=False)


def your_judgement(post, work):
    """The student is Bob's secretary: which of these sealed letters are Alice's? Then: which of two are Mallory's?"""
    give(work / "given", {"bob.key": "bob.key", "bob.crt": "bob.crt", "ca.crt": "ca.crt"})
    files = inbox(post.p)
    for number, (kind, amount) in enumerate(post.p["_inbox"], start=1):
        name, (who, *with_what) = f"inbox-{number}", (SIGNERS | MORE_SIGNERS).get(kind, ("alice",))
        (PKI / f"{name}.txt").write_text(post.order(amount))
        # the second one's text is within its signature, not beside it (RFC 8551, section 3.5.2)
        form = ("-nodetach",) if kind == "genuine-too" else ()
        post.sign(name, post.net[who], *with_what, text=f"{name}.txt", form=form)
        letter = PKI / f"{name}.eml"
        if kind == "altered":
            letter.write_text(letter.read_text().replace(f"pay {amount} EUR", f"pay {amount + 1} EUR"))
        if kind in ("unsigned", "plain"):
            letter.write_text(post.order(amount))
        if kind in ("unsealed", "plain"):
            shutil.copy(letter, work / files[kind])
            continue
        receiver = "mallory" if kind == "unopened" else "bob"
        post.bob.run(["openssl", "cms", "-encrypt", "-aes-256-cbc", "-in", letter, "-from", post.address("Alice"),
                      "-out", work / files[kind], PKI / f"{receiver}.crt"])
    post.rec.student("judge", post.bob, ["bash", "judge.sh", post.address("Alice"), *files.values()], timeout=60)
    post.rec.student("judge-mallory", post.bob, ["bash", "judge.sh", post.address("Mallory"), files["forged-from"],
                                                 files["genuine"]], timeout=60)


def inbox(params) -> dict[str, str]:
    """Kind of letter -> its file."""
    return {kind: f"given/{'letter ' * (kind in params['_spaced'])}{number}.eml"
            for number, (kind, _) in enumerate(params["_inbox"], start=1)}


def give(folder, files) -> None:
    """What a program of the student's finds in given/; whatever had this name makes room."""
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, file in files.items():
        shutil.copy(PKI / file, folder / name)
