"""Ways to break the signatures lab. Those of the network change what a program does, in one node only."""

from mnlab.checks import mutant

ENOUGH = ("unknown_ca", "no_seal", "rewrites_nothing", "certified", "no_md5", "no_sha256", "signs_digests")

OPENSSL = "/usr/bin/openssl"
SIGN, SEAL = "openssl cms -sign -md sha256 -in text", "openssl cms -encrypt -aes-256-cbc -in signed"


def instead_of(node, program, script):
    """Make one node see a shell script in place of a program; REAL in the script stands for the program itself."""
    own = f"/run/{node.name}-{program.rsplit('/', 1)[1]}"
    with open(own, "w") as file:
        file.write("#!/bin/bash\n" + script.replace("REAL", f"{own}.real") + "\n")
    node.run(f"cp {program} {own}.real && chmod 755 {own} && mount --bind {own} {program}")


# --- Mallory can more, or does less ---

@mutant.network("Mallory rewrites nothing", scenes=["letters"])
def rewrites_nothing(net, params):
    instead_of(net["mallory"], "/usr/bin/sed", "exec cat")


@mutant.network("Mallory rewrites every line that has a digit", scenes=["letters"])
def rewrites_much(net, params):
    instead_of(net["mallory"], "/usr/bin/sed", "exec REAL -u 's/[13579]/7/g'")


@mutant.network("Mallory has Alice's private key", scenes=["letters"])
def has_her_key(net, params):
    instead_of(net["mallory"], OPENSSL, 'cp pki/alice.key pki/copied.key\nexec REAL "$@"')


@mutant.network("Mallory has Bob's private key", scenes=["letters"])
def has_bobs_key(net, params):
    instead_of(net["mallory"], OPENSSL, '[ "$2" = -decrypt ] && exec REAL "${@/mallory.key/bob.key}"\nexec REAL "$@"')


@mutant.network("the CA certifies Mallory as Alice", scenes=["letters"])
def certified(net, params):
    instead_of(net["mallory"], OPENSSL, 'cp pki/alice.crt pki/false-alice.crt; cp pki/alice.key pki/false-alice.key\n'
                                        'exec REAL "$@"')


# --- Alice and Bob are less careful, or more ---

@mutant.network("Bob does not compare the address", scenes=["letters"])
def compares_no_address(net, params):
    instead_of(net["bob"], OPENSSL, """args=("$@")
        for i in "${!args[@]}"; do [ "${args[i]}" = -verify_email ] && unset "args[i]" "args[i+1]"; done
        exec REAL "${args[@]}\"""")


@mutant.network("Bob does not know the CA", scenes=["letters"])
def unknown_ca(net, params):
    instead_of(net["bob"], OPENSSL, '[ "$2" = -verify ] && exec REAL "${@/ca.crt/bob.crt}"\nexec REAL "$@"')


@mutant.network("Bob looks at no certificate", scenes=["letters"])
def no_certificates(net, params):
    instead_of(net["bob"], OPENSSL, '[ "$1 $2" = "cms -verify" ] && exec REAL "$@" -noverify\nexec REAL "$@"')


@mutant.network("Alice does not seal", scenes=["letters"])
def no_seal(net, params):
    instead_of(net["alice"], OPENSSL, '[ "$1 $2" = "cms -encrypt" ] && exec cp pki/signed.eml pki/sealed.eml\n'
                                      'exec REAL "$@"')


@mutant.network("Alice seals with a cipher that notices damage (AES-GCM, RFC 5084)", scenes=["letters"])
def authenticated_seal(net, params):
    instead_of(net["alice"], OPENSSL, 'exec REAL "${@/-aes-256-cbc/-aes-256-gcm}"')


@mutant.network("Alice signs a longer digest", scenes=["letters"])
def longer_digest(net, params):
    instead_of(net["alice"], OPENSSL, 'exec REAL "${@/#sha256/sha512}"')


@mutant.network("Alice and Bob use SHA-256 where they say MD5", scenes=["letters"])
def no_md5(net, params):
    for name in ("alice", "bob"):
        instead_of(net[name], OPENSSL, 'exec REAL "${@/#-md5/-sha256}"')


