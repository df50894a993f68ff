"""The servers of the url lab, as text made from the variant: BIND's zone and nginx's two sites."""

from lab import urls
from mnlab.lab.work import fill_in

NAMED = """\
options {{
    directory "{folder}";
    pid-file none; session-keyfile none;
    listen-on {{ any; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; empty-zones-enable no; notify no; max-cache-size 4M;
}};
controls {{ }};
zone "{zone}" {{ type primary; file "{zone}.zone"; }};
"""

#: $request is the request line as it came, $uri what nginx makes of the path: decoded, dots removed (RFC 3986, 6.2.2).
NGINX = """\
daemon off;
master_process off;
pid nginx.pid;
error_log stderr info;
events { worker_connections 64; }

http {
    default_type text/plain;
    absolute_redirect off;  # Location goes out as it stands below: a reference, not a whole URL
    log_format lab '$remote_port $server_port "$host" "$request" $status "$uri"';
    access_log access.log lab;
    ssl_certificate site.crt;
    ssl_certificate_key site.key;

    # Whoever asks for no site of ours.
    server { listen 80 default_server; listen {{port}} default_server; return 404 "No such site.\\n"; }

    server {
        listen 80; listen {{port}}; listen 443 ssl;
        server_name {{first}};
        location = /old/start { return 302 "../new/./place?from=old#end"; }
        location = /old/query { if ($arg_from) { return 200 "asked\n"; } return 303 "?from=query"; }
        location = /old/deep/start { return 307 "next/{{word}}"; }
        location = /old/empty { if ($args) { return 302 "?"; } return 200 "nothing asked\n"; }
        location = /old/colon { return 302 "./{{word}}:80"; }
        location = /old/top { return 308 "/./top/{{word}}?x=.."; }

        location = /old/link { return 302 "page%2Fx?back=http://{{second}}/%7e"; }

        location = /hop/1 { return 301 "2"; }
        location = /hop/2 { return 303 "deep/3"; }
        location = /hop/deep/3 { return 307 "./4"; }
        location = /hop/deep/4 { return 308 "../5"; }
        location = /small { error_page 418 =302 /small/letters; return 418; }
        location = /small/letters {
            internal; add_header Content-Location /small/trap; add_header location small/arrived; return 200 "moved\n";
        }
        location = /made { add_header Location /made/trap always; return 201 "made\n"; }
        location = /choices { add_header Location /choices/trap always; return 300 "choose\n"; }
        location = /quoted { return 200 "HTTP/1.1 302 Found\r\nLocation: /quoted/trap\r\n\r\n"; }

        location = /away { return 302 "//{{second}}/arrived"; }
        location = /leave { return 302 "//{{second}}/step/1"; }
        location = /leave-port { return 302 "//{{second}}:{{port}}/step/1"; }
        location = /leave-home { return 302 "//{{second}}:{{port}}/step/home"; }
        location = /bare { return 302 "//{{second}}?from=bare"; }
        location = /far { return 307 "HTTP://{{second}}:{{port}}/{{word}}/./far#end"; }
{{astray}}
        location / { return 200 "{{first}}: $uri\\n"; }
    }
    server {
        listen 80; listen {{port}}; listen 443 ssl;
        server_name {{second}};
        location = /step/1 { return 302 "2"; }
        location = /step/home { return 302 "//{{first}}/{{word}}/home"; }
        location = / { if ($arg_from = nowhere) { return 302 "nowhere/{{word}}"; } return 200 "{{second}}: $uri\\n"; }
        location / { return 200 "{{second}}: $uri\\n"; }
    }
}
"""


def nginx(params: dict) -> str:
    """nginx.conf."""
    lines = "".join(f'        location = {target} {{ return 302 "{location}"; }}\n'
                    for _, target, location, _ in urls.astray(params))
    return fill_in(NGINX, params | {"astray": lines})


def zone(params: dict) -> str:
    """Three names lead to the web server; nginx knows two of them."""
    names = "".join(f"{params[name]}. IN A {params['ip_web']}\n" for name in ("first", "second", "third"))
    return (f"$ORIGIN {params['zone']}.\n$TTL 3600\n@ IN SOA ns hostmaster 1 7200 900 1209600 60\n@ IN NS ns\n"
            f"ns IN A {params['ip_dns']}\n{names}")
