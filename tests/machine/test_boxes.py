"""An exported autograder in a box like a platform's: another Debian than the bundle's, without Python and QEMU, no network,
no /dev/kvm, a user without rights, a file system that can only be read but for a few folders, one processor, 768 MB.

The base is Debian 11, which is older than what any of the platforms has (Gradescope's default is Ubuntu 22.04). What the
platforms add to it is made here: the folders, make for Autolab, and INGInious' commands, which note what they are told.
"""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mnlab.lab import portable, work
from mnlab.lab.lab import ROOT, find
from mnlab.machine import tools
from mnlab.machine.machines import DEFAULT, MACHINES
from mnlab.report.platforms import boxes

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mmdebstrap"), reason="making a box takes root and mmdebstrap")]

ARP, SEED = find("arp"), 5
MEMORY = 768 << 20  # bytes: what Gradescope gives unless a teacher says otherwise ("Troubleshooting")
SUITE, USER = "bullseye", 12345
#: Runs a command in the box; what is not named in WRITABLE can only be read.
INSIDE = """
set -eu
[ -z "$GROUP" ] || echo $$ >"$GROUP/cgroup.procs"
mount --make-rprivate /
mount --bind "$BOX" "$BOX"
mount -t proc proc "$BOX/proc"
for folder in $WRITABLE; do mount --bind "$BOX$folder" "$BOX$folder"; done
if [ -n "$WRITABLE" ]; then mount -o remount,bind,ro "$BOX"; fi
exec taskset -c "$(taskset -cp $$ | sed 's/.*: *\\([0-9]*\\).*/\\1/')" chroot "$BOX" "$@"
"""
WITHOUT_RIGHTS = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all", "--no-new-privs"]


@dataclass
class Box:
    """A root file system. run(command, ...): what it says, as a user without rights unless `root`."""

    folder: Path
    group: Path | None

    def run(self, *command, root=False, writable=(), here="/"):
        environment = {"GROUP": str(self.group or ""), "BOX": str(self.folder), "WRITABLE": " ".join(writable),
                       "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        clean = ["env", "-i", "-C", here, "PATH=/usr/bin:/bin", "HOME=/nonexistent"]
        done = subprocess.run(["unshare", "--net", "--pid", "--mount", "--ipc", "--fork", "--kill-child", "sh", "-c", INSIDE, "sh",
                               *([] if root else WITHOUT_RIGHTS), *clean, *command], env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=900)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def folder_for_all(self, name: str) -> Path:
        path = self.folder / name.lstrip("/")
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o777)
        return path

    @property
    def peak(self) -> int | None:
        """Bytes of memory that were in use at most; None if this computer does not tell."""
        if self.group is None:
            return None
        return next((int(path.read_text()) for name in ("memory.max_usage_in_bytes", "memory.peak")
                     if (path := self.group / name).is_file()), None)


@pytest.fixture(scope="module")
def group():
    """A control group with 768 MB; None if this computer has none to give."""
    for top, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
        folder = Path(top) / f"mnlab-box-{os.getpid()}"
        try:
            folder.mkdir()
            (folder / limit).write_text(str(MEMORY))
        except OSError:
            if folder.is_dir():
                folder.rmdir()
            continue
        yield folder
        folder.rmdir()
        return
    yield None


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The bundle, and a hand-in: the starter with the solution's resolver, in a folder of a zip."""
    folder = tmp_path_factory.mktemp("made")
    portable.write(folder / "mnlab.tar.gz", [ARP], MACHINES[DEFAULT], lambda text: None)
    work.start(ARP, folder / "work/arp", SEED)
    shutil.copy(ARP.solution / "resolver.py", folder / "work/arp/resolver.py")
    with zipfile.ZipFile(folder / "handin.zip", "w") as archive:
        for path in sorted((folder / "work").rglob("*")):
            archive.write(path, path.relative_to(folder / "work"))
    return folder


