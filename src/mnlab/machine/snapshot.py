"""The snapshot: a machine booted once, stopped at an exact instruction, ready to be restored.

Two files: `ram`, the guest's memory as it lies in this file while the guest boots, and `state`, everything else.
Restoring maps `ram` copy-on-write, so it costs no copying and any number of runs share it.
"""

import hashlib
import os
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

from mnlab.machine import cache, image, processor, tools
from mnlab.machine.job import Executable, MachineError
from mnlab.machine.patience import Patience
from mnlab.machine.qemu import Hardware, Qemu

RAM, STATE = "ram", "state"
GUEST = (Path(__file__).parent / "guest/agent.py", Path(__file__).parent / "mailbox.py")
#: Where QEMU's migration stream keeps the instruction counter (softmmu/cpu-timers.c, vmstate "timer/icount" version 1):
#: a subsection's mark, its name, its version; two 64-bit numbers follow.
COUNTER = b"\x05" + bytes([len("timer/icount")]) + b"timer/icount" + struct.pack(">I", 1)
SPENT = 100_000  # ns of virtual time: more than the guest needs from its last look at the clock to its stop
BOOT_LIMIT = 600  # seconds of processor time; a boot takes about 25

#: norandmaps: QEMU translates code anew at each address it runs at; programs that lie where they lay before run a
#: quarter faster. The rest turns off what protects a machine that lives for seconds from nobody.
CMDLINE = ("console=ttyS0 quiet loglevel=4 mitigations=off nokaslr norandmaps randomize_kstack_offset=off "
           "init_on_alloc=0 apparmor=0 audit=0 nowatchdog random.trust_cpu=on tsc=reliable net.ifnames=0 panic=-1 "
           "mnlab.userland={sizes[0]} mnlab.modules={sizes[1]}")
#: How the first program (recipe/init) mounts what is there in any image, and lays it over each other.
MOUNTS = """    mnlab.modules=*) mount -t squashfs -o ro "$(found "${word#*=}")" /modules.ro ;;\n"""
LAID = "lowerdir=/modules.ro:/userland"


def key(hardware: Hardware, of: image.Image) -> str:
    """Identifies a snapshot: the image, what is added to it, QEMU, and the hardware."""
    digest = hashlib.sha256(of.digest.encode())
    for path in GUEST:
        digest.update(path.read_bytes())
    for data in first_program(hardware).values():
        digest.update(data)
    arguments = repr(hardware.arguments())
    for layer in hardware.layers:
        arguments = arguments.replace(str(layer.parent), "")
    digest.update(repr((arguments, CMDLINE + of.options, COUNTER, SPENT, tools.qemu_version())).encode())
    return digest.hexdigest()[:16]


def entry_name(hardware: Hardware, of: image.Image) -> str:
    """The name of a snapshot's folder in the cache."""
    return f"snapshot-{hardware.clock}-{hardware.accelerator}-{key(hardware, of)}"


def get(hardware: Hardware, of: image.Image, say: Callable[[str], None] = cache.say_to_stderr) -> Path:
    """The snapshot's folder in the cache, taken if need be. MachineError if the machine does not boot."""
    return cache.entry(entry_name(hardware, of), lambda folder: take(folder, hardware, of, say), say)


def take(folder: Path, hardware: Hardware, of: image.Image, say: Callable[[str], None]) -> None:
    """Boot the image and write the snapshot into `folder`."""
    say("booting the lab machine for its snapshot (once; half a minute)")
    log, initrd, ram, state = folder / "boot.log", folder / "initrd", folder / RAM, folder / STATE
    agent = cpio({f"agent/{path.name}": path.read_bytes() for path in GUEST} | first_program(hardware))
    initrd.write_bytes((of.kernel / image.INITRD).read_bytes() + agent)
    boot = ["-kernel", str(of.kernel / image.KERNEL), "-initrd", str(initrd), "-serial", f"file:{log}",
            "-append", command_line([layer.stat().st_size for layer in hardware.layers], of.options)]
    with open(state, "wb") as output, processor.claimed() as number, \
            Qemu(hardware, ram, private=False, extra=boot, processor=number) as qemu:
        patience = qemu.patience(BOOT_LIMIT, "the boot")
        try:
            qemu.greet(patience)
            qemu.event("GUEST_PANICKED", patience)  # the guest's own signal: it is where it wants to be restored
        except MachineError as problem:
            words = (log.read_text(errors="replace") if log.exists() else "").strip().splitlines()
            words = [word for word in words if not word.startswith("[")][-5:]  # the kernel's own lines say less
            said = "".join(f"\n  {line}" for line in words)
            raise MachineError(f"the lab machine did not boot: {problem}{said}") from None
        _save(qemu, output, patience)
        clock = int(os.read(qemu.console, 64))  # the guest's last look at it
    if hardware.clock == "virtual":
        state.write_bytes(with_clock(state.read_bytes(), clock + SPENT))
    subprocess.run(["fallocate", "--dig-holes", ram], check=False)  # saves room where the file system can
    initrd.unlink()
    log.unlink()


