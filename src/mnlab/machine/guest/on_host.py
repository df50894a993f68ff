"""First process of a job on the host machine: in namespaces of its own, make a place to work, then run the job.

Started by machine/host.py under unshare(1), with the host's own Python (it must have Mininet). Standard input carries
a page of header and the job's archive, as in the mailbox. Everything mounted here vanishes with the namespaces.
"""

import importlib
import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import mailbox  # noqa: E402

del sys.path[0]

PAGE = 4096
JOB, RESULT = Path("/run/job"), Path("/run/result")


def mount(*arguments) -> None:
    subprocess.run(["mount", *arguments], check=True)


def main(folder: str) -> int:
    head = json.loads(sys.stdin.buffer.read(PAGE).split(b"\n", 1)[0])
    archive = sys.stdin.buffer.read(head["length"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # /run and /tmp of our own: nothing of ours is left there, nothing of others is in our way.
    mount("-t", "tmpfs", "-o", "mode=755", "none", "/run")
    JOB.mkdir()
    RESULT.mkdir(mode=0o700)
    mount("--bind", folder, str(RESULT))
    mount("-t", "tmpfs", "-o", "mode=1777", "none", "/tmp")
    if not Path("/sys/kernel/tracing/events").is_dir():
        subprocess.run(["mount", "-t", "tracefs", "none", "/sys/kernel/tracing"], stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    mailbox.unpack(archive, str(JOB))
    os.chdir(JOB)
    os.environ.update(MNLAB_RESULT=str(RESULT), PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                      PYTHONDONTWRITEBYTECODE="1", HOME="/root", LANG="C.UTF-8")
    sys.path[0:1] = [str(JOB / part) for part in head["path"]]
    module, function = head["entry"].split(":")
    return getattr(importlib.import_module(module), function)(*head["arguments"]) or 0


if __name__ == "__main__":
    try:
        status = main(sys.argv[1])
    except Exception:
        traceback.print_exc()
        status = 70  # EX_SOFTWARE: the job itself could not be started
    sys.stdout.flush()
    os._exit(status)
