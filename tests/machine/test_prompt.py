"""Mininet's prompt: what is typed for a node lasts, an error is one line, and the network may be the user's own."""

import pytest
import scapy.utils

TOPOLOGY = '''
from mininet.topo import Topo
from beside import FIRST

class Campus(Topo):
    def build(self, hosts=2, **link):
        switch = self.addSwitch("s1")
        for number in range(hosts):
            self.addLink(self.addHost(f"h{number + FIRST}"), switch, **link)

topos = {"campus": Campus, "pair": lambda: Campus(hosts=2)}
'''

TYPED = r'''h1 cd /tmp
h1 pwd
h1 export X='a  b  # c'
h1 echo "$X" "h2  h2" 'h2' h2, h2
py h1.cmd('pwd')
h1 sleep 1000 &
h1 kill %1 && echo killed
# a comment, and an empty line

nonsense
source nofile
source more
dpctl dump-flows
py 1/0
switch
pingpair
h1 exit 3
h1 pwd
iperf h1 h2
h1 ping -c1 -q h2; echo done > mine
history
clear
net
'''


@pytest.fixture
def folder(cli):
    (cli.folder / "my.py").write_text(TOPOLOGY)
    (cli.folder / "beside.py").write_text("FIRST = 1\n")
    return cli.folder


@pytest.fixture
def typed(cli, folder):
    """Run `mnlab shell` on lines that are piped in."""
    def run(text, *arguments):
        (folder / "typed").write_text(text)
        with open(folder / "typed") as file:
            return cli("shell", *arguments, "--clock", "virtual", timeout=400, stdin=file)
    return run


def test_what_is_typed_lasts_and_errors_are_lines(cli, typed):
    (cli.folder / "w").mkdir()
    (cli.folder / "w/more").write_text("h1 echo sourced\nnonsense too\n")
    done = typed(TYPED, "--topo", "my.py:campus,2,bw=10", "--work", "w", "--record")
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    said = dict(part.split("\n", 1) for part in done.stdout.split("mininet> ")[1:])
    assert said["h1 pwd"] == "/result\n"  # after `h1 exit`; the first is lost in this dict
    assert done.stdout.count("h1 pwd\n/tmp\n") == 1
    assert said["""h1 echo "$X" "h2  h2" 'h2' h2, h2"""] == "a  b  # c h2  h2 h2 h2, 10.0.0.2\n"
    assert said["py h1.cmd('pwd')"].strip() == "/tmp"
    assert said["h1 sleep 1000 &"] == "" and said["h1 kill %1 && echo killed"].splitlines()[-1] == "killed"
    assert said["nonsense"] == "*** there is no node and no command nonsense; `nodes` and `help` show what there is\n"
    assert said["source nofile"] == "*** source: nofile: No such file or directory\n"
    assert "sourced\n" in done.stdout and done.stdout.count("no node and no command nonsense;") == 2
    assert "a bridge" in said["dpctl dump-flows"] and said["py 1/0"] == "division by zero\n"
    assert "invalid number of args" in said["switch"] and "0% dropped" in said["pingpair"]
    assert "Mbits/sec" in said["iperf h1 h2"] and "1 received" in said["h1 ping -c1 -q h2; echo done > mine"]
    assert said["history"].splitlines()[0].endswith("h1 cd /tmp") and "h1-eth0:s1-eth1" in said["net"]
    out = cli.folder / "shell-out"
    assert (out / "mine").read_text() == "done\n"
    captured = {path.stem for path in (out / "captures").iterdir()}
    assert captured == {"h1-eth0", "h2-eth0", "s1-eth1", "s1-eth2"}
    assert len(scapy.utils.rdpcap(str(out / "captures/h1-eth0.pcap"))) > 100  # iperf's


def test_the_same_lines_give_the_same_bytes(cli, typed):
    for out in "ab":
        done = typed("h1 ping -c2 h2\nh1 cat /proc/sys/kernel/random/uuid > u\n", "--topo", "my.py:pair", "--record",
                     "--out", out)
        assert done.returncode == 0, done.stderr
    files = [{path.name: path.read_bytes() for path in (cli.folder / out).rglob("*") if path.is_file()} for out in "ab"]
    assert files[0] == files[1] and "u" in files[0] and files[0]["h1-eth0.pcap"]


def test_a_controller_of_ones_own(cli, typed):
    app = (cli.folder / "mine.py")
    app.write_text('"""A hub of my own."""\nfrom hub import *  # noqa\n')
    done = typed("pingall\ndpctl dump-flows\n", "--topo", "single,2", "--controller", "hub.py")
    assert done.returncode == 0 and "0% dropped (2/2" in done.stdout, done.stdout + done.stderr
    assert "actions=CONTROLLER" in done.stdout
    app.write_text("import nowhere_to_be_found\n")
    done = typed("pingall\n", "--topo", "single,2", "--controller", "mine.py")
    assert done.returncode == 3 and "nowhere_to_be_found" in done.stdout and "mnlab/" not in done.stdout, done.stdout


def test_a_hosts_shell_obeys_what_is_piped_in(typed):
    done = typed("cd /tmp\npwd; exit 4\n", "arp", "h1")
    assert done.returncode == 4 and done.stdout == "/tmp\n", done.stdout + done.stderr


BAD_LINK = TOPOLOGY + """
class Bad(Campus):
    def build(self):
        super().build()
        self.addLink("h1", "h9")
topos["bad"] = Bad
"""


@pytest.mark.parametrize("text, name, says", [
    ("from mininet.topo import Topo\nclass T(Topo)\n", "",
     ["my.py, line 2:", "class T(Topo)", "SyntaxError: expected ':'"]),
    ("import nothing_like_it\n", "",
     ["my.py, line 1:", "import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"]),
    (BAD_LINK, ":bad", ["h9"]),
    (TOPOLOGY, ":campus,two", ["my.py, line 8:", "for number in range(hosts):", "TypeError"]),
    (TOPOLOGY, ":camp", ["my.py has no topology 'camp'; it has: campus, pair"]),
    ("x = 1\n", "", ["my.py; it has none"]),
    ("topos = {'t': lambda: 5}\n", ":t", ["my.py: t makes a int"])],
    ids=["syntax", "import", "link", "argument", "name", "none", "kind"])
def test_a_mistake_in_the_file_is_told_as_file_line_and_words(folder, typed, text, name, says):
    (folder / "my.py").write_text(text)
    done = typed("", "--topo", f"my.py{name}")
    words = done.stdout.strip()
    assert done.returncode in (2, 3) and "Traceback" not in words + done.stderr and len(words.splitlines()) <= 3, words
    for part in says:
        assert part in words, words
