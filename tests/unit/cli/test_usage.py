"""What a user can do wrong: one or two plain lines that say what to do next, the right status, never a traceback.

None of these reaches a machine.
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mnlab import __version__
from mnlab.evidence import signature
from mnlab.machine.lock import LOCKS

SRC = Path(__file__).parents[3] / "src"
DRIVER = """
import runpy
import sys
from pathlib import Path
import mnlab.lab.lab
mnlab.lab.lab.ROOT = Path("root").absolute()
runpy.run_module("mnlab", run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def mnlab(tmp_path):
    """mnlab(*arguments, **environment): the command line, in a folder with the labs `arp` and `ping`."""
    for name in ("arp", "ping"):
        lab = tmp_path / "root/labs/link" / name
        for part in ("solution", "starter"):
            (lab / part).mkdir(parents=True)
        (lab / "experiment.py").write_text(
            "from mnlab.lab import Diagram\ndiagram = Diagram(captures=(), protocols=())\n"
            "def variant(rng): return {'n': rng.randrange(9)}\n")
        (lab / "checks.py").write_text("from mnlab.checks import points\n@points(1)\ndef check_a(): pass\n")
        (lab / "README.md").write_text(f"# The {name} lab\n")
        (lab / "starter/answers.toml").write_text('a = ""\n')

    def run(*arguments, **environment):
        return subprocess.run([sys.executable, "-Pc", DRIVER, *map(str, arguments)], cwd=tmp_path, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=120, env={
                                  **os.environ, "PYTHONPATH": str(SRC), "MNLAB_CACHE": str(tmp_path / "cache"),
                                  "PATH": str(tmp_path / "bin"), **environment})

    return run


def refused(done, status, *words):
    text = done.stderr
    assert done.returncode == status, (done.returncode, done.stdout, text)
    assert "Traceback" not in text + done.stdout and done.stdout == ""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("Usage:", "Try "))]
    assert 1 <= len(lines) <= 2, text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize("command", ["run", "check", "verify", "show", "start"])
def test_a_mistyped_lab_suggests_the_near_one(mnlab, command):
    refused(mnlab(command, "apr"), 2, "no lab 'apr'", "Did you mean 'arp'?")


