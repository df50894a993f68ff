"""Eleven doors, each with the bank's name on it and a certificate behind it; then a CA of one's own.

    client ──┐
    web    ──┼── s1      web: the doors, and your shop      ca: the CA's own host, which answers whoever asks it
    ca     ──┘

All certificates are made in the run (make_chains.sh). Each door is a port of `web`; nginx speaks TLS 1.2 there, where
certificates and the client's alerts can be read on the wire.
"""

import base64
import shutil
import subprocess
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "nginx", "curl", "openssl")
diagram = Diagram(captures=("client",), protocols=("tls",), scene="doors", hosts=("client", "web", "ca"),
                  first="doors", last="asked", limit=60)

#: door: (its certificates, the server's own first; its private key)
DOORS = {
    "good": (("bank", "below"), "bank"),
    "direct": (("direct",), "bank"),
    "revoked": (("revoked", "below"), "bank"),
    "unknown": (("unknown", "mallory-root"), "mallory"),
    "altered": (("altered", "below"), "mallory"),
    "expired": (("expired", "below"), "bank"),
    "other-name": (("other", "below"), "bank"),
    "broken": (("bank",), "bank"),
    "not-a-ca": (("not-a-ca", "mallory", "below"), "mallory"),
    "stolen": (("bank", "below"), "stolen"),
    "stolen-expired": (("expired", "below"), "stolen"),
}
TREES = ("alder", "beech", "cedar", "hazel", "larch", "maple", "rowan", "tulip")  # equally long, see `alter`
WARES = ("kettle", "ladder", "lantern", "needle", "saddle", "teapot", "umbrella", "whistle")
PKI = Path("pki")  # in the job's own folder, closed to the student
HERE = Path(__file__).parent
ROOT = f"{PKI}/root.crt"
#: What curl says of each URL (curl(1), -w): the last three are 0, 0 and nothing if it is content.
SAYS = r"%{url}\t%{http_code}\t%{exitcode}\t%{ssl_verify_result}\t%{errormsg}\n"
PRODUCTS = ("root.crt", "intermediate.crt", "intermediate.key", "chain.pem")  # of the student's build.sh
SHOP_PORT = 443
ELSEWHERE = "www.elsewhere.test"  # a name that no student is told of (RFC 6761: nobody's)


def variant(rng):
    """Addresses, names, which door is where. The doors are nested: so they stay out of variant.toml."""
    trees, first = rng.sample(TREES, 4), rng.randrange(81, 90) * 100
    ports = rng.sample(range(first, first + 20), len(DOORS))
    domain = f"{trees[3]}.example"
    return {"net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": f"{rng.randrange(3, 9)}ms",
            "bank_name": f"bank.{trees[0]}.example", "other_name": f"shop.{trees[1]}.example",
            "domain": domain, "shop_name": f"shop.{domain}", "foreign_name": f"bank.{trees[2]}.example",
            "days": rng.randrange(30, 80), "token": f"{rng.choice(WARES)}-{rng.randrange(1000, 9999)}",
            "doors": dict(zip(DOORS, ports)), "_thief": f"club.{trees[2]}.example", "_over": rng.randrange(3, 60)}


def topology(params):
    from topologies.star import Star
    return Star({name: (f"{params['net']}.{number}/24", params["delay"])
                 for name, number in (("client", 10), ("web", 80), ("ca", 53))})


@scene
def doors(net, rec):
    """From door to door."""
    PKI.mkdir(mode=0o700)
    prepare(net, rec)
    with rec.capture("client", "ca"):
        knock(net, rec)
        ask_the_ca(net, rec)


@scene(work=["*"])
def own_ca(net, rec, work):
    """Your CA."""
    PKI.mkdir(mode=0o700)
    net["client"].replace_file("/etc/hosts", f"{net['web'].IP()} {rec.params['shop_name']}\n")
    with rec.capture("client"):
        if your_ca(net, rec, work):
            steal_the_intermediate(net, rec)
            open_the_shop(net, rec)


# --- the doors ---

