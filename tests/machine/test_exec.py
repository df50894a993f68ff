"""`mnlab exec`: Mininet scripts run as they are; statuses are passed on; files come out."""

import os
import time

import pytest

SCRIPT = '''
"""A classic Mininet script, as one finds them in courses: a topology class, a test, the CLI left out."""
from mininet.log import lg
from mininet.net import Mininet
from mininet.node import {switch}
from mininet.topo import Topo
from mininet.util import dumpNodeConnections


class SingleSwitchTopo(Topo):
    "Single switch connected to n hosts."
    def build(self, n=2):
        switch = self.addSwitch('s1')
        for h in range(n):
            host = self.addHost('h%s' % (h + 1))
            self.addLink(host, switch)


def simpleTest():
    "Create and test a simple network"
    net = Mininet(SingleSwitchTopo(n=3), switch={switch}, controller=None)
    net.start()
    dumpNodeConnections(net.hosts)
    loss = net.pingAll()
    h1, h2 = net.get('h1', 'h2')
    print(h1.cmd('ping -c1', h2.IP()))
    h2.cmd('python3 -m http.server 80 &')
    open('ping.txt', 'w').write('loss %s' % loss)
    net.stop()
    return loss


if __name__ == '__main__':
    lg.setLogLevel('info')
    raise SystemExit(1 if simpleTest() else 0)
'''


