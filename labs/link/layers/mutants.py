"""Ways to break the layers lab, each of which some check must catch."""

import os
import tempfile
from pathlib import Path

from mnlab.checks import mutant

ENOUGH = ("wrong_port", "false_mac", "static_entry", "silent", "open_vlan", "dns_by_tcp", "hidden_port", "old_tls",
          "no_data_connection")


def nft(net, host: str, chain: str) -> None:
    net[host].run(["nft", "-f", "-"], input=f"table ip lab {{ chain own {{ {chain} }}; }}")


# --- the network misbehaves ---

@mutant.network("h1's frames have the source address of an adapter that is not there")
def false_mac(net, params):
    net["h1"].run("tc qdisc add dev h1-eth0 clsact && tc filter add dev h1-eth0 egress protocol ip matchall "
                  "action skbmod set smac 02:00:00:00:00:99")


@mutant.network("h1 knows h2's MAC address beforehand")
def static_entry(net, params):
    net["h1"].run(f"ip neigh add {params['h2']} lladdr {params['h2_mac']} dev h1-eth0 nud permanent")


@mutant.network("h2 answers no ping")
def silent(net, params):
    net["h2"].sysctl("net.ipv4.icmp_echo_ignore_all", 1)


@mutant.network("h1's tagged frames have no priority")
def no_priority(net, params):
    net["h1"].run("tc qdisc add dev h1-eth0 clsact && tc filter add dev h1-eth0 egress protocol 802.1Q matchall "
                  f"action vlan modify id {params['vlan']} priority 0")


@mutant.network("h2's port belongs to the VLAN, too")
def open_vlan(net, params):
    net["s1"].run(f"bridge vlan add vid {params['vlan']} dev s1-eth2 untagged")


@mutant.network("h1 asks its DNS questions by TCP")
def dns_by_tcp(net, params):
    use = net["h1"].use_resolver
    net["h1"].use_resolver = lambda server: use(server, search="lab\noptions use-vc")


@mutant.network("port 80 leads to the HTTPS server")
def wrong_port(net, params):
    nft(net, "h2", "type nat hook prerouting priority dstnat; tcp dport 80 redirect to :443;")


@mutant.network("h1 reaches the HTTPS server on another port")
def hidden_port(net, params):
    nft(net, "h1", f"type nat hook output priority -100; tcp dport 443 dnat to {params['h2']}:8443;")
    nft(net, "h2", "type nat hook prerouting priority dstnat; tcp dport 8443 redirect to :443;")


@mutant.network("h1's curl speaks TLS 1.2 at most, with records of another layout")
def old_tls(net, params):
    home = tempfile.mkdtemp()
    Path(home, ".curlrc").write_text("tls-max = 1.2\n")
    os.environ["CURL_HOME"] = home  # of this job's process, and of what it starts


@mutant.network("h2's MTU is 900")
def short_frames(net, params):
    net["h2"].run("ip link set dev h2-eth0 mtu 900")


@mutant.network("h1 fills no segment to more than 348 bytes, whatever h2 would take")
def short_segments(net, params):
    network = params["h1"].rsplit(".", 1)[0]
    net["h1"].run(f"ip route change {network}.0/24 dev h1-eth0 src {params['h1']} mtu 400 advmss 1460")


@mutant.network("h2's FTP data connections are refused")
def no_data_connection(net, params):
    nft(net, "h2", f"type filter hook input priority 0; tcp dport {params['_ftp_port']} drop;")


@mutant.forged("frames have four bytes more than their headers account for")
def trailing(evidence):
    evidence.rewrite_frames("h1", lambda packet, number: packet / b"\1\2\3\4")


# --- wrong annotations and answers ---

def moved(by: int):
    """Another offset of an annotated field."""
    return lambda field, p: [field[0] + by, *field[1:]]


def sized(size: int):
    """Another size of an annotated field."""
    return lambda field, p: [field[0], size, field[2]]


def valued(value):
    """Another value of an annotated field: `value`, or what it makes of the right one and the parameters."""
    return lambda field, p: [*field[:2], value(field[2], p) if callable(value) else value]


