"""The virtual lab machine: restore the snapshot, hand in the job, collect the result."""

import hashlib
import json
import os
import socket
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from mnlab.machine import bytecode, cache, capabilities, image, kvm, mailbox, processor, snapshot, tools
from mnlab.machine.job import FOUND, MIB, Job, MachineError, Outcome, try_features
from mnlab.machine.machines import DEFAULT, FULL, MACHINES, Named
from mnlab.machine.patience import HANG, Patience, because_busy
from mnlab.machine.qemu import ANSWER_LIMIT, DONE, ITS_OWN, MEMORY, SILENCE, Hardware, Qemu

#: QEMU's main loop moves the clock on when the processor has nothing to do. It may look just when the processor stops,
#: before what that has executed is counted, and move the clock too far (softmmu/icount.c, icount_start_warp_timer). In
#: record mode the two take turns. What is recorded is of no use here.
IN_TURN = ["-icount", "rr=record,rrfile=/dev/null"]
WRAP_UP = 60  # seconds of processor time the guest has, once told to stop, to hand over what it has


class VirtualMachine:
    """A machine of its own under QEMU. `clock` is "virtual" (deterministic) or "real"."""

    def __init__(self, clock: str = "virtual", say: Callable[[str], None] = cache.say_to_stderr, patience: float = 0,
                 named: Named = MACHINES[DEFAULT]):
        """`say` is told of slow work; whoever waits for other machines, after `patience` seconds of it."""
        self.clock, self.say, self.patience, self.named = clock, say, patience, named
        self.running: set[Qemu] = set()
        self.abandoned = False
        self.others: dict[Named, VirtualMachine] = {}  # the same with another image

    @cached_property
    def image(self) -> image.Image:
        return image.get(self.named, self.say)

    @cached_property
    def hardware(self) -> Hardware:
        accelerator = "tcg" if self.clock == "virtual" else kvm.best_accelerator(self.image.kernel, self.say)
        return Hardware(self.clock, accelerator, self.image.layers)

    @cached_property
    def snapshot(self) -> Path:
        return self._snapshot(self.hardware)

    def _snapshot(self, hardware: Hardware) -> Path:
        return snapshot.get(hardware, self.image, self.say)

    def _machine_for(self, job: Job) -> tuple[Hardware, Path]:
        """The smallest machine with the memory that `job` may use, and its snapshot. MachineError if there is none."""
        size = next((size for size in MEMORY if job.limits.memory + ITS_OWN <= size), None)
        if size is None:
            raise MachineError(f"a job may use up to {(MEMORY[-1] - ITS_OWN) // MIB} MiB of memory, and this one asks "
                               f"for {job.limits.memory // MIB} MiB")
        if size == self.hardware.memory:
            return self.hardware, self.snapshot
        hardware = replace(self.hardware, memory=size)
        return hardware, self._snapshot(hardware)

    def prepare(self) -> None:
        """Build what is missing, so that runs can start at once. MachineError if that cannot be done."""
        builders = () if image.built(self.named) else tools.building()
        tools.require(*tools.RUNNING, *builders)  # all that is missing, at once
        tools.qemu_version()
        self.snapshot  # noqa: B018  (a cached property: reading it builds it)

    def describe(self) -> dict:
        return {"machine": "vm", "name": self.named.name, "image": self.named.image, "clock": self.clock,
                "accelerator": self.hardware.accelerator, "image_sha256": self.image.digest,
                "qemu": tools.qemu_version()}

    def features(self, job: Job) -> dict[str, str]:
        """What `job` finds that this machine shows; kept in the cache, as each snapshot shows the same ever after."""
        key = hashlib.sha256(self.snapshot.name.encode() + job.archive()).hexdigest()[:16]

        def build(folder: Path) -> None:
            try_features(self, job, folder)

        kept = cache.entry(f"features-{key}", build, self.say)
        return json.loads((kept / FOUND).read_text())

    def having(self, needs: Iterable[str]) -> "VirtualMachine":
        """The machine for jobs that need this (machine/capabilities.py): where only `full` has it, with that image."""
        if FULL in self.named.layers or not capabilities.only_in_full(needs):
            return self
        named = replace(self.named, layers=(FULL, *self.named.layers))
        if named not in self.others:
            self.others[named] = VirtualMachine(self.clock, self.say, self.patience, named)
        return self.others[named]

    def abandon(self) -> None:
        self.abandoned = True
        for other in list(self.others.values()):
            other.abandon()
        for qemu in list(self.running):
            qemu.kill()

    def run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None,
            line: socket.socket | None = None) -> Outcome:
        """Run `job`. MachineError only if the machine could not be started; later trouble is in the outcome."""
        self.prepare()
        return self._run(bytecode.add(job, self.image.digest, self._run), folder, console, line)

    def _waits(self, seconds: float, words: str) -> None:
        if seconds >= self.patience:
            cache.say_to_stderr(f"waiting for {seconds:.0f} s: {words}")

    def _patience(self, qemu: Qemu, job: Job) -> Patience:
        """For the whole of `job`. In real time it may do nothing for as long as its lab time lasts."""
        idle = 0.0 if self.clock == "virtual" else job.limits.virtual_seconds
        return qemu.patience(job.limits.processor_seconds, "the job", hang=idle + HANG)

    def _run(self, job: Job, folder: Path, console: Callable[[bytes], None] = lambda data: None,
             line: socket.socket | None = None) -> Outcome:
        archive = job.archive()
        hardware, place = self._machine_for(job)
        virtual = self.clock == "virtual"
        extra = ["-S", "-incoming", "defer", *(IN_TURN if virtual else []), *([] if line else ["-serial", "null"])]
        with open(place / snapshot.STATE, "rb") as state, \
                processor.claimed(lambda: self.abandoned, self._waits) if virtual else nullcontext() as number, \
                Qemu(hardware, place / snapshot.RAM, private=True, extra=extra, processor=number,
                     line=line) as qemu:
            started = time.monotonic()
            self.running.add(qemu)
            try:
                if self.abandoned:
                    raise KeyboardInterrupt
                restore(qemu, state)
                _post(qemu, job, archive, {} if virtual else {"time_ns": time.time_ns()})
                qemu.command("cont")
                trouble = _attend(qemu, self._patience(qemu, job), console)
                head = _collect(qemu, folder)
            except MachineError as problem:
                head, trouble = None, str(problem)
            finally:
                self.running.discard(qemu)
                if self.abandoned:
                    raise KeyboardInterrupt
        seconds = time.monotonic() - started
        if head is None:
            return Outcome(None, trouble or "the lab machine ended without a result", 0.0, seconds)
        stopped = head["stopped"] and head["stopped"] + ("" if virtual else because_busy())
        trouble = trouble or stopped or ("the job ran out of memory" if head["out_of_memory"] else "")
        return Outcome(head["status"], trouble, head["virtual_seconds"], seconds)


