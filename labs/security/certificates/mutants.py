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


# --- the student's CA ---

@mutant.work("the chain is the shop's certificate alone")
def leaf_only(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt")


@mutant.work("the chain has the root in place of the intermediate")
def root_for_intermediate(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat shop.crt root.crt")


@mutant.work("the chain begins with the intermediate")
def wrong_order(work, params):
    work.edit("build.sh", "cat shop.crt intermediate.crt", "cat intermediate.crt shop.crt")


@mutant.work("the root signs the shop's certificate")
def signed_by_root(work, params):
    work.edit("build.sh", "-CA intermediate.crt -CAkey intermediate.key -days", "-CA root.crt -CAkey root.key -days")


@mutant.work("the shop gets all it asks for")
def copies_extensions(work, params):
    work.edit("build.sh", SERVER, f"{SERVER} -copy_extensions copyall")
    work.edit("ca.cnf", "subjectAltName         = DNS:", "nsComment              = ")
    work.edit("ca.cnf", "basicConstraints       = critical, CA:FALSE", "")


@mutant.work("the shop's name stands in the subject only")
def name_in_subject(work, params):
    work.edit("ca.cnf", "subjectAltName         = DNS:", "nsComment              = ")


@mutant.work("the shop's certificate has no extensions at all")
def no_extensions(work, params):
    work.edit("build.sh", SERVER, "")


@mutant.work("the certificate is for the CA's own key, not for the shop's")
def own_key(work, params):
    work.edit("build.sh", SERVER, f"{SERVER} -force_pubkey root.crt")
    work.edit("build.sh", "openssl x509 -req -in",
              "openssl pkey -in root.key -pubout -out root.pub\nopenssl x509 -req -in")
    work.edit("build.sh", "-force_pubkey root.crt", "-force_pubkey root.pub")


@mutant.work("the intermediate is not marked as a CA")
def not_marked(work, params):
    work.edit("ca.cnf", "critical, CA:TRUE, pathlen:0", "critical, CA:FALSE")


@mutant.work("the CAs' keyUsage is left out")
def no_key_usage(work, params):
    work.edit("ca.cnf", "keyUsage               = critical, keyCertSign, cRLSign\n", "")


@mutant.work("the intermediate may make CAs")
def no_path_length(work, params):
    work.edit("ca.cnf", ", pathlen:0", "")


@mutant.work("the intermediate may sign for the whole world")
def no_name_constraints(work, params):
    work.edit("ca.cnf", "nameConstraints        = critical, permitted;DNS:", "nsComment              = ")


@mutant.work("the shop's certificate is for ten years")
def ten_years(work, params):
    work.edit("build.sh", f"-days {params['days']}", "-days 3650")


@mutant.work("the intermediate ends before what it signs")
def short_intermediate(work, params):
    work.edit("build.sh", "intermediate 1825", "intermediate 20")


@mutant.work("build.sh gives up half way")
def gives_up(work, params):
    work.edit("build.sh", "cat shop.crt", "exit 1; cat shop.crt")


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
