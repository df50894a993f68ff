"""A class that is graded by the real command, with stubs for the machines: they answer at once, and what they record is a
function of the work."""

import os
import subprocess
import sys
import textwrap

import pytest

from mnlab.lab import work
from mnlab.lab.lab import ROOT, find

#: A worker without a machine: its digest, points and evidence are a function of work and seed. Work may ask it to die.
STUB = textwrap.dedent("""
    import hashlib, json, os, sys, tempfile, time
    for line in sys.stdin:
        job = json.loads(line)
        path = os.path.join(job["work"], "resolver.py")
        data = open(path, "rb").read() if os.path.isfile(path) else b""
        if b"DIE" in data:
            os.kill(os.getpid(), 9)
        digest = hashlib.sha256(data + str(job["seed"]).encode()).hexdigest()
        if job.get("fresh") and b"FLAKY" in data:
            digest = digest[::-1]
        if job.get("fresh") and b"ONCE" in data:
            print(json.dumps({"trouble": "broke", "worker": "stub"}), flush=True)
            continue
        os.makedirs(job["out"], exist_ok=True)
        folder = tempfile.mkdtemp(prefix=job["lab"] + "-", dir=job["out"])
        open(os.path.join(folder, "manifest.json"), "w").write(digest)
        time.sleep(0.02)
        print(json.dumps({"status": "failed", "points": int(digest[:2], 16) % 20, "max_points": 20, "reason": "",
                          "evidence": folder, "evidence_sha256": digest, "machine": job["machine"],
                          "image_sha256": "cd", "checks": [], "worker": f"stub:{os.getpid()}"}), flush=True)
""")
#: The command line, whose workers are stubs.
STUBBED = textwrap.dedent("""
    import sys, types
    from mnlab.cli import course
    from mnlab.course import worker, workers
    workers.COMMAND = [sys.executable, "-Sc", sys.argv.pop(1)]
    worker.described = lambda named: {"machine": named, "image": "cd", "qemu": "7.2.22 (Debian)", "mnlab": "1"}
    course.machine_for = lambda *options: types.SimpleNamespace(prepare=lambda: None)
    from mnlab.__main__ import start
    start()
""")


@pytest.fixture
def command(tmp_path):
    """command(*arguments): a running `mnlab`, in tmp_path, whose workers are stubs."""
    begun = []

    def run(*arguments):
        begun.append(subprocess.Popen(
            [sys.executable, "-Pc", STUBBED, STUB, *arguments], cwd=tmp_path, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "MNLAB_CACHE": str(tmp_path / "cache")}))
        return begun[-1]

    yield run
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def handed(tmp_path):
    """handed(student, text="", lab="arp", seed=1): a folder of work for a lab, with more text in a file of it."""
    def make(student, text="", lab="arp", seed=1):
        folder = tmp_path / "in" / student / lab
        work.start(find(lab), folder, seed)
        name = min(path.name for path in folder.iterdir() if path.suffix == ".py")
        with open(folder / name, "a") as file:
            file.write(f"\n# {text}\n")
        return folder
    return make
