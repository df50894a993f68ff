"""What tests of the machine share: throwaway labs and jobs, the command line as a process, and what it leaves behind.

The image and the snapshot come from the cache (MNLAB_CACHE); the first test that needs them builds them.
"""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from mnlab.evidence.record import Record
from mnlab.lab import run as labrun
from mnlab.lab.lab import Lab
from mnlab.machine.job import Job, Limits, Outcome
from mnlab.machine.vm import VirtualMachine

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/mnlab"

EXPERIMENT = '''
from mnlab.lab import Diagram
diagram = Diagram(captures=("h1",), protocols=("icmp",))
def variant(rng):
    return {"number": rng.randrange(1000)}
def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2)
def experiment(net, rec, work):
'''

CHECKS = '''
from mnlab.checks import expect, points
@points(1)
def check_probe(evidence):
    """The probe succeeds."""
    probe = evidence.command("probe")
    expect(probe.status == 0, done="ran the probe", expected="status 0", seen=f"{probe.stopped} {probe.stderr}")
'''

#: The command line, on labs of our own.
DRIVER = """
import runpy
import signal
import sys
from pathlib import Path
from textwrap import dedent
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background is deaf to it
try:
    import mnlab.lab.lab
    mnlab.lab.lab.ROOT = Path(sys.argv.pop(1))
    if sys.argv[1] == "--say-ready":
        print(sys.argv.pop(1), flush=True)
    runpy.run_module("mnlab", run_name="__main__", alter_sys=True)
except KeyboardInterrupt:  # in what this driver adds
    sys.exit(130)
"""


def make_lab(root: Path, body: str, name: str = "probe", head: str = EXPERIMENT) -> Lab:
    """A lab under `root` whose experiment does `body`, in which h1 and h2 are nodes; its solution is an empty folder."""
    folder = root / "labs/link" / name
    (folder / "solution").mkdir(parents=True)
    if not (root / "topologies").exists():
        (root / "topologies").symlink_to(ROOT / "topologies")
    lines = ['h1, h2 = net["h1"], net["h2"]', *dedent(body).strip("\n").splitlines()]
    (folder / "experiment.py").write_text(head + "\n".join(f"    {line}" for line in lines) + "\n")
    (folder / "checks.py").write_text(CHECKS)
    (folder / "README.md").write_text("# A probe\n")
    return Lab(folder)


@pytest.fixture
def run_lab(tmp_path):
    """Run a throwaway lab of one scene: run_lab(body, work={name: text}, limits=...) -> the scene's Record."""

    def run(body: str, work=None, limits=None, machine=None, head=EXPERIMENT, name="evidence") -> Record:
        lab = make_lab(tmp_path / f"{name}-lab", body, head=head)
        folder = tmp_path / f"{name}-work"
        folder.mkdir()
        for path, text in (work or {}).items():
            (folder / path).write_text(text)
        machine = machine or VirtualMachine(say=lambda text: None)
        return labrun.run(lab, machine, folder, 1, tmp_path / name, limits=limits).scenes["experiment"]

    return run


@dataclass
class Done:
    """What came of a job."""

    outcome: Outcome
    folder: Path
    printed: str

    def json(self, name: str = "result.json"):
        assert self.outcome.status == 0 and not self.outcome.trouble, f"{self.outcome}\n{self.printed}"
        return json.loads((self.folder / name).read_text())


def run_script(script: str, folder: Path, arguments=(), files=None, limits: Limits | None = None, machine=None) -> Done:
    """Run Python text as a job; it has main(*arguments), RESULT and mnlab.net, and may return an exit status."""
    head = "import json, os, pathlib, subprocess, sys, time\nRESULT = pathlib.Path('/result')\n"
    contents = {"src/probe.py": (head + script).encode(), "topologies": ROOT / "topologies", **(files or {})}
    contents |= {f"src/mnlab/{room}": PACKAGE / room for room in ("__init__.py", "net", "evidence", "protocols")}
    job = Job("probe:main", contents, tuple(arguments), path=("src", "."), limits=limits or Limits(processor_seconds=200))
    printed = []
    outcome = (machine or VirtualMachine(say=lambda text: None)).run(job, folder, printed.append)
    return Done(outcome, folder, b"".join(printed).decode(errors="replace"))


@pytest.fixture
def job(tmp_path):
    """Run a script as a job in the lab machine: job(script, ...) -> Done."""
    return lambda script, name="result", **options: run_script(script, tmp_path / name, **options)


@dataclass
class Cli:
    """mnlab's command line in processes of its own, with their own TMPDIR, so that what they leave can be seen."""

    folder: Path
    labs: Path = ROOT
    environment: dict = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self):
        (self.folder / "tmp").mkdir(exist_ok=True)

    def start(self, *arguments, prefix=(), **options) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(self.folder / "tmp"),
                       "MNLAB_TEST": self.mark, **self.environment}
        command = [*prefix, sys.executable, "-Pc", DRIVER, str(self.labs), *map(str, arguments)]
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, start_new_session=True, **{"stdin": subprocess.DEVNULL, **options})

    def __call__(self, *arguments, timeout: float = 200, **options) -> subprocess.CompletedProcess:
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def processes(self) -> dict[int, str]:
        """Live processes started by these commands, however far down: they inherit our mark."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if f"MNLAB_TEST={self.mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                    found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def leftovers(self) -> list[str]:
        """Files left in TMPDIR."""
        return [str(path) for path in (self.folder / "tmp").rglob("*")]


@pytest.fixture
def cli(tmp_path):
    command_line = Cli(tmp_path)
    yield command_line
    for pid in command_line.processes():
        os.kill(pid, 9)


def plain(done: subprocess.CompletedProcess, status: int, lines: int = 2) -> str:
    """The command's error text, which must be plain: the right status, few lines, no traceback."""
    text = done.stderr.strip()
    assert done.returncode == status, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert 1 <= len(text.splitlines()) <= lines, text
    return text


@pytest.fixture(name="plain")
def plain_fixture():
    return plain
