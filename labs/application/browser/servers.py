"""The browser lab's servers: BIND with the names, nginx with the pages."""

import shutil

WWW, MEDIA = "www", "media"

NAMED = """options {{ directory "{folder}"; pid-file none; session-keyfile none; recursion no;
  listen-on {{ any; }}; listen-on-v6 {{ none; }}; dnssec-validation no; notify no; }};
controls {{ }};
zone "{domain}" {{ type primary; file "{domain}.zone"; }};
"""
ZONE = """$TTL 300
@ IN SOA dns hostmaster 1 1800 900 604800 300
@ IN NS dns
dns IN A {dns}
www IN A {www}
media IN A {media}
shop IN A {shop}
"""
NGINX = """daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    default_type text/plain;
    types {{ text/html html; text/css css; text/javascript js; image/svg+xml svg; }}
    server {{
        listen 80;
        root {folder}/site;
        {location}
    }}
}}
"""
REDIRECT = "location = / {{ return 301 /{start}; }}"
#: $request_id is 16 random bytes, in hexadecimal, of nginx's for each request: nobody knows it before.
TICKER = """location = /ticker.html {
            default_type text/html;
            return 200 "<html><head><title>Ticker</title></head><body>ticker $request_id</body></html>";
        }"""


def start(net, rec, folder) -> None:
    """BIND on dns, nginx on www and on media."""
    p = rec.params
    shutil.chown(folder, "bind", "bind")  # named insists
    for name, text in (("named.conf", NAMED), (f"{p['domain']}.zone", ZONE)):
        (folder / name).write_text(text.format(folder=folder, **p))
    rec.service("named", net["dns"], ["named", "-4", "-g", "-n", "1", "-u", "bind", "-c", folder / "named.conf"],
                tcp=53, udp=53)
    serve(rec, net[WWW], folder / WWW, REDIRECT.format(**p["page"]), site(p))
    serve(rec, net[MEDIA], folder / MEDIA, TICKER, {})


def serve(rec, host, folder, location: str, files: dict[str, str]) -> None:
    """nginx on `host` with these files."""
    (folder / "site").mkdir(parents=True)
    for name, text in files.items():
        (folder / "site" / name).write_text(text)
    for path in (folder, folder / "site"):
        path.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, location=location))
    rec.service(f"nginx-{host.name}", host, ["nginx", "-p", folder, "-c", "nginx.conf", "-e", "stderr"], tcp=80)


def site(p) -> dict[str, str]:
    """The files of www: a page of frames, with a style and a script; the frames, with a picture."""
    page = p["page"]
    frames = [*(f"/{name}" for name in page["frames"]), f"http://{MEDIA}.{p['domain']}/ticker.html"]
    head = (f'<title>All things</title>\n<link rel="stylesheet" href="/{page["style"]}">\n'
            f'<script src="/{page["script"]}"></script>')
    rows = "\n".join(f'<frame src="{frame}">' for frame in frames)
    shares = ",".join("*" for _ in frames)
    return {page["start"]: f'<html><head>{head}</head>\n<frameset rows="{shares}">\n{rows}\n</frameset></html>\n',
            **{name: f'<html><body><img src="/{page["picture"]}" alt="picture">\n<p>{text}</p></body></html>\n'
               for name, text in page["frames"].items()},
            page["style"]: "body { color: navy }\n", page["script"]: "document.title += '!';\n",
            page["picture"]: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="9"/></svg>\n'}


def introduce(net) -> None:
    """The client and each server know each other's MAC address."""
    client = net["client"]
    for host in net.hosts:
        if host is not client:
            client.setARP(host.IP(), host.MAC())
            host.setARP(client.IP(), client.MAC())
