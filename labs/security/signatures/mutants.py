"""Ways to break the signatures lab. Those of the network change what a program does, in one node only."""

from mnlab.checks import mutant

ENOUGH = ("not_sent", "unknown_ca", "refuses_all", "rewrites_nothing", "no_seal", "certified", "no_md5", "no_sha256",
          "signs_digests")

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

@mutant.work("the letter is never handed over", breaks="R1")
def not_sent(work, params):
    work.edit("write.sh", "curl -sS", "exit 1; curl -sS")


@mutant.work("the letter is handed over twice", breaks="R1")
def sent_twice(work, params):
    work.edit("write.sh", "curl -sS", "for again in 1 2; do curl -sS")
    work.edit("write.sh", "-T sealed", "-T sealed; done")


@mutant.work("the letter goes to another port", breaks="R1")
def other_port(work, params):
    work.edit("write.sh", "smtp://$1/", "smtp://$1:587/")


@mutant.work("the letter is sealed, but not signed", breaks="R2")
def unsigned(work, params):
    work.edit("write.sh", SIGN, "cp text signed; true")


@mutant.work("the writer makes a certificate of their own", breaks="R2")
def own_certificate(work, params):
    work.edit("write.sh", SIGN, 'openssl req -x509 -new -key given/me.key -subj /CN=me -addext '
                                f'"subjectAltName=email:$from" -out given/me.crt\n{SIGN}')


@mutant.work("the certificate is left out, and Bob has none", breaks="R2")
def no_certificate(work, params):
    work.edit("write.sh", SIGN, f"{SIGN} -nocerts")


@mutant.work("a postscript is added after the signature", breaks="R2")
def postscript(work, params):
    work.edit("write.sh", "\nopenssl cms -encrypt", "\nsed -i 's/^Please.*/& Soon./' signed\nopenssl cms -encrypt")


@mutant.work("the letter orders something else", breaks="R3")
def other_order(work, params):
    work.edit("write.sh", "Please send", "Please do not send")


@mutant.work("the letter only hints at the order", breaks="R3")
def hints(work, params):
    work.edit("write.sh", f"Please send {params['order']}.", "As agreed.")


@mutant.work("the order has no number", breaks="R3")
def no_number(work, params):
    work.edit("write.sh", params["order"], params["order"].split(" ", 1)[1])


@mutant.work("the letter is signed by way of SHA-1", breaks="R4")
def sha1(work, params):
    work.edit("write.sh", "-md sha256", "-md sha1")


@mutant.work("the letter is signed by way of SHA-224", breaks="R4")
def sha224(work, params):
    work.edit("write.sh", "-md sha256", "-md sha224")


@mutant.work("the letter is sealed to its own writer", breaks="R5")
def sealed_to_self(work, params):
    work.edit("write.sh", "-out sealed given/bob.crt", "-out sealed given/me.crt")


@mutant.work("the letter is signed, but not sealed", breaks="R5")
def unsealed(work, params):
    work.edit("write.sh", SEAL, "cp signed sealed; true")


@mutant.work("the letter is sealed, then signed", breaks="R5")
def sealed_first(work, params):
    work.edit("write.sh", "-in text -signer given/me.crt", "-in sealed -signer given/me.crt")
    text = (work.folder / "write.sh").read_text().splitlines()
    sign, seal = (next(line for line in text if line.startswith(f"openssl cms {what}")) for what in ("-sign", "-enc"))
    work.edit("write.sh", f"{sign}\n{seal}", f"{seal.replace('-in signed', '-in text')}\n{sign}")
    work.edit("write.sh", "-T sealed", "-T signed")


@mutant.work("the signed letter is not sealed, only written in base64", breaks="R5")
def opaque(work, params):
    work.edit("write.sh", SIGN, f"{SIGN} -nodetach")
    work.edit("write.sh", SEAL, "cp signed sealed; true")


@mutant.work("signed, sealed, and signed once more for all to see", breaks="R6")
def signed_outside(work, params):
    work.edit("write.sh", "\ncurl", "\nopenssl cms -sign -md sha256 -in sealed -signer given/me.crt "
                                    "-inkey given/me.key -out twice\nmv twice sealed\ncurl")


@mutant.work("the order stands in the subject, too", breaks="R6")
def order_in_subject(work, params):
    work.edit("write.sh", "-subject Order", f"-subject 'Please send {params['order']}.'")


@mutant.work("the reference stands in the subject", breaks="R6")
def reference_in_subject(work, params):
    work.edit("write.sh", "-subject Order", f"-subject 'Order {params['order'].split()[-1]}'")