def command_line(sizes: list[int], options: str = "") -> str:
    """The kernel's: how large the programs are, its modules, and each layer over the programs, by which they are told
    apart; and an image's own options."""
    more = "".join(f" mnlab.layer{number}={size}" for number, size in enumerate(sizes[2:]))
    return " ".join(filter(None, (CMDLINE.format(sizes=sizes) + more, options)))


def first_program(hardware: Hardware) -> dict[str, bytes]:
    """What takes the place of recipe/init in an image that has more layers than its two; {} if it has none."""
    more = [f"layer{number}" for number in range(len(hardware.layers) - 2)]
    if not more:
        return {}
    text = (image.RECIPE / "init").read_text()
    assert text.count(MOUNTS) == text.count(LAID) == 1
    mounts = "".join(MOUNTS.replace("modules.ro", layer).replace("modules", layer) for layer in more)
    folders = "".join(f" /{layer}" for layer in more)
    text = text.replace(MOUNTS, MOUNTS + mounts).replace("/modules.ro /memory", f"/modules.ro /memory{folders}")
    return {"init": Executable(text.replace(LAID, ":/".join(["lowerdir=/modules.ro", *reversed(more), "userland"]))
                               .encode())}


def _save(qemu: Qemu, output, patience: Patience) -> None:
    share_memory(qemu)
    qemu.command("migrate", uri=qemu.lend("state", output))
    if not migrated(qemu, patience):
        raise MachineError("QEMU could not write the snapshot")
    qemu.command("quit")


def migrated(qemu: Qemu, patience: Patience) -> bool:
    """Wait until QEMU has written or read a state, and whether it could. It has no event for this without more
    capabilities; its answer is the condition."""
    status = ""

    def done() -> bool:
        nonlocal status
        status = qemu.command("query-migrate").get("status")
        return status in ("completed", "failed")

    patience.until(done, pause=0.002)
    return status == "completed"


def with_clock(state: bytes, clock: int) -> bytes:
    """`state` with the clock at `clock` (nanoseconds) and no instructions counted. MachineError for another QEMU's.

    QEMU may move the clock on after the guest has stopped and before it notices, so what it writes down varies. And its
    record mode (machine/vm.py) takes a jump of the counter by more than 2^31, from nothing to a booted machine, for
    time running backwards (replay/replay-internal.c, replay_advance_current_icount).
    """
    if state.count(COUNTER) != 1:
        raise MachineError("this QEMU is not known to mnlab: its snapshots have no instruction counter"
                           + tools.untried(tools.qemu_version()))
    place = state.index(COUNTER) + len(COUNTER)
    return state[:place] + struct.pack(">qq", clock, 0) + state[place + 16:]


def share_memory(qemu: Qemu) -> None:
    """Leave memory out of the migration stream: it lies in its own file."""
    qemu.command("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])


def cpio(files: dict[str, bytes]) -> bytes:
    """A cpio archive ("newc", Linux Documentation/driver-api/early-userspace/buffer-format.rst) of a few files."""
    folders = sorted({str(parent) for name in files for parent in Path(name).parents if str(parent) != "."})
    members = [(folder, 0o040755, b"") for folder in folders]
    members += [(name, 0o100755 if isinstance(data, Executable) else 0o100644, data)
                for name, data in sorted(files.items())]
    members.append(("TRAILER!!!", 0, b""))
    out = bytearray()
    for number, (name, mode, data) in enumerate(members, start=1):
        path = name.encode() + b"\0"
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0]
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + path
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)