def swapped(number: int, p) -> int:
    """A number of two bytes, read with the lower byte first."""
    return int.from_bytes(number.to_bytes(2, "big"), "little")


def instead(value):
    """Another answer: `value`, or what it makes of the right one and the parameters."""
    return value if callable(value) else lambda answer, p: value


#: Question -> wrong answers: what is believed, and the answer that follows.
WRONG = {
    "vlan_target_mac": [("looks for the target behind the source", moved(6)),
                        ("gives h2's", valued(lambda _, p: p["h2_mac"]))],
    "vlan_source_mac": [("looks for the source first", moved(-6)), ("gives h3's", valued(lambda _, p: p["h3_mac"]))],
    "vlan_tpid": [("takes the EtherType for it", valued(0x0800)), ("counts the whole tag", sized(4))],
    "vlan_tci": [("takes the VLAN's number alone", valued(lambda _, p: p["vlan"])),
                 ("looks for it before the TPID", moved(-2))],
    "vlan_ethertype": [("looks for it where it usually is", moved(-4)), ("gives the tag's own", valued(0x8100))],
    "vlan_priority": [("leaves it in the upper bits of a byte", instead(lambda priority, p: priority << 5)),
                      ("says that there is none", instead(0))],
    "packet_length": [("forgets the tag", moved(-4)), ("reads the lower byte first", valued(swapped)),
                      ("counts the frame's header", valued(lambda length, p: length + 18))],
    "packet_ttl": [("forgets the tag", moved(-4)),
                   ("gives Linux's own", valued(lambda ttl, p: 64 if ttl != 64 else 128))],
    "packet_protocol": [("forgets the tag", moved(-4)), ("says TCP", valued(6))],
    "packet_source": [("forgets the tag", moved(-4)),
                      ("gives h1's address outside the VLAN", valued(lambda _, p: p["h1"]))],
    "packet_target": [("forgets the tag", moved(-4)), ("gives h2's address", valued(lambda _, p: p["h2"]))],
    "icmp_type": [("forgets the tag", moved(-4)), ("gives the reply's", valued(0))],
    "icmp_ident": [("takes the checksum for it", moved(-2)), ("reads the lower byte first", valued(swapped))],
    "segment_source_port": [("looks for it behind the target's", moved(2)), ("gives the server's", valued(443))],
    "segment_target_port": [("looks for it first", moved(-2)), ("gives HTTP's", valued(80))],
    "segment_flags": [("takes the data offset for them", moved(-1)), ("gives a SYN's", valued(2))],
    "segment_data_offset": [("gives a header without options", instead(5)), ("counts bytes", instead(32))],
    "segment_header_bytes": [("takes every TCP header to have 20 bytes", instead(20)), ("counts words", instead(8))],
    "record_type": [("looks for it 20 bytes behind the TCP header's beginning", moved(-12)),
                    ("says application data", valued(23))],
    "record_version": [("looks for it 20 bytes behind the TCP header's beginning", moved(-12)),
                       ("says TLS 1.3", valued(0x0304))],
    "record_length": [("counts the record's header", valued(lambda length, p: length + 5)),
                      ("gives three bytes, as the handshake message has them", sized(3))],
    "handshake_type": [("takes the record's type for it", moved(-5)), ("says ServerHello", valued(2))],
    "hello_segments": [("counts a segment too many", instead(lambda count, p: count + 1)),
                       ("counts a segment too few", instead(lambda count, p: count - 1))],
    "arp_in": [("says that ARP rides in IP", instead("ipv4")), ("says UDP", instead("udp"))],
    "arp_number": [("gives IP's EtherType", instead(0x0800)), ("gives the operation", instead(1))],
    "icmp_in": [("says that ICMP rides in the frame itself", instead("ethernet")), ("says UDP", instead("udp"))],
    "icmp_number": [("gives TCP's", instead(6)), ("gives the type", instead(8))],
    "dns_in": [("says TCP", instead("tcp")), ("says IP", instead("ipv4"))],
    "dns_number": [("gives UDP's own", instead(17)), ("gives mDNS's port", instead(5353))],
    "ftp_in": [("says UDP", instead("udp")), ("says IP", instead("ipv4"))],
    "ftp_number": [("gives the data's port of old", instead(20)), ("gives TCP's own", instead(6))],
    "http_in": [("says UDP", instead("udp")), ("says IP", instead("ipv4"))],
    "http_number": [("gives HTTPS's", instead(443)), ("gives another web server's", instead(8080))],
    "osi_ethernet": [("says physical", instead(1)), ("says network", instead(3))],
    "osi_ipv4": [("says data link", instead(2)), ("says transport", instead(4))],
    "osi_tcp": [("says session", instead(5)), ("says network", instead(3))],
    "osi_of_link": [("leaves out the physical layer", instead([2])),
                    ("takes in the network layer", instead([1, 2, 3]))],
    "osi_of_application": [("says that it is the same as OSI's", instead([7])),
                           ("leaves out the session layer", instead([6, 7]))],
    "headers_before_http": [("counts two layers more", instead(5)), ("counts IP and TCP", instead(2))],
    "full_frame_percent": [("forgets TCP's options", instead(100 * 1460 / 1514)),
                           ("leaves out the frame's own header", instead(100 * 1448 / 1500))],
    "http_percent": [("counts the server's frames only", instead(lambda percent, p: percent * 1.2)),
                     ("gives a full frame's", instead(100 * 1448 / 1514))],
    "https_percent": [("counts the server's frames only", instead(lambda percent, p: percent * 1.2)),
                      ("counts the record's header as all that TLS costs", instead(lambda percent, p: percent * 1.4))],
    "record_of_request": [("counts the record's header", instead(lambda length, p: length + 5)),
                          ("forgets what TLS adds", instead(lambda length, p: length - 17))],
}


