"""What labs ask of a computer's own kernel and programs: found out by trying, and how to get what is missing.

A lab names what it needs (`needs` in its experiment.py): keys of FEATURES, PROGRAMS and MODULES. What only the image
`full` of a lab machine has is in FULL_PROGRAMS and FULL_MODULES, too.
"""

import platform
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

PYTHON = "/usr/bin/python3"  # Debian's Mininet belongs to Debian's Python
TRY_SWITCH = Path(__file__).with_name("try_switch.sh")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # a job's


class Feature(NamedTuple):
    """A feature of the kernel: what to try (as root, in fresh namespaces), what it is for, and how to get it."""

    trial: str
    purpose: str
    remedy: str


def module(name: str, option: str) -> str:
    """How to get a part of the kernel that is a module, or was left out of it."""
    return (f"`modprobe {name}`; on Ubuntu it may be in the package linux-modules-extra-{platform.release()}; "
            f"otherwise a kernel with {option}")


#: What a job on the host begins with: every mount becomes read-only (guest/on_host.py).
READ_ONLY = (f"{PYTHON} -IBc 'import sys; sys.path.append(sys.argv[1]); import on_host; on_host.make_read_only()' "
             + shlex.quote(str(Path(__file__).parent / "guest")))
PAIR = "ip link add probe0 type veth peer name probe1"

FEATURES = {
    "namespaces": Feature(f"test ! -x {PYTHON} || {READ_ONLY}",
                          "networks of their own", "be root on Linux 5.12 or later, not in an unprivileged container"),
    "veth": Feature(PAIR, "links between hosts", module("veth", "CONFIG_VETH")),
    "bridge": Feature("ip link add probe0 type bridge", "switches", module("bridge", "CONFIG_BRIDGE")),
    "netem": Feature(f"{PAIR} && tc qdisc add dev probe0 root netem delay 1ms", "delay and loss on links",
                     module("sch_netem", "CONFIG_NET_SCH_NETEM")),
    "tbf": Feature(f"{PAIR} && tc qdisc add dev probe0 root tbf rate 1mbit burst 1600 limit 3000",
                   "links of a given rate", module("sch_tbf", "CONFIG_NET_SCH_TBF")),
    "ifb": Feature("ip link add probe0 type ifb && ip link add probe1 type veth && tc qdisc add dev probe1 ingress && "
                   "tc filter add dev probe1 ingress matchall action mirred egress redirect dev probe0",
                   "cables that are laid by hand",
                   module("ifb", "CONFIG_IFB, CONFIG_NET_CLS_MATCHALL, CONFIG_NET_ACT_MIRRED")),
    "vlan": Feature(f"{PAIR} && ip link add link probe0 name probe2 type vlan id 5", "VLANs",
                    module("8021q", "CONFIG_VLAN_8021Q")),
    "tun": Feature("ip tuntap add probe0 mode tap", "TCP written by hand", module("tun", "CONFIG_TUN")),
    "nftables": Feature("nft add table inet probe && nft add table netdev probe",
                        "packet filters, and frames lost on purpose",
                        module("nf_tables", "CONFIG_NF_TABLES, CONFIG_NF_TABLES_NETDEV")),
    "trace": Feature("mount -t tracefs none /mnt && test -d /mnt/instances && test -d /mnt/events/tcp/tcp_probe && "
                     "test -d /mnt/events/neigh/neigh_update", "the kernel's own account of TCP and ARP",
                     "a kernel with CONFIG_FTRACE, which is not locked down"),
    "bbr": Feature("sysctl -qw net.ipv4.tcp_congestion_control=bbr", "TCP BBR",
                   module("tcp_bbr", "CONFIG_TCP_CONG_BBR")),
    "zones": Feature("! grep -qs '^named (enforce)' /sys/kernel/security/apparmor/profiles",
                     "name servers for labs' zones",
                     "AppArmor keeps BIND to its usual folders; sudo ln -s ../usr.sbin.named /etc/apparmor.d/disable/ "
                     "&& sudo apparmor_parser --remove /etc/apparmor.d/usr.sbin.named"),
    "openvswitch": Feature("ovs-dpctl add-dp probe0", "OpenFlow switches", module("openvswitch", "CONFIG_OPENVSWITCH")),
}

#: The same of what only the image `full` has; the daemons of FRR are not in PATH, vtysh stands for them.
FULL_PROGRAMS = {
    "vtysh": "frr", "bird": "bird2", "birdc": "bird2", "dnsmasq": "dnsmasq-base", "dhcpd": "isc-dhcp-server",
    "dhclient": "isc-dhcp-client", "radvd": "radvd", "ssh": "openssh-client", "sshd": "openssh-server",
    "ftp": "tnftp", "wget": "wget", "sudo": "sudo", "python": "python-is-python3", "tcc": "tcc", "strace": "strace",
    "conntrack": "conntrack", "hping3": "hping3", "lldpd": "lldpd", "mtr": "mtr-tiny", "nmap": "nmap", "ncat": "ncat",
    "netserver": "netperf", "tshark": "tshark", "wrk": "wrk", "keepalived": "keepalived", "wg": "wireguard-tools",
}