@pytest.mark.parametrize("arguments, words", [
    (["run"], ["name one or more labs"]),
    (["run", "arp", "--all"], ["not both"]),
    (["run", "arp", "--seed", "-1"], ["--seed"]),
    (["run", "arp", "--seed", "x"], ["--seed"]),
    (["run", "arp", "--seed", "9223372036854775808"], ["--seed"]),
    (["run", "arp", "--seed", "9" * 5000], ["--seed"]),
    (["run", "arp", "--seed", "1.5"], ["--seed"]),
    (["start", "arp", "--seed", "9" * 5000], ["--seed"]),
    (["check", "arp", "--work", ""], ["--work", "empty"]),
    (["check", "arp", "--work", "mine", "--out", ""], ["--out", "empty"]),
    (["run", "arp", "--junit="], ["--junit", "empty"]),
    (["run", "arp", "--key", ""], ["--key", "empty"]),
    (["start", "arp", "--work", ""], ["--work", "empty"]),
    (["shell", "arp", "--work", ""], ["--work", "empty"]),
    (["shell", "arp", "--out", ""], ["--out", "empty"]),
    (["recheck", ""], ["RUN", "empty"]),
    (["exec", "--send", "", "--", "true"], ["--send", "empty"]),
    (["exec", "--out", "", "--", "true"], ["--out", "empty"]),
    (["machine", "export", ""], ["empty"]),
    (["machine", "import", ""], ["empty"]),
    (["bench", "--out", ""], ["--out", "empty"]),
    (["run", "arp", "--key", "nowhere"], ["nowhere", "cannot be read"]),
    (["run", "arp", "--key", "a-file"], ["a-file", "chmod 600"]),
    (["run", "arp", "--key", "."], ["--key"]),
    (["recheck", "mine", "--key", "/dev/null"], ["/dev/null", "plain file"]),
    (["run", "arp", "--on", "moon"], ["--on"]),
    (["run", "arp", "--clock", "sundial"], ["--clock"]),
    (["run", "arp", "--on", "host", "--clock", "virtual"], ["real time"]),
    (["run", "arp", "--out", "a-file"], ["--out", "is a file"]),
    (["run", "arp", "--junit", "."], ["--junit"]),
    (["run", "arp", "--wrong"], ["--wrong"]),
    (["check", "arp"], ["no work folder", "mnlab start arp"]),
    (["check", "arp", "--work", "a-file"], ["a-file", "file"]),
    (["check", "arp", "ping", "--work", "mine"], ["one lab"]),
    (["check", "arp", "--platform", "moodle:x"], ["--platform is NAME:FILE", "gradescope"]),
    (["check", "arp", "--platform", "gradescope"], ["--platform is NAME:FILE"]),
    (["check", "arp", "--gradescope", ""], ["--gradescope", "empty"]),
    (["check", "arp", "--gradescope", "."], ["--gradescope"]),
    (["check", "arp", "--gradescope", "x", "--visibility", "now"], ["--visibility", "after_due_date"]),
    (["check", "arp", "--submission", "nowhere"], ["there is no nowhere"]),
    (["check", "arp", "--submission", "mine", "--work", "mine"], ["not both"]),
    *(([*command, file], [f"{file.partition(':')[2] or file} cannot be written: a-file is a file"]) for file, command in (
        *(("a-file/x", command) for command in (
            ["run", "arp", "--junit"], ["run", "arp", "--out"], ["recheck", "mine", "--gradescope"], ["start", "arp", "--work"],
            ["api", "--out"], ["atlas", "--out"], ["bench", "--out"], ["machine", "export"], ["compare", "mine", "mine", "--out"],
            ["export", "gradescope", "arp", "-o"])), ("autolab:a-file/x/y", ["check", "arp", "--platform"]))),
    (["check", "arp", "--visibility", "hidden"], ["--visibility", "--gradescope FILE"]),
    (["export", "moodle", "arp"], ["no platform 'moodle'", "prairielearn"]),
    (["export", "github", "arp"], ["mnlab export bundle arp", "--url"]),
    (["export", "gradescope", "arp", "--bundle", "nowhere"], ["no file nowhere"]),
    (["export", "gradescope", "apr", "--bundle", "a-file"], ["Did you mean 'arp'?"]),
    (["export", "gradescope", "arp", "--bundle", "a-file"], ["a-file is no bundle", "mnlab export bundle"]),
    (["export", "github", "arp", "--bundle", "a-file", "--url", "foo"], ["--url", "https://", "'foo'"]),
    (["exec", "--limit", "-1", "--", "true"], ["--limit", "above 0", "-1"]),
    (["exec", "--limit", "nan", "--", "true"], ["--limit", "above 0", "nan"]),
    (["exec", "--limit", "inf", "--", "true"], ["--limit", "inf"]),
    (["export", "gradescope", "arp", "--bundle", "a-file", "--course", "mine"], ["course.toml", "mnlab course init"]),
    (["recheck", "nowhere"], ["nowhere", "no evidence"]),
    (["recheck", "a-file"], ["a-file", "no evidence"]),
    (["recheck", "mine"], ["mine", "no evidence"]),
    (["exec", "--send", "nowhere", "--", "true"], ["cannot send nowhere"]),
    (["exec", "--out", "a-file", "--", "true"], ["a-file", "file"]),
    (["exec"], ["CMD"]),
    (["machine", "import", "nowhere"], ["no file nowhere"]),
    (["start", "arp", "--work", "mine"], ["not empty"]),
    (["start", "arp", "--work", "a-file"], ["a-file"]),
    (["doctor", "arp"], ["--on host"]),
    *(([*command, "--machine", "debain12"], ["no machine 'debain12'", "Did you mean 'debian12'?"]) for command in (
        ["run", "arp"], ["check", "arp", "--work", "mine"], ["verify", "arp"], ["shell", "arp"], ["machine", "build"],
        ["machine", "export", "new"], ["machine", "clean"])),
    (["machine", "clean", "--machine", ""], ["no machine ''"]),  # and not: what is out of date of any
    (["exec", "--machine", "moon", "--", "true"], ["no machine 'moon'", "debian13"]),
    (["run", "arp", "--on", "host", "--machine", "latest"], ["leave out --machine"]),
    (["exec", "--image", "fulll", "--", "true"], ["no image 'fulll'", "core and full"]),
    (["run", "arp", "--image", ""], ["no image ''"]),
    (["shell", "arp", "--image", "full,a b"], ["'a b' is no name of a Debian package"]),
    (["run", "arp", "--on", "host", "--image", "full"], ["leave out --image"]),
    (["machine", "build", "--add", "JQ"], ["'JQ' is no name of a Debian package"]),
    (["machine", "build", "--add", "jq;true"], ["'jq;true' is no name of a Debian package"]),
    (["machine", "build", "--add", ""], ["'' is no name of a Debian package"]),
    (["machine", "clean", "--image", "core"], ["name the machine (--machine)"]),
    (["machine", "lock", "debian13:full"], ["debian13:full is not built", "machine build --machine debian13 --image full"]),
    (["machine", "lock", "debian13:moon"], ["no image 'moon'"]),
    (["machine", "build", "--lock", "nowhere"], ["nowhere", "no file"]),
    (["machine", "build", "--lock", "a-file"], ["a-file", "no lock"]),
    (["machine", "build", "--lock", LOCKS / "debian13.lock", "--machine", "debian12"],
     ["debian13.lock has packages of Debian 13, and debian12 is of Debian 12", "--machine"]),
    (["machine", "lock", "latest"], ["latest is not built", "machine build --machine latest"]),
    (["machine", "diff", "debian13", "a-file"], ["debian13 is not built"]),
    (["machine", "diff", "a-file", "debian13"], ["a-file", "no lock"]),
    (["atlas", "arp", "--machines", "latest"], ["two or more"]),
    (["atlas", "arp", "--machines", "latest,debain12"], ["Did you mean 'debian12'?"]),
    (["doctor", "harp", "--on", "host"], ["Did you mean 'arp'"]),
    (["api", "rec.captures"], ["'rec.captures'", "Did you mean 'rec.capture'"]),
    (["api", "zzz"], ["'zzz'", "prints all there is"]),
    (["grade", "arp", "mine", "--out", "mine/grades"], ["mine/grades lies in mine", "--out"]),
    (["grade", "arp"], ["name the labs"]),
    (["grade", "arp", "nowhere"], ["there is no folder nowhere"]),
    (["class", "show", "mine"], ["no results in mine"]),
    (["variant", "4711", "arp", "--course", "mine"], ["course init"]),
    (["dance"], ["dance"]),
    (["test"], ["needs a clone"]),
    (["test", "unit"], ["needs a clone"]),
    (["bench", "speed"], ["needs a clone"]),
], ids=lambda one: " ".join(map(str, one)).replace(str(LOCKS), "locks"))
def test_wrong_usage(mnlab, tmp_path, arguments, words):
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/x").touch()
    refused(mnlab(*arguments), 2, *words)


