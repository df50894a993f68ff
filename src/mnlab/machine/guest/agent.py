"""The lab machine's first process: boots it, waits in the snapshot, runs one job, powers off.

Up to `SNAPSHOT` everything happens once, when the snapshot is taken. What follows happens in each run: read the job
from the mailbox, fork a child that runs it (the child inherits Mininet and scapy already imported), pass on what it
prints, stop it at a limit, and put what it left in /result into the mailbox.

This file and mailbox.py are added to the image's first file system when the snapshot is taken.
"""

import contextlib
import ctypes
import gc
import importlib
import mmap
import os
import re
import select
import signal
import subprocess
import sys
import time
import traceback
import zlib
from pathlib import Path

sys.path.insert(0, "/lab/agent")
import mailbox

JOB, RESULT = Path("/job"), Path("/result")
CGROUP = Path("/sys/fs/cgroup")
CLONE_NEWNS = 0x00020000  # include/uapi/linux/sched.h
CONSOLE_PORT, PANIC_PORT, EXIT_PORT = 0xE9, 0x505, 0x501  # QEMU's isa-debugcon, pvpanic and isa-debug-exit devices

# Seconds between two looks at the clock and the mailbox. While the job only waits, they are all that costs wall time;
# while it computes, a second is a long time: a thousand million instructions.
IDLE_PAUSE, BUSY_PAUSE = 2.0, 0.05

MODULES = """
openvswitch sch_netem sch_htb sch_tbf sch_fq sch_fq_codel sch_prio sch_red sch_ingress cls_u32 cls_matchall cls_flower
act_mirred act_police ifb veth bridge 8021q dummy vrf nf_tables nf_conntrack nft_ct nft_limit nft_log nft_nat nft_reject
nft_reject_ipv4 nft_quota nft_numgen nft_counter nft_objref nft_chain_nat nft_masq tcp_bbr tcp_vegas tcp_westwood
tcp_diag udp_diag tun
""".split()

# Read once before the snapshot, so that no run pays for it.
PROGRAMS = """
bash mnexec ip tc ifconfig brctl ethtool sysctl tcpdump ping iperf3 nft named dig nginx curl openssl
""".split()


# --- talking to the outside -------------------------------------------------------------------------------------------

