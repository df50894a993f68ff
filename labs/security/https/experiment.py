"""HTTP and HTTPS side by side on a network nobody should trust; then a server of one's own, before a strict client.

    client ──┐                    ┌── bank   one page, the same over HTTP and over HTTPS
             s1 ──── mallory ─────┤
    eve ─────┘      (router)      └── shop   the student's server

Eve hears everything: s1 floods like a hub. Mallory owns the router, and does what he likes when he likes.
"""

import re
import shutil
from contextlib import contextmanager
from pathlib import Path

from mnlab.lab import Diagram, scene

needs = ("netem", "nftables", "nginx", "curl", "openssl")
diagram = Diagram(captures=("eve",), protocols=("tcp", "tls", "http"), scene="cafe", hosts=("client", "bank"),
                  first="plain", last="sealed", limit=48)

TREES = ("alder", "beech", "cedar", "hazel", "larch", "maple", "rowan", "willow")
WARES = ("kettle", "ladder", "lantern", "needle", "saddle", "teapot", "umbrella", "whistle")
SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
FLIPS = (0x02, 0x04, 0x08)  # bits that make another digit of the 1 with which every amount begins: 3, 5 or 9
HEADERS = 20 + 32  # bytes of IP and TCP (with timestamps) before a segment's data
RECORD = 5  # bytes of a TLS record's header; inside, 1 byte of content type and 16 of authentication tag are added
MALLORY = "mallory-eth0"  # his interface towards the guests

CURL = ("curl", "-sS", "-i", "--max-time", "10")  # s, for each URL
PKI = Path("pki")  # in the job's own folder, closed to the student
ROOT, WRONG_ROOT = ("--cacert", f"{PKI}/root.crt"), ("--cacert", f"{PKI}/mallory.crt")
GIVEN = ("shop.key", "shop.crt", "intermediate.crt", "root.crt")  # what the student's server finds in given/
MARK = "===="  # after each answer that a client of the shop prints
PRINT_MARK = ("-w", f"\n{MARK} %{{url_effective}}\n")
SIZES = ("-w", "[%{size_header} bytes of header, %{size_download} of page]\n")


def variant(rng):
    """Addresses, names, the bank's page. What Eve is to find out is nested: so it stays out of variant.toml."""
    lan, first, second = rng.sample(range(1, 250), 3)
    trees = rng.sample(TREES, 3)
    bank = {"path": f"/invoice/{rng.randrange(1000, 9999)}", "cookie": f"{rng.getrandbits(48):012x}",
            "amount": rng.randrange(1000, 2000), "account": f"{trees[0].upper()}-{rng.randrange(10**6, 10**7)}",
            "thief": f"MALLORY-{rng.randrange(10**6, 10**7)}", "suite": rng.choice(SUITES), "flip": rng.choice(FLIPS),
            "lines": rng.randrange(9, 14)}
    return {"lan": f"10.{lan}.0", "bank_net": f"10.{lan}.{first}", "shop_net": f"10.{lan}.{second}",
            "delay": f"{rng.randrange(15, 31)}ms", "bank_name": f"bank.{trees[0]}.example",
            "shop_name": f"shop.{trees[1]}.example", "stranger": f"shop.{trees[2]}.example",
            "token": f"{rng.choice(WARES)}-{rng.randrange(1000, 9999)}", "bank": bank}


def page(bank, account):
    """The bank's page: text, with the amount in its first line."""
    lines = "".join(f"  item {number:2}  . . . . . . . . . . . . . . . . . . {bank['amount'] // bank['lines']} EUR\n"
                    for number in range(1, bank["lines"] + 1))
    return f"Please pay {bank['amount']} EUR to account {account}.\n{lines}"


def secret(rng, params) -> dict:
    """What is asked for over HTTP: the student's server is to answer with its own URL."""
    return {"_ware": f"{rng.choice(WARES)}-{rng.randrange(1000, 9999)}"}


def topology(params):
    from topologies.cafe import Cafe
    return Cafe(lan=params["lan"], servers=(params["bank_net"], params["shop_net"]), delay=params["delay"])


@scene
def cafe(net, rec):
    """HTTP and HTTPS on a network that nobody should trust."""
    p = rec.params
    prepare(net, rec, bank=p["bank_name"], mallory=p["bank_name"])
    serve_site(rec, "bank", net["bank"], p["bank"]["account"], "bank.crt", "intermediate.crt")
    with rec.capture("eve", "bank"):
        look(net, rec)
        flip_a_bit(net, rec)
        pose_as_the_bank(net, rec)
        leave_something_out(net, rec)


@scene(work=["*"])
def shop(net, rec, work):
    """Your server."""
    prepare(net, rec, shop=rec.params["shop_name"])
    give(work / "given")
    with rec.capture("eve"):
        judge_the_shop(net, rec)


