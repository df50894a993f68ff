"""A dishonest student's programs, on the lab machine and on a host's kernel: what they try in vain.

Every payload is harmless: it looks for a word, leaves a process behind, or computes without end. What it managed to do
stands in what it printed; what it may have done to others is looked up by root.
"""

import pytest

from mnlab.evidence.record import Record
from mnlab.evidence.run import Run
from mnlab.lab import run as labrun
from mnlab.machine.vm import VirtualMachine

from .conftest import EXPERIMENT, make_lab
from .test_host_in_vm import inside  # noqa: F401  (a fixture)

#: A lab whose parameters hold a word that no program of a student's may come to know.
HEAD = EXPERIMENT.replace('return {"number": rng.randrange(1000)}', 'return {"_word": "s3cr3t-%08d" % rng.randrange(10**8)}')


@pytest.fixture(params=["vm", "host"])
def attack(request, tmp_path, inside):  # noqa: F811
    """Run an experiment with a student's files: attack(body, {name: text}, head=...) -> Record."""

    def run(body: str, work: dict, head: str = HEAD) -> Record:
        lab = make_lab(tmp_path, body, head=head)
        for name, text in work.items():
            (lab.solution / name).write_text(text)
        if request.param == "host":
            done = inside("together", "probe/1", labs=tmp_path / "labs")
            assert done.outcome.status == 0 and not done.outcome.trouble, f"{done.outcome}\n{done.printed}"
            return Run(done.folder / "run0").scene("experiment")
        machine = VirtualMachine(say=lambda text: None)
        return labrun.run(lab, machine, lab.solution, 1, tmp_path / "evidence").scene("experiment")

    return run


def ran(record: Record, name: str) -> dict:
    """What the program `name` printed as JSON; the run must have got to its end."""
    command = record.command(name)
    assert command.status == 0, f"{record.manifest['reason']}\n{command.stopped}\n{command.stderr}"
    return command.json()


# --- knowing what it must not know ------------------------------------------------------------------------------------

LOOK = r'''
import json, os, sys
word, found, processes = b"s3cr3t-", [], []
for process in filter(str.isdigit, os.listdir("/proc")):
    processes.append(open(f"/proc/{process}/cmdline").read().replace("\0", " "))
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if (folder, name) not in (("/", "sys"), ("/proc", "sys"), ("/usr", "share"), ("/usr", "lib"))]
    for name in files:
        path = os.path.join(folder, name)
        try:
            file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            if word in os.read(file, 1 << 20) and "look.py" not in path:
                found.append(path)
            os.close(file)
        except OSError:
            pass
places = [path for path in ("/job", "/result", "/lab", "/root", "/run/job", "/run/result", "/boot", "/srv", "/mnt") if os.path.exists(path)]
json.dump({"found": found, "places": places, "processes": processes, "root": sorted(os.listdir("/"))}, sys.stdout)
'''


def test_a_program_learns_nothing_of_the_job_or_of_other_programs(attack):
    record = attack('''
        rec.service("server", h1, ["bash", "-c", f"sleep 1000; : {rec.params['_word']}"], ready=lambda: True)
        rec.keep("word", rec.params["_word"])
        rec.student_service("other", h1, ["sh", "-c", "touch /tmp/theirs; sleep 998"], ready=lambda: True)
        rec.student("look", h1, ["python3", "look.py"])
        rec.student("look-elsewhere", h2, ["python3", "look.py"])
    ''', {"look.py": LOOK})
    assert record.text("word").startswith("s3cr3t-")
    for name in ("look", "look-elsewhere"):
        report = ran(record, name)
        assert report["found"] == report["places"] == []
        assert [line.split()[:2] for line in report["processes"]] == [["python3", "look.py"]]
        assert "job" not in report["root"] and "home" in report["root"]


SHARE = r'''
import ctypes, json, os, sys
libc = ctypes.CDLL(None, use_errno=True)
create = 0o1000 if sys.argv[1] == "leave" else 0
memory = libc.shmget(4711, 4096, create | 0o666)
files = [name for name in ("/tmp/left", "/var/tmp/left", "/dev/shm/left") if os.path.exists(name)]
for name in ("/tmp/left", "/var/tmp/left", "/dev/shm/left"):
    open(name, "w").close()
json.dump({"memory": memory >= 0, "files": files}, sys.stdout)
'''


def test_programs_leave_each_other_nothing_but_what_the_network_carries(attack):
    record = attack('''
        rec.student("leave", h1, ["python3", "share.py", "leave"])
        rec.student("find", h1, ["python3", "share.py", "find"])
    ''', {"share.py": SHARE})
    assert ran(record, "leave") == {"memory": True, "files": []}
    assert ran(record, "find") == {"memory": False, "files": []}


# --- staying ----------------------------------------------------------------------------------------------------------