def out_instruction():
    """A function (port, bytes, count) that writes bytes to an x86 I/O port; the cloud kernel has no /dev/port."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.iopl(3) != 0:
        raise OSError(ctypes.get_errno(), "iopl")
    # mov ecx,edx; mov edx,edi; rep outsb; ret
    return machine_code("89d1 89fa f36e c3", None, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)


def time_stamp_counter():
    """A function that reads the processor's own clock: with virtual time, QEMU's clock in nanoseconds."""
    # rdtsc; shl rdx,32; or rax,rdx; ret
    return machine_code("0f31 48c1e220 4809d0 c3", ctypes.c_uint64)


def machine_code(code, result, *arguments):
    """A function made of x86-64 instructions (System V calling convention)."""
    page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes.fromhex(code))
    function = ctypes.CFUNCTYPE(result, *arguments)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    function.page = page  # keep the code alive
    return function


class Mailbox:
    """The shared device, read and written past the page cache, so that both sides always see the same bytes."""

    def __init__(self):
        device = next(dev for dev in Path("/sys/block").glob("pmem*")
                      if int((dev / "size").read_text()) * 512 == mailbox.SIZE)
        self.fd = os.open(f"/dev/{device.name}", os.O_RDWR | os.O_DIRECT)
        self.buffer = mmap.mmap(-1, mailbox.MIB)  # O_DIRECT wants page-aligned memory

    def read(self, offset, length) -> bytes:
        parts = []
        while length > 0:
            wanted = min(-(-length // mailbox.PAGE) * mailbox.PAGE, mailbox.MIB)
            count = os.preadv(self.fd, [memoryview(self.buffer)[:wanted]], offset)
            parts.append(self.buffer[:min(count, length)])
            offset, length = offset + count, length - count
        return b"".join(parts)

    def write(self, offset, data: bytes):
        for start in range(0, len(data), mailbox.MIB):
            chunk = data[start:start + mailbox.MIB]
            padded = -(-len(chunk) // mailbox.PAGE) * mailbox.PAGE
            self.buffer[:padded] = chunk.ljust(padded, b"\0")
            os.pwritev(self.fd, [memoryview(self.buffer)[:padded]], offset + start)


class ResultWriter:
    """Streams into the result part of the mailbox, one MiB at a time, counting and summing up."""

    def __init__(self, box):
        self.box, self.pending = box, bytearray()
        self.length, self.sum, self.flushed = 0, 0, 0

    def write(self, data):
        if self.length + len(data) > mailbox.RESULT_LIMIT:
            raise OverflowError(f"the result is over {mailbox.RESULT_LIMIT // mailbox.MIB} MiB")
        self.sum = zlib.crc32(data, self.sum)
        self.length += len(data)
        self.pending += data
        while len(self.pending) >= mailbox.MIB:
            self._flush(mailbox.MIB)
        return len(data)

    def _flush(self, count):
        self.box.write(mailbox.RESULT + mailbox.PAGE + self.flushed, bytes(self.pending[:count]))
        del self.pending[:count]
        self.flushed += count

    def finish(self, **fields):
        self._flush(len(self.pending))
        self.box.write(mailbox.RESULT, mailbox.header(length=self.length, crc32=self.sum, **fields))


# --- once: before the snapshot ----------------------------------------------------------------------------------------

def sh(command, check=True):
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{command!r} failed with status {done.returncode}: {done.stderr or done.stdout}")


def mount_everything():
    for kind, where, options in [
        ("devpts", "/dev/pts", "mode=620,ptmxmode=666"), ("tmpfs", "/dev/shm", "mode=1777"),
        ("tmpfs", "/run", "mode=755,size=32m"), ("tmpfs", "/tmp", "mode=1777,size=160m"),
        ("tmpfs", JOB, "mode=755,size=128m"), ("tmpfs", RESULT, "mode=700,size=192m"),
        ("cgroup2", CGROUP, "nsdelegate"), ("tracefs", "/sys/kernel/tracing", ""),
    ]:
        Path(where).mkdir(parents=True, exist_ok=True)
        sh(f"mount -t {kind} {'-o ' + options if options else ''} none {where}")
    for link, target in [("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx")]:
        Path("/dev", link).unlink(missing_ok=True)
        Path("/dev", link).symlink_to(target)
    (CGROUP / "cgroup.subtree_control").write_text("+memory +pids +cpu")


def start_open_vswitch():
    # Open vSwitch caches the CPU count for 10 s and starts at 0: on a clock younger than that it would run without a
    # single handler thread and drop every first packet. Waiting costs nothing in virtual time.
    time.sleep(max(0, 12 - time.clock_gettime(time.CLOCK_MONOTONIC)))
    sh("/usr/share/openvswitch/scripts/ovs-ctl start --system-id=lab --no-monitor")


def start_tracing():
    """Make the trace instances that evidence/tracing.py uses, with buffers of its sizes (KiB)."""
    for name, size in (("mnlab-tcp", 24 * 1024), ("mnlab-neighbours", 512)):
        instance = Path("/sys/kernel/tracing/instances", name)
        instance.mkdir()
        (instance / "trace_clock").write_text("mono")
        (instance / "buffer_size_kb").write_text(str(size))


def warm_up():
    import mininet.cli  # each import is inherited by the job
    import mininet.link
    import mininet.net
    import mininet.node
    import mininet.topo  # noqa: F401
    for name in ("scapy.config", "scapy.layers.l2", "scapy.layers.inet", "scapy.layers.inet6", "scapy.layers.dns",
                 "scapy.sendrecv", "scapy.utils", "scapy.all"):
        importlib.import_module(name)
    from mininet.log import setLogLevel
    setLogLevel("warning")
    ctypes.CDLL("libpcap.so.0.8")  # it stays loaded, and takes 11 ms to load
    sh("ip netns add warm && ip netns exec warm ip link set lo up && ip netns del warm")
    gc.collect()
    gc.freeze()


def shrink():
    """Forget what only the boot needed and zero what is free: zeros take no room in the snapshot's file."""
    Path("/proc/sys/vm/drop_caches").write_text("3")
    read_ahead()
    free = int(re.search(r"MemFree: +(\d+) kB", Path("/proc/meminfo").read_text())[1]) * 1024 - 24 * mailbox.MIB
    with mmap.mmap(-1, free) as memory:
        for page in range(0, free, mmap.PAGESIZE):
            memory[page] = 0  # the kernel gives out zeroed pages, and takes them back as they are


