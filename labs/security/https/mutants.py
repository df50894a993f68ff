"""Ways to break the https lab. Those of the network change what a tool does, in one node only."""

import re

from mnlab.checks.mutants import curl_always, mutant

ENOUGH = ("wrong_order", "fast_open", "no_redirection", "certificate_after_all")

SAFE = "ssl_protocols       TLSv1.2 TLSv1.3;"
HSTS = 'add_header Strict-Transport-Security "max-age=31536000" always;'


def instead_of(node, program, script):
    """Make one node see a shell script in place of a program; REAL in the script stands for the program itself."""
    own = f"/run/{node.name}-{program.rsplit('/', 1)[1]}"
    with open(own, "w") as file:
        file.write("#!/bin/sh\n" + script.replace("REAL", f"{own}.real") + "\n")
    node.run(f"cp {program} {own}.real && chmod 755 {own} && mount --bind {own} {program}")


# --- the student's server ------------------------------------------------------------------------------------------

@mutant.work("the server sends its own certificate only")
def leaf_only(work, params):
    work.edit("nginx.conf", "chain.pem", "given/shop.crt")


@mutant.work("the chain begins with the intermediate certificate")
def wrong_order(work, params):
    work.edit("start.sh", "given/shop.crt given/intermediate.crt", "given/intermediate.crt given/shop.crt")


@mutant.work("the root stands where the intermediate belongs")
def root_for_intermediate(work, params):
    work.edit("start.sh", "cat given/shop.crt given/intermediate.crt", "cat given/shop.crt given/root.crt")


@mutant.work("TLS 1.1 is still spoken")
def old_protocols(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0;")


@mutant.work("TLS 1.3 is left out")
def no_tls13(work, params):
    work.edit("nginx.conf", SAFE, "ssl_protocols TLSv1.2;")


@mutant.work("everything redirects to the front page")
def redirect_forgets_path(work, params):
    work.edit("nginx.conf", "https://$host$request_uri", "https://$host/")


@mutant.work("the redirect is a temporary one")
def redirect_temporary(work, params):
    work.edit("nginx.conf", "return 301", "return 302")


@mutant.work("HTTP serves the page itself")
def no_redirect(work, params):
    work.edit("nginx.conf", "return 301 https://$host$request_uri;", "root site;")


@mutant.work("HSTS for a minute")
def hsts_short(work, params):
    work.edit("nginx.conf", "max-age=31536000", "max-age=60")


@mutant.work("HSTS over HTTP as well")
def hsts_in_the_clear(work, params):
    work.edit("nginx.conf", "return 301", f"{HSTS} return 301")


@mutant.work("HSTS on good answers only")
def hsts_not_always(work, params):
    work.edit("nginx.conf", '" always;', '";')


@mutant.work("whoever asks by another name gets the page")
def any_name(work, params):
    work.edit("nginx.conf", "ssl_reject_handshake on;", "root site;")
    work.edit("nginx.conf", "return 444;", "")


@mutant.work("the wrong page")
def wrong_page(work, params):
    work.write("site/index.html", "Welcome to nginx!\n")


@mutant.work("a typing error in nginx.conf")
def bad_configuration(work, params):
    work.edit("nginx.conf", "listen 80;", "listen 80")


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
