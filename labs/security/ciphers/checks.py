"""What must be true of ciphers with one key and with two, of what Eve gets to see, and of the student's program."""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives import padding as blocks
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mnlab.checks import expect, observation, points, same
from mnlab.lab import rsa_keys
from mnlab.lab.lab import load
from mnlab.protocols import tcp

SINK, HYBRID, BYTES = 7001, 7002, 256
EXPERIMENT = load(Path(__file__).with_name("experiment.py"))
WORDS, MISLED = EXPERIMENT.WORDS, EXPERIMENT.MISLED
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


# --- reading the evidence ---

def passed(evidence, command, where="eve-eth0", side=tcp.CLIENT) -> bytes:
    """The bytes that passed while a command ran, on its one connection, from the side that opened it or the other."""
    ran = evidence.command(command)
    for one in tcp.connections(evidence.frames(where)):
        if ran.start <= one.time <= ran.end and one.server.port in (SINK, HYBRID):
            return one.stream(side)
    expect(False, done=ran.line, expected=f"a connection, captured at {where}", seen="none")


def opened(params, key, iv, data) -> bytes:
    """AES-256-CBC undone, as `openssl enc -d` does it; b"" if what comes out is no padded text."""
    keys = params["keys"]
    machine = Cipher(algorithms.AES(bytes.fromhex(keys[key])), modes.CBC(bytes.fromhex(keys[f"iv-{iv}"]))).decryptor()
    strip = blocks.PKCS7(128).unpadder()
    try:
        return strip.update(machine.update(data) + machine.finalize()) + strip.finalize()
    except ValueError:
        return b""


def power(data: bytes, exponent: int, modulus: int) -> bytes:
    """RSA without padding (RFC 8017, section 5.1); the zeros in front are taken away."""
    return pow(int.from_bytes(data, "big"), exponent, modulus).to_bytes(BYTES, "big").lstrip(b"\0")


@lru_cache(maxsize=4)
def private_key(numbers: tuple):
    return serialization.load_pem_private_key(rsa_keys.private_pem(rsa_keys.Key(*numbers)).encode(), None)


def read_text(command, text):
    expect(command.status == 0 and command.stdout.lstrip("\0") == text, done=command.line, expected=repr(text),
           seen=f"status {command.status}: {command.stdout[-100:]!r} {command.stderr[-200:]}")


def failed(command, text):
    expect(text not in command.stdout, done=command.line, expected="she does not get the text", seen="she does")
    expect(command.status != 0, done=command.line, expected="it fails", seen=f"status {command.status}")


# --- one key ---

@observation(1, claim="CIP-1", hint="lock-shared and open-shared in timeline.jsonl: which -K do they have?")
def check_one_key_locks_and_opens(keys, params):
    """Symmetric: what Alice locks with the shared key, Bob opens with the same key."""
    text, data = params["texts"]["shared"], passed(keys, "send-shared")
    read_text(keys.command("open-shared"), text)
    expect(opened(params, "shared", "shared", data) == text.encode(), expected=text, seen="something else",
           done="undid AES-256 with the shared key on the wire's bytes")


@observation(1, claim="CIP-1", hint="The way back: lock-answer, open-answer.")
def check_the_same_key_serves_both_directions(keys, params):
    """Symmetric: Bob's answer is locked and opened with that same key, too."""
    text, data = params["texts"]["answer"], passed(keys, "send-answer")
    read_text(keys.command("open-answer"), text)
    expect(opened(params, "shared", "answer", data) == text.encode(), expected=text, seen="something else",
           done="undid AES-256 with the shared key on the wire's bytes")


@observation(2, claim="CIP-1",
        hint="The same stream in eve-eth0 and bob-eth0. Then scenes/keys/output/eve-guesses: one bit beside the key.")
def check_eve_sees_all_and_reads_nothing(keys, params):
    """Eve has every byte that Bob gets, and cannot read one: not with a key that is a single bit beside."""
    seen, got = (passed(keys, "send-shared", where) for where in ("eve-eth0", "bob"))
    expect(seen and seen == got, done="compared the message on Eve's and on Bob's wire", expected="the same bytes",
           seen=f"{len(seen)} and {len(got)} bytes, not the same")
    for word in params["texts"]["shared"].replace(",", "").split():
        expect(len(word) < 4 or word.encode() not in seen, done="searched Eve's bytes", expected=f"no {word!r}",
               seen="it is there")
    guess = keys.command("eve-guesses")
    key = guess.argv[guess.argv.index("-K") + 1]
    bits = (int(key, 16) ^ int(params["keys"]["shared"], 16)).bit_count()
    expect(bits == 1, done=guess.line, expected="a key with one bit changed", seen=f"{bits} bits")
    expect(params["texts"]["shared"] not in guess.stdout, done=guess.line, expected="anything but the text",
           seen="the text")


