"""Mininet's way to talk with a node: cmd(), sendCmd(), monitor(), waitOutput(), popen(), iperf(). One job for all."""

import pytest

from .conftest import run_script

SCRIPT = r'''
import select, shlex, traceback
from mininet.node import Node
from mnlab.net.errors import NetworkError
from mnlab.net.network import Network
from topologies.lan import Lan

TESTS = {}
def test(function):
    TESTS[function.__name__] = function

def raises(function):
    try:
        function()
    except NetworkError as problem:
        return str(problem)

def bashes():
    return subprocess.run(["pgrep", "-cx", "bash"], capture_output=True, text=True).stdout.strip()

def timed(function):
    started = time.monotonic()
    value = function()
    return value, time.monotonic() - started

@test
def no_shell_where_none_is_needed(h1, h2):
    before = bashes()
    h1.cmd("ip link show"), h1.cmd("ping -c1", h2.IP()), h1.cmd(["echo", "a  b"])
    return before, bashes()

@test
def a_server_in_the_background(h1, h2):
    out, seconds = timed(lambda: h2.cmd("python3 -m http.server 80 > /dev/null 2>&1 &"))
    pid = h2.lastPid
    h2.run("while ! ss -Htln | grep -q :80; do sleep 0.1; done")
    page = h1.cmd("curl -s -o /dev/null -w '%{http_code}' http://" + h2.IP())
    told = h2.cmd("echo $!").strip()
    h2.cmd("kill %1; wait")
    return out, seconds, str(pid) == told, page, h2.cmd("jobs")

@test
def a_daemon_that_keeps_the_output_open(h1, h2):
    _, seconds = timed(lambda: h1.cmd("setsid sleep 200 < /dev/null &"))
    return seconds, timed(lambda: h2.cmd("bash -c 'sleep 200 & echo up'"))

@test
def what_lasts(h1, h2):
    h1.cmd("cd /tmp"), h1.cmd("export X='a  b'"), h1.cmd("f() { echo \"<$X>\"; }")
    h1.cmd("false")
    status = h1.cmd("echo $?")
    return status, h1.cmd("pwd"), h1.cmd("f; env | grep ^X"), h2.cmd("pwd; echo $X")

@test
def status_of_a_plain_command_first(h1, h2):
    h1.cmd("false")
    return h1.lastStatus, h1.cmd("echo $?; exit 7"), h1.lastStatus, h1.cmd("echo new")

@test
def every_byte(h1, h2):
    big = h1.cmd("yes | head -c 300000")
    odd = h1.cmd(r"printf 'caf\303\251\177m\177'")
    return big == "y\n" * 150000, odd, len(h1.cmd("X=1; echo " + "x" * 200000)), h1.cmd("cat")

@test
def output_that_the_command_redirects(h1, h2):
    h1.cmd("exec > /tmp/elsewhere"); h1.cmd("echo there")
    return open("/tmp/elsewhere").read()

@test
def a_syntax_error(h1, h2):
    return h1.cmd("echo ("), h1.lastStatus, h1.cmd("echo on")

@test
def a_shell_that_somebody_ended(h1, h2):
    h1.cmd("X=1")
    pid = h1.cmd("echo $$").strip()
    h2.run(["kill", "-9", pid])
    return h1.cmd("echo \"<$X>\" again"), raises(lambda: h1.cmd("echo \0"))

@test
def a_command_without_end(h1, h2):
    words, seconds = timed(lambda: raises(lambda: h1.cmd("echo begun; sleep 1000", timeout=3)))
    return words, seconds, h1.cmd("echo free")

@test
def send_monitor_wait(h1, h2):
    h1.sendCmd("ping -i 0.2 -c5", h2.IP())
    busy = raises(lambda: h1.cmd("echo no"))
    poller = select.poll()
    poller.register(h1.stdout)
    text = ""
    while h1.waiting:
        for fd, _ in poller.poll(5000):
            text += Node.outToNode[fd].monitor()
    h1.sendCmd("sleep 30; echo slept")
    nothing = h1.monitor(timeoutms=100)
    return busy, text.count("bytes from"), nothing, h1.waitOutput()

@test
def a_command_that_is_interrupted(h1, h2):
    h1.cmd("sleep 500 &")
    h1.sendCmd("ping", h2.IP())
    while "icmp_seq=2" not in h1.monitor():
        pass
    h1.sendInt()
    return h1.waitOutput(), h1.cmd("jobs"), h1.lastStatus

@test
def mininets_monitor(h1, h2):
    for host in (h1, h2):
        host.sendCmd("for n in 1 2 3; do echo $n; sleep 1; done")
    found = []
    for host, line in h1.net.monitor([h1, h2], timeoutms=3000):
        if host is None:
            break
        found.append([host.name, line])
    return sorted(found), [host.waitOutput() for host in (h1, h2)]

@test
def popen_and_pexec(h1, h2):
    process = h1.popen("ping -c1 %s" % h2.IP())
    out, _ = process.communicate()
    shell = h1.popen("echo $((6 * 7))", shell=True).communicate()[0]
    return process.returncode, b"1 received" in out, shell.decode(), h1.pexec("sh", "-c", "echo out; exit 3")

@test
def iperf(h1, h2):
    return h1.net.iperf((h1, h2), seconds=2), h1.net.iperf((h1, h2), l4Type="UDP", udpBw="4M", seconds=2), \
        h1.net.iperf((h1, h2), seconds=2, fmt="k"), raises(lambda: h1.net.iperf((h1, h2), l4Type="SCTP"))

@test
def what_the_network_leaves(h1, h2):
    h1.cmd("sleep 12345 &")
    return None

def main():
    results = {}
    for name, function in TESTS.items():
        try:
            with Network(Lan(hosts=2, link={"bw": 10, "delay": "1ms"})) as net:
                net["h1"].net = net
                results[name] = {"value": function(net["h1"], net["h2"])}
        except BaseException:
            results[name] = {"error": traceback.format_exc()}
    left = subprocess.run(["pgrep", "-fc", "sleep 12345"], capture_output=True, text=True).stdout.strip()
    results["what_the_network_leaves"] = {"value": left}
    (RESULT / "result.json").write_text(json.dumps(results))
'''


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return run_script(SCRIPT, tmp_path_factory.mktemp("conversation") / "result").json()


