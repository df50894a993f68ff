"""nginx as this lab configures it: a shop that looks at every header, and one door for each of the student's tasks.

Plain text made from the variant. A door is a server of its own on a port of its own, so that even a request that
cannot be read belongs to a task; its name stands in nginx's error log.
"""

#: The tasks in their order: door number n listens on the variant's `port` + n.
DOORS = ("page", "host", "language", "packed", "agent", "referer", "unchanged", "order", "old",
         "refusal-1", "refusal-2", "refusal-3", "waiting")

#: What the door "refusal-N" is to be told: a key of the variant -> what a student reads, and what nginx 1.22 writes
#: into its error log (src/http/ngx_http_request.c) beside the status 400.
REFUSALS = {
    "method": ("a method in small letters", "client sent invalid method while reading client request line"),
    "host": ("a request of HTTP/1.1 without Host", 'client sent HTTP/1.1 request without "Host" header'),
    "two-hosts": ("two Host headers", "client sent duplicate host header"),
    "length": ("a Content-Length that is no number", 'client sent invalid "Content-Length" header'),
    "both": ("Content-Length and Transfer-Encoding: chunked, both at once",
             'client sent "Content-Length" and "Transfer-Encoding" headers at the same time'),
    "space": ("a space between a header's name and its colon", "client sent invalid header line"),
}

LANGUAGES = {"de": "Guten Tag", "fr": "Bonjour", "es": "Buenos dias", "it": "Buongiorno"}
FORM = "application/x-www-form-urlencoded"

CONF = """\
daemon off;
master_process off;
pid nginx.pid;
error_log error.log info;
events { worker_connections 64; }

http {
    keepalive_timeout 3s;
    client_header_timeout {{_patience}}s;
    client_body_timeout {{_patience}}s;
    log_format lab '$msec $remote_port $server_port $status "$request" body="$request_body"';
    access_log access.log lab;

    map $http_accept_language $language { default en; ~^de de; ~^fr fr; ~^es es; ~^it it; }
    map $language $greeting { en "Good day"; de "Guten Tag"; fr "Bonjour"; es "Buenos dias"; it "Buongiorno"; }
    map $http_accept $form { default html; "~^application/json" json; }
    map $content_type $not_a_form { default 1; "~*^application/x-www-form-urlencoded *(;|$)" 0; }

    # Takes what is posted, so that nginx reads the body to its end and logs it.
    server {
        listen 127.0.0.1:9000;
        access_log off;
        return 201 "Order taken.\\n";
    }

    # The shop, as the first part of the lab asks it.
    server {
        listen 80 default_server;
        server_name {{shop}};
        root site;
        location = /greeting {
            default_type text/plain;
            add_header Content-Language $language;
            return 200 "$greeting.\\n";
        }
        location = /price { rewrite ^ /price.$form last; }
        location = /price.html { internal; default_type text/html; return 200 "<p>{{price}} EUR</p>\\n"; }
        location = /price.json { internal; default_type application/json; return 200 '{"price": {{price}}}\\n'; }
        location = /catalogue.txt { gzip on; gzip_types text/plain; gzip_min_length 100; }
        location = /robots-unwelcome { if ($http_user_agent ~* "bot") { return 403; } return 200 "Welcome.\\n"; }
        location = /picture.png { valid_referers server_names; if ($invalid_referer) { return 403; } }
        location = /order {
            if ($not_a_form) { return 415; }
            proxy_pass http://127.0.0.1:9000;
        }
    }
    server { listen 80; server_name {{second}}; return 200 "This is {{second}}.\\n"; }

{{doors}}
}
"""

#: door -> what it does; the others answer any request that can be read
_DOORS = {
    "page": 'location = /{{page}} { if ($query_string = "{{query}}") { return 200 "Well asked.\\n"; } return 404; }',
    "host": "return 404;",
    "language": 'return 200 "$greeting.\\n";',
    "packed": "root site; gzip on; gzip_types text/plain; gzip_min_length 100;",
    "agent": 'if ($http_user_agent != "{{agent}}") { return 403; } return 200 "Come in.\\n";',
    "referer": "root site; valid_referers {{shop}}; if ($invalid_referer) { return 403; }",
    "unchanged": "root site;",
    "order": "if ($not_a_form) { return 415; } location / { proxy_pass http://127.0.0.1:9000; }",
    "old": 'if ($server_protocol != "HTTP/1.0") { return 404; } if ($http_host) { return 404; } '
                'return 200 "Good old days.\\n";',
}


def configuration(params: dict) -> str:
    """nginx.conf of this variant."""
    from mnlab.lab.work import fill_in
    doors = []
    for number, name in enumerate(DOORS):
        rules = _DOORS.get(name, 'return 200 "Hello.\\n";')
        listen = f"listen {params['port'] + number}"
        doors.append(f"    server {{ {listen} default_server; server_name door-{name}; {rules} }}")
        if name == "host":
            doors.append(f'    server {{ {listen}; server_name {params["second"]}; return 200 "Here I am.\\n"; }}')
    return fill_in(CONF.replace("{{doors}}", "\n".join(doors)), params)


def site(params: dict) -> dict[str, str]:
    """The files of the shop."""
    lines = "".join(f"{number:3}  {params['ware']}, size {number}, {params['price'] + number} EUR\n"
                    for number in range(1, params["wares"] + 1))
    return {"index.html": f"<title>{params['shop']}</title>\n", "catalogue.txt": lines, "picture.png": "a picture\n"}
