"""What must be true of signatures, of seals, of digests, and of the student's letters."""

import base64
import email
import hashlib
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from pathlib import Path

from mnlab.checks import expect, observation, points, same
from mnlab.lab.lab import load
from mnlab.protocols import tcp

experiment = load(Path(__file__).with_name("experiment.py"))

SECURE = ("sha256", "sha384", "sha512")
#: What catches a letter, by the words of `openssl cms -verify` (crypto/cms/cms_sd.c, cms_smime.c).
CATCHES = {"digest": "CMS_SignerInfo_verify_content:verification failure",
           "signature": "CMS_SignerInfo_verify:verification failure",
           "certificate": "self-signed certificate", "name": "email address mismatch"}
#: What Mallory may hope to read of a sealed letter: letter in answers.toml -> the bytes that show it.
HOPES = {"a": lambda p: f"alice@{p['domain']}", "b": lambda p: f"bob@{p['domain']}", "c": lambda p: "Subject: Invoice",
         "d": lambda p: f"pay {p['letters']['amount']} EUR", "e": lambda p: p["letters"]["account"],
         "f": lambda p: "multipart/signed"}


# --- reading the evidence ---

def on_the_wire(evidence, command, where) -> bytes:
    """The letter as it passed at a host, while a command sent it: what follows DATA, as a client sent it (RFC 5321)."""
    ran = evidence.command(command)
    for one in tcp.connections(evidence.frames(where)):
        if ran.start <= one.time <= ran.end and one.server.port == 25:
            return re.split(rb"(?im)^DATA\r\n", one.stream(tcp.CLIENT), maxsplit=1)[-1]  # in any case: section 2.4
    expect(False, done=ran.line, expected=f"a letter, captured at {where}", seen="no connection to port 25")


def held(command):
    """A verification that must succeed did."""
    expect(command.status == 0, done=command.line, expected="it verifies (status 0)", seen=told(command))


def caught(evidence, label, by):
    """A verification that must fail did, for this reason."""
    command = evidence.command(f"verify-{label}")
    expect(command.status != 0 and CATCHES[by] in command.stderr, done=command.line,
           expected=f"it is refused: {CATCHES[by]}", seen=told(command))


def told(command):
    return f"status {command.status}: {(command.stderr or command.stdout).strip()[-300:]}"


def sentence(params, amount="amount"):
    return f"please pay {params['letters'][amount]} EUR to account {params['letters']['account']}."


def hexdump(printed) -> int:
    """The number that `openssl ... -hexdump` printed: 16 bytes a line, between " - " and three spaces."""
    lines = re.findall(r"^[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", printed, re.M)
    return int(re.sub(r"[ -]", "", "".join(lines)) or "0", 16)


def signed_parts(text) -> tuple[bytes, bytes]:
    """What a multipart/signed letter signs (RFC 8551, section 3.5.3: with CRLF), and the signature in DER."""
    boundary = re.search(r'boundary="([^"]+)"', text)
    parts = text.split(f"--{boundary[1]}") if boundary else []
    if len(parts) != 4:
        return b"", b""
    encoded = parts[2].partition("\n\n")[2]
    return parts[1].strip("\n").replace("\n", "\r\n").encode() + b"\r\n", base64.b64decode(encoded)


def contract(evidence, name) -> bytes:
    """The contract that reached Bob, as it passed on his own wire."""
    found = re.search(rb"contract: ([0-9a-f]+)", on_the_wire(evidence, f"send-contract-{name}", "bob"))
    return bytes.fromhex(found[1].decode()) if found else b""


# --- sender and integrity ---

@observation(1, claim="SIG-1", hint="scenes/letters/output/verify-signed.err, and who could have made this signature.")
def check_a_signature_proves_the_sender(letters, params):
    """A letter signed with Alice's private key verifies as Alice's, with her certificate; anybody can read it."""
    held(letters.command("verify-signed"))
    letter = on_the_wire(letters, "send-signed", "bob")
    expect(sentence(params).encode() in letter and b"multipart/signed" in letter, done="read the letter on Bob's wire",
           expected="the text in the clear, and a signature", seen=letter[:200])


@observation(2, claim="SIG-1",
             hint="scenes/letters/files/note-signatures. What is the product of two signatures, modulo n?")
