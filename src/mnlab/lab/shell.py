"""Inside the machine: build a network, a lab's or the user's own, and hand it to the user (`mnlab shell`).

At a terminal that is Mininet's prompt, or a host's shell, connected by machine/guest/line.py; lines that were handed in
with the job (`typed`) are obeyed one by one. `shell.json` says what is wanted.
"""

import json
import os
import shutil
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mnlab.evidence import layout
from mnlab.evidence.recorder import Recorder
from mnlab.lab import topology_file
from mnlab.lab.inside import load
from mnlab.machine.guest import line
from mnlab.net.errors import NetworkError
from mnlab.net.network import Network
from mnlab.net.prompt import in_terminal, prompt, shell_of

TYPED = Path("typed").absolute()


def main() -> int:
    """Entry point of the job. Files left in the folder are the result. 2: the user's mistake; 3: no network."""
    wanted = json.loads(Path("shell.json").read_text())
    folder = Path(os.environ.get("MNLAB_RESULT", "/result"))
    shutil.copytree("work", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".empty"))
    os.environ["PATH"] = f"{os.environ['PATH']}:{Path('controller').absolute()}"
    os.environ["TERM"] = wanted["term"]
    try:
        with network(wanted, folder) as net:
            know_each_other(net)
            os.chdir(folder)
            if wanted["host"] and wanted["host"] not in net:
                names = " ".join(sorted(net.keys()))
                print(f"there is no {wanted['host']} in this network; there are: {names}", flush=True)
                return 2
            with recording(net, folder, wanted):
                return talk(net, wanted)
    except topology_file.BadTopology as problem:
        print(problem, flush=True)
        return 2
    except NetworkError as problem:
        print(f"the network could not be built: {problem}", flush=True)
        return 3


@contextmanager
def network(wanted: dict, folder: Path):
    """The network that runs: a lab's, or of a topology file, where every fault in it is the file's."""
    if "topology" in wanted:
        sys.path.append(str(topology_file.FOLDER))  # it may import what lies beside it
        net = Network(topology_file.make(wanted["topology"], wanted["file"]), bool(wanted["controller"]))
        with topology_file.blame(wanted["file"] or "Mininet"):
            net.__enter__()
        try:
            yield net
        finally:
            net.end()
        return
    job = json.loads(Path("job.json").read_text())
    experiment = load("experiment", Path("lab/experiment.py"))
    sys.path.append(str(Path("lab").absolute()))
    openflow = getattr(experiment, "openflow", False) or bool(wanted["controller"])
    with Network(experiment.topology(job["params"]), openflow) as net:
        yield net


@contextmanager
def recording(net, folder: Path, wanted: dict):
    """Captures on every interface, if that is wanted, and the controller."""
    if not wanted["record"] and not wanted["controller"]:
        yield
        return
    rec = Recorder(folder, net, {}, folder)
    with ExitStack() as stack:
        stack.callback(rec.close)
        (folder / layout.TIMELINE).unlink()  # nothing but the controller has a place in it
        if wanted["record"]:
            stack.enter_context(rec.capture(*(node.name for node in (*net.hosts, *net.switches))))
        if wanted["controller"]:
            rec.controller("controller", wanted["controller"])
        yield


def talk(net, wanted: dict) -> int:
    """Let the user, or what he has typed beforehand, work on the network; an exit status."""
    node = net[wanted["host"]] if wanted["host"] else None
    if not wanted["typed"]:
        return line.serve(lambda: in_terminal(node, shell_of(node)) if node else prompt(net, wanted["name"]))
    with open(TYPED) as typed:
        if node:
            return node.start_process(["bash", "--norc", "--noprofile", "-s"], stdin=typed).wait()
        prompt(net, wanted["name"], typed)
    return 0


def know_each_other(net) -> None:
    """Let every host know the others by name."""
    names = "".join(f"{host.IP()} {host.name}\n" for host in net.hosts if host.IP())
    for host in net.hosts:
        host.replace_file("/etc/hosts", f"127.0.0.1 localhost\n{names}")
