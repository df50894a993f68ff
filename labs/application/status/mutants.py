"""Ways to break the status lab, each of which some check must catch."""

import re
from pathlib import Path

from mnlab.checks.mutants import curl_always, edits_of, mutant

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

@mutant.network("curl never expects anything, and keeps the method of what it repeats", scenes=["statuses"])
def no_expectations(net, params):
    net["client"].run("""cp /usr/bin/curl /run/real-curl && printf '#!/bin/bash\\nexec /run/real-curl --post301 """
                      """"${@/Expect: 100-continue/Expect:}"\\n' > /run/curl && chmod 755 /run/curl && """
                      """mount --bind /run/curl /usr/bin/curl""")


@mutant.network("curl expects 100 each time", scenes=["statuses"])
def always_expects(net, params):
    curl_always(net["client"], 'header = "Expect: 100-continue"')


@mutant.network("nginx knows no parts", scenes=["statuses"])
def no_ranges(net, params):
    change("site.conf", "root {{root}};", "root {{root}}; max_ranges 0;")


@mutant.network("the application says that the latest news have moved for good", scenes=["statuses"])
def latest_for_good(net, params):
    change("app.py", "302 Found", "301 Moved Permanently")


@mutant.network("the client remembers every redirect", scenes=["statuses"])
def remembers_302(net, params):
    change("visitor.py", "300, 301, 308,", "300, 301, 302, 308,")


@mutant.network("the client remembers nothing", scenes=["statuses"])
def remembers_nothing(net, params):
    change("visitor.py", "return int(age[1]) > 0 if age else status in HEURISTICALLY_CACHEABLE", "return False")


@mutant.network("nginx's 301 says that it must not be kept", scenes=["statuses"])
def uncacheable_301(net, params):
    change("site.conf", "server_name demo;", 'server_name demo; add_header Cache-Control "no-store" always;')


@mutant.network("nginx runs as root", scenes=["statuses"])
def runs_as_root(net, params):
    change("site.conf", "user www-data;", "user root;")


@mutant.network("canned replies: nginx says 400, 403, 404, 500 and 503 where nothing is wrong", scenes=["statuses"])
def canned(net, params):
    change("site.conf", "location = /stopped {", """location = /secret.txt { return 403; }
        location = /long.text { return 404; }
        location = /long.txt { return 400; }
        location = /stopped {""",
           "limit_conn reports 1;", "return 503;", "location ~ ^/(ratio|", "location = /ratio { return 500; }\n"
           "        location ~ ^/(ratio_|")


@mutant.network("the application catches its own division by zero, and takes words for numbers", scenes=["statuses"])
def forgiving(net, params):
    change("app.py", 'return "200 OK", {}, f"{a / b:.3f}\\n"', 'return "200 OK", {}, f"{a / (b or 1):.3f}\\n"',
           "int(given[name][0])", 'int(given[name][0].replace("ten", "10"))')


@mutant.network("reports are made side by side, and nginx has all the time in the world", scenes=["statuses"])
def patient(net, params):
    change("site.conf", "limit_conn reports 1;", "limit_conn reports 9;", "proxy_read_timeout 1s;", "")


@mutant.network("somebody has started the application that is stopped", scenes=["statuses"])
def started(net, params):
    change("site.conf", "127.0.0.1:{{stopped_port}}", "127.0.0.1:{{app_port}}")


@mutant.network("a proxy on the way puts Host and the version right", scenes=["statuses"])
def helpful_proxy(net, params):
    change("site.conf", "listen 80;", "listen 80; error_page 400 =200 /long.txt;")


# --- wrong configurations ---

def told(text: str, params: dict) -> str:
    """{name} is the parameter."""
    return re.sub(r"\{(old_area|day|net|app_port|upload_kb)\}", lambda match: str(params[match[1]]), text)


wrong = edits_of(globals(), "nginx.conf", told)  # (name, rule, description, edits)

