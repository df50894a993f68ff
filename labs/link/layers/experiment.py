"""One real exchange of each protocol, from the frame up: ARP, ICMP, VLAN, DNS, HTTP, FTP, and HTTPS.

    h1: client      h2: DNS, web and FTP server      h3: alone in a VLAN, but for h1's second, tagged interface
"""

import shutil
import tempfile
from pathlib import Path

from mnlab.lab import UNCLAIMED_PORTS, Diagram, scene

needs = ("vlan", "named", "nginx", "curl", "openssl", "vsftpd")
diagram = Diagram(captures=("h1", "h2", "h3"), protocols=("arp", "icmp", "dns", "tcp", "tls", "http"), limit=60)

WORDS = ("amber", "basil", "cobalt", "dune", "ember", "fjord", "grove", "haven", "islet", "juniper")
CURL = ("curl", "-4", "-sS", "--http1.1", "--max-time", "10")  # s

NAMED = """options {{ directory "{folder}"; pid-file none; session-keyfile none; recursion no;
  listen-on {{ any; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no; }};
controls {{ }};
zone "{domain}" {{ type primary; file "{domain}.zone"; }};
"""
ZONE = """$TTL 300
@ IN SOA ns hostmaster 1 1800 900 604800 300
@ IN NS ns
ns IN A {h2}
www IN A {h2}
ftp IN A {h2}
"""
NGINX = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    default_type text/plain;
    ssl_certificate server.crt;
    ssl_certificate_key server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {{ listen 80; listen 443 ssl; root {folder}/site; }}
}}
"""
VSFTPD = """listen=YES
background=NO
anonymous_enable=YES
anon_root={folder}/site
no_anon_password=YES
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
connect_from_port_20=NO
pasv_min_port={ftp_port}
pasv_max_port={ftp_port}
"""


def variant(rng) -> dict:
    """Addresses, names, a page, a VLAN; what a student is to find in frames has a leading _."""
    net, tagged = rng.sample(range(1, 250), 2)
    numbers, macs = rng.sample(range(2, 250), 2), ["02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5))
                                                   for _ in range(3)]
    return {
        "h1": f"10.{net}.0.{numbers[0]}", "h2": f"10.{net}.0.{numbers[1]}",
        "h1_tagged": f"10.{net}.{tagged}.{numbers[1]}", "h3": f"10.{net}.{tagged}.{numbers[0]}",
        **{f"h{number}_mac": mac for number, mac in enumerate(macs, start=1)},
        "domain": f"{rng.choice(WORDS)}{rng.randrange(10, 100)}.test",  # RFC 6761: nobody's
        "page": f"{rng.choice(WORDS)}.txt", "page_size": rng.randrange(3000, 6000),
        "vlan": rng.randrange(100, 4000), "_priority": rng.randrange(1, 8), "_ttl": rng.randrange(20, 250),
        "_ident": rng.randrange(1000, 60000), "_size": rng.randrange(16, 90), "_port": rng.choice(UNCLAIMED_PORTS),
        "_ftp_port": rng.randrange(50000, 54000), "_seed": rng.getrandbits(32),
    }


def topology(params):
    from topologies.lan import Lan
    prefixes = {"h1": 24, "h2": 24, "h3": 24}
    return Lan(hosts=3, addresses=[f"{params[name]}/{prefix}" for name, prefix in prefixes.items()],
               macs=[params[f"{name}_mac"] for name in prefixes])


@scene
def exchanges(net, rec):
    """One exchange of each protocol."""
    h1, p = net["h1"], rec.params
    folder = Path(tempfile.mkdtemp(prefix="layers-"))
    rec.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    shutil.chown(folder, "bind", "bind")  # named insists
    serve(net["h2"], rec, folder)
    join_vlan(net, p)
    h1.use_resolver(p["h2"])

    def fetch(name, url, *options):
        rec.run(name, h1, [*CURL, *options, url], check=False)  # what comes of it is for the checks to say

    with rec.capture("h1", "h2", "h3"):
        rec.progress("link and network: ARP, IP, ICMP, VLAN")
        rec.run("ping", h1, f"ping -c1 {p['h2']}", check=False)
        rec.run("vlan-ping", h1, f"ping -c1 -e {p['_ident']} -t {p['_ttl']} -s {p['_size']} {p['h3']}", check=False)
        rec.progress("transport and application: DNS, HTTP, FTP")
        fetch("http", f"http://www.{p['domain']}/{p['page']}")
        fetch("ftp", f"ftp://ftp.{p['domain']}/{p['page']}")
        rec.progress("HTTPS")
        fetch("https", f"https://www.{p['domain']}/{p['page']}", "--cacert", str(folder / "server.crt"),
              "--local-port", str(p["_port"]))


def text(p) -> str:
    """The page: words that do not repeat in a way that anybody could compress, always of the same size."""
    import random
    words = random.Random(p["_seed"])
    line = " ".join(words.choice(WORDS) for _ in range(p["page_size"] // 4))
    return line[:p["page_size"] - 1] + "\n"


def serve(host, rec, folder: Path) -> None:
    """The three servers on `host`: named, nginx, vsftpd."""
    p = rec.params
    site = folder / "site"
    site.mkdir()
    (folder / "empty").mkdir()
    (site / p["page"]).write_text(rec.keep("page", text(p)))
    site.chmod(0o555)  # vsftpd refuses a root that its guest could write to
    rec.run("certificate", host, ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                  "-noenc", "-days", "90", "-keyout", folder / "server.key", "-out",
                                  folder / "server.crt", "-subj", f"/CN=www.{p['domain']}", "-addext",
                                  f"subjectAltName=DNS:www.{p['domain']}"])
    for name, content in (("named.conf", NAMED), (f"{p['domain']}.zone", ZONE), ("nginx.conf", NGINX),
                          ("vsftpd.conf", VSFTPD)):
        (folder / name).write_text(content.format(folder=folder, domain=p["domain"], h2=p["h2"],
                                                  ftp_port=p["_ftp_port"]))
    rec.service("named", host, ["named", "-4", "-g", "-n", "1", "-u", "bind", "-c", folder / "named.conf"],
                tcp=53, udp=53)
    rec.service("nginx", host, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=443)
    rec.service("vsftpd", host, ["vsftpd", folder / "vsftpd.conf"], tcp=21)


def join_vlan(net, p) -> None:
    """h3's port belongs to the VLAN, untagged; at h1's the VLAN is tagged; at h2's it does not exist."""
    tagged, vlan = f"h1-eth0.{p['vlan']}", p["vlan"]
    net["s1"].run("ip link set s1 type bridge vlan_filtering 1")
    net["s1"].run(["bridge", "-batch", "-"], input=f"vlan add vid {vlan} dev s1-eth1\nvlan del vid 1 dev s1-eth3\n"
                                                   f"vlan add vid {vlan} dev s1-eth3 pvid untagged\n")
    net["h1"].run(["ip", "-batch", "-"], input=f"link add link h1-eth0 name {tagged} type vlan id {vlan} "
                  f"egress-qos-map 0:{p['_priority']}\naddress add {p['h1_tagged']}/24 dev {tagged}\n"
                  f"link set {tagged} up\n")
