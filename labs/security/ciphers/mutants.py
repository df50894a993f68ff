"""Ways to break the ciphers lab. Those of the network change what a program does, in one node only."""

import os

from mnlab.checks import mutant

ENOUGH = ("key_in_one_piece", "alice_does_not_lock", "eves_key", "bob_has_another_key", "raw_with_eves_key",
          "signed_with_eves_key", "cheap_private_key")

OPENSSL = "/usr/bin/openssl"
LOCKED = "public.encrypt(key, OAEP)"


def instead_of(node, program, script):
    """Make one node see a shell script in place of a program; REAL in the script stands for the program itself."""
    own = f"/run/{node.name}-{program.rsplit('/', 1)[1]}"
    with open(own, "w") as file:
        file.write("#!/bin/bash\n" + script.replace("REAL", f"{own}.real") + "\n")
    node.run(f"cp {program} {own}.real && chmod 755 {own} && mount --bind {own} {program}")


def other_key(node, params, used, instead):
    """One node uses one symmetric key where it should use another."""
    instead_of(node, OPENSSL, f'exec REAL "${{@/{params["keys"][used]}/{params["keys"][instead]}}}"')


# --- one key ---

@mutant.network("Bob has another key than Alice", scenes=["keys"])
def bob_has_another_key(net, params):
    other_key(net["bob"], params, "shared", "clear")


@mutant.network("Alice does not lock her messages", scenes=["keys"])
def alice_does_not_lock(net, params):
    instead_of(net["alice"], OPENSSL, '[ "$1 $7" = "enc -in" ] && exec cp "$8" "${10}"\nexec REAL "$@"')


@mutant.network("Eve has the shared key", scenes=["keys"])
def eve_has_the_key(net, params):
    almost = f"{int(params['keys']['shared'], 16) ^ 1:064x}"
    instead_of(net["eve"], OPENSSL, f'exec REAL "${{@/{almost}/{params["keys"]["shared"]}}}"')


@mutant.network("Alice sends a key along, and uses the one that Eve has not seen", scenes=["keys"])
def key_for_nothing(net, params):
    for name in ("alice", "bob"):
        other_key(net[name], params, "clear", "shared")


# --- two keys ---

@mutant.network("Eve's key comes in place of Bob's", scenes=["keys"])
def eves_key(net, params):
    instead_of(net["bob"], "/usr/bin/nc",
               '[[ $(readlink /proc/$$/fd/0) = */public-key ]] && exec REAL "$@" < pki/eve.pub\nexec REAL "$@"')


@mutant.network("Eve has Bob's private key", scenes=["keys"])
def eve_has_the_private_key(net, params):
    instead_of(net["eve"], OPENSSL, 'exec REAL "${@/eve.key/bob.key}"')


@mutant.network("the padding has no chance in it", scenes=["keys"])
def no_chance(net, params):
    instead_of(net["alice"], OPENSSL, '[[ "$*" = *pki/again* ]] && exec cp pki/public pki/again\nexec REAL "$@"')


@mutant.network("Alice locks with Eve's key what she locks without padding", scenes=["keys"])
def raw_with_eves_key(net, params):
    instead_of(net["alice"], OPENSSL, '[ "$1 $2" = "rsautl -encrypt" ] && exec REAL "${@/bob.pub/eve.pub}"\n'
                                      'exec REAL "$@"')


@mutant.network("Bob locks with another private key than his own", scenes=["keys"])
def signed_with_eves_key(net, params):
    instead_of(net["bob"], OPENSSL, '[ "$1 $2" = "rsautl -sign" ] && exec REAL "${@/bob.key/eve.key}"\n'
                                    'exec REAL "$@"')


def bob_measures(net, old, new):
    """Bob's program with one line changed."""
    instead_of(net["bob"], os.path.realpath("/usr/bin/python3"),
               '[[ $1 = */bob.py ]] || exec REAL "$@"\n'
               f'sed "s/{old}/{new}/" "$1" > /run/changed.py; shift; exec REAL /run/changed.py "$@"')


@mutant.network("RSA by the private key costs no more than by the public one", scenes=["hybrid"])
def cheap_private_key(net, params):
    bob_measures(net, "lambda: KEY.decrypt(locked, OAEP)", "lambda: KEY.public_key().encrypt(bytes(32), OAEP)")


@mutant.network("AES costs as much as RSA", scenes=["hybrid"])
def dear_aes(net, params):
    bob_measures(net, "lambda: aes.update(bytes(256))", "lambda: KEY.decrypt(locked, OAEP)")