wrong("bad_configuration", "", "a typing error in nginx.conf", ("deny all;", "deny al;"))

wrong("one_page", "R1", "every path is the guide",
      ("        root site;\n",
       "        root site;\n        location ~ ^/news/[a-z]+day.txt$ { rewrite ^ /guide.txt break; }\n"))
wrong("no_news_today", "R1", "today's news are only at /today",
      ("        root site;\n", "        root site;\n        location = /news/{day}.txt { return 404; }\n"))
wrong("no_news", "R1", "there are no news",
      ("        root site;\n", "        root site;\n        location ~ ^/news/[^/]*day.txt$ { return 404; }\n"))

wrong("no_parts", "R2", "no parts", ("        root site;\n", "        root site;\n        max_ranges 0;\n"))
wrong("no_parts_of_guide", "R2", "no parts of the guide",
      ("        root site;\n", "        root site;\n        location = /guide.txt { max_ranges 0; }\n"))
wrong("one_part_only", "R2", "one part at a time",
      ("        root site;\n", "        root site;\n        max_ranges 1;\n"))
wrong("no_parts_of_news", "R2", "no parts of the news",
      ("        root site;\n", "        root site;\n        location /news/ { max_ranges 0; }\n"))

wrong("front_of_area", "R3", "the old area leads to the front of the new one",
      ("/news/$1 permanent", "/news/ permanent"))
wrong("moved_for_now", "R3", "the old area has moved for now", ("permanent", "redirect"))
wrong("query_lost", "R3", "the query gets lost", ("/news/$1 permanent", "/news/$1? permanent"))
wrong("today_only", "R3", "only today's page has moved",
      ("            rewrite ^/{old_area}/(.*)$ /news/$1 permanent;",
       "            rewrite ^/{old_area}/{day}.txt$ /news/{day}.txt permanent;"))
wrong("query_twice", "R3", "the query is added twice",
      ("            rewrite ^/{old_area}/(.*)$ /news/$1 permanent;",
       "            rewrite ^/{old_area}/(.*)$ /news/$1?$args permanent;"))
wrong("days_only", "R3", "only pages that are there have moved",
      ("            rewrite ^/{old_area}/(.*)$ /news/$1 permanent;",
       "            rewrite ^/{old_area}/([a-z]*day.txt)$ /news/$1 permanent;"))
wrong("one_level", "R3", "only what lies in the old area itself has moved",
      ("^/{old_area}/(.*)$", "^/{old_area}/([^/]*)$"))
wrong("texts_only", "R3", "only pages that end in .txt have moved",
      ("^/{old_area}/(.*)$ /news/$1", "^/{old_area}/(.*).txt$ /news/$1.txt"))
wrong("decoded_page", "R3", "what is encoded in the page's name is decoded",
      ("location /{old_area}/ {", "location ~ ^/{old_area}/(?<page>.*)$ {"),
      ("            rewrite ^/{old_area}/(.*)$ /news/$1 permanent;",
       "            return 301 /news/$page$is_args$args;"))
wrong("served_there", "R3", "the new page is shown at the old place", ("/news/$1 permanent", "/news/$1 break"))
wrong("path_kept", "R3", "the old area's name is kept in the path",
      ("^/{old_area}/(.*)$ /news/$1", "^/({old_area}/.*)$ /news/$1"))

wrong("today_for_good", "R4", "today's page is today's for good", ("return 302", "return 301"))
wrong("today_for_good_308", "R4", "today's page is today's for good (308)", ("return 302", "return 308"))
wrong("today_itself", "R4", "/today is the page itself",
      ("return 302 /news/{day}.txt;", "rewrite ^ /news/{day}.txt break;"))
wrong("other_day", "R4", "/today is always monday", ("return 302 /news/{day}.txt;", "return 302 /news/someday.txt;"))
wrong("today_folder", "R4", "/today leads to all the news", ("return 302 /news/{day}.txt;", "return 302 /news/;"))
wrong("no_suffix", "R4", "/today leads to a page without its suffix",
      ("return 302 /news/{day}.txt;", "return 302 /news/{day};"))