@pytest.mark.parametrize("arguments", [
    ["run", "arp", "--\x1b[31mred"], ["\x1b]0;title\x07"], ["run", "arp", "--on", "\x9b2J"], ["recheck", "\x1b[2J\nrun"],
    ["run", "arp", "--junit", "\x1b[2J/"], ["check", "arp", "--work", "\x1b[2J"], ["run", "\x1b[31marp"],
    ["exec", "--send", "\x1b[31m", "--", "true"]], ids=repr)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_nothing_that_a_terminal_would_obey_is_repeated(mnlab, tmp_path, arguments, encoding):
    (tmp_path / "\x1b[2J").mkdir()
    done = mnlab(*arguments, PYTHONIOENCODING=encoding)
    assert done.returncode in (2, 3) and done.stderr and "Traceback" not in done.stderr
    assert all(char.isprintable() or char == "\n" for char in done.stderr + done.stdout)


@pytest.mark.parametrize("text", ["seed = ", "seed = 'x'", "\0", "[" * 9999, "seed = " + "9" * 5000, "seed = -1",
                                  "seed = 1.5", "seed = true", "seed = 0x" + "f" * 5000, "seed = 9223372036854775808",
                                  "lab = 'ping'\nseed = 1"], ids=lambda text: repr(text[:20]))