STAY = r'''
import os, socket, sys, time
for number in range(3):  # out of the session, away from the parent, deaf to whoever asks it to end
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execlp("sh", "sh", "-c", "trap '' TERM HUP INT; exec sleep 99%d" % number)
        os._exit(0)
server = socket.create_server(("", 8080))
while True:
    server.accept()[0].close()
'''

#: A daemon that would swap a folder for a link wherever it sees another work folder being copied.
SWAP = r'''
import os, socket
if os.fork() == 0:
    os.setsid()
    while True:
        for place in (f"/tmp/{name}/work" for name in os.listdir("/tmp")):
            try:
                os.rename(f"{place}/folder", f"{place}/moved")
                os.symlink("/result", f"{place}/folder")
            except OSError:
                pass
socket.create_server(("", 8081)).accept()
'''

LEFT = 'h1.run("pgrep -cf \'sleep 99[0-9]\'", check=False).stdout.strip()'


def test_what_a_service_started_ends_with_it(attack):
    record = attack(f'''
        server = rec.student_service("server", h1, ["python3", "stay.py"], tcp=8080)
        rec.wait_until(lambda: {LEFT} == "3", "three daemons")
        server.stop()
        rec.keep("left", {LEFT})
    ''', {"stay.py": STAY})
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.text("left") == "0"


def test_root_gives_nothing_away_while_another_program_swaps_folders(attack):
    record = attack('''
        import os
        (rec.work / "folder").mkdir()
        for number in range(50):
            (rec.work / f"folder/{number}").write_text("mine")
        rec.student_service("swap", h1, ["python3", "swap.py"], tcp=8081)
        for number in range(5):
            rec.student(f"next{number}", h1, ["python3", "-c", "import os; print(len(os.listdir('folder')))"])
        rec.keep("owners", sorted({os.lstat(os.path.join(place, name)).st_uid for place, folders, files in os.walk(rec.folder)
                                   for name in (*folders, *files)}))
    ''', {"swap.py": SWAP})
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert [record.command(f"next{number}").stdout for number in range(5)] == ["50\n"] * 5
    assert record.json("owners") == [0]


# --- computing without end --------------------------------------------------------------------------------------------

SPIN = "import os\nfor _ in range(3): os.fork()\nwhile True: pass\n"


def test_an_endless_loop_is_stopped_after_so_much_processor_time_and_says_so(attack):
    record = attack('''
        rec.student("spin", h1, ["python3", "spin.py"], timeout=300, processor=2)
        rec.student("sleep", h1, ["sleep", "1000"], timeout=30)
        rec.student("honest", h1, ["echo", "still here"])
    ''', {"spin.py": SPIN})
    spin, sleep = record.command("spin"), record.command("sleep")
    assert spin.status is None and spin.stopped == "it used 2 s of processor time, all that it may"
    assert 2 <= spin.processor < 2.2
    assert sleep.status is None and sleep.stopped.startswith("it was still running after 30 s (it used 0.0 s")
    assert record.command("honest").stdout == "still here\n"


def test_all_programs_of_a_run_have_one_budget(attack):
    record = attack('''
        from mnlab.evidence import limits
        limits.PROCESSOR = 3.0  # as it is elsewhere, it would take minutes
        rec.student_service("server", h1, ["python3", "-c", "import socket; s = socket.create_server(('', 8080))\\nwhile 1: pass"],
                            tcp=8080)
        rec.student("spin", h1, ["python3", "spin.py"], timeout=300)
        rec.student("after", h1, ["echo", "more"])
    ''', {"spin.py": SPIN})
    words = "your programs together used 3 s of processor time, all that a run has"
    assert [record.command(name).stopped for name in ("spin", "after", "server")] == [words] * 3
    assert record.command("after").stdout == ""
    assert record.manifest["outcome"] == "ok"  # so each check gives its verdict


# --- breaking the run, to be excused ----------------------------------------------------------------------------------

FILL = r'''
import os, socket
server = socket.create_server(("", 8080))
for place in (".", "/tmp", "/dev/shm"):
    number = 0
    try:
        while True:
            os.close(os.open(f"{place}/{number}", os.O_CREAT | os.O_WRONLY))
            number += 1
    except OSError:
        pass
server.accept()
'''


def test_whoever_uses_up_all_files_uses_up_his_own(attack):
    record = attack('''
        for number in range(2):
            rec.student_service(f"fill{number}", [h1, h2][number], ["python3", "fill.py"], tcp=8080)
        rec.wait(20)
        rec.student("next", h1, ["sh", "-c", "echo mine > file; cat file"])
    ''', {"fill.py": FILL})
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.command("next").stdout == "mine\n"


