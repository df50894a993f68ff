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


@mutant.work("the program says what it does", breaks="R1")
def talks(work, params):
    work.edit("get.py", "        print(fetch(text), text)",
              "        print('fetching', text)\n        print(fetch(text), text)")


@mutant.work("the program prints the URL in small letters", breaks="R1")
def prints_small(work, params):
    work.edit("get.py", "print(fetch(text), text)", "print(fetch(text), text.lower())")


@mutant.work("the program prints what failed at the end", breaks="R1")
def failures_last(work, params):
    work.edit("get.py", "    for text in sys.argv[1:]:\n        print(fetch(text), text)",
              "    done = [(fetch(text), text) for text in sys.argv[1:]]\n"
              "    for status, text in sorted(done, key=lambda one: one[0]):\n        print(status, text)")


@mutant.work("the program prints one line for the same URLs", breaks="R1")
def once_each(work, params):
    work.edit("get.py", "for text in sys.argv[1:]:", "for text in dict.fromkeys(sys.argv[1:]):")


@mutant.work("the program remembers what it has fetched", breaks="R2")
def remembers(work, params):
    work.edit("get.py", "def fetch(text: str)", "@__import__('functools').cache\ndef fetch(text: str)")


@mutant.work("the program asks for heads", breaks="R2")
def heads_only(work, params):
    work.edit("get.py", 'f"GET {', 'f"HEAD {')


@mutant.work("the program speaks HTTP/1.0", breaks="R2")
def old_version(work, params):
    work.edit("get.py", "HTTP/1.1\\r\\n", "HTTP/1.0\\r\\n")


@mutant.work("the program looks first whether there is anything", breaks="R2")
def asks_twice(work, params):
    work.edit("get.py", "            sock.sendall(request.encode(\"ascii\"))\n",
              "            with socket.create_connection(addresses[0][4], TIMEOUT) as trial:\n"
              "                trial.sendall(request.encode())\n                trial.recv(9)\n"
              "            sock.sendall(request.encode(\"ascii\"))\n")


@mutant.work("the scheme must be in small letters", breaks="R3")
def scheme_case(work, params):
    work.edit("get.py", 'self.scheme.lower() != "http"', 'self.scheme != "http"')


@mutant.work("any scheme will do", breaks="R3")
def any_scheme(work, params):
    work.edit("get.py", 'if self.scheme.lower() != "http":', "if False:")


@mutant.work("https is http on another port", breaks="R3")
def https_too(work, params):
    work.edit("get.py", 'if self.scheme.lower() != "http":', 'if self.scheme.lower() not in ("http", "https"):')
    work.edit("get.py", "int(found[2] or 80)", 'int(found[2] or (443 if self.scheme == "https" else 80))')


@mutant.work("another scheme is no URL", breaks="R3")
def other_is_malformed(work, params):
    work.edit("get.py", "raise Failed(UNKNOWN_SCHEME)", "raise Failed(MALFORMED)")


@mutant.work("a scheme has letters only", breaks="R3")
def scheme_of_letters(work, params):
    work.edit("get.py", "[A-Za-z][A-Za-z0-9+.-]*", "[A-Za-z]+")


@mutant.work("a scheme has letters and plus signs only", breaks="R3")
def letters_and_plus(work, params):
    work.edit("get.py", "[A-Za-z][A-Za-z0-9+.-]*", "[A-Za-z+]+")


@mutant.work("user information has letters, digits and a colon only", breaks="R4")
def plain_users(work, params):
    work.edit("get.py", "(?:(?:{PLAIN}|:)*@)?", "(?:[A-Za-z0-9.:]*@)?")


@mutant.work("user information may not be empty", breaks="R4")
def some_user(work, params):
    work.edit("get.py", "(?:(?:{PLAIN}|:)*@)?", "(?:(?:{PLAIN}|:)+@)?")


@mutant.work("what is ahead of the @ is the host", breaks="R4")
def user_is_host(work, params):
    work.edit("get.py", 'AUTHORITY.fullmatch(self.authority or "")',
              'AUTHORITY.fullmatch((self.authority or "").partition("@")[0])')


@mutant.work("the authority ends at a slash only", breaks="R4")
def slash_ends(work, params):
    work.edit("get.py", "(?://([^/?#]*))?", "(?://([^/]*))?")