def prepare(net, rec, **servers):
    """A hub, names for the client, and certificates: for these servers, file to name."""
    p = rec.params
    net["s1"].run("ip link set s1 type bridge ageing_time 0".split())  # it learns nothing, so it floods: a hub
    PKI.mkdir(mode=0o700)
    script = Path(__file__).with_name("make_certificates.sh")
    rec.run("certificates", net["bank"], ["bash", script, PKI, *(f"{file}={name}" for file, name in servers.items())])
    rec.keep("certificates", {path.stem: path.read_text() for path in sorted(PKI.glob("*.crt"))})
    net["client"].replace_file("/etc/hosts", f"{p['bank_net']}.80 {p['bank_name']}\n"
                                             f"{p['shop_net']}.80 {p['shop_name']} {' '.join(other_names(p))}\n")


def other_names(params):
    """Names that lead to the shop's address and are not the shop's: its neighbour's, and such as hold its own."""
    name = params["shop_name"]
    return params["stranger"], f"www.{name}", f"my{name}", f"{name}.test"


def give(folder):
    """What the student's server needs, in its copy of the work folder; whatever had this name there makes room."""
    if folder.is_file():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in GIVEN:
        shutil.copy(PKI / file, folder)


def serve_site(rec, name, host, account, *chain):
    """nginx on `host`, with the page of the bank and the certificates of `chain`."""
    from mnlab.lab.work import fill_in
    bank, folder = rec.params["bank"], (PKI / f"{name}-site").absolute()
    folder.mkdir()
    text = Path(__file__).with_name("site.conf").read_text()
    (folder / "nginx.conf").write_text(fill_in(text, {**bank, "page": page(bank, account)}))
    (folder / "chain.pem").write_text("".join((PKI / file).read_text() for file in chain))
    shutil.copy(PKI / chain[0].replace(".crt", ".key"), folder / "site.key")
    rec.service(name, host, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=443)


def get(rec, name, scheme, *options, check=False):
    """The client, a customer who is logged in, asks the bank for his invoice."""
    p = rec.params
    return rec.run(name, rec.net["client"], [*CURL, *SIZES, "-b", f"session={p['bank']['cookie']}", *options,
                                             f"{scheme}://{p['bank_name']}{p['bank']['path']}"], check=check)


def look(net, rec):
    """What Eve hears of the same page over HTTP and over HTTPS."""
    rec.mark("plain")
    get(rec, "plain-page", "http", check=True)
    rec.wait(0.2)  # the plain connection closes, and the two stand apart in the diagram
    get(rec, "sealed-page", "https", *ROOT, check=True)
    rec.mark("sealed")


def flip_a_bit(net, rec):
    """Mallory changes one bit of the amount, plain or encrypted: he knows where on the page it stands."""
    bank, seen = rec.params["bank"], (rec.folder / "output/plain-page.out").read_text()
    head, body = (int(size) for size in re.search(r"\[(\d+) bytes of header, (\d+) of page", seen).groups())
    amount = head + page(bank, bank["account"]).index(str(bank["amount"]))
    record = (head + body + 17).to_bytes(2, "big")
    first_bytes = f"match u32 {int.from_bytes(b'HTTP', 'big'):#x} 0xffffffff at {HEADERS}"
    record_head = (f"match u32 0x170303{record[0]:02x} 0xffffffff at {HEADERS} "
                   f"match u8 {record[1]:#x} 0xff at {HEADERS + 4}")
    rules = [(80, first_bytes, HEADERS + amount), (443, record_head, HEADERS + RECORD + amount)]
    with flipping(net["mallory"], rules, bank["flip"]):
        get(rec, "plain-flipped", "http")
        get(rec, "sealed-flipped", "https", *ROOT)


@contextmanager
def flipping(router, rules, bit):
    """The router flips `bit` in the byte at an offset (from the IP header on) of segments from a port that match, and
    puts the TCP checksum right (tc-pedit(8), tc-csum(8))."""
    lines = [f"qdisc add dev {MALLORY} clsact"]
    lines += [f"filter add dev {MALLORY} egress protocol ip prio {port} u32 match ip protocol 6 0xff "
              f"match ip sport {port} 0xffff {match} action pedit munge offset {offset} u8 invert retain {bit:#x} "
              "pipe action csum tcp" for port, match, offset in rules]
    router.run(["tc", "-batch", "-"], input="\n".join(lines) + "\n")
    yield
    router.run(["tc", "qdisc", "del", "dev", MALLORY, "clsact"])