# --- wrong programs: the session key ---

MAKES = "AESGCM.generate_key(bit_length=256)"


def key_from(work, how):
    """The session key comes from elsewhere."""
    work.edit("send.py", MAKES, how)


@mutant.work("the session key is always the same", breaks="R1")
def fixed_key(work, params):
    key_from(work, 'hashlib.sha256(b"alice").digest()')


@mutant.work("the session key is made of the message", breaks="R1")
def key_of_message(work, params):
    key_from(work, "hashlib.sha256(message.encode()).digest()")


@mutant.work("the session key comes from a generator that begins at 1", breaks="R1")
def seeded_key(work, params):
    key_from(work, "__import__('random').Random(1).randbytes(32)")


@mutant.work("the session key is 16 bytes in hexadecimal digits", breaks="R1")
def key_in_digits(work, params):
    key_from(work, "os.urandom(16).hex().encode()")


@mutant.work("the session key is 32 letters", breaks="R1")
def key_of_letters(work, params):
    key_from(work, "bytes(97 + byte % 26 for byte in os.urandom(32))")


@mutant.work("the session key is 16 bytes, and zeros", breaks="R1")
def half_a_key(work, params):
    key_from(work, "os.urandom(16) + bytes(16)")


@mutant.work("the session key has the same 28 bytes each time, and then a number of the run", breaks="R1")
def numbered_key(work, params):
    key_from(work, "bytes(range(200, 228)) + os.urandom(4)")


@mutant.work("the session key has 128 bits", breaks="R1")
def short_key(work, params):
    work.edit("send.py", "bit_length=256", "bit_length=128")


@mutant.work("the session key is not locked", breaks="R2")
def key_in_the_clear(work, params):
    work.edit("send.py", LOCKED, "key.ljust(256)")


@mutant.work("the padding is that of PKCS #1 v1.5", breaks="R2")
def old_padding(work, params):
    work.edit("send.py", LOCKED, "public.encrypt(key, padding.PKCS1v15())")


@mutant.work("OAEP with SHA-1", breaks="R2")
def oaep_sha1(work, params):
    work.edit("send.py", "SHA256()), hashes.SHA256()", "SHA1()), hashes.SHA1()")


@mutant.work("OAEP with SHA-256, and SHA-1 in MGF1", breaks="R2")
def mgf1_sha1(work, params):
    work.edit("send.py", "padding.MGF1(hashes.SHA256())", "padding.MGF1(hashes.SHA1())")


# --- wrong programs: the message ---

@mutant.work("the message is not locked", breaks="R3")
def message_in_the_clear(work, params):
    work.edit("send.py", "session.encrypt(nonce, message.encode(), None)", "message.encode()")


@mutant.work("the length has its bytes in the wrong order", breaks="R3")
def wrong_order(work, params):
    work.edit("send.py", 'to_bytes(4, "big")', 'to_bytes(4, "little")')


@mutant.work("the length goes into one of its four bytes", breaks="R3")
def short_length(work, params):
    work.edit("send.py", 'len(locked).to_bytes(4, "big")', "bytes([0, 0, 0, len(locked) % 256])")


@mutant.work("the length goes into two of its four bytes", breaks="R3")
def half_a_length(work, params):
    work.edit("send.py", 'len(locked).to_bytes(4, "big")', 'bytes(2) + (len(locked) % 65536).to_bytes(2, "big")')


@mutant.work("the length is counted in characters", breaks="R3")
def length_in_characters(work, params):
    work.edit("send.py", "len(locked).to_bytes", "(len(message) + 16).to_bytes")


@mutant.work("the length is that of the message before it is locked", breaks="R3")
def length_before(work, params):
    work.edit("send.py", "len(locked).to_bytes", "len(message.encode()).to_bytes")


@mutant.work("the length counts the nonce, too", breaks="R3")
def length_with_nonce(work, params):
    work.edit("send.py", "len(locked).to_bytes", "(12 + len(locked)).to_bytes")


@mutant.work("the message is cut off after 255 bytes", breaks="R3")
def cut_off(work, params):
    work.edit("send.py", "message.encode(), None", "message.encode()[:255], None")


@mutant.work("white space around the message is taken away", breaks="R3")
def no_white_space(work, params):
    work.edit("send.py", "message.encode(), None", "message.strip().encode(), None")


@mutant.work("what is no ASCII gets lost", breaks="R3")
def ascii_only(work, params):
    work.edit("send.py", "message.encode(), None", 'message.encode("ascii", "ignore"), None')


