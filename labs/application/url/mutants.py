"""Ways to break the url lab: other servers, another curl, clients that students write, wrong answers."""

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("syntax_error", "proxy", "undecoded")


# --- servers and curl (inside the machine, where the lab's own files are the package `lab`) ---

def nginx(old: str, new: str) -> None:
    """Change nginx's configuration."""
    from lab import sites
    assert old in sites.NGINX, f"nginx.conf no longer holds {old!r}"
    sites.NGINX = sites.NGINX.replace(old, new)


@mutant.network("curl asks a proxy", scenes=["curl"])
def proxy(net, params):
    curl_always(net["client"], f'proxy = "http://{params["second"]}:{params["port"]}"')


@mutant.network("the client knows the addresses beforehand", scenes=["curl"])
def hosts_file(net, params):
    names = " ".join(params[name] for name in ("first", "second", "third"))
    net["client"].replace_file("/etc/hosts", f"{params['ip_web']} {names}\n")


@mutant.network("curl speaks HTTP to port 443 as well", scenes=["curl"])
def no_tls(net, params):
    nginx("listen 443 ssl;", "listen 443;")


@mutant.network("curl goes to another port than the URL says", scenes=["curl"])
def other_port(net, params):
    curl_always(net["client"], f'connect-to = ":80::{params["port"]}"')


@mutant.network("nginx has one site for everybody", scenes=["curl"])
def one_site(net, params):
    nginx('return 404 "No such site.\\n";', 'return 200 "{{first}}: $uri\\n";')


@mutant.network("nginx decodes nothing", scenes=["curl"])
def undecoded(net, params):
    nginx('{{first}}: $uri', '{{first}}: $request_uri')


@mutant.network("every name of the zone exists")
def wildcard(net, params):
    from lab import sites
    original = sites.zone
    sites.zone = lambda p: original(p) + f"* IN A {p['ip_web']}\n"


@mutant.network("somebody listens on the closed port")
def open_after_all(net, params):
    nginx("listen {{port}} default_server;", "listen {{port}} default_server; listen {{closed}} default_server;")


# --- clients that students write ---

@mutant.work("the program does not start")
def syntax_error(work, params):
    work.edit("get.py", "import socket\n", "import socket as\n")


@mutant.work("the port is always 80")
def port_ignored(work, params):
    work.edit("get.py", "port = int(found[2] or 80)", "port = 80")


@mutant.work("an empty port is no number")
def empty_port(work, params):
    work.edit("get.py", "port = int(found[2] or 80)", "port = 80 if found[2] is None else int(found[2])")


@mutant.work("Host without the port")
def host_without_port(work, params):
    work.edit("get.py", 'name = host if port == 80 else f"{host}:{port}"', "name = host")


@mutant.work("the fragment is sent")
def fragment_sent(work, params):
    work.edit("get.py", r"(?:\?([^#]*))?(?:#.*)?", r"(?:\?(.*))?(?:#.*)?")
    work.edit("get.py", "[:@/?]", "[:@/?#]")


@mutant.work("the query is left out")
def no_query(work, params):
    work.edit("get.py", '("" if self.query is None else f"?{self.query}")', '""')


@mutant.work("the path is decoded")
def decoded_path(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(remove_dots(self.path).replace("%2F", "/") or "/")')


@mutant.work("no path is no path")
def no_path(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', "remove_dots(self.path)")


@mutant.work("the scheme must be in small letters")
def scheme_case(work, params):
    work.edit("get.py", 'self.scheme.lower() != "http"', 'self.scheme != "http"')


@mutant.work("what is ahead of the @ is the host")
def user_is_host(work, params):
    work.edit("get.py", 'AUTHORITY.fullmatch(self.authority or "")',
              'AUTHORITY.fullmatch((self.authority or "").partition("@")[0])')


@mutant.work("dots go out as they are")
def dots_kept(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(self.path or "/")')


@mutant.work("redirects are not followed")
def not_followed(work, params):
    work.edit("get.py", "return url.resolve(Url.parse(location[1])) if redirected else None", "return None")


@mutant.work("a reference is put behind the whole path")
def behind_path(work, params):
    work.edit("get.py", 'self.path[:self.path.rfind("/") + 1] + path', 'self.path + "/" + path')


@mutant.work("two slashes are taken for a path")
def slashes_are_path(work, params):
    work.edit("get.py", "return reference._replace(scheme=self.scheme)",
              'return self._replace(path=f"//{reference.authority}{reference.path}", query=reference.query)')


@mutant.work("any port will do")
def any_port(work, params):
    work.edit("get.py", "if not 0 < port < 65536:", "if False:")


@mutant.work("any character will do")
def any_character(work, params):
    work.edit("get.py", 'rf"(?:{PLAIN}|[:@/?])*"', 'r".*"')


@mutant.work("any scheme will do")
def any_scheme(work, params):
    work.edit("get.py", 'if self.scheme.lower() != "http":', "if False:")


@mutant.work("a missing scheme is guessed")
def scheme_guessed(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)",
              'url = Url.parse("http:" + text if text[0] == "/" else text)')


@mutant.work("whatever fails, fails with 7")
def one_failure(work, params):
    work.edit("get.py", "raise Failed(NO_SUCH_NAME)", "raise Failed(NO_CONNECTION)")


# --- answers ---

@mutant.answers("the target is the whole URL")
def whole_url(answers, params):
    answers["target"] = params["parts_url"]


@mutant.answers("Host without the port")
def bare_host(answers, params):
    answers["host_header"] = params["first"]


@mutant.answers("the query is never sent")
def query_kept(answers, params):
    answers["never_sent"] = params["query"]


@mutant.answers("what stands first is the host")
def first_is_host(answers, params):
    answers["contacted"] = params["second"]


@mutant.answers("every spelling is another path")
def all_other(answers, params):
    answers["spelled"] = ["other"] * 5


@mutant.answers("each byte is a letter")
def latin(answers, params):
    answers["decoded"] = answers["decoded"].encode().decode("latin-1")


@mutant.answers("all of them are malformed")
def all_malformed(answers, params):
    answers["exits"] = [3] * 8