def test_a_variant_file_that_makes_no_sense(mnlab, tmp_path, text):
    (tmp_path / "work/arp").mkdir(parents=True)
    (tmp_path / "work/arp/variant.toml").write_text(text)
    refused(mnlab("check", "arp"), 2, "variant.toml")


@pytest.mark.parametrize("command", [["run", "arp"], ["check", "arp", "--work", "mine"], ["verify", "arp"],
                                     ["exec", "--", "true"], ["machine", "build"]])
def test_without_qemu_it_says_what_to_install(mnlab, tmp_path, command):
    (tmp_path / "mine").mkdir()
    refused(mnlab(*command), 3, "apt-get install", *("qemu-system-x86", "mmdebstrap", "squashfs-tools"))
    assert not list(tmp_path.glob("runs/*"))


AUTHORS_MISTAKES = {  # in a file of the lab arp: what is said of it
    "no checks": ("checks.py", None, "there is no such file"),
    "checks that are no Python": ("checks.py", "def", "labs/link/arp/checks.py, line 1:"),
    "checks that raise": ("checks.py", "\n1 / 0", "labs/link/arp/checks.py, line 2:"),
}


@pytest.mark.parametrize("mistake", AUTHORS_MISTAKES)
def test_one_unfinished_lab_hides_no_other(mnlab, tmp_path, mistake):
    name, text, words = AUTHORS_MISTAKES[mistake]
    path = tmp_path / "root/labs/link/arp" / name
    path.unlink() if text is None else path.write_text(text)
    done = mnlab("list")
    assert done.returncode == 0 and "ping" in done.stdout and "arp" not in done.stdout
    assert words in done.stderr and len(done.stderr.splitlines()) <= 3
    assert [lab["lab"] for lab in json.loads(mnlab("list", "--json").stdout)["labs"]] == ["ping"]


@pytest.mark.parametrize("text, words", [("def variant(rng) return {}", "line 1:"), ("import nosuch", "nosuch"),
                                         ("def variant(rng):\n    return rng.nosuch()", "line 2:")])
def test_an_experiment_that_is_broken(mnlab, tmp_path, text, words):
    (tmp_path / "root/labs/link/arp/experiment.py").write_text(text)
    done = mnlab("start", "arp")
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr
    assert "labs/link/arp/experiment.py" in done.stderr and len(done.stderr.splitlines()) <= 3


def test_in_a_work_folder_the_lab_need_not_be_named(mnlab, tmp_path):
    """It gets as far as QEMU, which is not there; in a folder that names no lab, one has to be named."""
    (tmp_path / "variant.toml").write_text('lab = "arp"\nseed = 3\n')
    refused(mnlab("check"), 3, "qemu-system-x86_64")
    refused(mnlab("check", "ping"), 2, "there is no work folder work/ping")
    (tmp_path / "variant.toml").write_text('lab = "nosuch"\nseed = 3\n')
    refused(mnlab("check"), 2, "no lab 'nosuch'")
    (tmp_path / "variant.toml").write_text("seed = 3\n")
    refused(mnlab("check"), 2, "name one or more labs")


def test_a_link_in_a_work_folder_is_told(mnlab, tmp_path):
    (tmp_path / "work/arp").mkdir(parents=True)
    (tmp_path / "work/arp/resolver.py").symlink_to("../resolver.py")
    first = mnlab("check", "arp").stderr.splitlines()[0]
    assert first == "arp: resolver.py: symbolic links are no part of your work; put the files there"


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_key_that_is_none(mnlab, tmp_path, command):
    (tmp_path / "work/arp").mkdir(parents=True)
    (tmp_path / "short").write_text("fifteen letters\n")
    refused(mnlab(command, "arp", "--secret-file", "short"), 2, "others can read", "chmod 600 short")
    (tmp_path / "short").chmod(0o600)
    refused(mnlab(command, "arp", "--secret-file", "short"), 2, "short has 15 bytes", "16 to 4096")
    refused(mnlab(command, "arp", "--secret-file", "absent"), 2, "absent cannot be read")
    refused(mnlab(command, "arp", MNLAB_SECRET=""), 2, "MNLAB_SECRET has 0 bytes")
    refused(mnlab(command, "arp", MNLAB_SECRET="guess me"), 2, "MNLAB_SECRET has 8 bytes")


