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

@mutant.answers("annotates the tagged frame as if it had no tag")
def forgets_the_tag(answers, params):
    for key in ("packet_length", "packet_ttl", "packet_protocol", "packet_source", "packet_target", "icmp_type",
                "icmp_ident"):
        answers[key] = [answers[key][0] - 4, *answers[key][1:]]


@mutant.answers("takes the whole TCI for the VLAN's number")
def whole_tci(answers, params):
    answers["vlan_tci"] = [14, 2, params["vlan"]]


@mutant.answers("leaves the priority where it stands, in the upper bits of a byte")
def unshifted(answers, params):
    answers["vlan_priority"] <<= 5


@mutant.answers("reads numbers with the lower byte first")
def little_endian(answers, params):
    offset, size, value = answers["packet_length"]
    answers["packet_length"] = [offset, size, int.from_bytes(value.to_bytes(size, "big"), "little")]


@mutant.answers("takes every TCP header to have 20 bytes")
def no_options(answers, params):
    answers["segment_header_bytes"] = 20


@mutant.answers("looks for the TLS record 20 bytes behind the beginning of the TCP header")
def record_too_early(answers, params):
    for key in ("record_type", "record_version", "record_length", "handshake_type"):
        answers[key] = [answers[key][0] - 12, *answers[key][1:]]


@mutant.answers("counts the record's header in its length")
def length_with_header(answers, params):
    answers["record_length"] = [69, 2, answers["record_length"][2] + 5]


@mutant.answers("counts a segment too many for the ClientHello, the server's first")
def one_more_segment(answers, params):
    answers["hello_segments"] += 1


@mutant.answers("says that ARP rides in IP")
def arp_in_ip(answers, params):
    answers["arp_in"], answers["arp_number"] = "ipv4", 0x0800


@mutant.answers("says that TCP is on OSI's layer 5")
def tcp_too_high(answers, params):
    answers["osi_tcp"] = 5


@mutant.answers("counts the server's frames only")
def one_direction(answers, params):
    answers["http_percent"] *= 1.2