@mutant.work("the last @ of all ends the user information", breaks="R4")
def last_at(work, params):
    work.edit("get.py", "        return cls(*PARTS.fullmatch(text).groups())\n",
              "        scheme, slashes, rest = text.partition('://')\n"
              "        text = scheme + slashes + rest.rpartition('@')[2] if slashes else text\n"
              "        return cls(*PARTS.fullmatch(text).groups())\n")


@mutant.work("the user information has no colon", breaks="R4")
def user_without_password(work, params):
    work.edit("get.py", "(?:(?:{PLAIN}|:)*@)?", "(?:(?:{PLAIN})*@)?")


@mutant.work("an address is looked up as well", breaks="R4")
def asks_for_addresses(work, params):
    work.edit("get.py", "    try:\n        addresses =",
              "    if host[0].isdigit():\n        ask(host)\n    try:\n        addresses =")
    work.edit("get.py", "def get(url: Url)", f"""def ask(host):
    name = b"".join(bytes([len(part)]) + part.encode() for part in host.split("."))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        question = bytes.fromhex("4711 0100 0001 0000 0000 0000") + name + bytes.fromhex("00 0001 0001")
        sock.sendto(question, ("{params['ip_dns']}", 53))


def get(url: Url)""")


@mutant.work("the port is always 80", breaks="R5")
def port_ignored(work, params):
    work.edit("get.py", "port = int(found[2] or 80)", "port = 80")


@mutant.work("an empty port is no number", breaks="R5")
def empty_port(work, params):
    work.edit("get.py", "port = int(found[2] or 80)", "port = int('80' if found[2] is None else found[2] or '-1')")


@mutant.work("the default port is 8080", breaks="R5")
def other_default(work, params):
    work.edit("get.py", "port = int(found[2] or 80)", f"port = int(found[2] or {params['port']})")


@mutant.work("Host without the port", breaks="R6")
def host_without_port(work, params):
    work.edit("get.py", 'name = host if port == 80 else f"{host}:{port}"', "name = host")


@mutant.work("Host with the user information", breaks="R6")
def host_with_user(work, params):
    work.edit("get.py", 'name = host if port == 80 else f"{host}:{port}"', "name = url.authority")


@mutant.work("Host is the address", breaks="R6")
def host_is_address(work, params):
    work.edit("get.py", 'name = host if port == 80 else f"{host}:{port}"',
              'name = f"{addresses[0][4][0]}:{port}"')


@mutant.work("the fragment is sent", breaks="R7")
def fragment_sent(work, params):
    work.edit("get.py", "        return (remove_dots(self.path)",
              "        return (remove_dots(self.path + (f'#{self.fragment}' if self.fragment else ''))")


@mutant.work("the query is left out", breaks="R7")
def no_query(work, params):
    work.edit("get.py", '("" if self.query is None else f"?{self.query}")', '""')


@mutant.work("an empty query is none", breaks="R7")
def empty_query(work, params):
    work.edit("get.py", '("" if self.query is None else f"?{self.query}")', '(f"?{self.query}" if self.query else "")')


@mutant.work("an empty query of no path is none", breaks="R7")
def empty_query_of_root(work, params):
    work.edit("get.py", "        return (remove_dots(self.path)",
              "        if not self.path and not self.query:\n            return '/'\n"
              "        return (remove_dots(self.path)")


@mutant.work("the query ends at a second question mark", breaks="R7")
def short_query(work, params):
    work.edit("get.py", 'f"?{self.query}")', 'f"?{self.query.partition(chr(63))[0]}")')


