"""Existing Mininet work runs in the lab machine as it is: the mn command with its defaults, and Mininet's own examples.

Of the 36 examples 17 run, and the quick ones are tested. The others want a window, SSH or several computers
(baresshd, cluster*, consoles, miniedit, sshd), a network card (hwintf), real-time control groups of version 1 (cpu,
limit), OpenFlow's reference switch, which Debian does not have (controlnet, scratchnetuser,
treeping64), or 1024 hosts (tree1024). Two count on another controller than Debian's: scratchnet on port 6633, mobility
on flows that come back when all are deleted.
"""

import re

import pytest

EXAMPLES = "/usr/lib/python3/dist-packages/mininet/examples"

#: Example: what is typed at its prompt, and what it must print, as often as it is here.
TYPED = {
    "bind": ("pingall\n", [r"0% dropped \(90/90"]),
    "controllers": ("pingall\n", [r"0% dropped \(12/12"]),
    "linuxrouter": ("pingall\n", [r"0% dropped \(12/12"]),
    "multilink": ("h1 ip -br link\n", ["h1-eth0", "h1-eth1"]),
    "multitest": ("exit\n", [r"0% dropped"]),
    "nat": ("pingall\n", [r"0% dropped \(20/20"]),
    "numberedports": ("", [*["Validated"] * 5, r"0% dropped \(20/20"]),
    "popen": ("", ["5 received"] * 5),
    "vlanhost": ("pingall\n", [r"80% dropped \(6/30"]),  # of each VLAN, and of none, there are two hosts
}


@pytest.mark.parametrize("example", TYPED)
def test_an_example_runs_as_it_is(cli, example):
    typed, wanted = TYPED[example]
    (cli.folder / "typed").write_text(typed)
    command = f"exec python3 {EXAMPLES}/{example}.py < typed"
    done = cli("exec", "--send", "typed", "--", "sh", "-c", command, timeout=300)
    text = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in text, text
    for words in wanted:
        assert len(re.findall(words, text)) >= wanted.count(words), f"{words!r} not in {text}"


@pytest.mark.parametrize("arguments, words", [
    (["--test", "pingall"], r"Starting controller.*c0.*0% dropped \(2/2 received\)"),
    (["--topo", "tree,2", "--controller", "ovsc", "--test", "pingall"], r"0% dropped \(12/12 received\)"),
    (["--nat", "--test", "pingall"], r"0% dropped"),
])
def test_the_mn_command_with_its_defaults(cli, arguments, words):
    done = cli("exec", "--", "mn", *arguments, timeout=300)
    assert done.returncode == 0 and re.search(words, done.stdout + done.stderr, re.S), done.stdout + done.stderr


def test_iperf_measures_what_the_link_carries(cli):
    """10 Mbit/s carry 10 x 1448 / 1514 = 9.56 of TCP payload."""
    done = cli("exec", "--", "mn", "--link", "tc,bw=10", "--test", "iperf", timeout=300)
    rates = [float(rate) for rate in re.findall(r"([\d.]+) Mbits/sec", done.stdout + done.stderr)]
    assert done.returncode == 0 and len(rates) == 2, done.stdout + done.stderr
    assert 0.95 * 9.56 < rates[0] < 1.05 * 9.56


LIMITED = """
from mininet.net import Mininet
from mininet.node import CPULimitedHost, OVSBridge
from mininet.topo import Topo
LOOP = "import time; b, c = time.monotonic(), time.process_time()\\nwhile time.monotonic() < b + 2: pass\\n" \\
       "print((time.process_time() - c) / (time.monotonic() - b))"
class Limited(Topo):
    def build(self):
        self.addSwitch("s1")
        for name, limits in (("h1", {"cpu": .2, "cores": 0}), ("h2", {"cpu": .5}), ("h3", {})):
            self.addLink(self.addHost(name, **limits), "s1")
net = Mininet(Limited(), host=CPULimitedHost, switch=OVSBridge, controller=None)
net.start()
open("loop.py", "w").write(LOOP)
for host in net.hosts:
    shares = host.cmd("python3 loop.py").split()[-1], host.popen("python3 loop.py").communicate()[0].decode().strip()
    print("share", host.name, *shares)
net.stop()
import os
print("left", [name for name in os.listdir("/sys/fs/cgroup/job") if "mininet" in name])
"""


def test_a_cpu_limited_host_has_its_share(cli):
    (cli.folder / "limited.py").write_text(LIMITED)
    done = cli("exec", "--send", "limited.py", "--", "python3", "limited.py", timeout=300)
    text = done.stdout + done.stderr
    found = {name: (float(cmd), float(popen)) for name, cmd, popen in re.findall(r"share (h\d) (\S+) (\S+)", text)}
    assert found["h1"] == pytest.approx((0.2, 0.2), rel=0.1) and found["h2"] == pytest.approx((0.5, 0.5), rel=0.1), text
    assert min(found["h3"]) > 0.9 and "left []" in text


def test_the_mn_command_with_cpu_limited_hosts(cli):
    done = cli("exec", "--", "mn", "--host", "cfs,cpu=.2", "--test", "pingall", timeout=300)
    assert done.returncode == 0 and re.search(r"cfs 20000/100000us.* 0% dropped", done.stdout + done.stderr, re.S)