@observation(2, claim="CIP-1", hint="send-key, then send-clear: what does Eve need, and where has she seen it?")
def check_a_key_sent_along_opens_everything(keys, params):
    """The trouble with one key: Alice sends it along, Eve takes it off the wire and opens what follows."""
    key, iv = passed(keys, "send-key").decode(errors="replace").split() or ["", ""]
    text, found = params["texts"]["clear"], {"keys": {"eve": key, "iv-eve": iv}}
    expect(len(key) == 64, done="looked into the message before", expected="a key of 64 hexadecimal digits", seen=key)
    expect(opened(found, "eve", "eve", passed(keys, "send-clear")) == text.encode(),
           done="undid AES-256 with the key that Eve saw pass", expected=text, seen="something else")


# --- two keys ---

@observation(1, claim="CIP-2", hint="send-public-key: Follow, TCP Stream.")
def check_one_of_the_keys_is_public(keys, params):
    """Public key: Bob sends one of his two keys in the clear, and Eve may have it."""
    data = passed(keys, "send-public-key")
    expect(data.startswith(b"-----BEGIN PUBLIC KEY-----"), done="read what Bob sent", expected="a public key in PEM",
           seen=data[:40])
    numbers = serialization.load_pem_public_key(data).public_numbers()
    expect([numbers.n, numbers.e] == params["_bob"][:2], done="read the key that passed",
           expected="Bob's modulus and exponent", seen="other numbers")


@observation(2, claim="CIP-2", hint="lock-public has -pubin and Bob's public key; open-public has his private key.")
def check_public_locks_only_private_opens(keys, params):
    """What is locked with Bob's public key, Bob's private key opens; Eve's attempts with what she has fail."""
    text = params["texts"]["public"]
    read_text(keys.command("open-public"), text)
    for name in ("own", "public"):
        failed(keys.command(f"eve-with-{name}-key"), text)
    locked = passed(keys, "send-public")
    expect(len(locked) == BYTES and text.encode() not in locked, done="looked at the locked message",
           expected=f"{BYTES} bytes that show nothing of it", seen=f"{len(locked)} bytes")


@observation(2, claim="CIP-2",
        hint="send-public and send-again carry the same words. Compare the bytes; then think of send-raw.")
def check_without_chance_eve_can_guess(keys, params):
    """The limit: with a public key everybody can lock a guess and compare. Padding with chance (OAEP) ends that."""
    n, e, *_ = params["_bob"]
    first, again = passed(keys, "send-public"), passed(keys, "send-again")
    read_text(keys.command("open-again"), params["texts"]["public"])
    expect(first != again, done="compared the same message locked twice with OAEP", expected="different bytes",
           seen="the same")
    raw = passed(keys, "send-raw")
    hits = [word for word in WORDS if pow(int.from_bytes(word.encode(), "big"), e, n).to_bytes(BYTES, "big") == raw]
    expect(hits == [params["texts"]["raw"]], done=f"locked {len(WORDS)} words with the public key, without padding",
           expected="the bytes on the wire for one of them: Eve knows it without any private key", seen=hits)


# --- both ways ---

def raw_turn(evidence, params, name, lock, unlock):
    """The bytes on the wire are the text locked with one exponent, and the other one opens them."""
    n, text, data = params["_bob"][0], params["texts"][name].encode(), passed(evidence, f"send-{name}")
    expect(data.lstrip(b"\0") == power(text.rjust(BYTES, b"\0"), lock, n), done=f"locked {text.decode()!r} again",
           expected="the bytes on the wire", seen="other bytes")
    expect(power(data, unlock, n) == text, done="opened the wire's bytes with the other key", expected=text.decode(),
           seen="something else")
    expect(power(data, lock, n) != text, done="opened them with the key that locked them", expected="not the text",
           seen="the text")
    read_text(evidence.command(f"open-{name}"), text.decode())