@mutant.work("the message is written in UTF-16", breaks="R3")
def utf16(work, params):
    work.edit("send.py", "message.encode(), None", 'message.encode("utf-16-be"), None')


@mutant.work("the message of the variant is sent, whatever stands on the command line", breaks="R3")
def constant_message(work, params):
    work.edit("send.py", "session = AESGCM(key)", f"session, message = AESGCM(key), {params['message']!r}")


@mutant.work("the nonce has 16 bytes", breaks="R3")
def long_nonce(work, params):
    work.edit("send.py", "os.urandom(12)", "os.urandom(16)")


@mutant.work("the fingerprint is authenticated along with the message", breaks="R3")
def additional_data(work, params):
    work.edit("send.py", "message.encode(), None", "message.encode(), expected.encode()")


@mutant.work("the tag is left out", breaks="R3")
def no_tag(work, params):
    work.edit("send.py", "session.encrypt(nonce, message.encode(), None)",
              "session.encrypt(nonce, message.encode(), None)[:-16]")


@mutant.work("the session key is sent once more behind everything, in the clear", breaks="R4")
def key_twice(work, params):
    work.edit("send.py", '"big") + locked', '"big") + locked + key')


@mutant.work("the message is sent once more behind everything, in the clear", breaks="R4")
def message_twice(work, params):
    work.edit("send.py", '"big") + locked', '"big") + locked + message.encode()')


@mutant.work("a line end is sent behind everything", breaks="R4")
def line_end(work, params):
    work.edit("send.py", '"big") + locked', '"big") + locked + b"\\n"')


@mutant.work("the nonce is the beginning of the session key", breaks="R4")
def nonce_of_key(work, params):
    work.edit("send.py", f"key, nonce = {MAKES}, os.urandom(12)", f"key = {MAKES}; nonce = key[:12]")


@mutant.work("the nonce is the beginning of the message", breaks="R4")
def nonce_of_message(work, params):
    work.edit("send.py", "os.urandom(12)", "message.encode()[:12]")


@mutant.work("the nonce is the end of the session key", breaks="R4")
def nonce_of_keys_end(work, params):
    work.edit("send.py", f"key, nonce = {MAKES}, os.urandom(12)", f"key = {MAKES}; nonce = key[20:]")


# --- wrong programs: whom they trust, and what they read ---

COMPARES = "if fingerprint(public) != expected:"


@mutant.work("any key is taken for Bob's", breaks="R5")
def trusts_anybody(work, params):
    work.edit("send.py", COMPARES, "if not fingerprint(public):")


@mutant.work("the fingerprint is compared after everything was sent", breaks="R5")
def compares_late(work, params):
    work.edit("send.py", """        if fingerprint(public) != expected:
            sys.exit("this is not Bob's key: nothing was sent")
""", "")
    work.edit("send.py", "        nonce, size =",
              "        if fingerprint(public) != expected:\n            sys.exit(1)\n        nonce, size =")


@mutant.work("the program complains, and goes on", breaks="R5")
def complains(work, params):
    work.edit("send.py", "sys.exit(\"this is not Bob's key", "print(\"this is not Bob's key")


@mutant.work("the program says goodbye to whom it does not trust", breaks="R5")
def says_goodbye(work, params):
    work.edit("send.py", COMPARES, f"{COMPARES}\n            connection.sendall(b'no')")


@mutant.work("the first 16 digits of the fingerprint are compared", breaks="R5")
def compares_beginning(work, params):
    work.edit("send.py", COMPARES, "if fingerprint(public)[:16] != expected[:16]:")


@mutant.work("the last 16 digits of the fingerprint are compared", breaks="R5")
def compares_end(work, params):
    work.edit("send.py", COMPARES, "if fingerprint(public)[-16:] != expected[-16:]:")


@mutant.work("the first and the last 16 digits of the fingerprint are compared", breaks="R5")
def compares_ends(work, params):
    work.edit("send.py", COMPARES, "if any(fingerprint(public)[at] != expected[at] for at in range(-16, 16)):")


@mutant.work("the fingerprint is compared with the variant's, not with the one on the command line", breaks="R5")
def constant_fingerprint(work, params):
    work.edit("send.py", COMPARES, f"if fingerprint(public) != {params['fingerprint']!r}:")


@mutant.work("the fingerprint is that of the PEM text, so nobody is trusted")
def trusts_nobody(work, params):
    work.edit("send.py", "serialization.Encoding.DER", "serialization.Encoding.PEM")


@mutant.work("the answer is printed as it came", breaks="R6")
def answer_unopened(work, params):
    work.edit("send.py", "session.decrypt(nonce, stream.read(size), None).decode()", "stream.read(size)")