def prepare(net, rec):
    """Certificates and the servers that show them."""
    p, web, ca = rec.params, net["web"], net["ca"]
    rec.run("certificates", ca, ["bash", HERE / "make_chains.sh", PKI, HERE / "pki.cnf", ca.IP(), p["bank_name"],
                                 p["other_name"], p["_thief"], p["_over"]])
    alter(p["_thief"], p["bank_name"])
    claim_to_own()
    rec.keep("certificates", {path.stem: path.read_text() for path in sorted(PKI.glob("*.crt"))})
    rec.save("bank-public-key", ca, f"openssl pkey -in {PKI}/bank.key -pubout")
    net["client"].replace_file("/etc/hosts", f"{web.IP()} {p['bank_name']}\n")
    for door, (chain, key) in DOORS.items():
        (PKI / f"door-{door}.pem").write_text("".join((PKI / f"{name}.crt").read_text() for name in chain))
        shutil.copy(PKI / f"{key}.key", PKI / f"door-{door}.key")
    serve(rec, "street", web, "".join(site(port, f"door-{door}", "return 204;", "TLSv1.2")
                                     for door, port in p["doors"].items()), min(p["doors"].values()))
    serve(rec, "ca-web", ca,
          "server { listen 80; location = /below.crl { types { application/pkix-crl crl; } root .; } }", 80)


def site(port, name, answer, versions) -> str:
    return (f"server {{ listen {port} ssl; ssl_protocols {versions}; ssl_certificate {name}.pem; "
            f"ssl_certificate_key {name}.key; {answer} }}\n")


def serve(rec, name, host, servers, port, fault=""):
    """nginx on `host`, in the folder of the certificates."""
    (PKI / f"{name}.conf").write_text(f"daemon off; master_process off; pid {name}.pid; error_log stderr;\n"
                                      f"events {{ worker_connections 128; }}\nhttp {{ access_log off;\n{servers}}}\n")
    rec.service(name, host, ["nginx", "-p", PKI.absolute(), "-c", f"{name}.conf", "-e", "stderr"], tcp=port,
                fault=fault)


def alter(own: str, coveted: str) -> None:
    """Mallory writes the bank's name over his own in his true certificate (both are as long)."""
    data = pem_bytes((PKI / "mallory.crt").read_text())
    (PKI / "altered.crt").write_text(pem("CERTIFICATE", data.replace(own.encode(), coveted.encode())))


def claim_to_own() -> None:
    """Mallory says that the bank's public key is his: its point (64 bytes, RFC 5915) goes into his private key file.

    Servers believe that, as they compare public keys only. What he signs is signed with his own private key.
    """
    his, theirs = (subprocess.run(["openssl", "ec", "-in", PKI / f"{name}.key", "-outform", "DER"],
                                  capture_output=True, check=True).stdout for name in ("mallory", "bank"))
    (PKI / "stolen.key").write_text(pem("EC PRIVATE KEY", his[:-64] + theirs[-64:]))


def pem_bytes(text: str) -> bytes:
    return base64.b64decode(text.split("-----")[2])


def pem(label: str, data: bytes) -> str:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(data).decode()}-----END {label}-----\n"


def knock(net, rec):
    """A client that knows the root goes from door to door; then one with another root; then one who shows its steps."""
    p, client = rec.params, net["client"]
    rec.mark("doors")
    urls = [f"https://{p['bank_name']}:{port}/" for port in sorted(p["doors"].values())]
    rec.run("knock", client, ["curl", "-s", "--max-time", "10", "-w", SAYS, "--cacert", ROOT, *urls], check=False)
    for door in ("altered", "other-name", "stolen"):
        rec.run(f"look-{door}", client, s_client(p, door), check=False)
    rec.run("false-root", client, s_client(p, "good", store=f"{PKI}/false-root.crt"), check=False)
    rec.mark("doors-end")


def s_client(p, door, *options, store=ROOT):
    """A client that shows each step of its judgement (openssl-s_client(1)). Its input is empty, so it hangs up."""
    return ["timeout", "10", "openssl", "s_client", "-connect", f"{p['net']}.80:{p['doors'][door]}", "-servername",
            p["bank_name"], "-verify_hostname", p["bank_name"], "-CAfile", store, "-verify_return_error", "-quiet",
            "-no_ign_eof", *options]