@observation(2, claim="CIP-3", hint="c = m^e mod n, m = c^d mod n; -raw is RSA without padding.")
def check_public_locks_private_opens(keys, params):
    """One way: locked with the public key, opened with the private one; the public one does not open it."""
    _, e, d, *_ = params["_bob"]
    raw_turn(keys, params, "raw", e, d)


@observation(2, claim="CIP-3", hint="The other way round: d first, then e. Who has e?")
def check_private_locks_public_opens(keys, params):
    """The other way: locked with the private key, opened with the public one. By Eve, too: it hides nothing."""
    _, e, d, *_ = params["_bob"]
    raw_turn(keys, params, "signed", d, e)
    read_text(keys.command("eve-opens-signed"), params["texts"]["signed"])


@observation(1, claim="CIP-2", hint="The first line of scenes/hybrid/output/bob.out: seconds for 256 bytes each.")
def check_two_keys_cost_more_than_one(hybrid):
    """RSA costs far more than AES for the same 256 bytes, and its private key more than its public one."""
    try:
        cost = json.loads(hybrid.command("bob").stdout.splitlines()[0])
    except (ValueError, IndexError):
        cost = {}
    expect(set(cost) == {"aes", "rsa_public", "rsa_private"}, done="Bob measured his ciphers", expected="three times",
           seen=cost)
    # 17 multiplications modulo n by the public key (e = 65537), some 2 * 1200 of a quarter each by the private one with
    # its two primes: a ratio of about 30. AES has 16 blocks to do, a few thousand instructions. Asked for is a third of
    # that and less, whatever computer this is.
    done = f"measured on Bob's computer: {', '.join(f'{name} {1e6 * value:.0f} us' for name, value in cost.items())}"
    expect(cost["rsa_private"] > 4 * cost["rsa_public"], done=done, expected="private above 4 times public",
           seen=f"{cost['rsa_private'] / cost['rsa_public']:.1f} times")
    expect(cost["rsa_private"] > 30 * cost["aes"], done=done, expected="RSA's private key above 30 times AES",
           seen=f"{cost['rsa_private'] / cost['aes']:.1f} times")


# --- your program ---

class Sent:
    """What a student's program sent to Bob, taken apart; `text` is None if it does not open."""

    def __init__(self, evidence, params, name):
        self.data = passed(evidence, name)
        self.locked, self.nonce, size, self.body = (self.data[start:end] for start, end in
                                                    ((0, 256), (256, 268), (268, 272), (272, None)))
        self.fits = len(self.data) > 272 and int.from_bytes(size, "big") == len(self.body)
        self.key, self.text = None, None
        try:
            self.key = private_key(tuple(params["_bob"])).decrypt(self.locked, OAEP)
            self.text = AESGCM(self.key).decrypt(self.nonce, self.body, None)
        except (ValueError, InvalidTag):
            pass


def ran(evidence, name):
    """How the student's program ended, for the `seen` of a failure."""
    command = evidence.command(name)
    return f"status {command.status} {command.stopped}: {(command.stderr or command.stdout).strip()[-300:]}"


@points(2, claim="CIP-2", hint="32 bytes from os.urandom, locked with the key that Bob sends: OAEP, twice SHA-256.")
def check_your_session_key_is_locked(hybrid, params):
    """The first 256 bytes that your program sends open with Bob's private key, to a session key of 32 bytes."""
    sent = Sent(hybrid, params, "first")
    expect(sent.key is not None and len(sent.key) == 32, done="opened the first 256 bytes with Bob's private key",
           expected="32 bytes", seen=f"{len(sent.key)} bytes" if sent.key is not None else
           f"they do not open ({len(sent.data)} bytes were sent); {ran(hybrid, 'first')}")


@points(4, claim=("CIP-1", "CIP-2"),
        hint="AESGCM(key).encrypt(nonce, message, None); before it, the nonce and its length.")
def check_your_message_opens_with_the_session_key(hybrid, params):
    """What follows opens with that session key, and is your message."""
    for name in ("first", "second"):
        sent = Sent(hybrid, params, name)
        expect(sent.fits and sent.text == params["message"].encode(), done=f"opened the message of the run {name!r}",
               expected=params["message"], seen=sent.text or f"it does not open; {ran(hybrid, name)}")


