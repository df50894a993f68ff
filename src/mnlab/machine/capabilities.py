"""What this kernel can do for a lab, found out by trying, in a network namespace of its own."""

import shutil
import subprocess

#: Capability: what to try, as root, in a fresh network and mount namespace, and what it is for.
TRIALS = {
    "namespaces": ("true", "network and mount namespaces"),
    "veth": ("ip link add probe0 type veth peer name probe1", "links between hosts"),
    "bridge": ("ip link add probe0 type bridge", "switches"),
    "netem": ("ip link add probe0 type veth peer name probe1 && tc qdisc add dev probe0 root netem delay 1ms",
              "delay and loss on links"),
    "tbf": ("ip link add probe0 type veth peer name probe1 && "
            "tc qdisc add dev probe0 root tbf rate 1mbit burst 1600 limit 3000", "links of a given rate"),
    "nft": ("nft add table inet probe", "packet filters"),
    "trace": ("mount -t tracefs none /mnt && test -d /mnt/events/tcp/tcp_probe", "the kernel's TCP tracepoints"),
    "openvswitch": ("ovs-vsctl --timeout=2 show", "Open vSwitch"),
    "bbr": ("sysctl -n net.ipv4.tcp_available_congestion_control | grep -qw bbr", "TCP BBR"),
    "student": ("id -u student", "a user without rights, for students' programs: sudo useradd --create-home student"),
}

#: What every lab needs.
ALWAYS = ("namespaces", "veth", "bridge")

#: Programs that every lab uses, and their Debian packages.
PROGRAMS = {"mnexec": "mininet", "ip": "iproute2", "tc": "iproute2", "tcpdump": "tcpdump", "setpriv": "util-linux",
            "unshare": "util-linux", "ping": "iputils-ping"}


def missing(names) -> list[str]:
    """A line for each of `names` (keys of TRIALS) that this kernel refuses, in its own words."""
    lines = []
    for name in names:
        command, purpose = TRIALS[name]
        done = subprocess.run(["unshare", "--net", "--mount", "sh", "-c", command], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        if done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            lines.append(f"no {name} ({purpose})" + (f": {words[-1]}" if words else ""))
    return lines


def missing_programs() -> list[str]:
    """A line for each program that is not installed."""
    return [f"no {program}: sudo apt-get install {package}"
            for program, package in PROGRAMS.items() if shutil.which(program) is None]