def believes(key: str, number: int, what: str, change) -> None:
    """One wrong answer of WRONG as a mutant of this module."""
    def wrong(answers, params):
        answers[key] = change(answers[key], params)
    wrong.__name__ = f"{key}_{number}"
    globals()[wrong.__name__] = mutant.answers(f"{key}: {what}")(wrong)


for question, beliefs in WRONG.items():
    for number, (what, change) in enumerate(beliefs, start=1):
        believes(question, number, what, change)


@mutant.answers("annotates the tagged frame as if it had no tag")
def forgets_the_tag(answers, params):
    for key in ("packet_length", "packet_ttl", "packet_protocol", "packet_source", "packet_target", "icmp_type",
                "icmp_ident"):
        answers[key] = [answers[key][0] - 4, *answers[key][1:]]


@mutant.answers("looks for the TLS record 20 bytes behind the beginning of the TCP header")
def record_too_early(answers, params):
    for key in ("record_type", "record_version", "record_length", "handshake_type"):
        answers[key] = [answers[key][0] - 12, *answers[key][1:]]


@mutant.answers("says that ARP rides in IP, and where it would be then")
def arp_in_ip(answers, params):
    answers["arp_in"], answers["arp_number"] = "ipv4", 0x0800


# --- right answers, written otherwise ---

@mutant.right("addresses in capital letters, one as Windows writes it, names as Wireshark writes them")
def capitals(answers, params):
    for key in ("vlan_target_mac", "vlan_source_mac"):
        answers[key] = [*answers[key][:2], answers[key][2].upper()]
    answers["vlan_source_mac"][2] = answers["vlan_source_mac"][2].replace(":", "-")
    for key, name in (("arp_in", "Ethernet"), ("icmp_in", "IPv4"), ("dns_in", "UDP"),
                      ("ftp_in", "TCP"), ("http_in", "TCP")):
        answers[key] = f" {name} "


@mutant.right("lists in another order, percents to one decimal place and as they stand in the calculator")
def other_figures(answers, params):
    for key in ("osi_of_link", "osi_of_application"):
        answers[key] = answers[key][::-1]
    answers["full_frame_percent"] = 95.6
    answers["http_percent"] = round(answers["http_percent"], 1)
    answers["https_percent"] += 0.0049