def check_without_a_digest_signatures_multiply(letters, params):
    """The limit: Alice signs two bare numbers. From her signatures Mallory makes one for their product."""
    n, e, *_ = params["_rsa"]
    notes = letters.json("note-signatures")
    opened = [pow(int(signature, 16), e, n) for signature in notes["signatures"]]
    expect(opened == notes["amounts"], done="opened Alice's two signatures with her public key",
           expected=f"her numbers {notes['amounts']}", seen="others")
    got = letters.command("recover-product")
    recovered = hexdump(got.stdout)
    product = notes["amounts"][0] * notes["amounts"][1]
    expect(got.status == 0 and recovered == product, done=got.line,
           expected=f"{product}, which she never signed", seen=recovered if recovered < 2**64 else "another number")


@observation(1, claim="SIG-4",
             hint="Compare scenes/letters/captures/alice-eth0 and bob-eth0 while send-plain-altered runs.")
def check_an_unsigned_letter_is_changed_unnoticed(letters, params):
    """Without a signature: Mallory rewrites the sum on its way, and the letter looks as good as ever."""
    _rewritten(letters, params, "plain-altered")


def _rewritten(evidence, params, name):
    left, came = (on_the_wire(evidence, f"send-{name}", where) for where in ("alice", "bob"))
    true, false = sentence(params).encode(), sentence(params, "wrong").encode()
    expect(true in left and false in came and left.replace(true, false) == came,
           done="Mallory's router passed the letter through sed", seen=f"at bob {came[:300]!r}",
           expected="the sum is another one at Bob's wire than at Alice's, and nothing else is")


@observation(2, claim="SIG-4", hint="scenes/letters/output/verify-signed-altered.err. What was computed again?")
def check_an_altered_letter_is_caught(letters, params):
    """With a signature: the same rewriting is caught, as the digest of what came is not the one that was signed."""
    _rewritten(letters, params, "signed-altered")
    held(letters.command("verify-signed"))
    caught(letters, "signed-altered", "digest")


# --- digests ---

@observation(2, claim="SIG-3",
             hint="openssl cms -cmsout -print shows messageDigest. Of which bytes, with which line ends?")
def check_a_digest_stands_for_the_letter(letters):
    """What is signed holds the SHA-256 of the letter, 32 bytes however long it is; of the altered one it does not."""
    for name, fits in (("signed", True), ("signed-altered", False)):
        content, signature = signed_parts(letters.text(f"{name}.eml"))
        expect(bool(content) and (hashlib.sha256(content).digest() in signature) == fits,
               done=f"computed SHA-256 of the letter {name!r} as it came",
               expected=f"it is {'' if fits else 'not '}in the signature", seen="the contrary")


@observation(2, claim="SIG-3",
             hint="contract-one and contract-other in scenes/letters/files, in hexadecimal: md5sum, cmp.")
def check_md5_takes_one_contract_for_the_other(letters):
    """MD5 does not resist collisions: two contracts have one digest, and a signature for one is good for both."""
    one, other = contract(letters, "one"), contract(letters, "other")
    expect(one and len(one) == len(other) and one != other, done="compared the contracts on Bob's wire",
           expected="two different ones of one length", seen="the same, or none")
    expect(hashlib.md5(one).digest() == hashlib.md5(other).digest(), done="computed both MD5 digests",
           expected="the same", seen="different ones")
    for name in ("one", "other"):
        held(letters.command(f"md5-verify-{name}"))


@observation(2, claim="SIG-3", hint="scenes/letters/output/sha256-verify-one.out and sha256-verify-other.out.")
def check_sha256_tells_the_contracts_apart(letters):
    """SHA-256 of the two is different, and Alice's signature holds for the one that she signed only."""
    digests = {hashlib.sha256(contract(letters, name)).digest() for name in ("one", "other")}
    expect(len(digests) == 2, done="computed both SHA-256 digests", expected="two different ones", seen="one")
    held(letters.command("sha256-verify-one"))
    other = letters.command("sha256-verify-other")
    expect(other.status != 0, done=other.line, expected="Verification failure", seen=told(other))


# --- sign, then seal ---