def test_evidence_that_was_written_for_the_student(mnlab, lay_out, tmp_path):
    lay_out(tmp_path / "run", {"withheld": True})
    refused(mnlab("recheck", "run"), 2, "run was written for the student", "recheck the original")


def test_a_command_that_is_too_long_to_travel(mnlab):
    refused(mnlab("exec", "--", "python3", "-c", "pass;" * 1000), 2, "too long", "--send")


def test_with_an_old_qemu_it_says_so(mnlab, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("qemu-system-x86_64", "setpriv", "mmdebstrap", "sqfstar", "newuidmap"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\necho 'QEMU emulator version 5.2.0 (Debian 1:5.2+dfsg-11)'\n")
        (tmp_path / "bin" / name).chmod(0o755)
    refused(mnlab("run", "arp"), 3, "QEMU 5.2.0 (Debian 1:5.2+dfsg-11) is too old", "7.2 or later")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may run labs on the host")
def test_the_host_machine_needs_root(mnlab):
    refused(mnlab("run", "arp", "--on", "host"), 3, "needs root", "--on vm")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look")
def test_the_doctor_of_the_host_machine_needs_root(mnlab):
    refused(mnlab("doctor", "--on", "host"), 3, "needs root")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try a kernel's features")
def test_the_doctor_of_the_host_machine_has_a_line_for_each_lab(mnlab, tmp_path):
    (tmp_path / "root/labs/link/ping/experiment.py").open("a").write("needs = ('openvswitch',)\n")
    done = mnlab("doctor", "--on", "host", MNLAB_ON="vm")
    able = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("ok ")]
    lacking = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("MISS ")]
    assert sorted(able + lacking) == ["arp", "ping"] and "Traceback" not in done.stderr
    assert f"can run {len(able)} of 2 labs" in done.stdout and done.returncode == bool(lacking)
    assert mnlab("doctor", MNLAB_ON="host").stdout == done.stdout


def test_the_version(mnlab):
    done = mnlab("--version")
    assert (done.returncode, done.stdout) == (0, f"mnlab {__version__}\n")