@mutant.network("Alice and Bob use MD5 where they say SHA-256", scenes=["letters"])
def no_sha256(net, params):
    for name in ("alice", "bob"):
        instead_of(net[name], OPENSSL, '[ "$1" = dgst ] && exec REAL "${@/#-sha256/-md5}"\nexec REAL "$@"')


@mutant.network("Alice signs the digests of her notes", scenes=["letters"])
def signs_digests(net, params):
    instead_of(net["alice"], OPENSSL, '[ "$1" = rsautl ] && exec REAL dgst -sha256 -sign "$5" -out "$9" "$7"\n'
                                      'exec REAL "$@"')


# --- the student's letter ---

@mutant.work("the letter is sealed, but not signed")
def unsigned(work, params):
    work.edit("write.sh", SIGN, "cp text signed; true")


@mutant.work("the letter is signed, but not sealed")
def unsealed(work, params):
    work.edit("write.sh", SEAL, "cp signed sealed; true")


@mutant.work("the letter is sealed, then signed")
def sealed_first(work, params):
    work.edit("write.sh", "-in text -signer given/me.crt", "-in sealed -signer given/me.crt")
    text = (work.folder / "write.sh").read_text().splitlines()
    sign, seal = (next(line for line in text if line.startswith(f"openssl cms {what}")) for what in ("-sign", "-enc"))
    work.edit("write.sh", f"{sign}\n{seal}", f"{seal.replace('-in signed', '-in text')}\n{sign}")
    work.edit("write.sh", "-T sealed", "-T signed")


@mutant.work("the letter is signed by way of SHA-1")
def sha1(work, params):
    work.edit("write.sh", "-md sha256", "-md sha1")


@mutant.work("the letter is sealed to its own writer")
def sealed_to_self(work, params):
    work.edit("write.sh", "-out sealed given/bob.crt", "-out sealed given/me.crt")


@mutant.work("the letter orders something else")
def other_order(work, params):
    work.edit("write.sh", "Please send", "Please do not send")


@mutant.work("the order stands in the subject, too")
def order_in_subject(work, params):
    work.edit("write.sh", "-subject Order", f"-subject 'Please send {params['order']}.'")


@mutant.work("the letter is never handed over")
def not_sent(work, params):
    work.edit("write.sh", "curl -sS", "exit 1; curl -sS")


# --- the student's judge ---

@mutant.work("the judge believes every certificate")
def believes_certificates(work, params):
    work.edit("judge.sh", "-CAfile given/ca.crt -verify_email", "-noverify -verify_email")


@mutant.work("the judge does not compare the address")
def any_address(work, params):
    work.edit("judge.sh", '-verify_email "$sender"', "")


@mutant.work("the judge believes whatever opens")
def whatever_opens(work, params):
    work.edit("judge.sh", " &&\n", "\n}\n\nnever() {\n")


@mutant.work("the judge verifies before opening")
def does_not_open(work, params):
    work.edit("judge.sh", "cms -verify -in opened", 'cms -verify -in "$1"')


@mutant.work("the judge refuses everybody")
def refuses_all(work, params):
    work.edit("judge.sh", "echo \"$letter genuine\"", "echo \"$letter refused\"")


# --- wrong answers ---

@mutant.answers("the sum that Alice wrote is the one that Bob pays")
def true_sum(answers, params):
    answers["sum_paid"] = params["letters"]["amount"]


@mutant.answers("adds the notes")
def adds(answers, params):
    answers["note_forged"] = sum(params["letters"]["notes"])


@mutant.answers("the digest of the bare block, without the terms behind it")
def bare_block(answers, params):
    answers["md5_of_both"] = "79054025255fb1a26e4bc422aef54eb4"


@mutant.answers("counts bytes where bits are asked")
def counts_bytes(answers, params):
    answers["bits_different"] *= 8


@mutant.answers("the certificate catches an altered letter")
def certificate_catches(answers, params):
    answers["caught_altered"] = "certificate"


@mutant.answers("the signature catches a true certificate for another address")
def signature_catches(answers, params):
    answers["caught_from"] = "signature"


@mutant.answers("a sealed letter hides its subject")
def hides_subject(answers, params):
    answers["readable"] = ["a", "b"]
