"""Responses: what nginx sends, what clients make of right and wrong ones; then the student's, before strict clients.

    client ──┐
             s1 ──┬── web    nginx on port 80, and a server that answers wrongly on another port
                  └── own    the student's respond.py
"""

from pathlib import Path

from mnlab.lab import Allowed, Diagram, scene

allowed = Allowed(without=("http.server", "wsgiref"))
needs = ("netem", "nginx", "curl", "w3m")
diagram = Diagram(captures=("client",), protocols=("tcp", "http"), scene="origin", hosts=("client", "web"),
                  first="page", last="charsets")

NAMES = ("amber", "birch", "cobalt", "dune", "ember", "fjord", "gravel", "harbour", "iris", "juniper")
CITIES = ("Zürich", "Malmö", "Besançon", "Tromsø", "Düsseldorf", "Córdoba", "Göteborg", "Logroño")
WORDS = ("lantern", "river", "copper", "meadow", "whistle", "granite", "harvest", "saddle", "thunder", "café",
         "Straße")
CURL = ("curl", "-sS", "--max-time", "20")  # s, for each URL
NEXT = ("--next", *CURL[1:])
PAGES = ("right", "wrong", "plain")
FORMS = {"plain": (), "packed": ("-H", "Accept-Encoding: gzip"), "old": ("-0", "-H", "Accept-Encoding: gzip")}


def variant(rng) -> dict:
    """Names, addresses, texts, and which wrong responses are met in which order."""
    from mnlab.lab.lab import load
    broken = load(Path(__file__).with_name("broken.py"))
    web, own = rng.sample(NAMES, 2)
    city = rng.choice(CITIES)
    wrong = ["odd-reason", "no-version", "too-long", "no-length"]
    wrong += rng.sample(sorted(set(broken.RESPONSES) - set(wrong)), 4)
    rng.shuffle(wrong)
    story = [" ".join(rng.sample(WORDS, rng.randrange(3, 8))) for _ in range(rng.randrange(4, 7))]
    params = {
        "net": f"10.{rng.randrange(1, 250)}.{rng.randrange(1, 250)}", "delay": rng.randrange(5, 16),
        "web_name": f"www.{web}.example", "own_name": f"www.{own}.example", "port": rng.choice((8000, 8080, 8888)),
        "text": f"{city} is {rng.randrange(12, 900)} km away, via {rng.choice(CITIES)}.", "city": city,
        "lines": rng.randrange(30, 60), "_pause": rng.randrange(3, 20), "story": "|".join(story),
        "code": rng.randrange(231, 290), "wrong": wrong, "forms": rng.sample(sorted(FORMS), 3)}
    params |= {f"wrong_{number}": broken.RESPONSES[name][0] for number, name in enumerate(wrong, start=1)}
    return params | {"form_list": ", ".join(params["forms"]), "first_line": story[0]}


def topology(params):
    from topologies.star import Star
    return Star(nodes={name: (f"{params['net']}.{number}/24", f"{params['delay']}ms")
                       for number, name in enumerate(("client", "web", "own"), start=1)})


@scene
def origin(net, rec):
    """A real server, and a wrong one."""
    introduce(net, rec)
    with rec.capture("client"):
        nginx = start_nginx(net, rec)
        look(net, rec)
        nginx.stop()


@scene(work=["*.py"])
def server(net, rec, work):
    """Your responses."""
    introduce(net, rec)
    with rec.capture("client"):
        judge(net, rec)


def introduce(net, rec) -> None:
    """The client knows the two sites' names."""
    p = rec.params
    net["client"].replace_file("/etc/hosts", f"{net['web'].IP()} {p['web_name']}\n{net['own'].IP()} {p['own_name']}\n")


def start_nginx(net, rec):
    """nginx on `web`, in a folder of its own beside the work folder; and broken.py."""
    from lab import web
    folder = Path("nginx").absolute()
    (folder / "site").mkdir(parents=True)
    for name, data in web.site(rec.params).items():
        (folder / "site" / name).write_bytes(data)
    (folder / "nginx.conf").write_text(rec.keep("nginx.conf", web.CONF))
    service = rec.service("nginx", net["web"], ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)
    rec.service("broken", net["web"], ["python3", "-SE", Path("lab/broken.py").absolute(), str(rec.params["port"])],
                tcp=rec.params["port"])
    return service


def look(net, rec) -> None:
    """Each step is a mark, then commands."""
    p, site = rec.params, f"http://{rec.params['web_name']}"

    def curl(step, *arguments, **options):
        rec.mark(step)
        rec.run(f"curl-{step}", net["client"], [*CURL, *arguments], check=False, **options)
        rec.wait(0.2)

    curl("page", "-i", f"{site}/", f"{site}/gone", f"{site}/no-such-page")
    rec.wait(p["_pause"])
    curl("later", "-i", f"{site}/")
    rec.mark("charsets")
    for name in PAGES:
        rec.run(f"w3m-{name}", net["client"], ["w3m", "-dump", "-O", "UTF-8", f"{site}/{name}.html"], check=False)
    forms = [word for name in p["forms"] for word in (*NEXT, *FORMS[name], "-o", "/dev/null", f"{site}/long.txt")]
    curl("forms", *forms[len(NEXT):])
    # What curl itself says of each URL goes to standard output, behind its name.
    wrong = [word for name in p["wrong"] for word in ("-o", "/dev/null", f"{site}:{p['port']}/{name}")]
    curl("wrong", "-w", "%{url_effective} %{exitcode} %{http_code} %{size_download} %{errormsg}\n", *wrong, timeout=200)


def judge(net, rec) -> None:
    """The student's responses: curl, a text browser, an old client, and somebody with bad intentions."""
    from lab import probes
    from mnlab.net.typed import converse
    site = f"http://{rec.params['own_name']}"
    net["own"].run("mount --bind /usr/share/zoneinfo/Asia/Kolkata /etc/localtime")  # so local time is not GMT
    rec.student_service("server", net["own"], ["python3", "-SE", "respond.py", "80"], caps=["NET_BIND_SERVICE"], tcp=80)

    def curl(step, *arguments):
        rec.mark(step)
        rec.run(f"curl-{step}", net["client"], [*CURL, *arguments], check=False, timeout=200)
        rec.wait(0.2)

    curl("own", *(word for path in probes.PATHS for word in ("-o", "/dev/null", f"{site}/{path}")))
    rec.mark("own-page")
    rec.run("w3m-own", net["client"], ["w3m", "-dump", "-O", "UTF-8", f"{site}/page"], check=False)
    for step, request in probes.of(rec.params).items():
        rec.mark(step)
        converse(net["client"], (net["own"].IP(), 80), request, patience=8)
        rec.wait(0.1)