@observation(1, claim="SIG-2", hint="Search the sealed letter on the wire for anything of the signed one.")
def check_a_sealed_letter_shows_neither_text_nor_signature(letters, params):
    """Signed, then sealed: on the wire neither the text nor that it is signed, and by whom, can be read."""
    letter = on_the_wire(letters, "send-sealed", "alice")
    for secret in (sentence(params), params["letters"]["account"], "multipart/signed", "pkcs7-signature"):
        expect(letter and secret.encode() not in letter, done="searched the sealed letter on Alice's wire",
               expected=f"no {secret!r}", seen="it is there, in the clear")


@observation(2, claim="SIG-2", hint="verify-before-opening, open-sealed, verify-sealed, in this order.")
def check_undone_in_reverse(letters, params):
    """Bob can verify nothing before he has opened the seal; then the signature inside is good."""
    early = letters.command("verify-before-opening")
    expect(early.status != 0 and "not signed data" in early.stderr, done=early.line,
           expected="no signature can be seen (not signed data)", seen=told(early))
    held(letters.command("open-sealed"))
    inside = letters.command("verify-sealed")
    held(inside)
    expect(sentence(params) in inside.stdout, done=inside.line, expected=sentence(params), seen=inside.stdout[:200])


@observation(1, claim="SIG-2", hint="Mallory has the letter and a key of his own. Whose key does it take?")
def check_only_the_receiver_opens(letters):
    """Mallory has the sealed letter too, but no key that opens it."""
    got = letters.command("mallory-opens")
    expect(got.status != 0 and "please pay" not in got.stdout, done=got.line, expected="it does not open",
           seen=told(got))
    held(letters.command("open-sealed"))


@observation(2, claim="SIG-2", hint="open-sealed-altered ends with status 0. Read opened-sealed-altered.eml.")
def check_the_signature_guards_what_the_seal_does_not(letters):
    """Mallory damages a sealed letter that he cannot read: it still opens (to something else), and does not verify."""
    left, came = (on_the_wire(letters, "send-sealed-altered", where) for where in ("alice", "bob"))
    changed = sum(one != other for one, other in zip(left, came))
    expect(len(left) == len(came) and changed == 1, done="Mallory's router passed the sealed letter through sed",
           expected="one character differs", seen=f"{changed} do")
    held(letters.command("open-sealed-altered"))
    expect(letters.text("opened-sealed-altered.eml") != letters.text("opened-sealed.eml"),
           done="Bob opened the damaged letter", expected="something else than Alice sealed", seen="the same")
    got = letters.command("verify-sealed-altered")
    expect(got.status != 0, done=got.line, expected="it does not verify", seen=told(got))


# --- forgers ---

@observation(1, claim="SIG-5", hint="Mallory can write any name into a certificate. Who signed this one?")
def check_a_forger_with_his_own_certificate_is_caught(letters):
    """Mallory signs as Alice with a certificate that he made himself: no CA vouches for it."""
    caught(letters, "forged-own", "certificate")


@observation(2, claim="SIG-5", hint="The certificate in this letter is Alice's true one. What does Mallory lack?")
def check_a_forger_with_her_certificate_is_caught(letters):
    """Mallory signs as Alice with Alice's own certificate, which anybody can copy: the signature is not her key's."""
    true, false = (signed_parts(letters.text(f"{name}.eml"))[1] for name in ("signed", "forged-copied"))
    certificate = base64.b64decode(letters.text("alice.crt").split("-----")[2])
    expect(certificate in true and certificate in false, done="looked for Alice's certificate in both letters",
           expected="the same in the true and in the forged one", seen="not so")
    caught(letters, "forged-copied", "signature")


@observation(2, claim="SIG-5", hint="A good signature: whose? From: is a line of text that anybody can write.")
def check_a_forger_with_a_true_certificate_is_caught(letters, params):
    """Mallory signs with his own true certificate and writes Alice into From: good for who does not compare."""
    letter = on_the_wire(letters, "send-forged-from", "bob")
    expect(f"From: alice@{params['domain']}".encode() in letter, done="read the letter on Bob's wire",
           expected="From: Alice", seen=letter[:200])
    held(letters.command("verify-anybody"))
    caught(letters, "forged-from", "name")


# --- your letters ---

def text_of(letter) -> str:
    """What a MIME part says, however it is encoded (RFC 2045, section 6); if it has no headers, all of it."""
    part = email.message_from_string(letter)
    plain = next((one for one in part.walk() if one.get_content_type() == "text/plain"), part)
    try:
        return letter + (plain.get_payload(decode=True) or b"").decode(errors="replace")
    except (ValueError, LookupError):
        return letter