@pytest.fixture(scope="module")
def here(made):
    """What `mnlab check` says of the hand-in on this computer."""
    done = subprocess.run([sys.executable, "-P", "-m", "mnlab", "check", "arp", "--submission", "handin.zip", "--only-points",
                           "--json", "-q"], cwd=made, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL)
    [lab] = json.loads(done.stdout)["labs"]
    assert 10 < lab["points"] < lab["max_points"], done.stderr
    return lab


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Debian 11, as small as it gets, with make."""
    folder = tmp_path_factory.mktemp("base") / "root"
    done = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=make", SUITE, str(folder)], capture_output=True,
                          text=True, cwd="/")
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.fixture
def box(base, group, tmp_path):
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(tmp_path / "box")], check=True)
    box = Box(tmp_path / "box", group)
    for program in ("python3", "qemu-system-x86_64", "curl"):
        assert box.run("sh", "-c", f"command -v {program}").returncode != 0
    assert not (box.folder / "dev/kvm").exists()
    return box


def test_gradescope(box, made, here):
    boxes.gradescope(boxes.Box([ARP], made / "mnlab.tar.gz"), made / "autograder.zip")
    source, results = box.folder / "autograder/source", box.folder_for_all("/autograder/results")
    with zipfile.ZipFile(made / "autograder.zip") as archive:
        archive.extractall(source)
    shutil.copy(source / "run_autograder", box.folder / "autograder")
    for script in (source / "setup.sh", box.folder / "autograder/run_autograder"):
        script.chmod(0o755)
    built = box.run("/autograder/source/setup.sh", root=True)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(made / "handin.zip") as archive:
        archive.extractall(box.folder / "autograder/submission")
    box.folder_for_all("/tmp")
    done = box.run("/autograder/run_autograder", here="/autograder", writable=("/autograder/results", "/tmp"))
    assert done.returncode == 0, done.stderr
    told = json.loads((results / "results.json").read_text())
    assert sum(test["score"] for test in told["tests"]) == here["points"]
    assert sum(test["max_score"] for test in told["tests"]) == here["max_points"]
    assert told["extra_data"]["labs"][0]["work_sha256"] == here["work_sha256"]
    if tools.qemu_version().startswith("7.2."):  # the bundle's
        assert told["extra_data"]["labs"][0]["evidence_sha256"] == here["evidence_sha256"]
    assert box.peak is None or box.peak <= MEMORY
    shutil.rmtree(box.folder / "autograder/submission")
    (box.folder / "autograder/submission").mkdir()
    assert box.run("/autograder/run_autograder", here="/autograder", writable=("/autograder/results", "/tmp")).returncode == 0
    [test] = json.loads((results / "results.json").read_text())["tests"]
    assert test["score"] == 0 and test["max_score"] == here["max_points"] and "nothing was handed in" in test["output"]


def test_where_nothing_can_be_run_there_is_no_score(box, made):
    """A box that is broken costs nobody a point."""
    boxes.gradescope(boxes.Box([ARP], made / "mnlab.tar.gz"), made / "autograder.zip")
    source, results = box.folder / "autograder/source", box.folder_for_all("/autograder/results")
    with zipfile.ZipFile(made / "autograder.zip") as archive:
        archive.extractall(source)
    assert box.run("sh", "/autograder/source/setup.sh", root=True).returncode == 0
    (box.folder / "opt/mnlab/bin/qemu-system-x86_64").write_text("#!/bin/sh\nexit 1\n")
    (results / "results.json").write_text("of before")
    box.folder_for_all("/tmp")
    shutil.copytree(made / "work", box.folder / "autograder/submission")
    done = box.run("sh", "/autograder/source/run_autograder", here="/autograder", writable=("/autograder/results", "/tmp"))
    assert done.returncode == 3 and not (results / "results.json").exists(), done.stderr


def test_autolab(box, made, here):
    job = box.folder_for_all("/job")
    boxes.autolab(boxes.Box([ARP], made / "mnlab.tar.gz"), job)
    (job / "autograde-Makefile").rename(job / "Makefile")
    shutil.copy(made / "handin.zip", job / boxes.HANDIN)
    box.folder_for_all("/tmp")
    done = box.run("make", here="/job", writable=("/job", "/tmp"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"scores": {"arp": here["points"]}}


def test_prairielearn(box, made, here):
    boxes.prairielearn(boxes.Box([ARP], made / "mnlab.tar.gz"), made / "course")
    info = json.loads((made / "course/questions/mnlab_arp/info.json").read_text())["externalGradingOptions"]
    grade = box.folder_for_all("/grade")
    for name in info["serverFilesCourse"]:
        shutil.copytree(made / "course/serverFilesCourse" / name, grade / "serverFilesCourse" / name)
    shutil.copytree(made / "work/arp", grade / "student")
    box.folder_for_all("/tmp")
    done = box.run(info["entrypoint"], writable=("/grade", "/tmp"))
    assert done.returncode == 0, done.stderr
    told = json.loads((grade / "results/results.json").read_text())
    assert told["score"] == pytest.approx(here["points"] / here["max_points"]) and told["gradable"]


def test_inginious(box, made, here):
    boxes.inginious(boxes.Box([ARP], made / "mnlab.tar.gz"), made / "tasks")
    shutil.copytree(made / "tasks/mnlab_arp", box.folder / "task")
    shutil.copy(made / "handin.zip", box.folder / "task/handed-in")
    told = box.folder_for_all("/told")
    commands = {"getinput": '[ "$1" = work:value ] && cat /task/handed-in', "feedback-msg": "cat >/told/message",
                **{name: f'echo "$1" >/told/{name}' for name in ("feedback-result", "feedback-grade")}}
    for name, body in commands.items():
        (box.folder / "usr/bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (box.folder / "usr/bin" / name).chmod(0o755)
    box.folder_for_all("/tmp")
    done = box.run("/task/run", here="/task", writable=("/told", "/tmp"))
    assert done.returncode == 0, done.stderr
    assert (told / "feedback-result").read_text() == "failed\n"
    assert float((told / "feedback-grade").read_text()) == pytest.approx(100 * here["points"] / here["max_points"], abs=0.01)
    assert f"arp: {here['points']} of {here['max_points']} points" in (told / "message").read_text()


def summed_up(folder: Path, here: dict, summary: str) -> None:
    """The summary and the JUnit file in `folder` say what `mnlab check` says here."""
    assert f"{here['points']} of {here['max_points']} points" in summary
    [suite] = ET.parse(folder / "junit.xml").getroot()
    facts = {one.get("name"): one.get("value") for one in suite.find("properties")}
    assert (int(facts["points"]), int(facts["max_points"])) == (here["points"], here["max_points"])


def test_github(box, made, here):
    """What the workflow's own steps run, as a runner does, with the bundle in its cache."""
    [workflow] = boxes.github(boxes.Box([ARP], made / "mnlab.tar.gz", "https://example.org/mnlab.tar.gz"), made / "repository")
    [job] = yaml.safe_load(workflow.read_text())["jobs"].values()
    runner = box.folder_for_all("/runner")
    shutil.copytree(made / "work/arp", runner / "submission")
    shutil.copy(made / "mnlab.tar.gz", runner)
    box.folder_for_all("/tmp")
    statuses = []
    for step in (step for step in job["steps"] if "run" in step):
        plain = {name: value for name, value in step.get("env", {}).items() if "${{" not in value}
        words = [f"{name}={value}" for name, value in (plain | {"GITHUB_STEP_SUMMARY": "/runner/summary.md"}).items()]
        done = box.run("env", *words, "bash", "-e", "-c", step["run"], here="/runner", writable=("/runner", "/tmp"))
        statuses.append(done.returncode)
    assert statuses == [0, 1], done.stderr  # the work has not all points: the job fails
    summed_up(runner, here, (runner / "summary.md").read_text())


def test_gitlab(box, made, here):
    [file] = boxes.gitlab(boxes.Box([ARP], made / "mnlab.tar.gz", "https://example.org/mnlab.tar.gz"), made / "project")
    job = yaml.safe_load(file.read_text())["mnlab"]
    project = box.folder_for_all("/builds")
    shutil.copytree(made / "work/arp", project, dirs_exist_ok=True)
    (project / ".mnlab").mkdir()
    shutil.copy(made / "mnlab.tar.gz", project / ".mnlab")
    (box.folder / "usr/bin/curl").write_text("#!/bin/sh\nexit 22\n")  # the cache has it already
    (box.folder / "usr/bin/curl").chmod(0o755)
    box.folder_for_all("/tmp")
    script = "\n".join(["set -e", *(f"export {name}='{value}'" for name, value in job["variables"].items()),
                        *job["before_script"], *job["script"]])
    done = box.run("bash", "-c", script, root=True, here="/builds")
    assert done.returncode == 1, done.stderr
    summed_up(project, here, (project / "summary.md").read_text())
