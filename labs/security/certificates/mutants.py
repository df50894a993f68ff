"""Ways to break the certificates lab. Those of the network change what a program does, in one node only."""

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("careless", "gives_up", "no_ca_below", "no_direct", "one_root")

SERVER = "-extfile ca.cnf -extensions server"


def instead_of(node, program, script):
    """Make one node see a shell script in place of a program; REAL in the script stands for the program itself."""
    own = f"/run/{node.name}-{program.rsplit('/', 1)[1]}"
    with open(own, "w") as file:
        file.write("#!/bin/bash\n" + script.replace("REAL", f"{own}.real") + "\n")
    node.run(f"cp {program} {own}.real && chmod 755 {own} && mount --bind {own} {program}")


def behind(net, door, other, *kinds):
    """Behind one door is what belongs to another: its certificates ("pem"), its key ("key")."""
    copies = "".join(f"cp pki/door-{other}.{kind} pki/door-{door}.{kind}\n" for kind in kinds)
    instead_of(net["web"], "/usr/sbin/nginx", f'{copies}exec REAL "$@"')


# --- the doors ---

@mutant.network("the bank's certificate comes from the root itself", scenes=["doors"])
def no_ca_below(net, params):
    behind(net, "good", "direct", "pem")


@mutant.network("the root signs no server", scenes=["doors"])
def no_direct(net, params):
    behind(net, "direct", "good", "pem")


@mutant.network("the unknown CA is the known one", scenes=["doors"])
def known_ca(net, params):
    behind(net, "unknown", "good", "pem", "key")


@mutant.network("Mallory alters nothing", scenes=["doors"])
def unaltered(net, params):
    behind(net, "altered", "good", "pem", "key")


@mutant.network("the expired certificate is renewed in time", scenes=["doors"])
def renewed(net, params):
    behind(net, "expired", "good", "pem")


@mutant.network("the certificate for another name is for this one", scenes=["doors"])
def same_name(net, params):
    behind(net, "other-name", "good", "pem")


@mutant.network("the broken chain is whole", scenes=["doors"])
def whole_chain(net, params):
    behind(net, "broken", "good", "pem")


@mutant.network("who is no CA does not sign", scenes=["doors"])
def honest_mallory(net, params):
    behind(net, "not-a-ca", "good", "pem", "key")


@mutant.network("the thief has the bank's private key, too", scenes=["doors"])
def thief_with_key(net, params):
    behind(net, "stolen", "good", "key")


@mutant.network("at the last door only the signature is wrong", scenes=["doors"])
def one_wrong(net, params):
    behind(net, "stolen-expired", "good", "pem")


@mutant.network("at the last door only the certificate is wrong", scenes=["doors"])
def other_wrong(net, params):
    behind(net, "stolen-expired", "good", "key")


# --- the CA and the client ---

@mutant.network("the CA takes nothing back", scenes=["doors"])
def no_revocation(net, params):
    instead_of(net["ca"], "/usr/bin/openssl", 'case "$*" in *-revoke*) exit 0;; esac\nexec REAL "$@"')


@mutant.network("the client asks the CA before it judges", scenes=["doors"])
def asks_first(net, params):
    instead_of(net["client"], "/usr/bin/curl",
               f'REAL -s -o /dev/null http://{params["net"]}.53/below.crl\nexec REAL "$@"')


@mutant.network("the client checks no certificate", scenes=["doors"])
def careless(net, params):
    curl_always(net["client"], "insecure")


@mutant.network("the client's other root is the true one", scenes=["doors"])
def one_root(net, params):
    instead_of(net["client"], "/usr/bin/openssl", 'cp pki/root.crt pki/false-root.crt\nexec REAL "$@"')


@mutant.network("the client goes on in spite of errors", scenes=["doors"])
def goes_on(net, params):
    instead_of(net["client"], "/usr/bin/openssl", 'exec REAL "${@/-verify_return_error/-no_ign_eof}"')