def plainly(header) -> str:
    """A header's value as a reader sees it, in small letters (RFC 2047)."""
    try:
        return str(make_header(decode_header(str(header)))).lower()
    except (ValueError, LookupError, HeaderParseError):
        return str(header).lower()


@points(1, hint="curl, or another client of SMTP, called once.")
def check_your_letter_is_one(yours):
    """Your program hands one letter to Bob's postbox."""
    came = yours.json("arrived")["letters"]
    expect(came == 1, done=yours.command("write").line, expected="one letter in Bob's postbox", seen=came)


@points(3, claim=("SIG-2", "SIG-4"), hint="Sign with given/me.key and given/me.crt, before you seal.")
def check_your_letter_verifies(yours, params):
    """Bob verifies your letter as yours."""
    held(yours.command("verify-yours"))


@points(1, hint="What exactly was signed? See output/verify-yours.out.")
def check_your_letter_says_the_order(yours, params):
    """Bob reads the order in your letter."""
    got = yours.command("verify-yours")
    letter = got.stdout if got.status == 0 else yours.text("opened-yours.eml")
    sentence = f"Please send {params['order']}."
    expect(sentence in text_of(letter), done="opened and read your letter", expected=sentence,
           seen=letter[:200] or "nothing")


@points(2, claim="SIG-2", hint="Seal it with Bob's certificate, given/bob.crt: his key, and no other, must open it.")
def check_bob_opens_your_letter(yours):
    """Bob's private key opens your letter."""
    held(yours.command("open-yours"))


@points(2, claim="SIG-2", hint="Which comes first, and which one can Mallory see on the outside?")
def check_your_letter_is_sealed_on_the_outside(yours, params):
    """On the wire your letter is enveloped data: neither the order nor a signature can be read."""
    sent = on_the_wire(yours, "write", "alice")
    letter = sent.lower()
    expect(b"enveloped-data" in letter, done="read your letter on the wire",
           expected="smime-type=enveloped-data or authEnveloped-data", seen=letter[:200])
    _, goods, _, reference = params["order"].replace(",", "").split()
    headers = "\n".join(map(plainly, email.message_from_bytes(sent).values()))
    for secret in (goods.lower(), reference, "multipart/signed", "signed-data"):
        expect(secret.encode() not in letter and secret not in headers, done="read your letter on the wire",
               expected=f"no {secret!r}", seen="it is there")
    expect(not re.search(r"\bsign(ed|ature)\b", headers), done="read your letter's headers on the wire",
           expected="nothing about a signature", seen=headers[:200])


@points(2, claim="SIG-3", hint="openssl cms -sign -md ...")
def check_your_digest_is_a_good_one(yours):
    """Your signature's digest is one of the SHA-2 family, of 256 bits or more."""
    got = yours.command("inside-yours")
    found = re.search(r"digestAlgorithms:\s+algorithm: ([\w-]+)", got.stdout)
    expect(found and found[1] in SECURE, done=got.line, expected=f"one of {', '.join(SECURE)}",
           seen=found[1] if found else told(got))


def judged(evidence, params, wanted, *kinds, command="judge"):
    """Fail unless judge.sh said of each of these letters, once, what is `wanted`."""
    files = experiment.inbox(params)
    said = re.findall(r"^(.+) (genuine|refused)$", evidence.command(command).stdout, re.M)
    for kind in kinds:
        words = [word for file, word in said if file == files[kind]]
        expect(words == [wanted], done=f"judge.sh judged {files[kind]}", expected=wanted,
               seen=" and ".join(words[:3]) or "nothing")


@points(2, claim="SIG-2", hint="First given/bob.key opens, then given/ca.crt and the sender's address verify.")
def check_your_judge_accepts_the_genuine(yours, params):
    """Your judge says genuine of the letters that Alice wrote, one word of each letter, and no more."""
    judged(yours, params, "genuine", "genuine", "genuine-too")
    lines = [line for line in yours.command("judge").stdout.splitlines() if line.strip()]
    other = [line for line in lines if not re.fullmatch(r"given/(?:letter )?\d+[.]eml (?:genuine|refused)", line)]
    expect(len(lines) - len(other) == len(params["_inbox"]) and not other, done=yours.command("judge").line,
           expected=f"{len(params['_inbox'])} lines: FILE genuine, or FILE refused; and no others",
           seen=f"{len(lines) - len(other)} such lines, {len(other)} others{': ' + other[0][:80] if other else ''}")


