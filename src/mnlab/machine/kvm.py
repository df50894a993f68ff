"""Which accelerator can be trusted here. A /dev/kvm that exists may still hang on an ordinary guest, so it is tried."""

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import image
from mnlab.machine.cache import cache_folder
from mnlab.machine.qemu import ELSEWHERE

PROBE_LIMIT = 8  # seconds; a working KVM boots the probe in one


def best_accelerator(kernel: Path, say: Callable[[str], None]) -> str:
    """"kvm" or "hvf" if a timed trial with an image's `kernel` proves it works, else "tcg". The answer is kept until
    the next boot."""
    candidate = {"Linux": "kvm", "Darwin": "hvf"}.get(platform.system())
    if candidate is None or candidate == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    note = cache_folder() / "accelerator.json"
    question = {"candidate": candidate, "boot": _boot_id(), "user": os.getuid()}
    try:
        known = json.loads(note.read_text())
        if known["question"] == question:
            return known["answer"]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    answer = candidate if _works(candidate, kernel) else "tcg"
    if answer != candidate:
        say(f"{candidate} is there but does not run a guest: using plain emulation for the real clock")
    note.write_text(json.dumps({"question": question, "answer": answer}))
    return answer


def _works(accelerator: str, kernel: Path) -> bool:
    """Whether the image's kernel boots as far as its first program. It finds no root file system there and says so."""
    command = ["setpriv", "--pdeathsig", "KILL", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display",
               "none", "-accel", accelerator, "-cpu", "max", "-m", "256", "-no-reboot", "-serial", "stdio",
               "-kernel", str(kernel / image.KERNEL), "-initrd", str(kernel / image.INITRD),
               "-append", "console=ttyS0 quiet mnlab.userland=1"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               cwd=ELSEWHERE)
    assert process.stdout
    os.set_blocking(process.stdout.fileno(), False)
    try:
        seen, deadline = b"", time.monotonic() + PROBE_LIMIT
        while time.monotonic() < deadline and process.poll() is None and b"no persistent memory" not in seen:
            seen += process.stdout.read() or b""
            time.sleep(0.05)  # the deadline above bounds this poll
        return b"no persistent memory" in seen + (process.stdout.read() or b"")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(time.time() - time.monotonic())[:8]