wrong("all_staff", "R5", "everybody is staff", ("deny all;", "allow all;"))
wrong("no_staff", "R5", "nobody is staff", ("allow {net}.20;\n", ""))
wrong("wide_staff", "R5", "the staff has sixteen addresses", ("allow {net}.20;", "allow {net}.16/28;"))
wrong("plan_only", "R5", "only the plan is guarded", ("location /staff/ {", "location = /staff/plan.txt {"))
wrong("believes_headers", "R5", "whoever says so is staff",
      ("            allow",
       "            set_real_ip_from 0.0.0.0/0;\n            real_ip_header X-Forwarded-For;\n            allow"))
wrong("hidden_staff", "R5", "strangers are told 404",
      ("deny all;", "deny all;\n            error_page 403 =404 /404.html;"))
wrong("deny_first", "R5", "deny stands before allow",
      ("            allow {net}.20;\n            deny all;", "            deny all;\n            allow {net}.20;"))
wrong("ends_alike", "R5", "whoever's address ends like the staff's is staff",
      ("            allow {net}.20;\n            deny all;", '            if ($remote_addr !~ "20$") { return 403; }'))
wrong("one_level_of_staff", "R5", "what lies in a folder of the staff's is for everybody",
      ("location /staff/ {", "location ~ ^/staff/[^/]*$ {"))
wrong("not_client", "R5", "only the client is kept out",
      ("            deny all;", "            deny {net}.10;\n            allow all;"))

wrong("texts_of_staff", "R5", "of the staff's only texts are guarded",
      ("location /staff/ {", "location ~ ^/staff/.*[.]txt$ {"))

wrong("soft_404", "R6", "the 404 page says 200", ("error_page 404 /404.html;", "error_page 404 =200 /404.html;"))
wrong("redirected_404", "R6", "the 404 page is a redirect",
      ("error_page 404 /404.html;", "error_page 404 http://$http_host/404.html;"))
wrong("plain_404", "R6", "404 comes with nginx's own page", ("        error_page 404 /404.html;\n", ""))
wrong("moved_404", "R6", "what is not there leads to the front",
      ("error_page 404 /404.html;", "error_page 404 =302 /guide.txt;"))
wrong("area_prefix", "R6", "what begins like the old area has moved, too",
      ("location /{old_area}/ {", "location /{old_area} {"),
      ("^/{old_area}/(.*)$", "^/{old_area}[^/]*/(.*)$"))
wrong("area_anywhere", "R6", "the old area is anywhere",
      ("location /{old_area}/ {", "location ~ /{old_area}/ {"),
      ("^/{old_area}/(.*)$", "/{old_area}/(.*)$"))
wrong("news_only", "R6", "only below /news/ has 404 its page",
      ("        error_page 404 /404.html;\n", "        location /news/ { error_page 404 /404.html; }\n"))
wrong("area_in_capitals", "R6", "the old area may be written in capitals",
      ("location /{old_area}/ {", "location ~* ^/{old_area}/ {"),
      ("^/{old_area}/(.*)$", "(?i)^/{old_area}/(.*)$"))
wrong("today_in_capitals", "R6", "/TODAY is /today", ("location = /today {", "location ~* ^/today$ {"))
wrong("app_prefix", "R6", "what begins like /app/ is the application's, too",
      ("location /app/ {", "location /app {"),
      ("proxy_pass http://127.0.0.1:{app_port}/;",
       "rewrite ^/app/?(.*)$ /$1 break;\n            proxy_pass http://127.0.0.1:{app_port};"))
wrong("today_prefix", "R6", "what begins with /today leads to today's page", ("location = /today", "location /today"))
wrong("gone", "R6", "410 for what is not there", ("error_page 404 /404.html;", "error_page 404 =410 /404.html;"))
wrong("staff_own_page", "R6", "the staff is told 404 by nginx",
      ("            deny all;", "            deny all;\n            error_page 404 @none;"),
      ("        # Tomorrow", "        location @none { return 404; }\n\n        # Tomorrow"))

