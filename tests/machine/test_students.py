"""A student's program is never trusted: whatever it does is recorded, costs nobody else anything, and reaches nothing."""

import json

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab

RUN = 'rec.student("probe", h1, {command!r}, timeout=2)\nrec.run("after", h1, "ping -c1 10.0.0.2")\n'

MISBEHAVIOUR = {  # program: what the record says of it
    "raises": ("1 / 0", (1, "", "ZeroDivisionError")),
    "hangs": ("import time; time.sleep(10**6)", (None, "still running after 2 s (it used 0.1 s of processor time)", "")),
    "burns": ("while True: pass", (None, "still running after 2 s (it used 2.0 s of processor time)", "")),
    "prints without end": ("while True: print('x' * 10**6)", (None, "printed more than 1 MiB", "")),
    "eats memory": ("x = []\nwhile True: x.append(bytearray(1 << 20))", (-9, "needed more than 160 MiB", "")),
    "forks without end": ("import os, time\nwhile True:\n  try: os.fork()\n  except OSError: time.sleep(1)",
                          (None, "still running after 2 s", "")),
    "writes a huge file": ("open('f', 'wb').write(bytes(30 << 20))", (1, "", "File too large")),
    "fills the disk": ("import os\nfor n in range(30): open(f'f{n}', 'wb').write(bytes(15 << 20))",
                       (-9, "needed more than 160 MiB", "")),
    "uses up the files": ("import os\nfor n in range(10**7): os.mknod(f'/tmp/f{n}')", (1, "", "No space left on device")),
    "nests folders": ("import os\nfor n in range(3000): os.mkdir('d'); os.chdir('d')", (0, "", "")),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", (-9, "", "")),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_a_program_that_misbehaves_fails_and_the_experiment_goes_on(run_lab, tmp_path, case):
    program, (status, stopped, stderr) = MISBEHAVIOUR[case]
    record = run_lab(RUN.format(command=["python3", "p.py"]), work={"p.py": program})
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    probe = record.command("probe")
    assert (probe.status, stopped in probe.stopped, stderr in probe.stderr) == (status, True, True), probe
    assert bool(probe.stopped) == bool(stopped)
    assert record.command("after").status == 0
    result = grade(Lab(tmp_path / "evidence-lab/labs/link/probe"), Run(tmp_path / "evidence"), Answers({}))
    assert result.status == ("passed" if status == 0 else "failed")
    assert status is None or not stderr or stderr in result.checks[0].message


# --- what it must not reach ---

PROBE = r'''
import ctypes, glob, json, os, signal, socket, subprocess
libc = ctypes.CDLL(None, use_errno=True)
reached = {}

def attempt(name):
    def mark(function):
        try:
            reached[name] = repr(function())
        except Exception as problem:
            reached[name] = None if isinstance(problem, (OSError, IndexError, subprocess.SubprocessError)) or "not allowed" in str(problem) else repr(problem)
    return mark

def system(function, *arguments):
    if getattr(libc, function)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), function)
    return "done"

def command(*argv):
    return subprocess.run(argv, check=True, capture_output=True, timeout=5).stdout

def roots():
    return [p for p in map(str, range(1, 5000)) if os.path.exists(f"/proc/{p}") and os.stat(f"/proc/{p}").st_uid == 0]

attempt("list the evidence")(lambda: os.listdir("/result"))
attempt("read the evidence")(lambda: open("/result/manifest.json").read())
attempt("write evidence")(lambda: open("/result/files/forged", "w"))
attempt("replace evidence")(lambda: os.rename("/result", "/tmp/result"))
attempt("evidence by way of the first process")(lambda: os.listdir("/proc/1/root/result"))
attempt("memory of others")(lambda: [open(f"/proc/{pid}/mem", "rb") for pid in roots()][0])
attempt("environment of others")(lambda: open("/proc/1/environ").read(1))
attempt("the mailbox")(lambda: [open(path, "r+b") for path in glob.glob("/dev/pmem*")][0])
attempt("the job")(lambda: open("/job/job.json", "a"))
attempt("the engine")(lambda: open("/job/src/mnlab/evidence/recorder.py", "a"))
attempt("the lab")(lambda: open("/job/lab/experiment.py", "a"))
attempt("the work folder itself")(lambda: open("/job/work/p.py", "a"))
attempt("the agent")(lambda: open("/lab/agent/agent.py", "a"))
attempt("tracing")(lambda: os.listdir("/sys/kernel/tracing/instances"))
attempt("its control group")(lambda: open("/sys/fs/cgroup/job/main/cgroup.procs", "w").write("0"))
attempt("its limits")(lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_NPROC, (999, 999)))
attempt("the kernel")(lambda: open("/proc/sysrq-trigger", "w"))
attempt("sysctls")(lambda: open("/proc/sys/net/ipv4/ip_forward", "w"))
attempt("I/O ports")(lambda: system("iopl", 3))

attempt("kill processes of root")(lambda: [os.kill(int(pid), signal.SIGKILL) for pid in roots() if int(pid) > 2][0])
attempt("trace processes of root")(lambda: [system("ptrace", 16, int(pid), 0, 0) for pid in roots() if int(pid) > 2][0])
attempt("other namespaces")(lambda: [os.open(f"/proc/{pid}/ns/net", os.O_RDONLY) for pid in roots()][0])
attempt("other namespaces, with mnexec")(lambda: command("mnexec", "-a", roots()[-1], "true"))
attempt("a namespace of its own")(lambda: system("unshare", 0x40000000))
attempt("a user namespace")(lambda: system("unshare", 0x10000000))
attempt("mount")(lambda: system("mount", b"none", b"/tmp", b"tmpfs", 0, None))
attempt("chroot")(lambda: os.chroot("/tmp"))
attempt("raw socket")(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("packet socket")(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
attempt("low port")(lambda: socket.create_server(("", 80)))
attempt("addresses")(lambda: command("ip", "addr", "add", "10.0.0.9/24", "dev", "h1-eth0"))
attempt("queues")(lambda: command("tc", "qdisc", "add", "dev", "h1-eth0", "root", "pfifo"))
attempt("capture")(lambda: command("tcpdump", "-c1", "-i", "h1-eth0"))
attempt("ping, by its file capabilities")(lambda: command("ping", "-c1", "-W1", "10.0.0.2"))
attempt("become root")(lambda: os.setuid(0))
attempt("root by su")(lambda: command("su", "-c", "id"))
attempt("root by a setuid copy of the shell's own")(lambda: os.setresuid(0, 0, 0))
facts_setuid = command("find", "/usr", "-xdev", "-perm", "/6000", "-type", "f").decode().split()

status = open("/proc/self/status").read()
facts = {key: value.strip() for key, value in (line.split(":", 1) for line in status.splitlines())
         if key in ("Uid", "Gid", "Groups", "NoNewPrivs", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
facts["files"] = sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}"))
facts["environment"] = sorted(os.environ)
json.dump({"reached": reached, "facts": facts}, open("report.json", "w"))
'''

ESCAPE = r'''
import os, sys, time
for number in range(3):  # leave the session, then let go of the parent, of the output, of everything
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for fd in range(3): os.close(fd)
            while True:
                time.sleep(0.1)
        os._exit(0)
print("gone")
'''

TRAPS = r'''
import os
os.symlink("/etc/shadow", "link")
os.symlink("/result/manifest.json", "evidence")
os.mkfifo("fifo")
os.mkdir("folder")
open("long", "wb").write(b"x" * (15 << 20))
open("honest", "w").write("mine")
home = os.getcwd()
try:
    os.rename(home, home + "-moved"); os.symlink("/etc", home)
except OSError:
    print("the home stays")
'''


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """One run in which students' programs try everything; its record."""
    from mnlab.lab import run as labrun
    from mnlab.machine.vm import VirtualMachine

    from .conftest import make_lab
    root = tmp_path_factory.mktemp("students")
    lab = make_lab(root, '''
def students():
    return h1.run("ps -u student -o stat= | grep -vc Z", check=False).stdout.strip()  # Z: dead, but nobody has asked yet
(rec.work / "input").exists()
rec.keep("facts-before", sorted(str(p) for p in __import__("pathlib").Path("/tmp").iterdir()))
rec.student("reach", h1, ["python3", "reach.py"], files=["report.json"])
rec.student("reach-raw", h1, ["python3", "reach.py"], caps=["NET_RAW"], files=["report.json"])
rec.student("escape", h1, ["python3", "escape.py"], timeout=5)
rec.keep("left-by-escape", students())
rec.student("traps", h1, ["python3", "traps.py"], files=["link", "evidence", "fifo", "folder", "long", "honest", "absent"])
rec.student("no-reader", h1, "sleep 1", input="x" * 300000)
rec.student("reader", h1, "wc -c", input="x" * 300000)
server = rec.student_service("server", h1, ["python3", "-m", "http.server", "8080"], tcp=8080)
rec.student("client", h2, "curl -s -o /dev/null -w '%{http_code}' http://10.0.0.1:8080/; (setsid sleep 999 >/dev/null 2>&1 &)")
rec.keep("server-after-client", server.process.poll())
rec.student("litter", h2, "for d in /tmp /dev/shm /var/tmp; do head -c 9000000 /dev/zero > $d/litter; done")
server.stop()
rec.stack.close()
rec.keep("left-at-end", students())
rec.keep("facts-after", sorted(str(p) for p in __import__("pathlib").Path("/tmp").iterdir()))
rec.keep("litter", [str(p) for d in ("/tmp", "/dev/shm", "/var/tmp") for p in __import__("pathlib").Path(d).iterdir()])
''')
    work = root / "work"
    work.mkdir()
    for name, text in {"reach.py": PROBE, "escape.py": ESCAPE, "traps.py": TRAPS}.items():
        (work / name).write_text(text)
    machine = VirtualMachine(say=lambda text: None)
    record = labrun.run(lab, machine, work, 1, root / "evidence").scene("experiment")
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    return record


def _report(record, name):
    assert record.command(name).status == 0, record.command(name).stderr
    return json.loads((record.folder / f"files/{name}/report.json").read_text())


def test_it_reaches_nothing_that_is_not_its_own(together):
    report = _report(together, "reach")
    assert {name: what for name, what in report["reached"].items() if what is not None} == {}
    assert len(report["reached"]) > 30


def test_it_has_no_rights_at_all_and_cannot_gain_any(together):
    facts = _report(together, "reach")["facts"]
    assert {facts[key].strip("0") for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert facts["Uid"].split() == ["1000"] * 4 and facts["Groups"] == "" and facts["NoNewPrivs"] == "1"
    kinds = {name.split(":")[0] for name in facts["files"]}
    assert kinds <= {"/dev/null", "pipe"}, facts["files"]
    assert not [name for name in facts["environment"] if "MNLAB" in name]


def test_a_granted_capability_is_the_only_one(together):
    report = _report(together, "reach-raw")
    reached = {name for name, what in report["reached"].items() if what is not None}
    assert {"raw socket", "packet socket"} <= reached <= {"raw socket", "packet socket", "capture", "ping, by its file capabilities"}
    assert {report["facts"][key] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {f"{1 << 13:016x}"}


def test_nothing_of_it_outlives_it(together):
    assert together.command("escape").stdout == "gone\n"
    assert together.text("left-by-escape") == "0" == together.text("left-at-end")


def test_only_regular_files_of_its_own_are_kept(together):
    kept = {path.name: path.read_bytes() for path in (together.folder / "files/traps").iterdir()}
    assert sorted(kept) == ["honest", "long"] and kept["honest"] == b"mine"
    assert together.command("traps").stdout == "the home stays\n"


def test_input_that_nobody_reads_holds_nothing_up(together):
    assert together.command("no-reader").status == 0
    assert together.command("reader").stdout.strip() == "300000"


def test_a_program_that_ends_does_not_take_the_students_server_with_it(together):
    assert together.command("client").stdout == "200"
    assert together.text("server-after-client") == "null"
    assert together.command("server").stopped == "at the end"


def test_what_it_leaves_where_everybody_may_write_is_removed(together):
    assert together.command("litter").status == 0
    assert not [path for path in together.json("litter") if path.endswith("litter")]
    assert together.json("facts-before") == together.json("facts-after")