@points(2, hint="How many bytes has a message, once it is locked? In how many bytes does its length go?")
def check_your_program_sends_any_message(hybrid, params):
    """A long message, in which a character may be several bytes, arrives whole."""
    sent, right = Sent(hybrid, params, "long"), params["_long"].encode()
    expect(sent.fits and sent.text == right, done="opened the message of the run 'long'",
           expected=f"{len(right)} bytes: {params['_long'][:80]} ...",
           seen=f"{len(sent.text)} bytes" if sent.text is not None else f"it does not open; {ran(hybrid, 'long')}")


@points(2, claim="CIP-1", hint="Follow the stream to port 7002 at eve-eth0. What can be read there?")
def check_eve_reads_nothing_of_yours(hybrid, params):
    """Eve sees Bob's key and your bytes pass, and in them neither message nor any part of the session key."""
    for name in ("first", "second"):
        sent = Sent(hybrid, params, name)
        expect(sent.data, done="your program talked to Bob", expected="bytes from it", seen=ran(hybrid, name))
        told = [piece for piece in pieces(params["message"].encode()) if piece in sent.data]
        expect(not told, done="searched your bytes", expected="nothing of the message in the clear",
               seen=f"{told[0] if told else b''!r} is there")
        expect(sent.key is not None, done="searched your bytes", expected="a locked session key", seen="none")
        shown = [at for at, piece in enumerate(pieces(sent.key)) if piece in sent.data[256:]]
        expect(not shown, done="searched your bytes", expected="no copy of the session key, nor of a part of it",
               seen=f"{PIECE} bytes of it from byte {shown[0] if shown else 0} on")


PIECE = 8  # bytes: that many agree by chance in one of 10**17 runs


def pieces(data: bytes) -> list[bytes]:
    return [data[at:at + PIECE] for at in range(len(data) - PIECE + 1)]


@points(2, claim="CIP-1", hint="os.urandom, each time anew. Never twice the same key and nonce.")
def check_your_keys_are_fresh(hybrid, params):
    """Each run of your program uses a session key of its own, of 32 bytes of chance."""
    keys = [Sent(hybrid, params, name).key for name in ("first", "second", "long")]
    expect(all(keys) and len(set(keys)) == len(keys), done="opened the session keys of three runs",
           expected="three different ones", seen=f"{len(set(keys) - {None})} different ones, "
                                                 f"{keys.count(None)} that do not open")
    # Of 32 bytes of chance 30 are different, give or take one; half are above 127; three keys agree nowhere.
    varied, high = min(len(set(key)) for key in keys), min(sum(byte > 127 for byte in key) for key in keys)
    alike = sum(len(set(column)) == 1 for column in zip(*keys))
    expect(varied >= 20 and high >= 2 and alike <= 3, done="looked at the session keys of three runs",
           expected="32 bytes of chance", seen=f"{varied} different values in one, {high} of them above 127; "
                                               f"{alike} bytes that are the same in all")


@points(2, claim="CIP-1", hint="The answer has the same form: nonce, length, then AES-GCM under your session key.")
def check_your_program_reads_the_answer(hybrid, params):
    """Your program opens Bob's answer and prints it; where no answer comes it prints nothing."""
    prints(hybrid, params, "first", 0)
    for name in ("to-eve", *MISLED):
        got = hybrid.command(name).stdout.strip()
        expect(not got, done=hybrid.command(name).line, expected="nothing on standard output: no answer came",
               seen=repr(got[:200]))


@points(2, hint="read(n) of a file made of the socket waits for n bytes; recv(n) takes what has come.")
def check_your_program_reads_on(hybrid, params):
    """Bob's answer is longer than a segment, or comes in two pieces, and your program waits for all of it."""
    prints(hybrid, params, "second", 1)
    prints(hybrid, params, "long", 2)


def prints(evidence, params, name, number):
    """Fail unless the program printed this answer of Bob's, and nothing else."""
    got, right = evidence.command(name).stdout.strip(), params["_answers"][number]
    expect(got == right, done=evidence.command(name).line[:200], expected=f"Bob's answer, {len(right)} characters",
           seen=f"{len(got)}: {got[:100]!r}" if got else ran(evidence, name))