def ask_the_ca(net, rec):
    """A client that wants to know whether the CA has taken a certificate back."""
    p = rec.params
    for door in ("good", "revoked"):
        rec.run(f"ask-{door}", net["client"], s_client(p, door, "-crl_check", "-crl_download"), check=False)
    rec.mark("asked")


# --- the student's CA ---

def your_ca(net, rec, work) -> bool:
    """The student's build.sh makes a CA and grants what the shop asks for. Whether all files came out."""
    request(rec, work / "given")
    status = rec.student("build", net["ca"], "bash build.sh", files=PRODUCTS)
    place = rec.folder / "files/build"
    missing = [name for name in PRODUCTS if not (place / name).is_file()]
    if missing:
        words = rec.folder / "output/build.err"
        said = words.read_text()[-600:] if words.is_file() else ""
        rec.fault(f"build.sh ended with status {status} and left no {', no '.join(missing)}.\n{said}".strip())
        return False
    for name in PRODUCTS:
        shutil.copy(place / name, PKI / f"your-{name}")
    return True


def request(rec, folder) -> None:
    """The shop's request: a key, a name, and wishes that go too far: another's name, to be a CA, to sign code, a policy
    (an OID for examples, RFC 5612). Whatever was called `given` makes room."""
    p = rec.params
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rec.run("request", rec.net["web"], [
        "openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout",
        f"{PKI}/shop.key", "-out", f"{PKI}/shop.csr", "-subj", f"/CN={p['shop_name']}", "-addext",
        f"subjectAltName=DNS:{p['shop_name']},DNS:{p['foreign_name']}", "-addext", "basicConstraints=CA:TRUE",
        "-addext", "keyUsage=digitalSignature,keyCertSign", "-addext", "extendedKeyUsage=serverAuth,codeSigning",
        "-addext", "certificatePolicies=1.3.6.1.4.1.32473.1"])
    shutil.copy(PKI / "shop.csr", folder)
    rec.keep("shop.csr", (PKI / "shop.csr").read_text())


def steal_the_intermediate(net, rec):
    """A thief has the student's intermediate key. What he signs with it is judged by a verifier; the shop's own chain
    by a strict one."""
    p, client = rec.params, net["client"]
    rec.run("theft", client, ["bash", HERE / "theft.sh", PKI, HERE / "pki.cnf", p["shop_name"], p["foreign_name"],
                              ELSEWHERE], check=False)
    cases = {"judge-shop": (p["shop_name"], "your-chain.pem", "your-chain.pem", "-x509_strict"),
             "judge-own": (p["shop_name"], "thief-own.crt", "your-intermediate.crt"),
             "judge-foreign": (p["foreign_name"], "thief-foreign.crt", "your-intermediate.crt"),
             "judge-elsewhere": (ELSEWHERE, "thief-elsewhere.crt", "your-intermediate.crt"),
             "judge-below": (p["shop_name"], "thief-leaf.crt", "thief-both.pem")}
    for label, (name, certificate, between, *options) in cases.items():
        rec.run(label, client, ["openssl", "verify", *options, "-purpose", "sslserver", "-verify_hostname", name,
                                "-CAfile", f"{PKI}/your-root.crt", "-untrusted", f"{PKI}/{between}",
                                f"{PKI}/{certificate}"], check=False)


def open_the_shop(net, rec):
    """The shop shows the student's chain; a strict client has the student's root, and nothing else."""
    p = rec.params
    shutil.copy(PKI / "your-chain.pem", PKI / "shop.pem")
    serve(rec, "shop", net["web"], site(SHOP_PORT, "shop", f'return 200 "{p["token"]}\\n";', "TLSv1.2"), SHOP_PORT,
          fault="The shop's nginx cannot use your chain.pem with the shop's key.")
    rec.run("visit", net["client"], ["curl", "-s", "--max-time", "10", "-w", SAYS, "--cacert", f"{PKI}/your-root.crt",
                                     f"https://{p['shop_name']}/"], check=False)
