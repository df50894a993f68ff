"""Ways to break the ciphers lab. Those of the network change what a program does, in one node only."""

import os

from mnlab.checks import mutant

ENOUGH = ("key_in_the_clear", "alice_does_not_lock", "eves_key", "bob_has_another_key", "raw_with_eves_key",
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


# --- wrong programs ---

@mutant.work("the message is not locked")
def message_in_the_clear(work, params):
    work.edit("send.py", "session.encrypt(nonce, message.encode(), None)", "message.encode()")


@mutant.work("the session key is not locked")
def key_in_the_clear(work, params):
    work.edit("send.py", LOCKED, "key.ljust(256)")


@mutant.work("the session key is locked, and sent once more in the clear")
def key_twice(work, params):
    work.edit("send.py", "os.urandom(12)", "key[:12]")
    work.edit("send.py", "message.encode()", "message.encode() + key")
    work.edit("send.py", "session.encrypt(nonce, message.encode() + key, None)", "message.encode() + key")


@mutant.work("the session key is always the same")
def fixed_key(work, params):
    work.edit("send.py", "AESGCM.generate_key(bit_length=256)", "bytes(range(32))")


@mutant.work("the session key has 128 bits")
def short_key(work, params):
    work.edit("send.py", "bit_length=256", "bit_length=128")


@mutant.work("the padding is that of PKCS #1 v1.5")
def old_padding(work, params):
    work.edit("send.py", LOCKED, "public.encrypt(key, padding.PKCS1v15())")


@mutant.work("OAEP with SHA-1")
def oaep_sha1(work, params):
    work.edit("send.py", "SHA256()), hashes.SHA256()", "SHA1()), hashes.SHA1()")


@mutant.work("the length has its bytes in the wrong order")
def wrong_order(work, params):
    work.edit("send.py", 'to_bytes(4, "big")', 'to_bytes(4, "little")')


@mutant.work("any key is taken for Bob's")
def trusts_anybody(work, params):
    work.edit("send.py", "if fingerprint(public) != expected:", "if not fingerprint(public):")


@mutant.work("the fingerprint is compared after everything was sent")
def compares_late(work, params):
    work.edit("send.py", """        if fingerprint(public) != expected:
            sys.exit("this is not Bob's key: nothing was sent")
""", "")
    work.edit("send.py", "        nonce, size =",
              "        if fingerprint(public) != expected:\n            sys.exit(1)\n        nonce, size =")


@mutant.work("the program trusts nobody")
def trusts_nobody(work, params):
    work.edit("send.py", "if fingerprint(public) != expected:", "if fingerprint(public):")


@mutant.work("the answer is printed as it came")
def answer_unopened(work, params):
    work.edit("send.py", "session.decrypt(nonce, stream.read(size), None).decode()", "stream.read(size)")


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
