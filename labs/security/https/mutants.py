"""Ways to break the https lab. Those of the network change what a tool does, in one node only."""

import re

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("wrong_order", "no_redirection", "fast_open", "certificate_after_all", "careless_client")

SAFE = "ssl_protocols       TLSv1.2 TLSv1.3;"
REDIRECT = "return 301 https://$host$request_uri;"
HSTS = 'add_header Strict-Transport-Security "max-age=31536000" always;'


def instead_of(node, program, script):
    """Make one node see a shell script in place of a program; REAL in the script stands for the program itself."""
    own = f"/run/{node.name}-{program.rsplit('/', 1)[1]}"
    with open(own, "w") as file:
        file.write("#!/bin/sh\n" + script.replace("REAL", f"{own}.real") + "\n")
    node.run(f"cp {program} {own}.real && chmod 755 {own} && mount --bind {own} {program}")


# --- the student's server: the chain and the versions ---------------------------------------------------------------

@mutant.work("the server sends its own certificate only", breaks="R1")
def leaf_only(work, params):
    work.edit("nginx.conf", "chain.pem", "given/shop.crt")


@mutant.work("the chain begins with the intermediate certificate", breaks="R1")
def wrong_order(work, params):
    work.edit("start.sh", "given/shop.crt given/intermediate.crt", "given/intermediate.crt given/shop.crt")


@mutant.work("the root stands where the intermediate belongs", breaks="R1")
def root_for_intermediate(work, params):
    work.edit("start.sh", "cat given/shop.crt given/intermediate.crt", "cat given/shop.crt given/root.crt")


@mutant.work("the root comes before the intermediate", breaks="R1")
def root_in_between(work, params):
    work.edit("start.sh", "cat given/shop.crt given/intermediate.crt",
              "cat given/shop.crt given/root.crt given/intermediate.crt")


@mutant.work("the server's own certificate is there twice", breaks="R1")
def twice(work, params):
    work.edit("start.sh", "cat given/shop.crt", "cat given/shop.crt given/shop.crt")


@mutant.work("the wrong page", breaks="R2")
def wrong_page(work, params):
    work.write("site/index.html", "Welcome to nginx!\n")


@mutant.work("the page lies elsewhere", breaks="R2")
def no_front_page(work, params):
    work.edit("nginx.conf", "root site;", "root site; index shop.html;")


@mutant.work("the server certifies itself", breaks="R2")
def own_certificate(work, params):
    work.edit("start.sh", "cat given/shop.crt given/intermediate.crt > chain.pem",
              f"openssl req -x509 -key given/shop.key -subj /CN={params['shop_name']} "
              f"-addext subjectAltName=DNS:{params['shop_name']} -out chain.pem")


