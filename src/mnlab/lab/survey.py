"""Inside a machine: look at what is not a lab's: the defaults of a fresh network namespace (of the first one
where it has none of its own), and what tools print.

The entry of a machine's job. Nothing here depends on what ran before: in virtual time the same machine says the same.
"""

import json
import os
import re
import subprocess
from pathlib import Path

#: What is left out of the defaults: it is none, is drawn by chance, or depends on the machine's memory and processors.
PASSING = re.compile(r"\.(?:stat|random|flush)|conf\.(?!all|default)|neigh\.(?!default)|netfilter|nf_|"
                     r"\.(?:tcp_mem|udp_mem|tcp_rmem|tcp_wmem|tcp_max_orphans|tcp_max_tw_buckets|xfrm4_gc_thresh|"
                     r"optmem_max|inet_peer_threshold|netdev_rss_key)$|"
                     r"conf\.(?:all|default)\.stable_secret")
#: What tools print, by what a teacher would look for: a shell command of which each line counts.
TOOLS = {
    # One that is quiet: what ss says of one at work depends on the moment.
    "ss, of an established connection":
        "python3 -c 'import os, socket; server = socket.create_server((\"127.0.0.1\", 5201)); "
        "client = socket.create_connection(server.getsockname()); there = server.accept()[0]; client.send(bytes(9)); "
        "there.recv(9); there.send(bytes(9)); client.recv(9); "
        "os.system(\"ss -tin state established dport = :5201\")' | tail -n +2 | tr ' ' '\\n' | grep '^[a-z]' | "
        "sed 's/[:(/].*//' | LC_ALL=C sort -u",
    "ping": "ping -c1 127.0.0.1 | sed 's,[0-9./]* ms,N ms,g'",
    "ip address": "ip address show lo",
    "ip route, to oneself": "ip route get 127.0.0.1",
    "tc qdisc": "ip link add d0 type dummy && ip link set d0 up && tc qdisc add dev d0 root netem delay 10ms 1ms "
                "loss 1% && tc qdisc show dev d0 | sed 's/seed [0-9]*/seed N/'",
    "tc -s, keys": "tc -s -j qdisc show dev lo | tr ',{}' '\\n' | sed 's/:.*//'",
    "bridge link": "ip link add br0 type bridge && ip link add p0 type dummy && ip link set p0 master br0 && "
                   "bridge -d link show dev p0 | tr ' ' '\\n' | grep '^[a-z_]*$'",
    "openssl, cipher suites of TLS 1.3": "openssl ciphers -s -tls1_3 | tr ':' '\\n'",
    "curl, protocols and features": "curl -V | tail -n 2 | tr ' ' '\\n'",
    "nft, a rule set": "nft add table t && nft add chain t c '{ type filter hook input priority 0; }' && "
                       "nft list ruleset",
    "nft, a rule that sets TCP's flags, with what came to it and what went through":
        "nft add table t && nft add chain t c '{ type filter hook input priority 0; }' && "
        "nft add rule t c tcp dport 9 counter tcp flags set syn counter; curl -s 127.0.0.1:9; nft list chain t c | "
        "grep -o 'tcp.*'",
    "traceroute": "traceroute -n -m1 127.0.0.1 | sed 's/[0-9.]* ms/N ms/g'",
    # Pings go on until one was seen: libpcap throws away what comes between its socket and its filter.
    "tcpdump, of a ping": "ping -i 0.2 127.0.0.1 >/dev/null & tcpdump -ni lo -c1 'icmp[icmptype] = icmp-echo' "
                          "2>/dev/null | sed 's/^[0-9:.]*/TIME/; s/id [0-9]*, seq [0-9]*/id N, seq N/'; kill $!; wait",
    "iperf3 -c": "iperf3 -s -1 -D >/dev/null; iperf3 -c 127.0.0.1 -t 1 | "
                 "sed 's/[0-9.]\\+/N/g; s/[KMG]\\(bits\\|Bytes\\)/\\1/g; s/  */ /g'",
    "named, options it knows":
        "for option in lock-file dnssec-validation max-cache-size qname-minimization tls http; do "
        "echo \"options { $option none; };\" > /tmp/options; named-checkconf /tmp/options 2>&1 | "
        "grep -q 'unknown option' && echo \"$option: unknown\" || echo $option; done",
}
VERSIONS = {"Linux": "uname -v", "Python": "python3 -V", "iproute2": "ip -V", "ss": "ss -V", "ping": "ping -V",
            "tcpdump": "tcpdump --version 2>&1 | head -1", "curl": "curl -V | head -1 | cut -d' ' -f1,2",
            "OpenSSL": "openssl version | cut -d'(' -f1",
            "BIND": "named -v | cut -d- -f1", "nginx": "nginx -v 2>&1", "Open vSwitch": "ovs-vsctl --version | head -1",
            "nftables": "nft -v", "iperf3": "iperf3 -v | head -1"}


def main(name: str) -> int:
    """Leave what was seen in the result, as the JSON file `name`: {"defaults", "tools", "versions"}."""
    first, own = subprocess.run(["sysctl", "-a"], capture_output=True, text=True).stdout, fresh("sysctl -a 2>/dev/null")
    defaults = dict(line.split(" = ", 1) for line in (first + own).splitlines() if " = " in line)
    found = {"defaults": {key: " ".join(value.split()) for key, value in defaults.items()
                          if key.startswith("net.") and not PASSING.search(key)},
             "tools": {what: fresh(command) for what, command in TOOLS.items()},
             "versions": {what: fresh(command).partition("\n")[0].strip() for what, command in VERSIONS.items()}}
    Path(os.environ.get("MNLAB_RESULT", "/result"), name).write_text(json.dumps(found, sort_keys=True))
    return 0


def fresh(command: str) -> str:
    """What a shell command prints in a network namespace of its own, loopback up."""
    done = subprocess.run(["unshare", "--net", "sh", "-c", f"ip link set lo up; {command}"], capture_output=True,
                          text=True, errors="replace", stdin=subprocess.DEVNULL)
    return done.stdout