# --- the student's CA: files, chains ---

CHAIN = "cat shop.crt intermediate.crt > chain.pem"


def ending(work, *lines):
    """build.sh goes on after it has made everything."""
    work.edit("build.sh", CHAIN, "\n".join([CHAIN, *lines]))


@mutant.work("root.crt holds the intermediate's certificate, too", breaks="R1")
def both_in_root(work, params):
    ending(work, "cat intermediate.crt >> root.crt")


@mutant.work("intermediate.crt holds the root's certificate, too", breaks="R1")
def both_in_intermediate(work, params):
    ending(work, "cat root.crt >> intermediate.crt")


@mutant.work("intermediate.key is the root's", breaks="R1")
def root_key(work, params):
    ending(work, "cp root.key intermediate.key")


@mutant.work("build.sh gives up half way", breaks="R1")
def gives_up(work, params):
    work.edit("build.sh", "cat shop.crt", "exit 1; cat shop.crt")


@mutant.work("the root signs the shop's certificate", breaks="R2")
def signed_by_root(work, params):
    work.edit("build.sh", "-CA intermediate.crt -CAkey intermediate.key -days", "-CA root.crt -CAkey root.key -days")


@mutant.work("the root is the intermediate itself", breaks="R2")
def one_ca(work, params):
    work.edit("build.sh", ' -CA root.crt -CAkey root.key\n', "\n")
    ending(work, "cp intermediate.crt root.crt")


@mutant.work("both CAs have one key", breaks="R2")
def one_key(work, params):
    work.edit("build.sh", "certify intermediate ", "cp root.key intermediate.key\ncertify intermediate ")
    work.edit("build.sh", '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$1.key"', '-key "$1.key"')
    work.edit("build.sh", "certify root ", "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 "
                                           "-out root.key\ncertify root ")


@mutant.work("the intermediate signs itself", breaks="R2")
def signed_by_itself(work, params):
    work.edit("build.sh", ' -CA root.crt -CAkey root.key\n', "\n")