@mutant.work("no path is no path", breaks="R7")
def no_path(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', "remove_dots(self.path)")


@mutant.work("a path begins with one slash, however many it has", breaks="R7")
def one_slash_ahead(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '("/" + remove_dots(self.path).lstrip("/"))')


@mutant.work("the target is the whole URL", breaks="R7")
def whole_target(work, params):
    work.edit("get.py", "        return (remove_dots(self.path)",
              "        return f'http://{self.authority}' + (remove_dots(self.path)")


@mutant.work("the path is made of small letters", breaks="R7")
def small_path(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)", "url: Url | None = Url.parse(text.lower())")


@mutant.work("an encoded slash is decoded", breaks="R8")
def decoded_path(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(remove_dots(self.path).replace("%2F", "/") or "/")')


@mutant.work("what need not be encoded is decoded", breaks="R8")
def decoded_tilde(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(remove_dots(self.path).replace("%7e", "~") or "/")')


@mutant.work("encoded dots are dots", breaks="R8")
def encoded_dots(work, params):
    work.edit("get.py", "    segments = path.split",
              "    path = re.sub('%2e', '.', path, flags=re.I)\n    segments = path.split")


@mutant.work("a segment of encoded dots alone is removed", breaks="R8")
def encoded_segments(work, params):
    work.edit("get.py", "    segments = path.split",
              "    path = re.sub('(?<=/)(%2e)+(?=/|$)', lambda found: '.' * (len(found[0]) // 3), path, flags=re.I)\n"
              "    segments = path.split")


@mutant.work("encoded bytes are in capitals", breaks="R8")
def encoded_capitals(work, params):
    work.edit("get.py", "        return (remove_dots(self.path)",
              "        return re.sub('%..', lambda found: found[0].upper(), remove_dots(self.path)")


@mutant.work("what is encoded is encoded once more", breaks="R8")
def encoded_twice(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(remove_dots(self.path).replace("%", "%25") or "/")')


@mutant.work("where a redirect leads is decoded", breaks="R8")
def decoded_location(work, params):
    work.edit("get.py", "Url.parse(location[1])) if",
              "Url.parse(__import__('urllib.parse').parse.unquote(location[1]))) if")


@mutant.work("dots that lead to the root leave nothing", breaks="R9")
def no_root(work, params):
    work.edit("get.py", "        if last and segment in (\".\", \"..\"):",
              "        if last and segment in (\".\", \"..\") and len(kept) > 1:")
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(remove_dots(self.path) or "" if self.path else "/")')


@mutant.work("dots go out as they are", breaks="R9")
def dots_kept(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/")', '(self.path or "/")')


@mutant.work("dots at the end stay", breaks="R9")
def last_dots(work, params):
    work.edit("get.py", "        if segment == \"..\":", "        if segment == \"..\" and not last:")
    work.edit("get.py", "        elif segment != \".\":", "        elif segment != \".\" or last:")
    work.edit("get.py", "        if last and segment in (\".\", \"..\"):", "        if False:")


@mutant.work("no slash behind the dots at the end", breaks="R9")
def no_last_slash(work, params):
    work.edit("get.py", "        if last and segment in (\".\", \"..\"):", "        if False:")


@mutant.work("the path is put in order as a file's, with empty segments left out", breaks="R9")
def file_path(work, params):
    work.edit("get.py", "(remove_dots(self.path) or \"/\")", "(re.sub('//+', '/', remove_dots(self.path)) or \"/\")")


@mutant.work("the root has a parent", breaks="R9")
def above_root(work, params):
    work.edit("get.py", "            if len(kept) > 1:\n", "            if len(kept) > 1 or kept.append(segment):\n")


@mutant.work("the query has dots, too", breaks="R9")
def dots_in_query(work, params):
    work.edit("get.py", '(remove_dots(self.path) or "/") + ("" if self.query is None else f"?{self.query}")',
              'remove_dots((self.path or "/") + ("" if self.query is None else f"?{self.query}"))')


@mutant.work("redirects are not followed", breaks="R10")
def not_followed(work, params):
    work.edit("get.py", "return url.resolve(Url.parse(location[1])) if redirected else None", "return None")


@mutant.work("one redirect is followed", breaks="R10")
def one_redirect(work, params):
    work.edit("get.py", "REDIRECTS, TIMEOUT = 10,", "REDIRECTS, TIMEOUT = 2,")
    work.edit("get.py", "    return 47", "    return 0")


@mutant.work("301 and 302 are redirects", breaks="R10")
def two_statuses(work, params):
    work.edit("get.py", "30[12378] ", "30[12] ")


@mutant.work("308 is none", breaks="R10")
def no_308(work, params):
    work.edit("get.py", "30[12378] ", "30[1237] ")


@mutant.work("whatever has a Location is a redirect", breaks="R10")
def any_location(work, params):
    work.edit("get.py", "30[12378] ", "[0-9]* ")


@mutant.work("every 3xx with a Location is a redirect", breaks="R10")
def any_3xx(work, params):
    work.edit("get.py", "30[12378] ", "3.. ")


@mutant.work("Location is looked for in the body, too", breaks="R10")
def location_in_body(work, params):
    work.edit("get.py", 'stream.read().split(b"\\r\\n\\r\\n")[0].decode', "stream.read().decode")
    work.edit("get.py", 're.match(r"HTTP/1\\.. 30[12378] ", head)', 're.search(r"HTTP/1\\.. 30[12378] ", head)')


@mutant.work("Location is written with a capital", breaks="R10")
def location_case(work, params):
    work.edit("get.py", 'head, re.M | re.I)', "head, re.M)")


@mutant.work("Location may stand within another field's name", breaks="R10")
def location_within(work, params):
    work.edit("get.py", 'r"^Location: *(', 'r"Location: *(')


@mutant.work("a reference is put behind the whole path", breaks="R11")
def behind_path(work, params):
    work.edit("get.py", 'self.path[:self.path.rfind("/") + 1] + path', 'self.path + "/" + path')


@mutant.work("a reference is put behind the host", breaks="R11")
def behind_host(work, params):
    work.edit("get.py", 'self.path[:self.path.rfind("/") + 1] + path', '"/" + path')


@mutant.work("two slashes are taken for a path", breaks="R11")
def slashes_are_path(work, params):
    work.edit("get.py", "return reference._replace(scheme=self.scheme)",
              'return self._replace(path=f"//{reference.authority}{reference.path}", query=reference.query)')


@mutant.work("the query of the page stays", breaks="R11")
def query_stays(work, params):
    work.edit("get.py", "self._replace(path=path, query=reference.query,", "self._replace(path=path,")


@mutant.work("the last slash of the page's target is looked for in its query", breaks="R11")
def slash_in_query(work, params):
    work.edit("get.py", 'self.path[:self.path.rfind("/") + 1] + path',
              'f"{self.path}?{self.query}"[:f"{self.path}?{self.query}".rfind("/") + 1] + path')


@mutant.work("what has a whole URL in it is one", breaks="R11")
def any_slashes(work, params):
    work.edit("get.py", "url.resolve(Url.parse(location[1]))", "url.resolve(Url.parse(location[1]) if '://' not in "
              "location[1] else Url.parse(location[1][location[1].lower().index('http'):]))")


@mutant.work("references are completed from the URL that was given", breaks="R11")
def first_page(work, params):
    work.edit("get.py", "            url = get(url)\n", "            url = get(url, Url.parse(text))\n")
    work.edit("get.py", "def get(url: Url) ->", "def get(url: Url, page) ->")
    work.edit("get.py", "return url.resolve(", "return page.resolve(")


@mutant.work("what the page's port completes is the default port", breaks="R11")
def default_port(work, params):
    work.edit("get.py", "return self._replace(path=path, query",
              "return self._replace(authority=self.authority.partition(':')[0], path=path, query")


@mutant.work("a reference is put right behind the host of a page without a path", breaks="R11")
def no_slash_between(work, params):
    work.edit("get.py", '            path = path if path.startswith("/") else "/" + path\n', "")


@mutant.work("an empty query is that of the page", breaks="R11")
def empty_query_inherited(work, params):
    work.edit("get.py", "self.query if reference.query is None else reference.query", "reference.query or self.query")


@mutant.work("behind two slashes the port is the page's", breaks="R11")
def port_of_the_page(work, params):
    work.edit("get.py", "            return reference._replace(scheme=self.scheme)\n",
              "            port = re.search(':[0-9]+$', self.authority or '')\n"
              "            name = reference.authority + ('' if not port or ':' in reference.authority else port[0])\n"
              "            return reference._replace(scheme=self.scheme, authority=name)\n")


@mutant.work("what is ahead of a colon is a scheme, slashes and all", breaks="R11")
def colon_ends_scheme(work, params):
    work.edit("get.py", "(?:([^:/?#]+):)?", "(?:([^:?#]+):)?")


@mutant.work("a query alone belongs to the folder", breaks="R11")
def query_of_folder(work, params):
    work.edit("get.py", "return self._replace(query=query,",
              'return self._replace(path=self.path[:self.path.rfind("/") + 1], query=query,')


@mutant.work("where a whole URL leads, the port is the page's", breaks="R11")
def port_stays(work, params):
    work.edit("get.py", "            return reference\n        if reference.authority",
              "            return reference._replace(authority=(reference.authority or '').partition(':')[0])\n"
              "        if reference.authority")


@mutant.work("any port will do", breaks="R12")
def any_port(work, params):
    work.edit("get.py", "not 0 < port < 65536", "False")


@mutant.work("there is a port 65536", breaks="R12")
def one_port_more(work, params):
    work.edit("get.py", "not 0 < port < 65536", "not 0 < port <= 65536")


@mutant.work("a port is whatever Python takes for a number", breaks="R12")
def pythons_port(work, params):
    work.edit("get.py", "(?::([0-9]*))?", "(?::([0-9+_\u0660-\u0669]*))?")


@mutant.work("the port ends at its last digit", breaks="R12")
def port_and_more(work, params):
    work.edit("get.py", "(?::([0-9]*))?", "(?::([0-9]*)[a-z]*)?")


@mutant.work("of two ports the last one counts", breaks="R12")
def last_port(work, params):
    work.edit("get.py", "(?::([0-9]*))?", "(?::[0-9]*)?(?::([0-9]*))?")


@mutant.work("white space around a URL does not count", breaks="R12")
def stripped(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)", "url: Url | None = Url.parse(text.strip())")


@mutant.work("brackets are characters of a query", breaks="R12")
def brackets_in_query(work, params):
    work.edit("get.py", '(self.path, self.query or "", self.',
              '(self.path, re.sub(r"[][]", "", self.query or ""), self.')


@mutant.work("brackets are characters of a fragment", breaks="R12")
def brackets_in_fragment(work, params):
    work.edit("get.py", 'self.fragment or "")', 're.sub(r"[][]", "", self.fragment or ""))')


@mutant.work("nobody looks at the host", breaks="R12")
def any_percent_in_host(work, params):
    work.edit("get.py", "|(?:{PLAIN})*)(?::", "|(?:{PLAIN}|%)*)(?::")


@mutant.work("a scheme may have an underscore", breaks="R12")
def scheme_with_underscore(work, params):
    work.edit("get.py", "[A-Za-z][A-Za-z0-9+.-]*", "[A-Za-z][A-Za-z0-9+._-]*")


@mutant.work("a backquote is a character", breaks="R12")
def backquote(work, params):
    work.edit("get.py", "[:@/?])", "[:@/?`])")


@mutant.work("whatever is no space is a character", breaks="R12")
def unseen(work, params):
    work.edit("get.py", "[:@/?])", "[:@/?\x7f])")


@mutant.work("any character will do", breaks="R12")
def any_character(work, params):
    work.edit("get.py", 'rf"(?:{PLAIN}|[:@/?])*"', 'r".*"')


@mutant.work("nobody looks at the fragment", breaks="R12")
def any_fragment(work, params):
    work.edit("get.py", '(self.path, self.query or "", self.fragment or "")', '(self.path, self.query or "")')


@mutant.work("nobody looks at the query", breaks="R12")
def any_query(work, params):
    work.edit("get.py", '(self.path, self.query or "", self.fragment or "")', '(self.path, self.fragment or "")')


@mutant.work("a percent sign is a character", breaks="R12")
def any_percent(work, params):
    work.edit("get.py", "=-]|%[0-9A-Fa-f]{2}", "=%-]")


@mutant.work("one digit behind a percent sign is enough", breaks="R12")
def half_percent(work, params):
    work.edit("get.py", "%[0-9A-Fa-f]{2}", "%[0-9A-Fa-f]")


@mutant.work("of another scheme's URL nobody looks at the rest", breaks="R12")
def other_rest(work, params):
    work.edit("get.py", "        if not SCHEME.fullmatch",
              '        if SCHEME.fullmatch(self.scheme or "") and self.scheme.lower() != "http":\n'
              "            raise Failed(UNKNOWN_SCHEME)\n        if not SCHEME.fullmatch")


@mutant.work("letters beyond ASCII are letters", breaks="R12")
def any_letter(work, params):
    work.edit("get.py", "[A-Za-z0-9._~", "[\\w._~")


@mutant.work("brackets and braces are characters", breaks="R12")
def brackets(work, params):
    work.edit("get.py", "[:@/?])", "[][{{}}:@/?])")


@mutant.work("anything may stand ahead of the last @", breaks="R12")
def any_user(work, params):
    work.edit("get.py", "(?:(?:{PLAIN}|:)*@)?", "(?:.*@)?")


@mutant.work("brackets are characters of a user's name", breaks="R12")
def brackets_in_user(work, params):
    work.edit("get.py", "(?:(?:{PLAIN}|:)*@)?", "(?:(?:{PLAIN}|[][:])*@)?")


@mutant.work("a missing scheme is guessed", breaks="R12")
def scheme_guessed(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)",
              'url = Url.parse("http:" + text if text[0] == "/" else text)')


@mutant.work("http is guessed where there is no colon", breaks="R12")
def scheme_added(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)",
              'url = Url.parse(text if ":" in text else "http://" + text)')


@mutant.work("a scheme may begin with a digit", breaks="R12")
def scheme_with_digit(work, params):
    work.edit("get.py", "[A-Za-z][A-Za-z0-9+.-]*", "[A-Za-z0-9+.-]+")


@mutant.work("slashes are repaired, as browsers do", breaks="R12")
def repaired(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)", 'url = Url.parse(re.sub("^http:/*", "http://", text))')


@mutant.work("spaces and backslashes are repaired, as browsers do", breaks="R12")
def repaired_characters(work, params):
    work.edit("get.py", "url: Url | None = Url.parse(text)",
              'url = Url.parse(text.replace(" ", "%20").replace(chr(92), "/"))')


@mutant.work("what has no host asks this computer", breaks="R12")
def local_host(work, params):
    work.edit("get.py", "if not found[1] or not", "if not")
    work.edit("get.py", "return found[1].lower(), port", 'return found[1].lower() or "localhost", port')


@mutant.work("the name is asked for before the port is looked at", breaks="R12")
def asks_first(work, params):
    work.edit("get.py", "        port = int(found[2] or 80)", """        try:
            socket.getaddrinfo(found[1], 80, socket.AF_INET)
        except OSError:
            pass
        port = int(found[2] or 80)""")


@mutant.work("whatever fails, fails with 7", breaks="R13")
def one_failure(work, params):
    work.edit("get.py", "raise Failed(NO_SUCH_NAME)", "raise Failed(NO_CONNECTION)")


@mutant.work("whatever fails, fails with 6", breaks="R13")
def other_failure(work, params):
    work.edit("get.py", "raise Failed(NO_CONNECTION)", "raise Failed(NO_SUCH_NAME)")


@mutant.work("a name has letters, digits, and hyphens", breaks="R13")
def strict_names(work, params):
    work.edit("get.py", "        port = int(found[2] or 80)",
              "        if '_' in found[1]:\n            raise Failed(MALFORMED)\n        port = int(found[2] or 80)")


@mutant.work("65535 is no port", breaks="R13")
def one_port_less(work, params):
    work.edit("get.py", "not 0 < port < 65536", "not 0 < port < 65535")


@mutant.work("what was redirected has been answered", breaks="R14")
def first_counts(work, params):
    work.edit("get.py", "        return failure.args[0]\n",
              "        return failure.args[0] if url == Url.parse(text) else 0\n")


@mutant.work("a redirect to anything bad is malformed", breaks="R14")
def astray_is_malformed(work, params):
    work.edit("get.py", "        return failure.args[0]\n",
              "        return failure.args[0] if url == Url.parse(text) else MALFORMED\n")


@mutant.work("a Location is a whole URL if there are two slashes behind its colon", breaks="R14")
def slashes_make_urls(work, params):
    work.edit("get.py", "url.resolve(Url.parse(location[1]))",
              "url.resolve(Url.parse(location[1] if '://' in location[1] else './' + location[1] if "
              "location[1][0] not in '/?#.' else location[1]))")


@mutant.work("where a redirect leads, a port that is too great is none", breaks="R14")
def port_after_redirect(work, params):
    work.edit("get.py", "url.resolve(Url.parse(location[1]))",
              "url.resolve(Url.parse(re.sub(':[0-9]{5,}', '', location[1])))")


@mutant.work("where a redirect leads ends at a space", breaks="R14")
def first_word(work, params):
    work.edit("get.py", "Url.parse(location[1])) if", "Url.parse(location[1].split()[0])) if")


@mutant.work("a redirect to https leads to the same by http", breaks="R14")
def downgraded(work, params):
    work.edit("get.py", "Url.parse(location[1])) if", "Url.parse(location[1].replace('https:', 'http:'))) if")


# --- other ways to do it right ---

@mutant.right("the URL is read from left to right; connections are kept, and responses are read by their length")
def another_client(work, params):
    work.take("get.py", "get.py")


@mutant.right("Host has capitals as the URL has them and any port, other headers are there, AAAA is asked for, too")
def other_headers(work, params):
    work.edit("get.py", "return found[1].lower(), port", "return found[1], port")
    work.edit("get.py", 'name = host if port == 80 else f"{host}:{port}"', 'name = f"{host}:{port}"')
    work.edit("get.py", "Host: {name}\\r\\nConnection: close\\r\\n",
              "User-Agent: get.py\\r\\naccept: */*\\r\\nconnection: close\\r\\nhost:{name}\\r\\n")
    work.edit("get.py", "port, socket.AF_INET, socket.SOCK_STREAM)",
              "port, socket.AF_UNSPEC, socket.SOCK_STREAM)")


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