def read_ahead():
    for name in PROGRAMS:
        sh(f'cat "$(readlink -f "$(command -v {name})")" $(ldd "$(command -v {name})" 2>/dev/null | grep -o "/[^ ]*")'
           ' > /dev/null', check=False)


def boot():
    os.environ.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LANG="C.UTF-8",
                      TERM="dumb", SHELL="/bin/bash", USER="root", PYTHONDONTWRITEBYTECODE="1", PYTHONHASHSEED="0")
    os.setsid() if os.getsid(0) != os.getpid() else None
    mount_everything()
    sh("hostname lab")
    sh("ip link set lo up")
    for module in MODULES:
        sh(f"modprobe {module}", check=False)
    # A student's program shall not become root of a namespace of its own. The last of them: idle is idle.
    sh("sysctl -qw kernel.unprivileged_userns_clone=0 kernel.panic_on_oops=1 kernel.printk='1 4 1 7' "
       "vm.overcommit_memory=1 vm.compaction_proactiveness=0 vm.stat_interval=60 "
       # Neighbour (ARP) entries of all hosts together, before the kernel throws away any: room for a thousand hosts.
       "net.ipv4.neigh.default.gc_thresh2=8192 net.ipv4.neigh.default.gc_thresh3=16384", check=False)
    # Large pages are gathered in the background, which no machine lives long enough to profit from.
    Path("/sys/kernel/mm/transparent_hugepage/enabled").write_text("never")
    start_open_vswitch()
    start_tracing()
    warm_up()
    shrink()


# --- in each run: after the snapshot ----------------------------------------------------------------------------------

def unpack(box):
    """The job's header; its files are under /job."""
    head = mailbox.parse(box.read(0, mailbox.PAGE))
    if head is None:
        raise RuntimeError("there is no job in the mailbox")
    data = box.read(mailbox.PAGE, head["length"])
    if zlib.crc32(data) != head["crc32"]:
        raise RuntimeError("the job in the mailbox is damaged")
    mailbox.unpack(data, str(JOB))
    return head


def set_clock(head, went_on):
    """With the real clock, the time is what it was outside when this machine went on, and what has passed since."""
    if "time_ns" in head:
        time.clock_settime_ns(time.CLOCK_REALTIME, head["time_ns"] + time.monotonic_ns() - went_on)


def make_cgroup(limits):
    group = CGROUP / "job"
    group.mkdir()
    (group / "cgroup.subtree_control").write_text("+memory +pids +cpu")
    (group / "memory.max").write_text(str(limits["memory"]))
    (group / "pids.max").write_text(str(limits["processes"]))
    (group / "main").mkdir()
    return group