@mutant.work("TLS 1.3 is left out", breaks="R3")
def no_tls13(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1.2;")


@mutant.work("TLS 1.2 is left out", breaks="R3")
def no_tls12(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1.3;")


@mutant.work("TLS 1.1 is still spoken", breaks="R4")
def old_protocols(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;")


@mutant.work("TLS 1.0 is still spoken, 1.1 is not", breaks="R4")
def oldest_protocol(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;")


@mutant.work("a typing error in nginx.conf")
def bad_configuration(work, params):
    work.edit("nginx.conf", "listen 80;", "listen 80")


# --- the student's server: redirects ---------------------------------------------------------------------------------

def redirecting(work, how):
    """What the server of port 80 does instead."""
    work.edit("nginx.conf", REDIRECT, how)


@mutant.work("the redirect is a temporary one", breaks="R5")
def redirect_temporary(work, params):
    redirecting(work, "return 302 https://$host$request_uri;")


@mutant.work("the redirect keeps the method, and is a temporary one", breaks="R5")
def redirect_307(work, params):
    redirecting(work, "return 307 https://$host$request_uri;")


@mutant.work("HTTP serves the page itself")
def no_redirect(work, params):
    redirecting(work, "root site;")


@mutant.work("only the front page redirects", breaks="R5")
def front_page_redirects(work, params):
    redirecting(work, "location = / { return 301 https://$host$request_uri; } location / { return 404; }")


@mutant.work("what there is, HTTP serves itself", breaks="R5")
def files_in_the_clear(work, params):
    redirecting(work, "root site; location / { try_files $uri @secure; } "
                      "location @secure { return 301 https://$host$request_uri; }")


@mutant.work("only GET redirects", breaks="R5")
def get_redirects(work, params):
    redirecting(work, "if ($request_method != GET) { return 405; } return 301 https://$host$request_uri;")


@mutant.work("HEAD does not redirect", breaks="R5")
def head_in_the_clear(work, params):
    redirecting(work, "if ($request_method = HEAD) { return 200; } return 301 https://$host$request_uri;")


@mutant.work("what is neither GET nor POST does not redirect", breaks="R5")
def few_methods(work, params):
    redirecting(work, "if ($request_method !~ '^(GET|HEAD|POST)$') { return 405; } "
                      "return 301 https://$host$request_uri;")


@mutant.work("what is none of the five usual methods does not redirect", breaks="R5")
def usual_methods(work, params):
    redirecting(work, "if ($request_method !~ '^(GET|HEAD|POST|PUT|DELETE)$') { return 405; } "
                      "return 301 https://$host$request_uri;")


@mutant.work("the place for the CA's questions (RFC 8555) does not redirect", breaks="R5")
def challenge_in_the_clear(work, params):
    redirecting(work, "location /.well-known/acme-challenge/ { root site; } "
                      "location / { return 301 https://$host$request_uri; }")


@mutant.work("a page that is not there is not there over HTTP either", breaks="R5")
def missing_in_the_clear(work, params):
    redirecting(work, "root site; location / { try_files $uri $uri/ =404; } "
                      "location = / { return 301 https://$host/; } "
                      "location = /index.html { return 301 https://$host$request_uri; }")


@mutant.work("everything redirects to the front page", breaks="R6")
def redirect_forgets_path(work, params):
    redirecting(work, "return 301 https://$host/;")


@mutant.work("the redirect forgets the query", breaks="R6")
def redirect_forgets_query(work, params):
    redirecting(work, "rewrite ^(.*)$ https://$host$1? permanent;")


@mutant.work("the redirect has the query twice", breaks="R6")
def redirect_doubles_query(work, params):
    redirecting(work, "rewrite ^ https://$host$request_uri permanent;")


@mutant.work("the redirect undoes what was written with %", breaks="R6")
def redirect_decodes(work, params):
    redirecting(work, "return 301 https://$host$uri$is_args$args;")


@mutant.work("the redirect leads to another name", breaks="R6")
def redirect_to_www(work, params):
    redirecting(work, "return 301 https://www.$host$request_uri;")


@mutant.work("the redirect leads to the address", breaks="R6")
def redirect_to_address(work, params):
    redirecting(work, "return 301 https://$server_addr$request_uri;")


@mutant.work("the redirect leads to HTTP again", breaks="R6")
def redirect_to_http(work, params):
    redirecting(work, "return 301 $scheme://$host$request_uri;")


@mutant.work("the redirect repeats Host, be there a port in it", breaks="R6")
def redirect_to_host(work, params):
    redirecting(work, "return 301 https://$http_host$request_uri;")


@mutant.work("the redirect leads to HTTPS at port 80", breaks="R6")
def redirect_to_port(work, params):
    redirecting(work, "return 301 https://$host:$server_port$request_uri;")


# --- the student's server: HSTS, and names ---------------------------------------------------------------------------

@mutant.work("HSTS for a minute", breaks="R7")
def hsts_short(work, params):
    work.edit("nginx.conf", "max-age=31536000", "max-age=60")


@mutant.work("HSTS for a year without its last day", breaks="R7")
def hsts_days_short(work, params):
    work.edit("nginx.conf", "max-age=31536000", "max-age=31449600")


@mutant.work("HSTS for a year in milliseconds, with a unit", breaks="R7")
def hsts_with_unit(work, params):
    work.edit("nginx.conf", "max-age=31536000", "max-age=31536000000ms")


@mutant.work("no HSTS", breaks="R7")
def no_hsts(work, params):
    work.edit("nginx.conf", HSTS, "")


@mutant.work("two HSTS headers, the first for an hour", breaks="R7")
def hsts_twice(work, params):
    work.edit("nginx.conf", HSTS, f"{HSTS.replace('31536000', '3600')} {HSTS}")


@mutant.work("HSTS on good answers only", breaks="R7")
def hsts_not_always(work, params):
    work.edit("nginx.conf", '" always;', '";')


@mutant.work("HSTS on good answers and on what is not there, and on nothing else", breaks="R7")
def hsts_not_on_others(work, params):
    work.edit("nginx.conf", HSTS, f"{HSTS.replace(' always', '')} error_page 404 = @missing; "
                                  f"location @missing {{ {HSTS} return 404; }}")


@mutant.work("a location with a header of its own, and so without HSTS", breaks="R7")
def hsts_lost_in_location(work, params):
    work.edit("nginx.conf", HSTS, HSTS + ' location ~ "[.]html$" { add_header Cache-Control no-cache; }')


@mutant.work("pictures and styles have a header of their own, and so no HSTS", breaks="R7")
def hsts_lost_on_pictures(work, params):
    work.edit("nginx.conf", HSTS,
              HSTS + ' location ~ "[.](css|png|js)$" { expires 30d; add_header Cache-Control public; }')


@mutant.work("HSTS on the front page only", breaks="R7")
def hsts_on_front_page(work, params):
    work.edit("nginx.conf", HSTS, f"location = / {{ try_files /index.html =404; {HSTS} }}")


@mutant.work("HSTS over HTTP as well", breaks="R8")
def hsts_in_the_clear(work, params):
    work.edit("nginx.conf", "return 301", f"{HSTS} return 301")


@mutant.work("HSTS over HTTP, on redirects of the front page", breaks="R8")
def hsts_in_the_clear_at_times(work, params):
    work.edit("nginx.conf", "return 301",
              f"location = / {{ {HSTS} return 301 https://$host/; }} location / {{ return 301")
    work.edit("nginx.conf", "$request_uri;", "$request_uri; }")


@mutant.work("strangers are told of HSTS over HTTP, too", breaks="R8")
def hsts_for_strangers(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;",
              f"ssl_reject_handshake on;\n        {HSTS}\n        return 404;")


@mutant.work("it looks at the handshake's name, and not at Host", breaks="R9")
def handshake_name(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;",
              f"root site; if ($ssl_server_name != {params['shop_name']}) {{ return 404; }}")


@mutant.work("whoever asks by another name gets the page", breaks="R9")
def any_name(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;", "root site;")
    work.edit("nginx.conf", "return 444;", "")


@mutant.work("whoever asks by another name gets the page over HTTP", breaks="R9")
def any_name_in_the_clear(work, params):
    work.edit("nginx.conf", "return 444;", "root site;")


@mutant.work("the name is any that begins with shop", breaks="R9")
def any_shop(work, params):
    work.edit("nginx.conf", f"server_name {params['shop_name']};", "server_name shop.*;")


@mutant.work("the name is any that ends like the shop's", breaks="R9")
def any_below(work, params):
    work.edit("nginx.conf", f"server_name {params['shop_name']};", f"server_name .{params['shop_name']};")


@mutant.work("the name is any in which the shop's stands", breaks="R9")
def name_inside(work, params):
    work.edit("nginx.conf", f"server_name {params['shop_name']};",
              f"server_name {params['shop_name']} ~{params['shop_name'].replace('.', '[.]')};")


@mutant.work("who asks by another name gets no front page, but its file", breaks="R9")
def by_the_file(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;",
              "root site; location = / { return 404; }")


@mutant.work("whoever asks by the address gets the page", breaks="R9")
def by_address(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;",
              "root site; if ($host !~ \"^[0-9.]+$\") { return 404; }")


# --- correct work, written otherwise ---------------------------------------------------------------------------------

@mutant.right("308, the root sent along, a policy of two years with all its words, strangers find nothing")
def generous(work, params):
    work.edit("start.sh", "given/intermediate.crt > chain.pem", "given/intermediate.crt given/root.crt > chain.pem")
    redirecting(work, "return 308 https://$server_name:443$request_uri;")
    work.edit("nginx.conf", '"max-age=31536000"', "'includeSubDomains; Max-Age=\"63072000\"; preload'")
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;", "return 404;")


@mutant.right("one server for both ports, which looks at the scheme and the name; the chain made by openssl")
def one_server(work, params):
    work.write("start.sh", "for file in shop intermediate; do openssl x509 -in given/$file.crt; done > all.pem\n"
                           "exec nginx -p . -c nginx.conf -e stderr\n")
    text = (work.folder / "nginx.conf").read_text()
    kept = text[:text.index("    ssl_certificate ")]
    work.write("nginx.conf", kept + """
    map $https $policy { on "max-age=31536000"; }
    server {
        listen 80;
        listen 443 ssl;
        ssl_certificate all.pem;
        ssl_certificate_key given/shop.key;
        ssl_protocols TLSv1.3 TLSv1.2;
        if ($host != NAME) { return 421; }
        if ($scheme = http) { rewrite ^ https://$host$request_uri? permanent; }
        add_header Strict-Transport-Security $policy always;
        location / { root site; }
    }
}
""".replace("NAME", params["shop_name"]))


@mutant.right("a rewriting of the path, a front page by alias, strangers sent to the shop by its name")
def rewriting(work, params):
    redirecting(work, "rewrite ^(.*)$ https://$host$1 permanent;")
    work.edit("nginx.conf", "ssl_reject_handshake on;\n        return 444;",
              f"return 301 https://{params['shop_name']}/;")
    work.edit("nginx.conf", "root site;", "location = / { try_files /site/index.html =404; } "
                                          "location / { alias site/; } root .;")


# --- the network ---------------------------------------------------------------------------------------------------

@mutant.network("the client checks no certificate", scenes=["cafe"])
def careless_client(net, params):
    curl_always(net["client"], "insecure")


@mutant.network("the client opens with TCP Fast Open, and ClientHello rides on the SYN (RFC 7413)", scenes=["cafe"])
def fast_open(net, params):
    curl_always(net["client"], "tcp-fastopen")
    for name in ("client", "bank"):
        net[name].sysctl("net.ipv4.tcp_fastopen", 0x607)


@mutant.network("Mallory changes nothing", scenes=["cafe"])
def no_flip(net, params):
    instead_of(net["mallory"], "/usr/sbin/tc", "exit 0")


@mutant.network("Mallory forgets the TCP checksum", scenes=["cafe"])
def no_checksum(net, params):
    instead_of(net["mallory"], "/usr/sbin/tc", "sed 's/pipe action csum tcp//' | REAL \"$@\"")


@mutant.network("Mallory redirects nobody", scenes=["cafe"])
def no_redirection(net, params):
    instead_of(net["mallory"], "/usr/sbin/nft", "exit 0")


@mutant.network("the server without a certificate gets one", scenes=["cafe"])
def certificate_after_all(net, params):
    instead_of(net["bank"], "/usr/bin/openssl",
               'case "$1" in s_server) exec REAL s_server -4 -accept 8443 -quiet -cert pki/bank.crt -key pki/bank.key;;'
               '\nesac\nexec REAL "$@"')


# --- what no kernel or server here can be made to do ---------------------------------------------------------------

def _secretive(packet, _):
    """Port 80 encrypted, as far as Eve can tell."""
    if packet.haslayer("TCP") and 80 in (packet["TCP"].sport, packet["TCP"].dport) and bytes(packet["TCP"].payload):
        data = bytes(byte ^ 0x55 for byte in bytes(packet["TCP"].payload))
        packet["TCP"].remove_payload()
        return packet / data
    return packet


@mutant.forged("HTTP cannot be read on the wire")
def unreadable_http(evidence):
    evidence.scene("cafe").rewrite_frames("eve", _secretive)


@mutant.forged("HTTPS can be read on the wire")
def readable_https(evidence):
    """The page's record holds the response line: a cipher that does nothing."""
    def open_up(packet, _):
        data = bytes(packet["TCP"].payload) if packet.haslayer("TCP") else b""
        if data.startswith(b"\x17\x03\x03") and len(data) > 500 and packet["TCP"].sport == 443:
            packet["TCP"].remove_payload()
            return packet / (data[:5] + b"HTTP/1.1 200 OK\r\n".ljust(len(data) - 5, b"."))
        return packet
    evidence.scene("cafe").rewrite_frames("eve", open_up)


@mutant.forged("the server answers with a share of another group")
def other_group(evidence):
    def change(packet, _):
        data = bytes(packet["TCP"].payload) if packet.haslayer("TCP") else b""
        if not data.startswith(b"\x16\3\3") or packet["TCP"].sport != 443:
            return packet
        packet["TCP"].remove_payload()
        return packet / re.sub(rb"(?s)(\0\x33..)..", lambda found: found[1] + b"\0\x17", data, count=1)  # secp256r1
    evidence.scene("cafe").rewrite_frames("eve", change)


@mutant.forged("https uses port 8443 by default")
def other_port(evidence):
    def move(packet, _):
        if packet.haslayer("TCP"):
            for field in ("sport", "dport"):
                if getattr(packet["TCP"], field) == 443:
                    setattr(packet["TCP"], field, 8443)
        return packet
    evidence.scene("cafe").rewrite_frames("eve", move)


# --- wrong answers -------------------------------------------------------------------------------------------------

@mutant.answers("the cookie with its name")
def cookie_with_name(answers, params):
    answers["stolen_cookie"] = "session=" + answers["stolen_cookie"]


@mutant.answers("the server says the name")
def name_in_certificate(answers, params):
    answers["name_carrier"] = "Certificate"


@mutant.answers("a suite of TLS 1.2")
def old_suite(answers, params):
    answers["cipher_suite"] = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"


@mutant.answers("the number of the extension is taken for the group's")
def extension_number(answers, params):
    answers["group"] = 51


@mutant.answers("the shares are measured with the four bytes before them")
def shares_with_headers(answers, params):
    answers["share_bytes"] = [size + 4 for size in answers["share_bytes"]]


@mutant.answers("HTTPS hides the host name and shows the path")
def hidden_name(answers, params):
    answers["eve_reads"] = ["a", "c", "e"]


@mutant.answers("TLS 1.3 shows the certificate")
def visible_certificate(answers, params):
    answers["eve_reads"] = ["a", "b", "e", "f", "g"]


@mutant.answers("the tag of the record counted as page")
def tag_counted(answers, params):
    answers["response_bytes"] += 16


@mutant.answers("TLS costs no round trip of its own")
def free_handshake(answers, params):
    answers["round_trips_sealed"] = 1


@mutant.answers("the ClientHello rides on the third segment")
def hello_rides(answers, params):
    answers["segments_before_hello"] = 2


@mutant.answers("the client believes the true amount")
def true_amount(answers, params):
    answers["amount_believed"] = params["bank"]["amount"]


@mutant.answers("the flipped bit is taken for a bad certificate")
def wrong_status(answers, params):
    answers["status_flipped"] = answers["status_impostor"]


@mutant.answers("the address for the name")
def address_for_name(answers, params):
    answers["name_seen"] = f"{params['bank_net']}.80"


@mutant.answers("TCP's handshake costs nothing")
def free_connection(answers, params):
    answers["round_trips_plain"] = 0


@mutant.answers("the bad certificate is taken for a failed handshake")
def wrong_status_of_impostor(answers, params):
    answers["status_impostor"] = 35