@points(4, claim="CIP-2", hint="SHA-256 of the key in DER (SubjectPublicKeyInfo), against FINGERPRINT.")
def check_your_program_does_not_trust_eves_key(hybrid, params):
    """Eve answers in Bob's place with a key of her own: your program sends her nothing. To Bob it does send."""
    sent, offered = passed(hybrid, "to-eve"), passed(hybrid, "to-eve", side=tcp.SERVER)
    expect(offered == rsa_keys.public_pem(rsa_keys.Key(*params["_eve"])).encode(),
           done="Eve's computer answered in Bob's place", expected="her public key", seen="another one")
    talks_to_bob(hybrid, params)
    expect(not sent, done="your program talked to Eve, who said to be Bob", expected="nothing is sent to her",
           seen=f"{len(sent)} bytes, which she can open")


def talks_to_bob(evidence, params):
    """Fail unless the program says something where it should."""
    expect(len(Sent(evidence, params, "first").data) > BYTES, done="your program talked to Bob himself",
           expected="a locked session key, and a message", seen=ran(evidence, "first"))


@points(2, hint="All 64 digits count, and those that stand on the command line.")
def check_your_program_compares_all_of_the_fingerprint(hybrid, params):
    """The fingerprint that your program is told is wrong in one digit, at an end or between: it sends nothing."""
    talks_to_bob(hybrid, params)
    for name in MISLED:
        sent = passed(hybrid, name)
        expect(not sent, done=hybrid.command(name).line, expected="nothing is sent", seen=f"{len(sent)} bytes")


# --- your answers ---

@points(2, claim="CIP-1", hint="openssl enc -d -aes-256-cbc -K ... -iv ..., with what passed just before.")
def check_answer_eve_with_the_key(answers, params, keys):
    """You opened, as Eve, what Alice sent after its key."""
    key, iv = passed(keys, "send-key").decode().split()
    text = opened({"keys": {"eve": key, "iv-eve": iv}}, "eve", "eve", passed(keys, "send-clear"))
    same(answers.text("sent_with_its_key"), text.decode(errors="replace"), "sent_with_its_key")


@points(2, claim="CIP-3",
        hint="Bob's public key passed in the clear: pow() in Python, or openssl rsautl -verify -raw -pubin.")
def check_answers_with_the_public_key(answers, params, keys):
    """You opened, with the public key, what the private key had locked; and guessed what the public key had locked."""
    n, e, *_ = params["_bob"]
    text = power(passed(keys, "send-signed"), e, n).decode(errors="replace")
    same(answers.text("locked_privately"), text, "locked_privately")
    raw = passed(keys, "send-raw")
    truth = [word for word in WORDS if pow(int.from_bytes(word.encode(), "big"), e, n).to_bytes(BYTES, "big") == raw]
    same(answers.choice("word", WORDS), truth[0] if truth else None, "word")


@points(1, claim="CIP-2",
        hint="openssl pkey -pubin -in ... -outform DER | sha256sum. The stream of to-eve has her key.")
def check_answer_fingerprint(answers, params):
    """You computed the fingerprint of Eve's key."""
    der = rsa_keys.public_der(rsa_keys.Key(*params["_eve"]))
    given = re.sub(r"[\s:]", "", answers.text("fingerprint_of_eve")).lower()
    same(given, hashlib.sha256(der).hexdigest(), "fingerprint_of_eve")


#: Who can do what with whose key: letter -> whether it works.
POWERS = {"a": True, "b": False, "c": True, "d": False, "e": True}


@points(2, claim=("CIP-2", "CIP-3"), hint="open-..., eve-opens-signed, eve-with-public-key, eve-with-own-key.")
def check_answer_powers(answers, keys):
    """You know what each key can do."""
    for name, works in (("open-public", True), ("eve-with-public-key", False), ("eve-opens-signed", True),
                        ("eve-with-own-key", False), ("open-signed", True)):
        expect((keys.command(name).status == 0) == works, done=keys.command(name).line,
               expected="it works" if works else "it fails", seen=f"status {keys.command(name).status}")
    truth = {letter for letter, works in POWERS.items() if works}
    given = {str(letter).lower() for letter in answers.items("possible")}
    expect(given == truth, done="compared answers.toml with what the run shows: possible",
           expected=f"{len(truth)} letters", seen=f"{len(given - truth)} that are not, {len(truth - given)} missing")