def restore(qemu: Qemu, state) -> None:
    """Bring the machine back to the instruction at which its snapshot was taken."""
    patience = qemu.patience(ANSWER_LIMIT, "restoring the lab machine", hang=SILENCE)
    qemu.greet(patience)
    snapshot.share_memory(qemu)
    qemu.command("migrate-incoming", uri=qemu.lend("state", state))
    if not snapshot.migrated(qemu, patience):
        raise MachineError("the snapshot could not be restored; `mnlab machine clean` and try again")


def _post(qemu: Qemu, job: Job, archive: bytes, clock: dict) -> None:
    """Put the job into the mailbox; with a real `clock`, the time at which the machine goes on."""
    limits = {"virtual_seconds": job.limits.virtual_seconds, "memory": job.limits.memory,
              "processes": job.limits.processes}
    head = mailbox.header(length=len(archive), crc32=zlib.crc32(archive), entry=job.entry,
                          arguments=list(job.arguments), path=[f"/job/{path}" for path in job.path], limits=limits,
                          **clock)
    os.pwrite(qemu.box.fileno(), head + archive, 0)


def _attend(qemu: Qemu, patience: Patience, console) -> str:
    """Watch until QEMU has ended; when the patience does, ask the guest to wrap up. Returns what went wrong."""
    reason = qemu.watch(patience, console)
    if not reason:
        status = qemu.process.wait()
        if status == 0:
            return "the lab machine went down before the job was done: its kernel panicked, or it was told to"
        return "" if status == DONE else qemu.obituary()
    os.pwrite(qemu.box.fileno(), mailbox.header(reason=reason), mailbox.STOP)
    if qemu.watch(qemu.patience(WRAP_UP, "wrapping up", hang=SILENCE), console):
        qemu.kill()
    return reason


def _collect(qemu: Qemu, folder: Path) -> dict | None:
    """Unpack the result into `folder`; its header, or None if the guest left none that is whole."""
    fd = qemu.box.fileno()
    head = mailbox.parse(os.pread(fd, mailbox.PAGE, mailbox.RESULT))
    if head is None:
        return None
    data = os.pread(fd, head["length"], mailbox.RESULT + mailbox.PAGE)
    if zlib.crc32(data) != head["crc32"]:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    try:
        mailbox.unpack(data, str(folder))
    except ValueError:
        return None
    return head
