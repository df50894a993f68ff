"""HTTP as nginx and curl speak it, then the student's server before curl and before clients that are not so polite.

    client ──┐
             s1 ──┬── web    nginx
                  └── own    the student's server.py
"""

import shutil
from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(without=("http.server", "wsgiref"))
needs = ("netem", "nginx", "curl")
diagram = Diagram(captures=("client",), protocols=("tcp", "http"), scene="origin", hosts=("client", "web"),
                  first="page", last="types")

NAMES = ("amber", "birch", "cobalt", "dune", "ember", "fjord", "gravel", "harbour", "iris", "juniper")
FILES = ("logo", "report", "song", "film", "table", "notes", "drawing", "letter")
SUFFIXES = ("css", "json", "png", "gif", "pdf", "mp3", "mp4", "zip", "wasm", "svg", "txt")


def variant(rng) -> dict:
    """Names, addresses, files, and for how long a silent connection is kept (s)."""
    web, own = rng.sample(NAMES, 2)
    suffixes = rng.sample(SUFFIXES, 3)
    files = [f"{name}.{suffix}" for name, suffix in zip(rng.sample(FILES, 3), suffixes)]
    files.insert(rng.randrange(4), rng.choice(("README", "LICENSE", "core")))
    visits = [True, *rng.sample((True, True, True, False, False), 5)]  # whether the visitor shows the cookies it has
    return {"net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "web_name": f"www.{web}.example",
            "own_name": f"www.{own}.example", "port": rng.choice((8000, 8008, 8080, 8081, 8088, 8888)),
            "delay": rng.randrange(5, 16), "_keepalive": rng.randrange(14, 40), "idle": rng.randrange(5, 11),
            "lines": rng.randrange(4, 20), "content": rng.randrange(10**6), "odd_name": f"{rng.choice(FILES)} 100%.txt",
            "files": files, "visits": visits, "file_list": ", ".join(files),
            "visit_list": ", ".join("with" if visit else "without" for visit in visits)}


def secret(rng, params) -> dict:
    """What is in the files that the student's server is given."""
    return {"_content": rng.randrange(10**6)}


def topology(params):
    from topologies.star import Star
    return Star(nodes={name: (f"{params['net']}.{number}/24", f"{params['delay']}ms")
                       for number, name in enumerate(("client", "web", "own"), start=1)})


@scene
def origin(net, rec):
    """What a real server says."""
    from lab import visits
    introduce(net, rec)
    with rec.capture("client"):
        nginx = start_nginx(net, rec)
        rec.progress("pages, files, visitors")
        look(net, rec)
        visits.farewells(net, rec)
        nginx.stop()
        rec.keep("access.log", (nginx.folder / "access.log").read_text())


@scene(work=["*.py"])
def server(net, rec, work):
    """Your server."""
    from lab import visits
    introduce(net, rec)
    give(work, rec.params)
    with rec.capture("client"):
        visits.judge(net, rec)


def introduce(net, rec) -> None:
    """The client knows the two sites' names."""
    p = rec.params
    net["client"].replace_file("/etc/hosts", f"{net['web'].IP()} {p['web_name']}\n{net['own'].IP()} {p['own_name']}\n")


def give(work: Path, params: dict) -> None:
    """The files for the student's server, in its copy of the work folder; whatever has this name makes room."""
    from lab import web
    files = {f"{web.GIVEN}/{name}": data for name, data in web.own_site(params).items()}
    files[f"{web.NEIGHBOUR}/secret.txt"] = b"Nobody shall read this.\n"
    for name in (web.GIVEN, web.NEIGHBOUR):
        if (work / name).is_file():
            (work / name).unlink()
        shutil.rmtree(work / name, ignore_errors=True)
    for path, data in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_bytes(data)


def start_nginx(net, rec):
    """nginx on `web`, in a folder of its own beside the work folder."""
    from lab import web
    from mnlab.lab.work import fill_in
    folder = Path("nginx").absolute()
    (folder / "site").mkdir(parents=True)
    for name, data in web.web_site(rec.params).items():
        (folder / "site" / name).write_bytes(data)
    (folder / "nginx.conf").write_text(rec.keep("nginx.conf", fill_in(web.CONF, rec.params)))
    service = rec.service("nginx", net["web"], ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)
    service.folder = folder
    return service


def look(net, rec) -> None:
    """What curl and nginx say to each other. Each step is a mark, then a command."""
    from lab.web import CURL
    p, site = rec.params, f"http://{rec.params['web_name']}"

    def step(name, *arguments):
        rec.mark(name)
        rec.run(f"curl-{name}", net["client"], [*CURL, *arguments], check=False)
        rec.wait(0.2)  # the connection closes, and steps stand apart

    step("page", "-i", f"{site}/")
    step("types", *(part for name in p["files"] for part in ("-o", "/dev/null", f"{site}/{name}")))
    step("port", "-o", "/dev/null", f"{site}:{p['port']}/")
    # Without -b curl neither keeps cookies nor shows those that it has: a private window.
    parts = [[*(("-b", "") if visit else ()), f"{site}/hello"] for visit in p["visits"]]
    step("visits", *parts[0], *(word for part in parts[1:] for word in ("--next", *CURL[1:], *part)))