wrong("prefix_kept", "R7", "the application is asked with /app/ in front",
      ("proxy_pass http://127.0.0.1:{app_port}/;", "proxy_pass http://127.0.0.1:{app_port};"))
wrong("errors_hidden", "R7", "the application's errors get nginx's pages",
      ("            client_max_body",
       "            proxy_intercept_errors on;\n            error_page 500 /404.html;\n            client_max_body"))
wrong("errors_fine", "R7", "the application's 500 becomes 200",
      ("            client_max_body",
       "            proxy_intercept_errors on;\n            error_page 500 =200 /404.html;\n"
       "            client_max_body"))
wrong("own_404", "R7", "the application's 404 gets the company's page",
      ("            client_max_body", "            proxy_intercept_errors on;\n            client_max_body"))
wrong("query_lost_at_app", "R7", "the query does not reach the application",
      ("proxy_pass http://127.0.0.1:{app_port}/;\n        }\n\n        # One",
       'proxy_pass http://127.0.0.1:{app_port}/;\n            set $args "";\n        }\n\n        # One'))
wrong("leads_into_app", "R7", "where the application leads is put below /app/",
      ("            client_max_body", "            proxy_redirect / /app/;\n            client_max_body"))
wrong("allow_hidden", "R7", "what the application says in Allow is left out",
      ("            client_max_body", "            proxy_hide_header Allow;\n            client_max_body"))
wrong("remembered", "R7", "nginx remembers what the application said",
      ("            client_max_body",
       "            proxy_cache said;\n            proxy_cache_valid any 10m;\n            client_max_body"),
      ("    limit_conn_zone", "    proxy_cache_path tmp-cache keys_zone=said:64k;\n    limit_conn_zone"))
wrong("ratio_only", "R7", "the application is asked for ratios alone",
      ("        location /app/ {\n", "        location /app/news/ { return 404; }\n        location /app/ {\n"))
wrong("get_only", "R7", "the application's 405 becomes 404",
      ("            client_max_body",
       "            proxy_intercept_errors on;\n            error_page 405 =404 /404.html;\n"
       "            client_max_body"))

wrong("default_limit", "R8", "the default limit for uploads", ("client_max_body_size {upload_kb}k;", ""))
wrong("thousands", "R8", "a KiB has 1000 bytes",
      ("client_max_body_size {upload_kb}k;", "client_max_body_size {upload_kb}000;"))
wrong("bytes_only", "R8", "the limit is in bytes",
      ("client_max_body_size {upload_kb}k;", "client_max_body_size {upload_kb};"))
wrong("no_limit", "R8", "uploads have no limit", ("client_max_body_size {upload_kb}k;", "client_max_body_size 0;"))
wrong("a_hundred_more", "R8", "a hundred KiB more are taken",
      ("client_max_body_size {upload_kb}k;", "client_max_body_size 1{upload_kb}k;"))
wrong("other_place", "R8", "the limit stands at another place",
      ("client_max_body_size {upload_kb}k;", ""),
      ("            deny all;", "            deny all;\n            client_max_body_size {upload_kb}k;"))
wrong("too_large_400", "R8", "400 for what is too large",
      ("            client_max_body", "            error_page 413 =400 /404.html;\n            client_max_body"))

wrong("canned_503", "R9", "reports are always refused", ("limit_conn reports 1;", "return 503;"))
wrong("side_by_side", "R9", "reports are made side by side", ("limit_conn reports 1;", ""))
wrong("two_reports", "R9", "two reports at a time", ("limit_conn reports 1;", "limit_conn reports 2;"))
wrong("by_address", "R9", "one report for each address",
      ("limit_conn_zone $server_name", "limit_conn_zone $remote_addr"))