@pytest.mark.parametrize("switch", ["OVSBridge", "nodelib.LinuxBridge"])
def test_a_classic_script_runs_unmodified(cli, switch):
    text = SCRIPT.replace("from mininet.node import {switch}", "from mininet.node import OVSBridge\nfrom mininet import nodelib")
    (cli.folder / "classic.py").write_text(text.replace("{switch}", switch))
    done = cli("exec", "--send", "classic.py", "--", "python3", "classic.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0% dropped" in done.stdout + done.stderr and "1 received" in done.stdout
    assert (cli.folder / "exec-out/ping.txt").read_text() == "loss 0.0"
    assert "brought out into exec-out: ping.txt" in done.stderr
    assert not cli.leftovers()


@pytest.mark.parametrize("switch", ["ovsbr", "lxbr"])
def test_the_mn_command(cli, switch):
    done = cli("exec", "--", "mn", "--topo", "single,2", "--switch", switch, "--controller", "none", "--test", "pingall")
    assert done.returncode == 0 and "0% dropped (2/2 received)" in done.stdout + done.stderr, done.stdout + done.stderr


def test_links_with_delay_from_the_mn_command(cli):
    done = cli("exec", "--", "sh", "-c", "echo 'h1 ping -c3 h2' > c; mn --link tc,delay=10ms --switch ovsbr --controller none < c")
    assert done.returncode == 0 and "3 received" in done.stdout and "mdev" in done.stdout
    average = float(done.stdout.split("mdev = ")[1].split("/")[1])
    assert 40 <= average < 60  # 10 ms in each of four directions passed; the first ping adds ARP


def test_a_pytest_file_runs_inside(cli):
    (cli.folder / "t").mkdir()
    (cli.folder / "t/test_net.py").write_text('''
from mininet.net import Mininet
from mininet.node import OVSBridge
from mininet.topo import LinearTopo

def test_all_reach_all():
    net = Mininet(LinearTopo(k=2), switch=OVSBridge, controller=None)
    net.start()
    try:
        assert net.pingAll() == 0
    finally:
        net.stop()

def test_that_fails():
    assert 1 + 1 == 3
''')
    done = cli("exec", "--send", "t", "--", "python3", "-m", "pytest", "-q", "t")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout


@pytest.mark.parametrize("command, status, words", [
    (["sh", "-c", "exit 42"], 42, ""), (["sh", "-c", "kill -9 $$"], 137, ""), (["absent-program"], 127, "No such file"),
    (["sh", "-c", "id -u; pwd; ls"], 0, "0\n/job/files\n")], ids=["status", "signal", "absent", "root"])
def test_statuses_are_passed_on(cli, command, status, words):
    done = cli("exec", "--", *command)
    assert done.returncode == status, done.stdout + done.stderr
    assert words in done.stdout + done.stderr and "Traceback" not in done.stderr + done.stdout


def test_files_and_folders_go_in_and_changed_ones_come_out(cli):
    (cli.folder / "in/deep").mkdir(parents=True)
    (cli.folder / "in/deep/a").write_text("a")
    (cli.folder / "in/deep/b").write_text("b")
    (cli.folder / "run.sh").write_text("#!/bin/sh\necho changed > in/deep/a\nmkdir -p new/er\nhead -c 3000000 /dev/zero > new/er/big\n")
    (cli.folder / "run.sh").chmod(0o755)
    done = cli("exec", "--send", "in", "--send", "run.sh", "--out", "got", "--", "./run.sh")
    assert done.returncode == 0, done.stderr
    brought = {str(path.relative_to(cli.folder / "got")): path.stat().st_size for path in (cli.folder / "got").rglob("*") if path.is_file()}
    assert brought == {"in/deep/a": 8, "new/er/big": 3_000_000}


def test_the_limit_of_lab_time_ends_it_and_brings_out_nothing_half(cli):
    done = cli("exec", "--limit", "5", "--", "sh", "-c", "echo begun; sleep 1000")
    assert done.returncode == 3 and "begun" in done.stdout
    assert "still running after 5 s of lab time" in done.stderr


def test_running_out_of_memory_is_said(cli):
    done = cli("exec", "--", "python3", "-c", "x = []\nwhile True: x.append(bytearray(1 << 20))")
    assert done.returncode == 3 and "ran out of memory" in done.stderr


def test_the_real_clock_takes_real_time(cli):
    done = cli("exec", "--clock", "real", "--", "sh", "-c", "date +%Y; sleep 1; mn --switch ovsbr --controller none --test pingall", timeout=400)
    assert done.returncode == 0 and "0% dropped" in done.stdout + done.stderr, done.stdout + done.stderr


def test_what_is_piped_in_is_handed_on(cli):
    (cli.folder / "typed").write_bytes(b"one\ntwo\0\xff\n")
    with open(cli.folder / "typed", "rb") as given:
        done = cli("exec", "--", "sh", "-c", "read first; echo $first; wc -c", stdin=given)
    assert done.returncode == 0 and done.stdout.split() == ["one", "6"], done.stdout + done.stderr
    assert cli("exec", "--", "wc", "-c").stdout == "0\n"


def test_folders_arrive_as_they_are_and_what_is_named_comes_out(cli):
    folder = cli.folder / "in"
    (folder / "none").mkdir(parents=True)
    (folder / "file").write_text("x")
    os.utime(folder / "file", (10**9, 10**9))
    (folder / "link").symlink_to("file")
    (folder / "away").symlink_to("/etc/passwd")
    script = ("stat -c '%n %F %Y' in/*; ln -s file in/new; mkdir in/made; echo pcap > /tmp/h1.pcap; "
              "touch -d @5 old; chmod 755 old")
    wanted = [word for path in ("/tmp/h1.pcap", "in/file", "/absent") for word in ("--bring", path)]
    done = cli("exec", "--send", "in", *wanted, "--", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    seen = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert seen["in/file"] == "regular file 1000000000" and seen["in/link"].startswith("symbolic link")
    assert seen["in/none"].startswith("directory") and "in/away" not in seen
    assert "in/away (a link to /etc/passwd" in done.stderr and "there is no /absent to bring out" in done.stderr
    out = cli.folder / "exec-out"
    assert (out / "tmp/h1.pcap").read_text() == "pcap\n" and (out / "in/file").read_text() == "x"
    assert os.readlink(out / "in/new") == "file" and (out / "in/made").is_dir()
    assert (out / "old").stat().st_mtime == 5 and (out / "old").stat().st_mode & 0o777 == 0o755
    assert not (out / "in/none").exists() and not (out / "in/link").exists()  # not changed


def test_the_real_clock_is_this_computers(cli):
    """The time in the machine lies between the start and the end of the command."""
    before = time.time()
    done = cli("exec", "--clock", "real", "--", "date", "+%s.%N", timeout=400)
    assert before - 0.1 < float(done.stdout) < time.time() + 0.1, done.stderr


def test_the_virtual_clock_is_not(cli):
    assert cli("exec", "--", "date", "+%Y-%m-%d %H:%M").stdout == "2026-01-01 00:00\n"


@pytest.mark.parametrize("name", ["debian13", "latest"])
def test_nothing_in_a_machine_samples_which_pages_programs_use(cli, name):
    """What is sampled would depend on when QEMU changes the size of its TLB, and evidence on that (machines.py)."""
    done = cli("exec", "--machine", name, "-q", "--", "sh", "-c", "ps -e -o comm=; tail -n1 /sys/kernel/mm/ksm/run "
               "/sys/kernel/mm/transparent_hugepage/enabled /sys/module/damon_*/parameters/enabled 2>/dev/null")
    assert "kthreadd" in done.stdout and "[never]" in done.stdout, done.stdout + done.stderr
    assert "kdamond" not in done.stdout and "\nY\n" not in done.stdout
