"""The host machine, on this kernel: honest about what is missing, and nothing of it remains, however it ends."""

import os
import signal
import time
import uuid
from pathlib import Path

import pytest

from mnlab.machine import capabilities
from mnlab.machine.guest.on_host import FIRST_UID
from mnlab.machine.host import WAITING, HostMachine
from mnlab.machine.job import Job, Limits, MachineError

from .conftest import ROOT, Cli, make_lab, run_script

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the host machine needs root")


@pytest.fixture
def mark(monkeypatch):
    """What our processes have in their environment."""
    monkeypatch.setenv("MNLAB_TEST", uuid.uuid4().hex)
    return os.environ["MNLAB_TEST"]


@pytest.fixture
def host(mark):
    """The host machine; skips, with the reason, where this computer lacks what every job needs."""
    machine = HostMachine()
    try:
        machine.prepare()
    except MachineError as problem:
        pytest.skip(str(problem))
    return machine


def lacks(*names):
    return capabilities.remedies(capabilities.lacking(names))


def surroundings():
    """What a job on this kernel could leave behind: interfaces, mounts, control groups, files that look like ours."""
    links = sorted(os.listdir("/sys/class/net"))
    mounts = open("/proc/mounts").read()
    files = sorted(name for place in ("/run", "/tmp", "/sys/fs/cgroup") for name in os.listdir(place)
                   if name.startswith(("work-", "h1-", "job", "result", "own-", "mnlab-1", "mnlab-2")))
    return links, mounts, files


def namespaces(mark):
    """Network namespaces, other than ours, of processes that bear our mark or run as the student of some run.

    Other tests, and whatever else is going on here, have namespaces of their own.
    """
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"MNLAB_TEST={mark}".encode() in (process / "environ").read_bytes().split(b"\0")
            if marked or process.stat().st_uid >= FIRST_UID:
                found.add(os.readlink(process / "ns/net"))
        except OSError:
            continue
    return found - {os.readlink("/proc/self/ns/net")}