@points(2, claim="SIG-4", hint="The exit status of `openssl cms -verify` says it.")
def check_your_judge_refuses_bad_signatures(yours, params):
    """Your judge refuses what was altered, and what is signed with another key, and does not refuse all."""
    judged(yours, params, "genuine", "genuine")
    judged(yours, params, "refused", "altered", "forged-copied")


@points(1, hint="What does not open, and what is not signed, proves nothing.")
def check_your_judge_refuses_what_proves_nothing(yours, params):
    """Your judge refuses a letter without a signature, and one that Bob cannot open, or that was never sealed."""
    judged(yours, params, "genuine", "genuine")
    judged(yours, params, "refused", "unsigned", "unopened", "unsealed", "plain")


@points(2, claim="SIG-5", hint="Whose certificates do you believe?")
def check_your_judge_refuses_forgers(yours, params):
    """Your judge refuses who certifies himself, or has a certificate of another CA with the name of the true one."""
    judged(yours, params, "genuine", "genuine")
    judged(yours, params, "refused", "forged-own", "forged-by-false-ca")


@points(2, claim="SIG-5",
        hint="A true certificate: for which address? Compare all of it, with the sender that you are told.")
def check_your_judge_compares_the_address(yours, params):
    """Your judge refuses who signs with a true certificate for another address; for Mallory, it takes Mallory's."""
    judged(yours, params, "genuine", "genuine")
    judged(yours, params, "refused", "forged-from", "forged-namesake", "forged-alike", "forged-dotless")
    judged(yours, params, "genuine", "forged-from", command="judge-mallory")
    judged(yours, params, "refused", "genuine", command="judge-mallory")


# --- your answers ---

@points(2, claim=("SIG-1", "SIG-4"), hint="scenes/letters: files/plain-altered.eml; output/recover-product.out.")
def check_answers_sums(answers, params, letters):
    """You found the sum that Bob would pay, and the sum on the note that Alice never signed."""
    paid = re.search(rb"pay (\d+) EUR", on_the_wire(letters, "send-plain-altered", "bob"))
    same(answers.integer("sum_paid"), int(paid[1]) if paid else None, "sum_paid")
    first, second = letters.json("note-signatures")["amounts"]
    same(answers.integer("note_forged"), first * second, "note_forged")


@points(2, claim="SIG-3", hint="xxd -r -p scenes/letters/files/contract-one | md5sum; cmp -l, with both.")
def check_answers_digests(answers, letters):
    """You computed the digest that both contracts have, and how many of their bits differ."""
    one, other = contract(letters, "one"), contract(letters, "other")
    same(answers.text("md5_of_both").lower(), hashlib.md5(one).hexdigest(), "md5_of_both")
    same(answers.integer("bits_different"), sum((a ^ b).bit_count() for a, b in zip(one, other)), "bits_different")


@points(3, claim=("SIG-4", "SIG-5"), hint="The end of scenes/letters/output/verify-....err names what said no.")
def check_answers_what_catches(answers, letters):
    """You know what catches each bad letter: the digest, the signature, the certificate or the name."""
    for key, label in (("altered", "signed-altered"), ("own", "forged-own"), ("copied", "forged-copied"),
                       ("from", "forged-from")):
        words = letters.command(f"verify-{label}").stderr
        truth = next((name for name, sign in CATCHES.items() if sign in words), None)
        same(answers.choice(f"caught_{key}", CATCHES), truth, f"caught_{key}")


@points(2, claim="SIG-2", hint="Headers stand outside the seal (RFC 8551, section 3.1).")
def check_answer_what_shows(answers, params, letters):
    """You know what of a sealed letter Mallory can read all the same."""
    letter = on_the_wire(letters, "send-sealed", "alice")
    truth = {key for key, what in HOPES.items() if what(params).encode() in letter}
    given = {str(key).lower() for key in answers.items("readable")}
    expect(given == truth, done="compared answers.toml with the letter on the wire: readable",
           expected=f"{len(truth)} letters", seen=f"{len(given - truth)} that cannot be read, "
                                                  f"{len(truth - given)} missing")
