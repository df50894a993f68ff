"""Inside the lab machine, as a job: runs on its kernel as the host machine makes them, killed at random moments.

What a run could leave behind is listed before and after: nothing must have been added.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

RESULT = Path("/result")
PATIENCE = 30  # s of lab time until everything must be gone

#: The run's own process. It is the one that is killed.
RUN = """
import sys
from pathlib import Path
from mnlab.machine.host import HostMachine
from mnlab.machine.job import Job
job = Job("busy:main", {"src/busy.py": Path("src/busy.py"), "src/mnlab": Path("src/mnlab"),
                        "topologies": Path("topologies")}, path=("src", "."), needs=("trace", "openvswitch", "netem"))
print(HostMachine().run(job, Path(sys.argv[1]), lambda data: sys.stdout.buffer.write(data)), flush=True)
"""

#: Settings of the kernel that are no measurements, which change by themselves.
SETTINGS = ("net.", "user.", "kernel.pty.max", "kernel.hostname", "kernel.domainname", "fs.file-max", "vm.overcommit")


def main(count: str, seed: str, whom: str = "run") -> int:
    """Kill `count` runs, or their keepers; the result says of each when that was, what it had, and what was left."""
    before = everything()
    began = time.monotonic()
    whole = start("/tmp/whole", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).communicate()[0]
    length = time.monotonic() - began
    words, kills = random.Random(int(seed)), []
    for number in range(int(count)):
        moment = words.uniform(0, length)
        run = start(f"/tmp/run{number}", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        had = added(before, visible())
        for pid in keepers() if whom == "keeper" else [run.pid]:
            os.kill(pid, signal.SIGKILL)
        run.wait()
        killed = time.monotonic()
        while added(before, running()) and time.monotonic() < killed + PATIENCE:
            time.sleep(0.02)
        kills.append({"at": moment, "had": {kind: len(things) for kind, things in had.items()},
                      "seconds": time.monotonic() - killed, "left": added(before, visible())})
        print(kills[-1], flush=True)
    if whom == "keeper":
        start("/tmp/whole2").wait()  # its keeper cleans for the dead ones
    left = added(before, everything())
    (RESULT / "result.json").write_text(json.dumps({"whole": whole, "length": length, "kills": kills, "left": left}))
    return 0


def start(folder: str, **options) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-Pc", RUN, folder], env={**os.environ, "PYTHONPATH": "/job/src"},
                            start_new_session=True, **options)


def keepers() -> list[int]:
    return [int(line.split()[0]) for line in running()["processes"] if "guest/keeper.py" in line]


def added(before: dict, now: dict) -> dict:
    return {kind: sorted(now[kind] - before[kind]) for kind in now if now[kind] - before[kind]}


def running() -> dict:
    """Processes, and the namespaces that they hold."""
    found = {process: line for process in Path("/proc").glob("[0-9]*") if (line := command_line(process))}
    return {"processes": {f"{process.name} {line}" for process, line in found.items()},
            "namespaces": {link for process in found for link in map(read_link, process.glob("ns/*")) if link}}


def visible() -> dict:
    """The same, and what belongs to the kernel as a whole or lies in its root namespaces."""
    mine = ("/tmp/run*", "/tmp/whole*")  # where the results are wanted
    return running() | {
        "interfaces": set(os.listdir("/sys/class/net")),
        "mounts": set(Path("/proc/mounts").read_text().splitlines()),
        "trace instances": set(os.listdir("/sys/kernel/tracing/instances")),
        "control groups": {folder for folder, _, _ in os.walk("/sys/fs/cgroup")},
        "files": {str(path) for place in ("/run", "/tmp") for path in Path(place).rglob("*")
                  if not any(map(path.match, mine))},
    }


def everything() -> dict:
    """The same, and what takes longer to look at."""
    return visible() | {
        "changed files": {f"{path} {path.lstat().st_mtime}"
                          for place in ("/etc", "/var/lib", "/var/tmp", "/root", "/dev")
                          for path in Path(place).rglob("*") if not path.is_dir() and not path.is_char_device()},
        "datapaths": set(output("ovs-dpctl", "dump-dps").split()),
        "bridges": set(output("ovs-vsctl", "list-br").split()),
        "settings": {line for line in output("sysctl", "-a").splitlines() if line.startswith(SETTINGS)},
    }


def command_line(process: Path) -> str:
    """What a process was started as; "" for the kernel's own."""
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def read_link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def output(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True).stdout