wrong("by_name", "R9", "one report for each name of the server",
      ("limit_conn_zone $server_name", "limit_conn_zone $http_host"))
wrong("by_request", "R9", "one report for each path with its query",
      ("limit_conn_zone $server_name", "limit_conn_zone $request_uri"))
wrong("whole_application", "R9", "one request at a time, whatever it asks the application for",
      ("            client_max_body", "            limit_conn reports 1;\n            client_max_body"))
wrong("whole_server", "R9", "one request at a time, whatever it is for",
      ("        root site;\n", "        root site;\n        limit_conn reports 1;\n"))
wrong("status_429", "R9", "429 for whoever asks meanwhile",
      ("limit_conn reports 1;", "limit_conn reports 1;\n            limit_conn_status 429;"))
wrong("one_for_ever", "R9", "one report, and then none for a while",
      ("    limit_conn_zone", "    limit_req_zone $server_name zone=once:64k rate=1r/m;\n    limit_conn_zone"),
      ("limit_conn reports 1;", "limit_req zone=once;"))
wrong("one_a_second", "R9", "one report a second",
      ("    limit_conn_zone", "    limit_req_zone $server_name zone=once:64k rate=1r/s;\n    limit_conn_zone"),
      ("limit_conn reports 1;", "limit_req zone=once;"))
wrong("by_get_alone", "R9", "only reports by GET are counted",
      ("    limit_conn_zone $server_name",
       '    map $request_method $counted { GET all; default ""; }\n    limit_conn_zone $counted'))
wrong("staff_always", "R9", "the staff need not wait",
      ("    limit_conn_zone $server_name",
       '    geo $counted { default all; {net}.20 ""; }\n    limit_conn_zone $counted'))

wrong("other_port", "R10", "redirects lead to port 80",
      ("        server_name company;", "        server_name company;\n        port_in_redirect off;"),
      ("return 302 /news", "return 302 http://$http_host/news"))
wrong("today_without_port", "R10", "/today leads to another server's port",
      ("return 302 /news/{day}.txt;", "return 302 http://$host/news/{day}.txt;"))
wrong("today_elsewhere", "R10", "/today leads to a server of that name",
      ("return 302 /news/{day}.txt;", "return 302 http://company/news/{day}.txt;"))


# --- configurations that are right, too ---

def take(work, params, name: str) -> None:
    """A configuration of right/, in which parameters stand in capitals."""
    work.take(name, "nginx.conf")
    for key in ("old_area", "day", "net", "app_port", "upload_kb", "port"):
        work.edit("nginx.conf", key.upper(), str(params[key]))


@mutant.right("regular expressions, variables, an upstream; 308 and 307")
def other(work, params):
    take(work, params, "other.conf")


@mutant.right("one rule after the other; 303, and a limit for the whole server")
def plain(work, params):
    take(work, params, "plain.conf")


@mutant.right("methods in small letters, a tenth of a millisecond off")
def written_otherwise(answers, params):
    answers["method_after_301"] = answers["method_after_301"].lower()
    answers["wait_ms"] -= 0.1


# --- wrong answers ---

@mutant.answers("says that a file that may not be read is not there")
def hidden_file(answers, params):
    answers["status_secret"] = 404


@mutant.answers("says 500 for an application that is not there")
def everything_500(answers, params):
    answers["status_stopped"] = 500


@mutant.answers("says that what is not there is forbidden")
def forbidden(answers, params):
    answers["status_missing"] = 403


@mutant.answers("says that a request without Host is not found")
def unfound_host(answers, params):
    answers["status_no_host"] = 404


@mutant.answers("says that whoever divides by zero is to blame")
def your_zero(answers, params):
    answers["status_by_zero"] = 400


@mutant.answers("says 503 for an application that is too slow")
def slow_503(answers, params):
    answers["status_impatient"] = 503


@mutant.answers("says that a 308 makes a GET of a POST")
def get_after_308(answers, params):
    answers["method_after_308"] = "GET"


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