def all_gone(mark) -> bool:
    """Whether every such namespace goes within 20 s."""
    deadline = time.monotonic() + 20
    while (left := namespaces(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


def test_what_the_kernel_lacks_is_named_and_the_way_out(host, tmp_path):
    missing = [name for name in ("netem", "trace", "vlan", "bbr") if lacks(name)]
    if not missing:
        pytest.skip("this kernel has everything")
    job = Job("probe:main", {"src/probe.py": b""}, needs=tuple(missing))
    with pytest.raises(MachineError) as problem:
        host.run(job, tmp_path / "result")
    text = str(problem.value)
    assert "the lab machine can (--on vm)" in text and all(f"no {name} (" in text for name in missing)
    assert not (tmp_path / "result").exists()


def test_a_lab_that_needs_netem_says_so_at_the_command_line(host, tmp_path):
    if not lacks("netem"):
        pytest.skip("this kernel has netem")
    make_lab(tmp_path, "pass").folder.joinpath("experiment.py").open("a").write('\nneeds = ("netem",)\n')
    done = Cli(tmp_path, labs=tmp_path)("run", "probe", "--on", "host", "-q")
    assert done.returncode == 3 and "no netem (delay and loss on links)" in done.stdout + done.stderr
    assert "--on vm" in done.stdout + done.stderr and "Traceback" not in done.stderr
    assert not list(tmp_path.glob("runs/*"))


NETWORK = """
def main():
    from mnlab.net.network import Network
    from topologies.lan import Lan
    with Network(Lan(hosts=2)) as net:
        (pathlib.Path(os.environ["MNLAB_RESULT"]) / "result.json").write_text(
            json.dumps(net["h1"].run("ping -c2 10.0.0.2").stdout))
        print("up", flush=True)
        {then}
"""


def test_a_job_runs_and_leaves_nothing(host, tmp_path, mark):
    before = surroundings()
    done = run_script(NETWORK.format(then="pass"), tmp_path / "result", machine=host)
    assert "2 received" in done.json()
    assert all_gone(mark) and surroundings() == before


@pytest.mark.parametrize("then, trouble", [
    ("time.sleep(1000)", "still running after 4 s of lab time"), ("os._exit(9)", "")])
def test_a_job_that_does_not_end_well_leaves_nothing(host, tmp_path, mark, then, trouble):
    before = surroundings()
    done = run_script(NETWORK.format(then=then), tmp_path / "result", machine=host, limits=Limits(virtual_seconds=4))
    assert trouble in done.outcome.trouble and done.outcome.status != 0
    assert (tmp_path / "result/result.json").exists()
    assert all_gone(mark) and surroundings() == before


def test_waiting_for_another_run_does_not_count(host, tmp_path):
    words = ascii(WAITING.decode().strip("\n")).strip("'")
    assert words in (ROOT / "src/mnlab/lab/inside.py").read_text()  # what a lab's job prints

    def run(then, name):
        return run_script(f"""
def main():
    print({WAITING.decode()!r}, end="", flush=True)
    time.sleep(3)
    print("recording", flush=True)
    time.sleep({then})
""", tmp_path / name, machine=host, limits=Limits(2)).outcome

    assert run(1, "one").status == 0
    trouble = run(9, "two").trouble
    assert trouble == "the job was still running after 2 s of lab time"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killing_mnlab_leaves_nothing(host, tmp_path, request, how):
    make_lab(tmp_path, 'rec.student("probe", h1, "(setsid sleep 1000 &); sleep 1000", timeout=1000)')
    cli = Cli(tmp_path, labs=tmp_path)
    before = surroundings()
    process = cli.start("run", "probe", "--on", "host", "-q")
    request.addfinalizer(process.kill)
    deadline = time.monotonic() + 60
    while not namespaces(cli.mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert namespaces(cli.mark), "it never came up"
    time.sleep(1)  # until the student's program runs; any moment will do
    os.killpg(process.pid, how)
    process.communicate(timeout=60)
    assert all_gone(cli.mark) and not cli.processes()
    assert surroundings() == before


def test_a_job_sees_a_computer_of_its_own(host, tmp_path):
    mine, hidden = tmp_path / "mine", f"/tmp/hidden-{os.getpid()}"
    mine.write_text("of this computer")
    done = run_script(f"""
import socket
def main():
    refused = []
    for path in ("/etc/new", "/usr/new", "/root/new", "/var/lib/new"):
        try:
            open(path, "w")
        except OSError as problem:
            refused.append(problem.strerror)
    open({hidden!r}, "w").write("here alone")
    words = subprocess.check_output("id -u student; whoami; cat /etc/resolv.conf; ls /dev/pts", shell=True, text=True)
    (pathlib.Path(os.environ["MNLAB_RESULT"]) / "result.json").write_text(json.dumps(dict(
        refused=refused, tmp=os.listdir("/tmp"), name=socket.gethostname(), words=words.split(),
        processes=sum(name.isdigit() for name in os.listdir("/proc")), links=os.listdir("/sys/class/net"),
        proxy=[key for key in os.environ if "proxy" in key.lower()])))
""", tmp_path / "result", machine=host)
    seen = done.json()
    assert seen["refused"] == ["Read-only file system"] * 4 and not os.path.exists(hidden)
    assert seen["tmp"] == [os.path.basename(hidden)] and seen["links"] == ["lo"] and seen["name"] == "lab"
    uid, *rest = seen["words"]
    assert int(uid) > 1_000_000_000 and rest == ["root", "ptmx"]  # nobody's, and no terminal of others
    assert seen["processes"] <= 3 and not seen["proxy"]


def test_students_programs_are_held_without_control_groups_too(host, tmp_path):
    make_lab(tmp_path, '''
server = rec.student_service("server", h1, "exec python3 -m http.server 8080", tcp=8080)
rec.student("probe", h2, "curl -s -o /dev/null http://10.0.0.1:8080/ || exec 3<>/dev/tcp/10.0.0.1/8080; (setsid sleep 1000 >/dev/null 2>&1 &)")
rec.keep("alive", [server.process.poll(), h1.run("ps -u student -o stat=,comm= | grep -v ^Z | grep -c sleep || true").stdout.strip()])
''')
    cli = Cli(tmp_path, labs=tmp_path)
    done = cli("run", "probe", "--on", "host", "-q")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "runs/probe-1/scenes/experiment/files/alive").read_text().split() == ["[", "null,", '"0"', "]"]


@pytest.mark.slow
def test_the_arp_lab_runs_on_this_kernel(host, tmp_path):
    from mnlab.lab.lab import Lab
    from mnlab.lab.run import needs_of
    lab = Lab(ROOT / "labs/link/arp")
    problems = lacks(*needs_of(lab))
    if problems:
        pytest.skip("; ".join(problems))
    done = Cli(tmp_path)("run", "arp", "--on", "host", "-q", timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