@pytest.fixture
def value(results):
    def get(name):
        assert "value" in results[name], results[name]["error"]
        return results[name]["value"]
    return get


def test_plain_commands_start_no_shell(value):
    assert value("no_shell_where_none_is_needed") == ["0", "0"]


def test_a_server_in_the_background_is_not_waited_for(value):
    out, seconds, same_pid, page, jobs = value("a_server_in_the_background")
    assert out == "" and seconds < 1 and same_pid and page == "200" and "Running" not in jobs
    asked, (word, nested) = value("a_daemon_that_keeps_the_output_open")
    assert asked < 1 and nested < 1 and word == "up\n"


def test_folder_variables_functions_and_status_last(value):
    assert value("what_lasts") == ["1\n", "/tmp\n", "<a  b>\nX=a  b\n", "/job\n\n"]
    assert value("status_of_a_plain_command_first") == [1, "1\n", 7, "new\n"]


def test_output_is_whole(value):
    assert value("every_byte") == [True, "café\x7fm\x7f", 200_001, ""]
    assert value("output_that_the_command_redirects") == "there\n"


def test_errors_leave_the_shell_usable(value):
    words, status, after = value("a_syntax_error")
    assert "syntax error" in words and status and after == "on\n"
    assert value("a_shell_that_somebody_ended") == ["<> again\n", "a command holds no zero byte: 'echo \\x00'"]
    words, seconds, after = value("a_command_without_end")
    assert words == "h1: 'echo begun; sleep 1000' failed (timed out): still running after 3 s"
    assert 3 <= seconds < 4 and after == "free\n"


def test_commands_that_are_only_started(value):
    busy, pings, nothing, slept = value("send_monitor_wait")
    assert "h1 is still busy with 'ping -i 0.2 -c5 10.0.0.2'" in busy
    assert pings == 5 and nothing == "" and slept == "slept\n"
    rest, jobs, status = value("a_command_that_is_interrupted")
    assert "packets transmitted" in rest and "sleep 500" in jobs and status == 0
    lines, rest = value("mininets_monitor")
    assert lines == [[host, str(n)] for host in ("h1", "h2") for n in (1, 2, 3)] and rest == ["", ""]


def test_popen_and_pexec(value):
    assert value("popen_and_pexec") == [0, True, "42\n", ["out\n", "", 3]]


def test_iperf_measures_what_the_link_carries(value):
    """10 Mbit/s carry 10 x 1448 / 1514 = 9.56 of TCP payload; 4 Mbit/s of UDP pass whole."""
    tcp, udp, kilobits, refused = value("iperf")
    assert 0.95 * 9.56 < float(tcp[0].removesuffix(" Mbits/sec")) < 1.05 * 9.56 and len(tcp) == 2
    assert udp[0] == "4M" and [round(float(rate.removesuffix(" Mbits/sec")), 1) for rate in udp[1:]] == [4.0, 4.0]
    assert 9000 < float(kilobits[0].removesuffix(" Kbits/sec")) < 10000 and "TCP and UDP" in refused


def test_the_jobs_of_a_network_end_with_it(value):
    assert value("what_the_network_leaves") == "0"