def pose_as_the_bank(net, rec):
    """Mallory sends whoever asks for the bank to a server of his own, at the bank's address."""
    mallory = net["mallory"]
    serve_site(rec, "impostor", mallory, rec.params["bank"]["thief"], "mallory.crt")
    mallory.run(["nft", "-f", "-"], input=f"""table ip lab {{
        chain theft {{
            type nat hook prerouting priority dstnat
            ip daddr {net["bank"].IP()} tcp dport {{ 80, 443 }} redirect
        }}
    }}""")
    get(rec, "plain-impostor", "http")
    get(rec, "sealed-impostor", "https", *ROOT)
    get(rec, "careless-impostor", "https", "--insecure")
    mallory.run("nft delete table ip lab".split())


def leave_something_out(net, rec):
    """TLS without a certificate at the server; then without the root at the client."""
    bank, name = net["bank"], rec.params["bank_name"]
    rec.service("no-certificate", bank, "openssl s_server -4 -accept 8443 -nocert -quiet", tcp=8443)
    rec.run("ask-no-certificate", net["client"], [*CURL, *ROOT, f"https://{name}:8443/"], check=False)
    get(rec, "no-root", "https", *WRONG_ROOT)


#: What curl is told to ask by a method.
METHODS = {"GET": (), "HEAD": ("-I",), "POST": ("-d", "pieces=1"), "PUT": ("-X", "PUT", "-d", "pieces=1"),
           "OPTIONS": ("-X", "OPTIONS"), "PATCH": ("-X", "PATCH", "-d", "pieces=2"),
           "DELETE": ("-X", "DELETE", "-H", "Host: {name}:80")}  # with the port: RFC 9110, section 7.2


#: What the shop does not have: pages, and files such as others keep beside their pages.
MISSING = ("no-such-page", "no-such-style.css", "pictures/no-such-picture.png", "no-such-script.js")


def asked_over_http(params):
    """What a client asks the shop for over HTTP: method -> targets. What is written %20 stays so."""
    ware = params["_ware"]
    return {"GET": ["/", "/index.html", f"/cart?ware={ware}", f"/top%20shelf/{ware}.html?sort=a%26b&page=2",
                    f"/.well-known/acme-challenge/{ware}"],
            "HEAD": ["/"], "POST": [f"/order?ware={ware}"], "PUT": [f"/order/{ware}"],
            "OPTIONS": ["/"], "PATCH": [f"/order/{ware}?pieces"], "DELETE": [f"/order/{ware}?sure"]}


def judge_the_shop(net, rec):
    """The student's server, before a strict client."""
    from mnlab.net.namespace import listening_tcp_ports
    p, client, shop = rec.params, net["client"], net["shop"]
    name = p["shop_name"]

    def judge(label, command):
        rec.run(label, client, command, check=False, timeout=60)

    rec.student_service("shop", shop, ["bash", "start.sh"], caps=["NET_BIND_SERVICE"],
                        ready=lambda: bool(listening_tcp_ports(shop.pid) & {80, 443}))
    asks = [[*CURL[1:], *(word.format(name=name) for word in METHODS[method]),
             *(f"http://{name}{target}" for target in targets)]
            for method, targets in asked_over_http(p).items()]
    judge("redirect", ["curl", *asks[0], *(word for ask in asks[1:] for word in ("--next", *ask))])
    judge("strict", [*CURL, *ROOT, *PRINT_MARK, f"https://{name}/"])
    # One client with a memory for HSTS (RFC 6797): the page twice, what is not there, and then by http://. It
    # looks at no certificate, so that a fault of the chain's is not told as one of the headers'.
    judge("visits", [*CURL, "--insecure", "--hsts", "", *PRINT_MARK, f"https://{name}/", f"https://{name}/index.html",
                     *(f"https://{name}/{page}" for page in MISSING), f"http://{name}/"])
    # An answer that says no: a page is not the place to send an order to.
    judge("order", [*CURL, "--insecure", "-d", "pieces=1", *PRINT_MARK, f"https://{name}/"])
    # One who knows the server's name for the handshake, and asks for the neighbour's.
    judge("inside", [*CURL, "--insecure", "-H", f"Host: {p['stranger']}", f"https://{name}/"])
    judge("stranger", [*CURL, "--insecure", *(f"{scheme}://{host}/{page}" for host in (*other_names(p), shop.IP())
                                              for scheme in ("https", "http") for page in ("", "index.html"))])
    for label, versions in (("tls12", "-tls1_2"), ("old-tls", "-min_protocol TLSv1 -max_protocol TLSv1.1")):
        judge(label, f"timeout 10 openssl s_client -connect {shop.IP()}:443 -servername {name} "
                     f"-CAfile {PKI}/root.crt -cipher ALL:@SECLEVEL=0 {versions}".split())