def test_a_server_that_ends_with_endless_words_fails_in_a_few(attack):
    record = attack('''
        rec.student_service("server", h1, ["python3", "-c", "import os; os.ftruncate(2, 15 << 20); exit(3)"], tcp=8080)
    ''', {})
    assert record.manifest["outcome"] == "student_fault"
    assert "it ended at once, status 3" in record.manifest["reason"] and len(record.manifest["reason"]) < 5000


def test_a_server_that_lets_our_client_hang_fails_and_excuses_nothing(attack):
    record = attack('''
        rec.student_service("server", h1, ["python3", "-c",
                            "import socket, time; s = socket.create_server((\'\', 8080)); c = s.accept(); time.sleep(999)"], tcp=8080)
        rec.run("client", h2, f"curl -s http://{h1.IP()}:8080/", check=False, timeout=5)
        rec.run("after", h2, "true")
    ''', {})
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    assert record.command("client").status is None and record.command("after").status == 0


# --- having others do the task ----------------------------------------------------------------------------------------

TASK = HEAD.replace(
    "def variant", 'from mnlab.lab import Allowed\nallowed = Allowed(without=("http.client", "ctypes", "urllib.request", "urllib.parse:urljoin"))\ndef variant')

CHEAT = r'''
import json, os, shutil, subprocess, sys
tried = {}

def attempt(name, function):
    try:
        tried[name] = repr(function())
    except Exception as problem:
        tried[name] = f"{type(problem).__name__}: {problem}"

def call(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=9)
    return done.returncode, done.stderr.strip()

def come_along():
    shutil.copy("/usr/bin/python3", "own")
    os.chmod("own", 0o755)
    return call("./own", "-c", "pass")

attempt("curl", lambda: call("curl", "--version"))
attempt("curl by path", lambda: call("/usr/bin/curl", "--version"))
attempt("shell", lambda: call("bash", "-c", "true"))
def loaded(path):
    import importlib.machinery, importlib.util
    loader = importlib.machinery.SourcelessFileLoader("sly", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("sly", loader))
    loader.exec_module(module)
    return module

attempt("module", lambda: __import__("http.client", fromlist=["HTTPConnection"]).HTTPConnection)
attempt("in passing", lambda: __import__("xml.sax.saxutils", fromlist=["escape"]).escape("<"))
attempt("compiled", lambda: [loaded(path) for path in __import__("glob").glob("/usr/lib/python3*/http/__pycache__/client.*.pyc")])
attempt("source", lambda: "def urljoin" in open(__import__("urllib.parse").parse.__file__).read())
attempt("half in C", lambda: __import__("_ctypes"))
attempt("name", lambda: __import__("urllib.parse", fromlist=["urljoin"]).urljoin("a", "b"))
attempt("ctypes", lambda: __import__("ctypes").CDLL("libcurl.so.4"))
attempt("package", lambda: __import__("scapy"))
attempt("come along", come_along)
attempt("allowed", lambda: [__import__("pathlib").Path.cwd().name, __import__("urllib.parse").parse.quote("a b")])
json.dump(tried, sys.stdout)
'''


def test_a_task_shows_what_it_allows_and_the_verdict_names_what_was_asked_for(attack):
    record = attack('rec.student("cheat", h1, ["python3", "cheat.py"])', {"cheat.py": CHEAT}, head=TASK)
    tried = ran(record, "cheat")
    for name in ("curl", "curl by path", "shell"):
        program = "bash" if name == "shell" else "curl"
        assert tried[name] == repr((126, f"{program}: this task does not allow it (see the handout)")), tried
    assert tried["module"].startswith("AttributeError: module http.client has no HTTPConnection: this task does not")
    assert tried["in passing"] == repr("&lt;") and tried["source"] == "False"
    assert tried["compiled"].startswith("ImportError: bad magic number") and tried["half in C"].startswith("ImportError")
    assert tried["name"].startswith("AttributeError: module urllib.parse has no urljoin: this task does not allow it")
    assert tried["ctypes"].startswith("ModuleNotFoundError: No module named ctypes: this task does not allow it") and tried["package"].startswith("ModuleNotFoundError")
    assert tried["come along"].startswith("PermissionError")
    assert tried["allowed"] == repr(["student", "a%20b"])
    assert record.manifest["outcome"] == "student_fault"
    assert record.manifest["reason"] == ("cheat: your program asked for what this task does not allow (the handout has a "
                                         "list): curl, bash, http.client.HTTPConnection, urllib.parse.urljoin, ctypes")


# --- the machine itself -----------------------------------------------------------------------------------------------

def test_a_job_that_mounts_over_the_machine_s_own_folders_harms_only_itself(job):
    done = job("""
def main():
    for place in ("/sys/fs/cgroup", "/result", "/proc"):
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    return 7
""")
    assert (done.outcome.status, done.outcome.trouble) == (7, "")