@mutant.work("the order stands in the subject in base64 (RFC 2047)", breaks="R6")
def subject_in_base64(work, params):
    work.edit("write.sh", "-subject Order",
              f"-subject \"=?utf-8?B?$(printf %s '{params['order']}' | base64 -w 0)?=\"")


@mutant.work("the subject says that the letter is signed", breaks="R6")
def says_signed(work, params):
    work.edit("write.sh", "-subject Order", "-subject 'Signed letter'")


@mutant.work("the goods stand in the subject", breaks="R6")
def goods_in_subject(work, params):
    work.edit("write.sh", "-subject Order", f"-subject 'More {params['order'].split()[1].strip(',')}'")


# --- the student's judge ---

GENUINE, REFUSED = 'echo "$letter genuine"', 'echo "$letter refused"'
VERIFY = "openssl cms -verify -in opened -CAfile given/ca.crt"


@mutant.work("the judge refuses everybody", breaks="R7")
def refuses_all(work, params):
    work.edit("judge.sh", "echo \"$letter genuine\"", "echo \"$letter refused\"")


@mutant.work("the judge stops at the first bad letter", breaks="R7")
def stops(work, params):
    work.edit("judge.sh", 'echo "$letter refused"; fi', 'echo "$letter refused"; break; fi')


@mutant.work("the judge prints the name of the file without its folder", breaks="R7")
def no_folder(work, params):
    work.edit("judge.sh", 'echo "$letter genuine"', 'echo "${letter##*/} genuine"')


@mutant.work("the judge looks for the text beside the signature, and nowhere else", breaks="R7")
def text_beside(work, params):
    work.edit("judge.sh", f"        {VERIFY}", f"        grep -q multipart/signed opened && {VERIFY}")


@mutant.work("the judge says nothing of bad letters", breaks="R7")
def says_nothing(work, params):
    work.edit("judge.sh", 'echo "$letter refused"', ":")


@mutant.work("the judge cannot open a file with a space in its name", breaks="R7")
def unquoted(work, params):
    work.edit("judge.sh", '-decrypt -in "$1"', "-decrypt -in $1")


@mutant.work("the judge reads genuine letters out", breaks="R7")
def reads_out(work, params):
    work.edit("judge.sh", ' -out /dev/null', "")


@mutant.work("the judge says of some letters both", breaks="R7")
def says_both(work, params):
    work.edit("judge.sh", 'echo "$letter genuine";', 'echo "$letter refused"; echo "$letter genuine";')


@mutant.work("the judge refuses all behind the first bad letter", breaks="R7")
def bears_a_grudge(work, params):
    work.edit("judge.sh", 'if genuine "$letter"', 'if [ -z "$bad" ] && genuine "$letter"')
    work.edit("judge.sh", REFUSED, f"bad=1; {REFUSED}")


@mutant.work("the judge takes all behind the first genuine letter")
def trusts_from_then_on(work, params):
    work.edit("judge.sh", 'if genuine "$letter"', 'if [ -n "$good" ] || genuine "$letter"')
    work.edit("judge.sh", GENUINE, f"good=1; {GENUINE}")


@mutant.work("the judge verifies before opening", breaks="R7")
def does_not_open(work, params):
    work.edit("judge.sh", "cms -verify -in opened", 'cms -verify -in "$1"')


@mutant.work("the judge looks for a signature, and does not compute the digest", breaks="R8")
def no_digest(work, params):
    work.edit("judge.sh", VERIFY, f"{VERIFY} -no_content_verify")


@mutant.work("the judge looks at the certificate, not at the signature", breaks="R9")
def no_signature(work, params):
    work.edit("judge.sh", VERIFY, f"{VERIFY} -nosigs")


@mutant.work("the judge believes whatever opens")
def whatever_opens(work, params):
    work.edit("judge.sh", " &&\n", "\n}\n\nnever() {\n")


@mutant.work("the judge takes what is not signed as it is", breaks="R10")
def unsigned_is_fine(work, params):
    work.edit("judge.sh", f"        {VERIFY}", f"        ! grep -q multipart/signed opened || {VERIFY}")


@mutant.work("the judge takes what does not open for somebody else's business", breaks="R10")
def unopened_is_fine(work, params):
    work.edit("judge.sh", "-out opened &&", "-out opened || return 0;")


@mutant.work("the judge verifies what it opened before, if nothing opens", breaks="R10")
def opened_before(work, params):
    work.edit("judge.sh", "-out opened &&", "-out opened;")