@pytest.mark.parametrize("entry", ["", ".", "sub/.."])
def test_nothing_is_imported_from_the_current_folder(tmp_path, entry):
    (tmp_path / "sub").mkdir()
    (tmp_path / "typer.py").write_text("print('from the current folder')\n")
    program = "from mnlab.__main__ import start; start()"
    done = subprocess.run([sys.executable, "-P", "-c", program, "--version"], cwd=tmp_path, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": f"{entry}:{SRC}"})
    assert (done.returncode, done.stdout) == (0, f"mnlab {__version__}\n"), done.stderr


@pytest.mark.parametrize("path", [":{}", ".:{}", "{}:"])
def test_no_program_of_the_current_folder_is_started(mnlab, tmp_path, path):
    for name in ("qemu-system-x86_64", "setpriv", "mmdebstrap", "sqfstar", "newuidmap"):
        (tmp_path / name).write_text("#!/bin/sh\ntouch started\n")
        (tmp_path / name).chmod(0o755)
    done = mnlab("doctor", PATH=path.format(tmp_path / "bin"))
    assert not (tmp_path / "started").exists() and str(tmp_path / "sqfstar") not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_cannot_be_written(mnlab, tmp_path):
    (tmp_path / "cache-file").touch()
    done = mnlab("machine", "build", MNLAB_CACHE=str(tmp_path / "cache-file"), PATH=os.environ["PATH"])
    refused(done, 3, "cache-file")


def test_a_cache_that_others_can_write(mnlab, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    for command in (["machine", "status"], ["machine", "clean"], ["run", "arp"], ["doctor"]):
        refused(mnlab(*command, PATH=os.environ["PATH"]), 2, "others can write", "chmod -R go-w")


KEY = "a key that is only for this test"


@pytest.fixture
def evidence(tmp_path, lay_out):
    """evidence(**changes): a folder with evidence of the lab arp, whatever its manifest says, and a right digest."""
    def make(answers="", key="", scene=None, **changes):
        folder = lay_out(tmp_path / "saved", changes, scene)
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "answers.toml").write_text(answers)
        if key:
            signature.sign(folder, manifest, answers.encode(), key.encode())
        return folder
    return make


@pytest.mark.parametrize("changes", [
    {"lab": 5}, {"lab": "nosuch"}, {"lab": ["arp"]}, {"lab": "../arp"}, {"seed": "x"}, {"seed": -1}, {"seconds": 5},
    {"work": 5}, {"work": {"kind": "x", "sha256": ""}}, {"scenes": 3}, {"scenes": [{"name": "../x", "title": ""}]},
    {"scene": {"network": []}}, {"scene": {"outcome": "passed"}}, {"scene": {"reason": None}}], ids=repr)
def test_an_odd_manifest(mnlab, evidence, changes):
    refused(mnlab("recheck", evidence(**changes), "--json", "-v"), 2)


def test_a_manifest_of_brackets(mnlab, evidence):
    (evidence() / "manifest.json").write_text("[" * 100_000)
    refused(mnlab("recheck", "saved"), 2, "no evidence")


def test_a_saved_run_is_graded_and_says_that_nobody_signed_it(mnlab, evidence):
    evidence()
    done = mnlab("recheck", "saved", "--json")
    [lab] = json.loads(done.stdout)["labs"]
    assert (lab["signature"], lab["work"], lab["work_sha256"], lab["seed"], lab["seed_from"]) == (
        "unsigned", "student", "ab", 1, "evidence")
    assert done.returncode == 0 and done.stderr == "arp: unsigned\n"
    assert "unsigned" in mnlab("recheck", "saved").stdout


def test_a_signature_is_verified_with_the_key_and_only_told_without(mnlab, evidence, tmp_path):
    folder = evidence(key=KEY)
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "key").chmod(0o600)
    for options, environment, said in (([], {}, "unverified"), (["--key", "key"], {}, "verified"),
                                       ([], {"MNLAB_SIGNING_KEY": KEY}, "verified")):
        done = mnlab("recheck", "saved", "--json", *options, **environment)
        assert done.returncode == 0 and json.loads(done.stdout)["labs"][0]["signature"] == said
    assert "signed, not verified: no key given" in mnlab("recheck", "saved").stdout
    refused(mnlab("recheck", "saved", MNLAB_SIGNING_KEY="x" + KEY), 2, "signature is wrong")
    (folder / "answers.toml").write_text("a = 2")
    refused(mnlab("recheck", "saved", "--key", "key"), 2, "signature is wrong")


def test_with_a_key_unsigned_evidence_is_refused(mnlab, evidence):
    evidence()
    refused(mnlab("recheck", "saved", MNLAB_SIGNING_KEY=KEY), 2, "not signed")


def test_with_a_key_the_solutions_evidence_is_no_students(mnlab, evidence):
    evidence(key=KEY, work={"kind": "solution", "sha256": "ab"})
    assert "a run of the solution" in mnlab("recheck", "saved").stdout
    refused(mnlab("recheck", "saved", MNLAB_SIGNING_KEY=KEY), 2, "a run of the solution", "--solution")
    done = mnlab("recheck", "saved", "--solution", "--json", MNLAB_SIGNING_KEY=KEY)
    assert done.returncode == 0 and json.loads(done.stdout)["labs"][0]["work"] == "solution"


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_will_not_do(mnlab, evidence, key):
    evidence()
    refused(mnlab("recheck", "saved", MNLAB_SIGNING_KEY=key), 2, "MNLAB_SIGNING_KEY", "16")


