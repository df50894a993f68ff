"""From a URL to a request: which server is asked for what. By curl; then by the student's own client.

    client ──┐
             s1 ──┬── dns    BIND: one zone, with three names for one address
                  └── web    nginx: two sites, on ports 80 and 443 and on another one
"""

import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(without=("ctypes", "http.client", "urllib.request",
                           "urllib.parse:urldefrag urljoin urlparse urlsplit"))
needs = ("netem", "named", "nginx", "curl", "openssl")
diagram = Diagram(captures=("client",), protocols=("dns", "tcp", "http"), scene="curl", hosts=("client", "dns", "web"),
                  first="good", last="spelling", limit=30)

WORDS = ("amber", "birch", "cobalt", "dune", "ember", "fjord", "gravel", "harbour", "iris", "juniper")
CITIES = ("Zürich", "Malmö", "Łódź", "Tromsø", "Besançon", "Kraków")
DNS, WEB = "dns", "web"
CURL = ("curl", "-sS", "-k", "-g", "--max-time", "10")  # s, for each URL; -g: brackets are a part of it
TELL = ("-w", "%{exitcode} %{url}\n")


def variant(rng) -> dict:
    """Names, addresses, ports; which URLs are met, in which order."""
    urls = _urls()
    zone, first, second, third, word, key = rng.sample(WORDS, 6)
    net = f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}"
    port = rng.choice((8000, 8080, 8088, 8090, 8888))
    params = {"net": net, "ip_dns": f"{net}.{rng.randrange(10, 100)}", "ip_web": f"{net}.{rng.randrange(100, 200)}",
              "zone": f"{zone}.example", "delay": rng.randrange(5, 16), "port": port, "closed": port + 1, "word": word,
              "query": f"{key}={rng.randrange(100)}&page={rng.randrange(2, 9)}",
              "curl_bad": rng.sample(sorted(urls.BAD), 8),
              "spellings": rng.sample(sorted(urls.SPELLINGS), 5),
              "encoded": quote(f"{rng.choice(CITIES)} {rng.choice(WORDS)}")}
    params |= {key: f"{name}.{zone}.example" for key, name in (("first", first), ("second", second), ("third", third))}
    params["parts_url"] = f"http://{params['first']}:{port}/{word}/{second}.html?{params['query']}#{third}"
    for number, (_, url, _) in enumerate(urls.bad(params, "curl_bad"), start=1):
        params[f"bad_{number}"] = url
    for number, (_, one, other, _) in enumerate(urls.spellings(params), start=1):
        params[f"pair_{number}"] = f"{one}   {other}"
    return params


def secret(rng, params) -> dict:
    """In which order the student's client meets the bad URLs."""
    every = sorted(_urls().BAD | _urls().STRICT)
    return {"_own_bad": rng.sample(every, len(every))}


def _urls():
    """The module that lies beside this file, in the machine and outside."""
    from mnlab.lab.lab import load
    return load(Path(__file__).with_name("urls.py"))


def topology(params):
    from topologies.star import Star
    addresses = {"client": f"{params['net']}.1", DNS: params["ip_dns"], WEB: params["ip_web"]}
    return Star(nodes={name: (f"{ip}/24", f"{params['delay']}ms") for name, ip in addresses.items()})


@scene
def curl(net, rec):
    """URLs, by curl."""
    with served(net, rec):
        look(net, rec)


@scene(work=["*.py"])
def client(net, rec, work):
    """Your client."""
    from lab import urls
    with served(net, rec):
        for step, locations in urls.commands(rec.params).items():
            rec.mark(step)
            rec.student(f"get-{step}", net["client"], ["python3", "-SE", "get.py", *locations], timeout=60)


@contextmanager
def served(net, rec):
    """Both servers answer, and the client is listened to; what nginx logged is kept afterwards."""
    net["client"].use_resolver(rec.params["ip_dns"])
    with rec.capture("client"):
        named, nginx = start_named(net, rec), start_nginx(net, rec)
        yield
        nginx.stop()
        named.stop(signal.SIGKILL)  # it has nothing to save, and takes its time over that
    rec.keep("access.log", (nginx.folder / "access.log").read_text())


def start_named(net, rec):
    """BIND on `dns`, as the user bind."""
    from lab import sites
    p, folder = rec.params, Path(tempfile.mkdtemp(prefix="named-"))
    rec.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    shutil.chown(folder, "bind", "bind")
    (folder / f"{p['zone']}.zone").write_text(rec.keep("zone", sites.zone(p)))
    (folder / "named.conf").write_text(sites.NAMED.format(folder=folder, zone=p["zone"]))
    log = rec.folder / "output" / "named.err"
    return rec.service("named", net[DNS], ["named", "-4", "-g", "-n", "1", "-u", "bind", "-c", folder / "named.conf"],
                       tcp=53, udp=53, ready=lambda: "running" in log.read_text().split()[-1:])


def start_nginx(net, rec):
    """nginx on `web`, with a certificate that signs itself: who that is, is another lab's matter."""
    from lab import sites
    folder = Path("nginx").absolute()
    folder.mkdir()
    rec.run("certificate", net[WEB], ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                                      "-nodes", "-subj", f"/CN={rec.params['first']}", "-keyout", folder / "site.key",
                                      "-out", folder / "site.crt"])
    (folder / "nginx.conf").write_text(rec.keep("nginx.conf", sites.nginx(rec.params)))
    service = rec.service("nginx", net[WEB], ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=443)
    service.folder = folder
    return service


def look(net, rec) -> None:
    """curl and its URLs. Each step is a mark, then a command."""
    from lab import urls
    p, site = rec.params, f"http://{rec.params['first']}"

    def ask(step, locations, *options):
        rec.mark(step)
        words = [word for url in locations for word in (*options, url)]
        rec.run(f"curl-{step}", net["client"], [*CURL, *words], check=False, timeout=120)
        rec.wait(0.2)

    ask("good", urls.by_curl(p), "-o", "/dev/null")
    ask("spelling", [site + path for _, *pair, _ in urls.spellings(p) for path in pair])
    rec.mark("bad")
    locations = [word for _, url, _ in urls.bad(p, "curl_bad") for word in ("-o", "/dev/null", url)]
    rec.run("curl-bad", net["client"], [*CURL, *TELL, *locations], check=False, timeout=120)
    rec.wait(0.2)