def child(head, group, output):
    """The job's own process; never returns."""
    status = 70  # EX_SOFTWARE: the entry point itself could not be called
    try:
        os.setsid()
        libc = ctypes.CDLL(None)
        libc.iopl(0)  # what the agent may do to I/O ports, its children would inherit, students' programs too
        libc.unshare(CLONE_NEWNS)  # what the job mounts, and where, is not the agent's affair
        (group / "main/cgroup.procs").write_text("0")
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        sys.stdout = open(1, "w", buffering=1, closefd=False)
        sys.stderr = open(2, "w", buffering=1, closefd=False)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.chdir(JOB)
        sys.path[0:1] = [str(JOB / part) for part in head["path"]]  # wherever the job goes from here
        sys.argv = ["job", *head["arguments"]]
        module, function = head["entry"].split(":")
        status = getattr(importlib.import_module(module), function)(*head["arguments"]) or 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait(pid, limits, group, box, output, console):
    """(exit status or -signal, reason it was stopped early or "") of the job, its output passed on meanwhile."""
    deadline = time.monotonic() + limits["virtual_seconds"]
    pidfd = os.pidfd_open(pid)
    watched = [pidfd, output]
    pause, used = IDLE_PAUSE, 0.0
    while True:
        ready, _, _ = select.select(watched, [], [], pause)
        if output in ready:
            data = os.read(output, 65536)
            console(data) if data else watched.remove(output)
        if pidfd in ready:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), ""
        if time.monotonic() > deadline:
            return None, f"the job was still running after {limits['virtual_seconds']:g} s of lab time"
        before, used = used, processor_seconds(group)
        pause = BUSY_PAUSE if used - before > pause / 2 else IDLE_PAUSE
        stop = mailbox.parse(box.read(mailbox.STOP, mailbox.PAGE))
        if stop:
            return None, stop["reason"]
        reap(pid)


def processor_seconds(group):
    """What a control group has used of the processor."""
    return int((group / "cpu.stat").read_text().split()[1]) / 1e6  # its first line: usage_usec NUMBER


def reap(pid):
    """Collect orphans, which a first process inherits, but leave the job itself (0: it is gone) to its waiter."""
    with contextlib.suppress(ChildProcessError):
        while (info := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and info.si_pid != pid:
            os.waitpid(info.si_pid, 0)


def run_job(box, console, went_on):
    started = time.monotonic()
    head = unpack(box)
    set_clock(head, went_on)
    group = make_cgroup(head["limits"])
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(head, group, write_end)
    os.close(write_end)
    # The agent must get the processor even among a thousand busy processes; children do not inherit this.
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    status, stopped = wait(pid, head["limits"], group, box, read_end, console)
    (group / "cgroup.kill").write_text("1")
    while "populated 1" in (group / "cgroup.events").read_text():
        reap(0)
        time.sleep(0.001)  # of lab time. The dying may not be ours yet; since Linux 7 the dead still count for a moment
    os.set_blocking(read_end, False)
    while data := _read_rest(read_end):
        console(data)
    # "local": a limit of a group of its own, a student's say, is that group's affair.
    oom = "oom 0" not in (group / "memory.events.local").read_text()
    return {"status": status, "stopped": stopped, "out_of_memory": oom,
            "virtual_seconds": round(time.monotonic() - started, 9)}


def _read_rest(fd):
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return b""


def send_result(box, fields):
    """Pack what is in /result; of more than fits, what fits."""
    files, room = [], mailbox.RESULT_LIMIT - mailbox.MIB  # one MiB for the index
    for path in sorted(path for path in RESULT.rglob("*") if path.is_file() and not path.is_symlink()):
        name, size = str(path.relative_to(RESULT)), path.stat().st_size
        if size > room:
            limit = f"the result is over {mailbox.RESULT_LIMIT / mailbox.MIB:.0f} MiB: {name} is left out"
            fields = {**fields, "stopped": fields["stopped"] or limit}
            continue
        files.append((name, 0o644, size))
        room -= size
    writer = ResultWriter(box)
    writer.write(mailbox.index(files))
    for name, _, _ in files:
        with open(RESULT / name, "rb") as file:
            while data := file.read(mailbox.MIB):
                writer.write(data)
    writer.finish(**fields)


def main():
    out = out_instruction()

    def console(data):
        out(CONSOLE_PORT, data, len(data))

    try:
        boot()
        now = b"%d\n" % time_stamp_counter()()
        out(CONSOLE_PORT, now, len(now))
        out(PANIC_PORT, b"\x01", 1)  # SNAPSHOT: the machine stops exactly here, and each run goes on from here
        went_on = time.monotonic_ns()
        box = Mailbox()
        fields = run_job(box, console, went_on)
        os.sync()
        send_result(box, fields)
    except BaseException:
        console(traceback.format_exc().encode())
    finally:
        out(EXIT_PORT, b"\x15", 1)  # QEMU leaves at once with status 2 * 0x15 + 1 = 43


main()
