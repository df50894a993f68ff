"""The servers of the url lab, as text made from the variant: BIND's zone and nginx's two sites."""

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
        location = /away { return 302 "//{{second}}/arrived"; }
        location / { return 200 "{{first}}: $uri\\n"; }
    }
    server {
        listen 80; listen {{port}}; listen 443 ssl;
        server_name {{second}};
        location / { return 200 "{{second}}: $uri\\n"; }
    }
}
"""


def zone(params: dict) -> str:
    """Three names lead to the web server; nginx knows two of them."""
    names = "".join(f"{params[name]}. IN A {params['ip_web']}\n" for name in ("first", "second", "third"))
    return (f"$ORIGIN {params['zone']}.\n$TTL 3600\n@ IN SOA ns hostmaster 1 7200 900 1209600 60\n@ IN NS ns\n"
            f"ns IN A {params['ip_dns']}\n{names}")
