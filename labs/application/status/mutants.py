"""Ways to break the status lab, each of which some check must catch."""

from pathlib import Path

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("canned", "bad_configuration", "latest_for_good", "no_expectations", "remembers_nothing", "always_expects",
          "patient", "helpful_proxy")

PLACES = {name: Path("lab") / name for name in ("site.conf", "app.py", "visitor.py")}  # in the job


def change(name: str, *edits) -> None:
    """Change a file that the experiment works with: pairs of what is there and what shall be."""
    text = PLACES[name].read_text()
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        if old not in text:
            raise ValueError(f"{name} no longer holds {old!r}")
        text = text.replace(old, new)
    PLACES[name].write_text(text)


# --- other clients, other servers ---

@mutant.network("curl never expects anything, and keeps the method of what it repeats")
def no_expectations(net, params):
    net["client"].run("""cp /usr/bin/curl /run/real-curl && printf '#!/bin/bash\\nexec /run/real-curl --post301 """
                      """"${@/Expect: 100-continue/Expect:}"\\n' > /run/curl && chmod 755 /run/curl && """
                      """mount --bind /run/curl /usr/bin/curl""")


@mutant.network("curl expects 100 each time")
def always_expects(net, params):
    curl_always(net["client"], 'header = "Expect: 100-continue"')


@mutant.network("nginx knows no parts")
def no_ranges(net, params):
    change("site.conf", "root {{root}};", "root {{root}}; max_ranges 0;")


@mutant.network("the application says that the latest news have moved for good")
def latest_for_good(net, params):
    change("app.py", "302 Found", "301 Moved Permanently")


@mutant.network("the client remembers every redirect")
def remembers_302(net, params):
    change("visitor.py", "300, 301, 308,", "300, 301, 302, 308,")


@mutant.network("the client remembers nothing")
def remembers_nothing(net, params):
    change("visitor.py", "return int(age[1]) > 0 if age else status in HEURISTICALLY_CACHEABLE", "return False")


@mutant.network("nginx's 301 says that it must not be kept")
def uncacheable_301(net, params):
    change("site.conf", "server_name demo;", 'server_name demo; add_header Cache-Control "no-store" always;')


@mutant.network("nginx runs as root")
def runs_as_root(net, params):
    change("site.conf", "user www-data;", "user root;")


@mutant.network("canned replies: nginx says 400, 403, 404, 500 and 503 where nothing is wrong")
def canned(net, params):
    change("site.conf", "location = /stopped {", """location = /secret.txt { return 403; }
        location = /long.text { return 404; }
        location = /long.txt { return 400; }
        location = /stopped {""",
           "limit_conn reports 1;", "return 503;", "location ~ ^/(ratio|", "location = /ratio { return 500; }\n"
           "        location ~ ^/(ratio_|")


@mutant.network("the application catches its own division by zero, and takes words for numbers")
def forgiving(net, params):
    change("app.py", 'return "200 OK", {}, f"{a / b:.3f}\\n"', 'return "200 OK", {}, f"{a / (b or 1):.3f}\\n"',
           "int(given[name][0])", 'int(given[name][0].replace("ten", "10"))')


@mutant.network("reports are made side by side, and nginx has all the time in the world")
def patient(net, params):
    change("site.conf", "limit_conn reports 1;", "limit_conn reports 9;", "proxy_read_timeout 1s;", "")


@mutant.network("somebody has started the application that is stopped")
def started(net, params):
    change("site.conf", "127.0.0.1:{{stopped_port}}", "127.0.0.1:{{app_port}}")


@mutant.network("a proxy on the way puts Host and the version right")
def helpful_proxy(net, params):
    change("site.conf", "listen 80;", "listen 80; error_page 400 =200 /long.txt;")


# --- wrong configurations ---

@mutant.work("the default limits for uploads")
def default_limit(work, params):
    work.edit("nginx.conf", f"client_max_body_size {params['upload_kb']}k;", "")


@mutant.work("no parts, and the 404 page says 200")
def soft_404(work, params):
    work.edit("nginx.conf", "error_page 404 /404.html;", "error_page 404 =200 /404.html; max_ranges 0;")


@mutant.work("the 404 page is a redirect, and the old area leads to the front of the new one")
def redirected_404(work, params):
    work.edit("nginx.conf", "error_page 404 /404.html;", "error_page 404 http://$host/404.html;")
    work.edit("nginx.conf", "/news/$1 permanent", "/news/ permanent")


@mutant.work("the two redirects are exchanged")
def exchanged(work, params):
    work.edit("nginx.conf", "permanent", "redirect")
    work.edit("nginx.conf", "return 302", "return 301")


@mutant.work("everybody is staff")
def all_staff(work, params):
    work.edit("nginx.conf", "deny all;", "allow all;")


@mutant.work("nobody is staff, and the application's errors are hidden behind a page")
def no_staff(work, params):
    work.edit("nginx.conf", f"allow {params['net']}.20;", "")
    work.edit("nginx.conf", "error_page 404 /404.html;", "error_page 404 /404.html;\n        error_page 500 400 =200 "
              "/404.html;\n        proxy_intercept_errors on;")


@mutant.work("the application is asked with /app/ in front")
def prefix_kept(work, params):
    work.edit("nginx.conf", f"proxy_pass http://127.0.0.1:{params['app_port']}/;",
              f"proxy_pass http://127.0.0.1:{params['app_port']};")


@mutant.work("reports are always refused")
def canned_503(work, params):
    work.edit("nginx.conf", "limit_conn reports 1;", "return 503;")


@mutant.work("reports are made side by side, as many as are asked for")
def side_by_side(work, params):
    work.edit("nginx.conf", "limit_conn reports 1;", "")


@mutant.work("a typing error in nginx.conf")
def bad_configuration(work, params):
    work.edit("nginx.conf", "deny all;", "deny al;")


# --- wrong answers ---

@mutant.answers("says that a file that may not be read is not there")
def hidden_file(answers, params):
    answers["status_secret"] = 404


@mutant.answers("says 500 for an application that is not there")
def everything_500(answers, params):
    answers["status_stopped"] = 500


@mutant.answers("counts a range without its last byte")
def open_range(answers, params):
    answers["part_bytes"] -= 1


@mutant.answers("says that clients remember every redirect")
def remembers_all(answers, params):
    answers["requests_remembering"] = 2


@mutant.answers("says that curl remembers a 301")
def curl_remembers(answers, params):
    answers["requests_curl"] = 3


@mutant.answers("says that a 301 keeps the method")
def keeps_method(answers, params):
    answers["method_after_301"] = "POST"


@mutant.answers("says that asking for the body costs nothing")
def free_asking(answers, params):
    answers["wait_ms"] = 0