@mutant.work("the answer is printed as Python shows bytes", breaks="R6")
def answer_as_bytes(work, params):
    work.edit("send.py", "stream.read(size), None).decode()", "stream.read(size), None)")


@mutant.work("the answer is printed with a word before it", breaks="R6")
def answer_announced(work, params):
    work.edit("send.py", "print(session", 'print("Bob:", session')


@mutant.work("the answer is opened, and not printed", breaks="R6")
def answer_kept(work, params):
    work.edit("send.py", "print(session", "str(session")


@mutant.work("the answer goes to standard error", breaks="R6")
def answer_as_error(work, params):
    work.edit("send.py", "None).decode())", "None).decode(), file=sys.stderr)")


@mutant.work("the complaint about the fingerprint goes to standard output", breaks="R6")
def complains_there(work, params):
    work.edit("send.py", "sys.exit(\"this is not Bob's key: nothing was sent\")",
              "print('not Bob')\n            sys.exit(1)")


@mutant.work("the answer is read in Latin-1", breaks="R6")
def answer_in_latin(work, params):
    work.edit("send.py", "None).decode())", "None).decode('latin-1'))")


@mutant.work("the answer is taken to come in one piece", breaks="R7")
def one_piece(work, params):
    work.edit("send.py", 'nonce, size = stream.read(12), int.from_bytes(stream.read(4), "big")',
              "answer = connection.recv(65536); nonce = answer[:12]")
    work.edit("send.py", "stream.read(size)", "answer[16:]")


@mutant.work("the nonce and the length are taken to come in one piece", breaks="R7")
def head_in_one_piece(work, params):
    work.edit("send.py", 'nonce, size = stream.read(12), int.from_bytes(stream.read(4), "big")',
              'head = stream.read1(16); nonce, size = head[:12], int.from_bytes(head[12:], "big")')


@mutant.work("the answer is read up to where the first segment ends", breaks="R7")
def first_pieces(work, params):
    work.edit("send.py", "stream.read(size)", "stream.read1(size)")


@mutant.work("Bob's key is taken to come in one piece", breaks="R7")
def key_in_one_piece(work, params):
    work.edit("send.py", "public = read_public_key(stream)",
              "public = serialization.load_pem_public_key(connection.recv(4096))")


# --- correct programs, written otherwise ---

@mutant.right("GCM by its parts, recv, struct, one send for each part, and a nonce of zeros")
def low_level(work, params):
    work.take("low_level.py", "send.py")


@mutant.right("in functions of a module of its own; the answer without a line end")
def two_files(work, params):
    work.write("hybrid.py", """from secrets import token_bytes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class Session:
    def __init__(self):
        self.key = token_bytes(32)

    def lock(self, text):
        nonce = token_bytes(12)
        body = AESGCM(self.key).encrypt(nonce, text.encode("utf-8"), b"")
        return b"".join([nonce, len(body).to_bytes(4, "big"), body])

    def unlock(self, take):
        nonce = take(12)
        return AESGCM(self.key).decrypt(nonce, take(int.from_bytes(take(4), "big")), b"").decode("utf-8")
""")
    text = (work.folder / "send.py").read_text()
    start, end = text.index("        key, nonce ="), text.index("\n\nmain(")
    work.write("send.py", text[:start] + """        session = hybrid.Session()
        for part in (public.encrypt(session.key, OAEP), session.lock(message)):
            connection.sendall(part)
        print(session.unlock(stream.read), end="")
""" + text[end:])
    work.edit("send.py", "import hashlib\n", "import hashlib\n\nimport hybrid\n")
    work.edit("send.py", COMPARES, "if not fingerprint(public) == expected.strip().lower():")


# --- wrong answers ---

@mutant.answers("takes one message for the other")
def another_message(answers, params):
    answers["sent_with_its_key"] = params["texts"]["shared"]


@mutant.answers("opens the answer of the wrong direction")
def wrong_direction(answers, params):
    answers["locked_privately"] = params["texts"]["public"]


@mutant.answers("guesses another word")
def wrong_word(answers, params):
    answers["word"] = "travel" if answers["word"] != "travel" else "settle"


@mutant.answers("takes Bob's fingerprint for Eve's")
def bobs_fingerprint(answers, params):
    answers["fingerprint_of_eve"] = params["fingerprint"]


@mutant.answers("believes that what a private key locks is a secret")
def private_is_secret(answers, params):
    answers["possible"] = ["a", "e"]