def test_folders_of_what_is_written_are_made(mnlab, evidence, tmp_path):
    evidence()
    done = mnlab("recheck", "saved", "--junit", "new/one/x.xml", "--gradescope", "new/x.json", "--platform", "autolab:more/x.txt")
    assert done.returncode == 0, done.stderr
    assert mnlab("compare", "saved", "saved", "--out", "pages/x.html").returncode == 0
    assert all((tmp_path / name).stat().st_size for name in ("new/one/x.xml", "new/x.json", "more/x.txt", "pages/x.html"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_run(mnlab, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    refused(mnlab("run", "arp", "--out", "locked/runs"), 2, "locked/runs cannot be written", "/locked is not yours to write")
    (tmp_path / "locked").chmod(0)
    refused(mnlab("run", "arp", "--junit", "locked/x/y.xml"), 2, "locked/x/y.xml cannot be written")


def test_the_key_is_not_handed_on_to_what_mnlab_starts(mnlab, tmp_path):
    (tmp_path / "bin").mkdir()
    for name in ("qemu-system-x86_64", "setpriv", "mmdebstrap", "sqfstar", "newuidmap"):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\nexport >>{tmp_path}/seen\necho QEMU emulator version 5.2.0\n")
        (tmp_path / "bin" / name).chmod(0o755)
    refused(mnlab("run", "arp", MNLAB_SIGNING_KEY=KEY), 3, "too old")
    assert "MNLAB_CACHE" in (tmp_path / "seen").read_text() and KEY not in (tmp_path / "seen").read_text()


def test_an_interrupt_is_answered_in_a_word(mnlab, tmp_path):
    (tmp_path / "root/labs/link/arp/checks.py").write_text("raise KeyboardInterrupt")
    done = mnlab("list")
    assert (done.returncode, done.stderr) == (130, "mnlab: interrupted\n")


def test_starting_and_listing(mnlab, tmp_path):
    done = mnlab("start", "arp", "--seed", "5")
    assert done.returncode == 0 and "variant 5 of arp" in done.stdout
    assert (tmp_path / "work/arp/variant.toml").read_text().count("seed = 5") == 1
    done = mnlab("list", "--json")
    assert done.returncode == 0 and '"lab": "ping"' in done.stdout
    assert mnlab("show", "ping").stdout.startswith("# The ping lab")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_help_is_text(mnlab, encoding):
    assert mnlab("check", "--help", PYTHONIOENCODING=encoding).stdout.startswith("Usage: mnlab check")


def test_the_doctor_works_without_anything(mnlab):
    done = mnlab("doctor")
    assert done.returncode == 1 and "apt-get install" in done.stdout and "Traceback" not in done.stderr


# --- pages ---

def test_a_recheck_leaves_a_page_and_says_where(mnlab, evidence):
    folder = evidence()
    done = mnlab("recheck", "saved")
    assert "page: saved/report.html" in done.stdout and (folder / "ladder.txt").is_file()
    first = (folder / "report.html").read_bytes()
    assert b"The arp lab" in first
    assert mnlab("report", "saved").stdout == "saved/report.html\n"
    assert (folder / "report.html").read_bytes() == first


def test_a_page_that_cannot_be_written_costs_no_verdict(mnlab, evidence):
    (evidence() / "report.html").mkdir()
    done = mnlab("recheck", "saved", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["points"] == 1
    assert "its page could not be made" in done.stderr and "Traceback" not in done.stderr


def test_a_page_of_no_run(mnlab):
    refused(mnlab("report", "nowhere"), 2, "nowhere holds no evidence")


def test_without_chromium_there_is_no_pdf(mnlab, evidence):
    evidence()
    refused(mnlab("report", "--pdf", "saved"), 2, "sudo apt install chromium")


def test_a_browser_is_asked_to_open_the_page(mnlab, evidence, tmp_path):
    folder = evidence()
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/asked\n')
    browser.chmod(0o755)
    assert mnlab("report", "--open", "saved", BROWSER=str(browser)).returncode == 0
    assert (tmp_path / "asked").read_text() == f"{(folder / 'report.html').as_uri()}\n"


def test_a_port_that_is_taken(mnlab):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused(mnlab("watch", "arp", "--port", taken.getsockname()[1]), 2, "nothing can be served on port")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_is_closed_is_no_mistake(tmp_path, closed):
    done = subprocess.run(["sh", "-c", f'"$0" -P -m mnlab "$@" {closed}', sys.executable, "exec", "--limit", "-1", "--", "true"],
                          cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_who_has_read_enough_is_no_failure(tmp_path):
    done = subprocess.run(["bash", "-c", '"$0" -P -m mnlab list | true; echo ${PIPESTATUS[0]}', sys.executable],
                          cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, text=True)
    assert done.stdout.strip() in ("0", "141") and not done.stderr
