"""Inside the lab machine: build the network, play one scene, leave its evidence in the result folder.

Called by the machine in /job, which holds `src`, `topologies`, `lab` (what its experiment needs), `work` (what the
scene names), `job.json`, and `mutant/mutants.py` when a mutant is tried.
"""

import importlib.util
import json
import os
import platform
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

from mnlab.evidence import layout, tracing
from mnlab.evidence.recorder import Recorder, StudentFault
from mnlab.lab.scene import scenes_of
from mnlab.net.errors import NetworkError
from mnlab.net.network import Network

LONGEST_REASON = 20_000  # letters
LONGEST_WORDS = 300  # of what Python says of a mistake
#: The folders of a job whose files a lab's author wrote.
WRITTEN_IN = ("lab", "topologies", "mutant")

#: Tools whose version goes into the manifest, by Debian package.
TOOLS = ("iproute2", "tcpdump", "iputils-ping", "iperf3", "bind9", "nginx-light", "curl", "openssl", "mininet",
         "openvswitch-switch", "python3-scapy")

#: Printed while another run must end first: the machine does not count that time (machine/host.py).
WAITING = "\x1ewaiting for a run on the same network"


def main() -> int:
    """Entry point of a lab's job. Returns 0 whatever the outcome: that stands in the manifest."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # a peer that is gone is an OSError, not our end; children differ
    folder = Path(os.environ.get("MNLAB_RESULT", "/result"))
    job = json.loads(Path("job.json").read_text())
    manifest = {"kernel": platform.release(), "tools": tool_versions(), "network": {},
                "start_ns": time.clock_gettime_ns(time.CLOCK_REALTIME),
                "outcome": layout.INCONCLUSIVE, "reason": "the run was cut short"}
    write(folder, manifest)
    try:
        carry_out(job, folder, manifest)
    except StudentFault as fault:
        manifest |= {"outcome": layout.STUDENT_FAULT, "reason": str(fault)}
    except NetworkError as problem:
        manifest |= {"outcome": layout.INCONCLUSIVE, "reason": str(problem)}
    except OSError as problem:
        manifest |= {"outcome": layout.INCONCLUSIVE, "reason": f"the experiment could not go on: {problem}"}
    except Exception as problem:
        manifest |= {"outcome": layout.INCONCLUSIVE, "reason": f"the experiment itself broke:\n{told(problem)}"}
    manifest["reason"] = str(manifest["reason"])[:LONGEST_REASON]
    write(folder, manifest)
    return 0


def carry_out(job: dict, folder: Path, manifest: dict) -> None:
    """Build, run, record; fills in `manifest`."""
    print("\x1ebuilding the network", flush=True)
    experiment = load("experiment", Path("lab/experiment.py"))
    [scene] = [one for one in scenes_of(experiment) if one.name == job["scene"]]
    mutate = load("mutants", Path("mutant/mutants.py")).__dict__[job["mutant"]] if job.get("mutant") else None
    with Network(experiment.topology(job["params"]), with_controller=getattr(experiment, "openflow", False)) as net:
        manifest["network"] = net.describe()
        if mutate:
            mutate(net, job["params"])
        traced = net.networks() if "trace" in getattr(experiment, "needs", ()) else ()
        with tracing.alone(traced, lambda: print(WAITING, flush=True)):
            print("\x1erecording", flush=True)
            rec = Recorder(folder, net, job["params"], Path("work").absolute(), getattr(experiment, "allowed", None))
            manifest["start_ns"] = rec.start_ns
            write(folder, manifest)
            try:
                scene.play(net, rec)
            finally:
                rec.close()
            manifest["lab_seconds"] = round(rec.now(), 9)
        if rec.faults:
            raise StudentFault("\n".join(rec.faults))
    manifest |= {"outcome": layout.OK, "reason": ""}


def load(name: str, path: Path):
    """A Python file as a module, without putting its folder on sys.path."""
    spec = importlib.util.spec_from_file_location(f"lab_{name}", path)
    assert spec and spec.loader, f"{path} is no Python file"
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def write(folder: Path, manifest: dict) -> None:
    """Put the manifest in its place; the former one stays if the disk is full."""
    new = folder / f"{layout.MANIFEST}.new"
    try:
        new.write_text(json.dumps(manifest, indent=1, sort_keys=True))
        new.rename(folder / layout.MANIFEST)
    except OSError:
        new.unlink(missing_ok=True)
        raise


def tool_versions() -> dict[str, str]:
    """Package: version, of those TOOLS that are installed. The image keeps a list; elsewhere dpkg is asked."""
    known = Path("/lab/packages")
    if known.is_file():
        listing = known.read_text()
    else:
        listing = subprocess.run(["dpkg-query", "-W"], capture_output=True, text=True).stdout
    versions = dict(line.split("\t", 1) for line in listing.splitlines() if "\t" in line)
    return {tool: versions[tool] for tool in TOOLS if tool in versions}


def told(problem: Exception) -> str:
    """An author's mistake: file and line, what Python says, what would be right."""
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(problem.__traceback__)]
    if isinstance(problem, SyntaxError) and problem.filename:
        frames.append((problem.filename, problem.lineno))
    file, line = next(((name, number) for name, number in reversed(frames) if Path(name).parent.name in WRITTEN_IN),
                      ("experiment.py", None))
    where = f"{Path(file).parent.name}/{Path(file).name}" if Path(file).parent.name == "topologies" else Path(file).name
    said = f"{type(problem).__name__}: {getattr(problem, 'msg', '') or problem}"[:LONGEST_WORDS]
    return f"{where}{f', line {line}' if line else ''}:\n  {said}\n  {next_step(problem, frames)}"


def next_step(problem: Exception, frames) -> str:
    """What would be right, by where a mistake is and what it is."""
    places = {Path(name).name for name, _ in frames}
    if isinstance(problem, KeyError) and "net.py" in places:  # Mininet's own: net["h9"]
        return "the nodes are those of the topology; `mnlab shell LAB` shows them: nodes"
    if isinstance(problem, ModuleNotFoundError):
        return ("there is no such file: a lab may import mnlab, the modules in its own folder, and the topologies/ of "
                "its collection and of the project")
    if "mutants.py" in places:
        return "a network mutant takes (net, params) (docs/api.md)"
    if {"topo.py"} & places or any(Path(name).parent.name == "topologies" for name, _ in frames):
        return "topology(params) returns a Mininet Topo; docs/network.md lists what links, hosts and switches take"
    return "a scene takes (net, rec), and work if it names files of it; docs/api.md lists what net and rec offer"