@mutant.work("the judge takes what was never sealed as it is", breaks="R10")
def unsealed_is_fine(work, params):
    work.edit("judge.sh", "-out opened &&", '-out opened || cp "$1" opened;')


@mutant.work("the judge compares the name of the CA", breaks="R11")
def issuer_name(work, params):
    work.edit("judge.sh", f'{VERIFY} -verify_email "$sender" -out /dev/null',
              'openssl cms -verify -noverify -in opened -signer who -out /dev/null && '
              '[ "$(openssl x509 -in who -noout -email)" = "$sender" ] && '
              '[ "$(openssl x509 -in who -noout -issuer | cut -d= -f2-)" = '
              '"$(openssl x509 -in given/ca.crt -noout -subject | cut -d= -f2-)" ]')


@mutant.work("the judge believes every certificate", breaks="R11")
def believes_certificates(work, params):
    work.edit("judge.sh", "-CAfile given/ca.crt -verify_email", "-noverify -verify_email")


@mutant.work("the judge believes that a name in the certificate is enough", breaks="R11")
def name_is_enough(work, params):
    work.edit("judge.sh", f'{VERIFY} -verify_email "$sender" -out /dev/null',
              'openssl cms -verify -noverify -in opened -signer who -out /dev/null && '
              '[ "$(openssl x509 -in who -noout -email)" = "$sender" ]')


@mutant.work("the judge does not compare the address", breaks="R12")
def any_address(work, params):
    work.edit("judge.sh", '-verify_email "$sender"', "")


@mutant.work("the judge compares the address in From", breaks="R12")
def from_line(work, params):
    work.edit("judge.sh", '-verify_email "$sender" -out /dev/null', '-out /dev/null && grep -q "^From: $sender" opened')


@mutant.work("the judge compares the name, not the address", breaks="R12")
def name_only(work, params):
    work.edit("judge.sh", '-verify_email "$sender" -out /dev/null',
              '-signer who -out /dev/null && openssl x509 -in who -noout -subject | grep -qi "${sender%@*}"')


@mutant.work("the judge takes an address that begins like the sender's", breaks="R12")
def begins_alike(work, params):
    work.edit("judge.sh", '-verify_email "$sender" -out /dev/null',
              '-signer who -out /dev/null && openssl x509 -in who -noout -email | grep -q "$sender"')


@mutant.work("the judge takes an address that ends like the sender's", breaks="R12")
def ends_alike(work, params):
    work.edit("judge.sh", '-verify_email "$sender" -out /dev/null',
              '-signer who -out /dev/null && openssl x509 -in who -noout -email | grep -q "$sender\\$"')


@mutant.work("the judge takes an address with any character where the sender's has a dot", breaks="R12")
def any_dot(work, params):
    work.edit("judge.sh", '-verify_email "$sender" -out /dev/null',
              '-signer who -out /dev/null && openssl x509 -in who -noout -email | grep -qx "$sender"')


@mutant.work("the judge judges for Alice, whoever is asked about", breaks="R12")
def always_alice(work, params):
    work.edit("judge.sh", "sender=$1", f"sender=alice@{params['domain']}")


# --- correct work, written otherwise ---

@mutant.right("an opaque signature by way of SHA-512, a seal that notices damage, no subject; a judge of pipes")
def opaque_inside(work, params):
    work.edit("write.sh", SIGN, "openssl cms -sign -text -nodetach -md sha512 -in text")
    work.edit("write.sh", "Content-Type: text/plain\\n\\n", "Dear Bob,\\n")
    work.edit("write.sh", SEAL, "openssl cms -encrypt -aes-128-gcm -in signed")
    work.edit("write.sh", " -subject Order", "")
    work.edit("write.sh", "-T sealed", "-T - < sealed")
    work.take("judge.sh", "judge.sh")


@mutant.right("the letter by smtplib, its text in base64; a judge that keeps the lines for the end")
def by_smtplib(work, params):
    import base64
    text = base64.b64encode(f"Dear Bob,\nPlease send {params['order']}.\n".encode()).decode()
    work.take("write.sh", "write.sh")
    work.edit("write.sh", "TEXT", text)
    work.edit("judge.sh", "for letter in", "lines=$(for letter in")
    work.edit("judge.sh", "\ndone", '\ndone)\necho "$lines" | sort -r')


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


@mutant.answers("what a CA did not sign is taken for a bad signature")
def signature_for_certificate(answers, params):
    answers["caught_own"] = "signature"


@mutant.answers("a copied certificate is taken for a bad certificate")
def certificate_for_signature(answers, params):
    answers["caught_copied"] = "certificate"