#: Program: the Debian package that has it.
PROGRAMS = FULL_PROGRAMS | {
    "mnexec": "mininet", "ip": "iproute2", "tc": "iproute2",
    "tcpdump": "tcpdump", "ping": "iputils-ping", "setpriv": "util-linux", "unshare": "util-linux", "nft": "nftables",
    "ovs-vsctl": "openvswitch-switch", "ovs-dpctl": "openvswitch-switch", "arp": "net-tools", "ifconfig": "net-tools",
    "named": "bind9", "named-compilezone": "bind9-utils", "dig": "bind9-dnsutils", "nginx": "nginx-light",
    "curl": "curl", "openssl": "openssl", "gunicorn": "gunicorn", "vsftpd": "vsftpd", "w3m": "w3m",
    "nc": "netcat-openbsd", "socat": "socat",
}

FULL_MODULES = {"aioquic": "python3-aioquic", "dpkt": "python3-dpkt", "matplotlib": "python3-matplotlib",
                "networkx": "python3-networkx", "numpy": "python3-numpy", "pexpect": "python3-pexpect",
                "termcolor": "python3-termcolor"}

#: Module of Debian's Python: the package that has it.
MODULES = FULL_MODULES | {"mininet": "mininet", "scapy": "python3-scapy", "cryptography": "python3-cryptography",
           "eventlet": "python3-eventlet", "netaddr": "python3-netaddr", "oslo_config": "python3-oslo.config",
           "routes": "python3-routes", "webob": "python3-webob", "msgpack": "python3-msgpack", "ryu": ""}

#: What something takes besides.
TAKES = {"tbf": ("netem",), "nftables": ("nft",), "named": ("zones",), "openvswitch": (
    "ovs-vsctl", "ovs-dpctl", "ifconfig", "eventlet", "netaddr", "oslo_config", "routes", "webob", "msgpack", "ryu")}

#: What every lab needs.
ALWAYS = ("namespaces", "veth", "bridge", "mnexec", "ip", "tc", "tcpdump", "ping", "setpriv", "unshare", "mininet",
          "scapy")


def lacking(needs: Iterable[str]) -> tuple[str, ...]:
    """Those of `needs`, of what they take, and of what every lab needs that this computer does not have."""
    wanted = [part for need in (*ALWAYS, *needs) for part in (*TAKES.get(need, ()), need)]
    return tuple(dict.fromkeys(name for name in wanted if not _has(name)))


def only_in_full(needs: Iterable[str]) -> tuple[str, ...]:
    """Those of `needs` that a lab machine has with the image `full` only."""
    return tuple(name for name in needs if name in FULL_PROGRAMS or name in FULL_MODULES)


def switch_trouble(limit: float = 30) -> str:
    """What is wrong with this computer's own Open vSwitch, which plain Mininet uses; "" if it works, or is not there.

    `limit` is the most seconds that a step of the trial may take.
    """
    if not shutil.which("ovs-vsctl", path=PATH):
        return ""
    done = subprocess.run(["sh", TRY_SWITCH, f"{limit:g}"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env={"PATH": PATH, "LC_ALL": "C.UTF-8"})
    return done.stdout.strip() or done.stderr.strip() if done.returncode else ""


def remedies(names: Iterable[str]) -> list[str]:
    """What to do about the lack of `names`: a line for each feature of the kernel, and one for all programs."""
    names = list(names)
    lines = [f"no {name} ({FEATURES[name].purpose}): {FEATURES[name].remedy}" for name in names if name in FEATURES]
    programs = [name for name in names if name in PROGRAMS or MODULES.get(name)]
    packages = " ".join(dict.fromkeys(PROGRAMS.get(name) or MODULES[name] for name in programs))
    if programs:
        lines.append(f"no {', '.join(programs)}: sudo apt-get install --no-install-recommends {packages}")
    if "ryu" in names:
        lines.append(f"no ryu (OpenFlow controllers) for {PYTHON}: sudo vagrant/provision.sh --ryu installs it")
    return lines


@cache
def _has(name: str) -> bool:
    if name in PROGRAMS:
        return shutil.which(name, path=PATH) is not None
    if name in MODULES:
        return name in _modules()
    if not all(map(_has, _needed_to_try(name))):
        return True  # nobody can try it yet
    return _works(["unshare", "--net", "--mount", "--pid", "--fork", "sh", "-c", FEATURES[name].trial])


def _needed_to_try(feature: str) -> tuple[str, ...]:
    """What there must be before a feature of the kernel can be tried."""
    programs = [name for name in TAKES.get(feature, ()) if name in PROGRAMS]
    return ("unshare", *programs, *(("namespaces",) if feature != "namespaces" else ()))


@cache
def _modules() -> set[str]:
    """Those of MODULES that Debian's Python can find. (Importing them would take seconds.)"""
    script = "import sys; from importlib.util import find_spec; print(*filter(find_spec, sys.argv[1:]))"
    try:
        return set(subprocess.run([PYTHON, "-Ic", script, *MODULES], capture_output=True, text=True).stdout.split())
    except OSError:
        return set()


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              env={"PATH": PATH, "LC_ALL": "C.UTF-8"}).returncode == 0
    except OSError:
        return False