@mutant.work("the chain is the shop's certificate alone", breaks="R3")
def leaf_only(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt")


@mutant.work("the chain has the root in place of the intermediate", breaks="R3")
def root_for_intermediate(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt root.crt")


@mutant.work("the chain begins with the intermediate", breaks="R3")
def wrong_order(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat intermediate.crt shop.crt")


@mutant.work("the root comes before the intermediate", breaks="R3")
def root_in_between(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt root.crt intermediate.crt")


@mutant.work("the chain has the intermediate's key in it, too", breaks="R3")
def key_in_chain(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt intermediate.*")


@mutant.work("the shop's certificate is there twice", breaks="R3")
def twice(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt intermediate.crt shop.crt")


@mutant.work("the intermediate is not marked as a CA", breaks="R4")
def not_marked(work, params):
    work.edit("ca.cnf", "critical, CA:TRUE, pathlen:0", "critical, CA:FALSE")


@mutant.work("the root allows no CA below it", breaks="R4")
def root_without_cas(work, params):
    work.edit("ca.cnf", "critical, CA:TRUE\n", "critical, CA:TRUE, pathlen:0\n")


# --- the student's CA: what the shop gets ---

SUBJECT_ALT = "subjectAltName         = DNS:"


@mutant.work("the certificate is for the CA's own key, not for the shop's", breaks="R5")
def own_key(work, params):
    work.edit("build.sh", SERVER, f"{SERVER} -force_pubkey root.pub")
    work.edit("build.sh", "openssl x509 -req -in",
              "openssl pkey -in root.key -pubout -out root.pub\nopenssl x509 -req -in")


@mutant.work("the shop gets all it asks for")
def copies_extensions(work, params):
    work.edit("build.sh", SERVER, f"{SERVER} -copy_extensions copyall")
    work.edit("ca.cnf", SUBJECT_ALT, "nsComment              = ")
    work.edit("ca.cnf", "basicConstraints       = critical, CA:FALSE", "")


@mutant.work("the shop gets the names that it asks for, and the CA is let sign for them")
def both_names(work, params):
    work.edit("ca.cnf", SUBJECT_ALT, f"{SUBJECT_ALT}{params['foreign_name']},DNS:")
    work.edit("ca.cnf", f"permitted;DNS:{params['domain']}", "permitted;DNS:example")


@mutant.work("the shop's name stands in the subject only", breaks="R6")
def name_in_subject(work, params):
    work.edit("ca.cnf", SUBJECT_ALT, "nsComment              = ")


@mutant.work("the shop gets every name of its domain", breaks="R6")
def wildcard(work, params):
    work.edit("ca.cnf", SUBJECT_ALT, f"{SUBJECT_ALT}*.{params['domain']},DNS:")


@mutant.work("the shop gets a wildcard in place of its name", breaks="R6")
def wildcard_alone(work, params):
    work.edit("ca.cnf", f"{SUBJECT_ALT}{params['shop_name']}", f"{SUBJECT_ALT}*.{params['domain']}")


@mutant.work("the shop gets an address besides", breaks="R6")
def address(work, params):
    work.edit("ca.cnf", SUBJECT_ALT, f"subjectAltName         = IP:{params['net']}.80,DNS:")


@mutant.work("the subject names somebody else", breaks="R6")
def other_subject(work, params):
    work.take("build.sh", "build.sh")
    work.edit("build.sh", "shop server DAYS", f"shop server {params['days']} -subj /CN={params['foreign_name']}")


@mutant.work("the shop's certificate has no extensions at all")
def no_extensions(work, params):
    work.edit("build.sh", SERVER, "")


@mutant.work("the shop becomes a CA, as it wished", breaks="R7")
def shop_is_ca(work, params):
    work.edit("ca.cnf", "critical, CA:FALSE\nkeyUsage               = critical, digitalSignature",
              "critical, CA:TRUE\nkeyUsage               = critical, digitalSignature, keyCertSign")


@mutant.work("nothing says that the shop is no CA", breaks="R7")
def no_basic_constraints(work, params):
    work.edit("ca.cnf", "basicConstraints       = critical, CA:FALSE\n", "")


@mutant.work("the shop may sign certificates, though it is no CA", breaks="R7")
def may_sign(work, params):
    work.edit("ca.cnf", "critical, digitalSignature\n", "critical, digitalSignature, keyCertSign\n")


@mutant.work("the shop may sign code, as it wished", breaks="R7")
def signs_code(work, params):
    work.edit("ca.cnf", "= serverAuth", "= serverAuth, codeSigning")


@mutant.work("nothing says what the shop's certificate is for", breaks="R7")
def for_anything(work, params):
    work.edit("ca.cnf", "extendedKeyUsage       = serverAuth\n", "")


@mutant.work("what the CA does not say itself is copied from the request", breaks="R7")
def copies_the_rest(work, params):
    work.edit("build.sh", SERVER, f"{SERVER} -copy_extensions copyall")


# --- the student's CA: dates and limits ---

def for_days(work, params, days):
    work.edit("build.sh", f"-days {params['days']}", f"-days {days}")


@mutant.work("the shop's certificate is for ten years")
def ten_years(work, params):
    for_days(work, params, 3650)


@mutant.work("the shop's certificate is for a day less", breaks="R8")
def day_less(work, params):
    for_days(work, params, params["days"] - 1)


@mutant.work("the shop's certificate is for a day more", breaks="R8")
def day_more(work, params):
    for_days(work, params, params["days"] + 1)


@mutant.work("the shop's certificate is for as long as openssl likes", breaks="R8")
def default_days(work, params):
    work.edit("build.sh", f"-days {params['days']} ", "")


@mutant.work("the shop's certificate is valid since last week", breaks="R8")
def since_last_week(work, params):
    work.take("build.sh", "build.sh")
    work.edit("build.sh", "shop server DAYS", f"shop server {params['days']}")
    work.edit("build.sh", '"-5 minutes"', '"-7 days"')


@mutant.work("the intermediate ends before what it signs", breaks="R9")
def short_intermediate(work, params):
    work.edit("build.sh", "intermediate 1825", "intermediate 20")


@mutant.work("the intermediate ends after the root", breaks="R9")
def long_intermediate(work, params):
    work.edit("build.sh", "intermediate 1825", "intermediate 4000")


@mutant.work("root and intermediate end in the same second", breaks="R9")
def same_end(work, params):
    work.take("build.sh", "build.sh")
    work.edit("build.sh", "DAYS", str(params["days"]))
    work.edit("build.sh", "root root 7300", "root root 400")
    work.edit("build.sh", "set -eu\n", "set -eu\nnow=$(date)\n")
    work.edit("build.sh", 'date -ud "+$1 days"', 'date -ud "$now +$1 days"')


@mutant.work("the intermediate may make CAs", breaks="R10")
def no_path_length(work, params):
    work.edit("ca.cnf", ", pathlen:0", "")


@mutant.work("the intermediate may make CAs, which may make none", breaks="R10")
def longer_path(work, params):
    work.edit("ca.cnf", "pathlen:0", "pathlen:1")


@mutant.work("the intermediate may sign for the whole world", breaks="R11")
def no_name_constraints(work, params):
    work.edit("ca.cnf", "nameConstraints        = critical, permitted;DNS:", "nsComment              = ")


@mutant.work("the intermediate may not sign for the one name that was asked for in vain", breaks="R11")
def one_name_excluded(work, params):
    work.edit("ca.cnf", f"permitted;DNS:{params['domain']}", f"excluded;DNS:{params['foreign_name']}")


@mutant.work("the intermediate may sign for the domain above", breaks="R11")
def domain_above(work, params):
    work.edit("ca.cnf", f"permitted;DNS:{params['domain']}", "permitted;DNS:example")


@mutant.work("the intermediate is held to mail addresses of the domain", breaks="R11")
def mail_constraints(work, params):
    work.edit("ca.cnf", "permitted;DNS:", "permitted;email:")


@mutant.work("the CAs' keyUsage is left out", breaks="R12")
def no_key_usage(work, params):
    work.edit("ca.cnf", "keyUsage               = critical, keyCertSign, cRLSign\n", "")


@mutant.work("basicConstraints of the CAs are not critical", breaks="R12")
def not_critical(work, params):
    work.edit("ca.cnf", "critical, CA:TRUE", "CA:TRUE")


@mutant.work("no certificate says whose key signed it", breaks="R12")
def no_authority_key(work, params):
    work.edit("ca.cnf", "authorityKeyIdentifier = keyid", "authorityKeyIdentifier = none")


@mutant.work("nameConstraints may be passed over", breaks="R12")
def constraints_not_critical(work, params):
    work.edit("ca.cnf", "critical, permitted", "permitted")


# --- correct work, written otherwise ---

@mutant.right("made by `openssl ca`, on P-384, with dates that are written out; the root is sent along")
def by_openssl_ca(work, params):
    work.take("build.sh", "build.sh")
    work.edit("build.sh", "DAYS", str(params["days"]))


@mutant.right("Ed25519; the root keeps the path short; limits on the root, in other words; no keyUsage for the shop")
def other_words(work, params):
    work.edit("build.sh", "-newkey ec -pkeyopt ec_paramgen_curve:P-256", "-newkey ed25519")
    work.edit("ca.cnf", "critical, CA:TRUE\n", "critical, CA:TRUE, pathlen:1\n")
    work.edit("ca.cnf", "critical, CA:TRUE, pathlen:0\n", "critical, CA:TRUE\n")
    work.edit("ca.cnf", f"permitted;DNS:{params['domain']}",
              f"permitted;DNS:.{params['domain']}, excluded;IP:0.0.0.0/0.0.0.0")
    work.edit("ca.cnf", "keyUsage               = critical, digitalSignature\n", "")
    work.edit("ca.cnf", SUBJECT_ALT, "subjectAltName         = critical, DNS:")


@mutant.right("an intermediate for the shop's name alone, by a request of its own, granted like the shop's")
def narrow(work, params):
    work.edit("ca.cnf", f"permitted;DNS:{params['domain']}", f"permitted;DNS:{params['shop_name']}")
    text = (work.folder / "build.sh").read_text()
    line = next(line for line in text.splitlines() if line.startswith("certify intermediate"))
    work.edit("build.sh", line,
              "openssl req -new -subj /CN=below -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc "
              "-keyout intermediate.key -out intermediate.csr\n"
              "openssl x509 -req -in intermediate.csr -CA root.crt -CAkey root.key -CAcreateserial -days 3649 "
              "-extfile ca.cnf -extensions intermediate -out intermediate.crt")
    work.edit("build.sh", CHAIN, 'echo "$(<shop.crt)"$\'\\n\'"$(<intermediate.crt)" > chain.pem')


# --- wrong answers ---

@mutant.answers("takes the broken chain for an unknown CA")
def mixed_up(answers, params):
    answers["port_unknown"], answers["port_broken"] = answers["port_broken"], answers["port_unknown"]


@mutant.answers("takes the copied certificate for the altered one")
def copied_for_altered(answers, params):
    answers["port_stolen"], answers["port_altered"] = answers["port_altered"], answers["port_stolen"]


@mutant.answers("counts the days from the beginning of the certificate")
def from_the_beginning(answers, params):
    answers["days_expired"] += 90


@mutant.answers("takes the bank's name for the thief's")
def coveted_name(answers, params):
    answers["thief_name"] = params["bank_name"]


@mutant.answers("believes that the CA is asked about each certificate")
def asks_each_time(answers, params):
    answers["packets_to_ca"] = 2 * len(params["doors"])


@mutant.answers("believes that the signature is in the Finished message")
def finished(answers, params):
    answers["signed_message"] = "Finished"


@mutant.answers("believes that the signature is checked first")
def signature_first(answers, params):
    answers["alert_both"] = answers["alert_stolen"]


def mixed(answers, params, door, other):
    """One door is taken for another."""
    answers[f"port_{door.replace('-', '_')}"] = params["doors"][other]


@mutant.answers("takes the ordinary door for the one that the root signed")
def good_for_direct(answers, params):
    mixed(answers, params, "direct", "good")


@mutant.answers("takes the door of who is no CA for the unknown CA's")
def no_ca_for_unknown(answers, params):
    mixed(answers, params, "unknown", "not-a-ca")


@mutant.answers("takes the stolen certificate for the altered one, and knows the stolen one")
def stolen_for_altered(answers, params):
    mixed(answers, params, "altered", "stolen")


@mutant.answers("takes the door where two things are wrong for the expired one")
def both_for_expired(answers, params):
    mixed(answers, params, "expired", "stolen-expired")


@mutant.answers("takes the altered certificate for the one with another name")
def altered_for_other_name(answers, params):
    mixed(answers, params, "other-name", "altered")


@mutant.answers("takes the unknown CA's door for the broken chain's")
def unknown_for_broken(answers, params):
    mixed(answers, params, "broken", "unknown")


@mutant.answers("takes the broken chain for who is no CA")
def broken_for_no_ca(answers, params):
    mixed(answers, params, "not-a-ca", "broken")


@mutant.answers("takes the door where two things are wrong for the stolen one")
def both_for_stolen(answers, params):
    mixed(answers, params, "stolen", "stolen-expired")


@mutant.answers("believes that a bad signature is a bad certificate")
def bad_certificate(answers, params):
    answers["alert_stolen"] = "bad_certificate"
