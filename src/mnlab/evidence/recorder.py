"""Writing evidence, inside the lab machine: what was run, what was on the wire, what the kernel said.

An experiment gets a Recorder as `rec`. Everything it does is written down as it happens, so a run that is cut short
leaves what it had. Times are seconds of lab time, from the moment the network stood.
"""

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from mnlab.evidence import controllers, layout, limits, sandbox, secrets, tracing
from mnlab.evidence.allowed import Allowed
from mnlab.evidence.capturing import Capture
from mnlab.evidence.loss import Loss, Wanted
from mnlab.evidence.tracing import Tracing
from mnlab.net import namespace, openflow
from mnlab.net.errors import CommandFailed, NetworkError, describe_status
from mnlab.net.wait import wait_until

OUTPUT_LIMIT = 8 << 20  # bytes kept of what one command prints


class StudentFault(Exception):
    """The student's work, and nothing else, kept the experiment from going on. The text is shown to the student."""


class Recorder:
    """What an experiment records with. `params` are this run's parameters (a dict), `work` the student's folder (a
    Path), `allowed` what the student's programs may use (an Allowed; None: whatever is there), `net` the network.
    `folder` is where its evidence is written, `start_ns` the beginning of lab time (ns of the epoch); what `stack` (an
    ExitStack) holds is let go of when the scene ends.

    A `host` is a node of the network (net["h1"]), a `command` a line for the shell or a list of words. A `name` is an
    experiment's own: NetworkError if it is used twice. A NetworkError that nobody catches makes the run inconclusive.
    """

    def __init__(self, folder: Path, net, params: dict, work: Path, allowed: Allowed | None = None):
        self.folder, self.net, self.params, self.work, self.allowed = folder, net, params, work, allowed
        # The trace uses CLOCK_MONOTONIC, captures CLOCK_REALTIME: what lies between them is constant in a run.
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.start_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self.monotonic_start_ns = (before + time.clock_gettime_ns(time.CLOCK_MONOTONIC)) // 2
        self.services: list[Service] = []
        self.names: set[str] = set()
        self.faults: list[str] = []
        self.key_logs: list[str] = []
        self.stack = ExitStack()  # what students' servers need until the end
        for part in (layout.OUTPUT, layout.CAPTURES, layout.KERNEL, layout.FILES):
            (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / layout.TIMELINE).touch()

    def now(self) -> float:
        """Seconds of lab time."""
        return (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - self.monotonic_start_ns) / 1e9

    # --- doing things on the network ---

    def run(self, name: str, host, command, timeout: float = 30, check: bool = True, input: str | None = None):
        """Run a command on a host and record it; the finished subprocess.CompletedProcess, with text. `input` is what
        it reads. `check=False` where failing is the point.

        A command that had to succeed and did not, or runs for more than `timeout` s, makes the run inconclusive
        (CommandFailed). One with check=False that hangs while a server of a student's runs does not: its status is then
        None in the timeline, and returncode -9. Evidence: `evidence.command(name)`; 8 MiB of each output are kept.
        """
        self._claim(name)
        self._keep("in", name, input)
        started = self.now()
        try:
            done = host.run(command, timeout=timeout, check=False, input=input)
        except CommandFailed:
            self._note(name, "command", host, command, started, None, "", f"still running after {timeout:g} s")
            if check or not any(service.box and not service.stopped for service in self.services):
                raise
            # It may well be a student's server that let it hang: that is for the checks to say.
            return subprocess.CompletedProcess(command, -signal.SIGKILL, "", "")
        self._note(name, "command", host, command, started, done.returncode, done.stdout, done.stderr)
        if check and done.returncode:
            words = (done.stderr or done.stdout).strip().splitlines()
            raise CommandFailed(host.name, str(command), done.returncode, words[-1] if words else "")
        return done

    def student(self, name: str, host, command, caps=(), timeout: float = 60, input: str | None = None, files=(),
                processor: float = limits.PROCESSOR):
        """Run a student's program on a host, as the user student with no more than `caps`, and record it.

        Whatever it does is recorded and is never inconclusive: crashing, hanging, printing without end. `command` is
        run in a copy of the work folder, for at most `timeout` s of lab time and `processor` s of processor time (20 s;
        of which a scene has 20 in all). `caps` are of NET_RAW, NET_BIND_SERVICE, NET_BROADCAST (capabilities(7)).
        `files` are names of files it may leave there, to be kept under files/NAME/ (`evidence.text("NAME/FILE")`).
        Returns the recorded exit status (negative: a signal; None: it was stopped).
        """
        self._claim(name)
        self._keep("in", name, input)
        started = self.now()
        try:
            with self._sandbox(host, processor) as box:
                result = box.run(command, caps=caps, timeout=timeout, input=input)
                self._note(name, "student", host, command, started, result.status, result.out, result.err,
                           result.stopped, box.limits.used())
                self._refused(name, box)
                for file in files:
                    data = box.collect(file)
                    if data is not None:
                        place = self.folder / layout.FILES / layout.safe_name(name) / layout.safe_name(file)
                        place.parent.mkdir(exist_ok=True)
                        place.write_bytes(data)
        except limits.Spent as spent:
            self._note(name, "student", host, command, started, None, "", "", str(spent))
            return None
        return result.status

    def student_service(self, name: str, host, command, caps=(), tcp: int | None = None, udp: int | None = None,
                        ready: Callable[[], bool] | None = None, timeout: float = 10,
                        processor: float = limits.PROCESSOR):
        """Start a student's server as the user student; a Service, once it listens on port `tcp` or `udp`, or `ready()`
        is true. StudentFault, with its stderr, if that does not come true within `timeout` s.

        It may use `processor` s of processor time; `caps` as in `student`.
        """
        return self._serve_student(name, host, command, caps, (), tcp, udp, ready, timeout, processor)

    def _serve_student(self, name, host, command, caps, handed, tcp, udp, ready, timeout, processor=limits.PROCESSOR):
        try:
            box = self.stack.enter_context(self._sandbox(host, processor, handed))
            return self._serve("student", name, host, command, partial(box.start, command, caps), tcp, udp, ready,
                               timeout, f"{name} is your program.", box)
        except limits.Spent as spent:
            raise StudentFault(f"{name} is your program.\n{spent}") from None

    def _sandbox(self, host, processor: float, handed=()):
        return sandbox.prepare(host, self.work, self.allowed, handed, processor)

    def _refused(self, name: str, box: sandbox.Sandbox) -> None:
        """Note as the student's fault what a program of theirs asked for against the list of the handout."""
        if refused := box.refused():
            self.fault(f"{name}: your program asked for what this task does not allow (the handout has a list): "
                       + ", ".join(refused))

    def service(self, name: str, host, command, tcp: int | None = None, udp: int | None = None,
                ready: Callable[[], bool] | None = None, timeout: float = 15, fault: str = ""):
        """Start a server on a host; a Service, once it listens on port `tcp` or `udp`, or `ready()` is true.

        If it does not get ready within `timeout` s, the run is inconclusive (NetworkError); but if `fault` is given, it
        is the student's (a configuration of theirs that the server refuses): StudentFault with `fault` and the
        server's last words. `command` must stay in the foreground.
        """
        start = partial(host.start_process, _argv(command))
        return self._serve("service", name, host, command, start, tcp, udp, ready, timeout, fault)

    def controller(self, name: str, app: str, *options: str, timeout: float = controllers.START):
        """Start the Ryu application controller/`app` ("hub.py") on c0; a Service, once every switch is connected to it.
        Needs `openflow = True` in experiment.py.

        `options` are ryu-manager's. It must live until it is stopped: if it ends, or is not connected within `timeout`
        s (60), the run is inconclusive (NetworkError).
        """
        host, command = self.net[openflow.CONTROLLER], controllers.command(app, options, own=True)
        service = self._serve("service", name, host, command, partial(host.start_process, command), openflow.PORT, None,
                              controllers.ready(self.net), timeout, "")
        service.missed = NetworkError
        return service

    def student_controller(self, name: str, app: str, *options: str, timeout: float = controllers.START):
        """The same with a student's application, a file of the work folder. Its end is their fault (StudentFault)."""
        host, command = self.net[openflow.CONTROLLER], controllers.command(app, options, own=False)
        service = self._serve_student(name, host, command, (), (controllers.LAUNCHER,), openflow.PORT, None,
                                      controllers.ready(self.net), timeout)
        service.missed = StudentFault
        return service

    def _serve(self, kind, name, host, command, start, tcp, udp, ready, timeout, fault, box=None):
        self._claim(name)
        service = Service(self, kind, name, host, command, start, box)
        self.services.append(service)

        def is_ready():
            if service.process.poll() is not None:
                raise NetworkError(f"it ended at once, {describe_status(service.process.returncode)}")
            return ((tcp is None or tcp in namespace.listening_tcp_ports(host.pid))
                    and (udp is None or udp in namespace.bound_udp_ports(host.pid))
                    and (ready is None or ready()))

        try:
            wait_until(is_ready, f"{name} is ready", timeout)
        except NetworkError as problem:
            service.stop()
            words = last_words(service.read("err"))
            text = f"{name} on {host.name} did not start: {problem}" + (f"\n{words}" if words else "")
            if fault:
                raise StudentFault(f"{fault}\n{text}".strip()) from None
            raise NetworkError(text) from None
        return service

    def wait(self, seconds: float) -> None:
        """Let lab time pass. Only where time itself is the matter, never for something to get ready."""
        controllers.wait(self.services, seconds)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout: float = 10.0) -> None:
        """Wait for a condition; NetworkError (inconclusive) that says `what` was waited for, after `timeout` s."""

        def look_and_ask():
            controllers.look(self.services)
            return condition()

        wait_until(look_and_ask, what, timeout)

    # --- keeping what was seen ---

    def save(self, name: str, host, command) -> str:
        """Keep what a command prints as files/NAME; also returns it. CommandFailed (inconclusive) if it fails, or takes
        more than 30 s. Evidence: `evidence.text(name)`, `evidence.json(name)`."""
        done = host.run(command)
        return self.keep(name, done.stdout)

    def keep(self, name: str, data) -> str:
        """Keep text, or anything that JSON can say, as files/NAME; the text. TypeError for what JSON cannot say."""
        text = data if isinstance(data, str) else json.dumps(data, indent=1, sort_keys=True)
        (self.folder / layout.FILES / layout.safe_name(name)).write_text(text)
        return text

    def keep_key_log(self, name: str, text: str) -> None:
        """Keep a TLS key log as files/NAME, and put its secrets beside the captures, in pcapng files for Wireshark."""
        self.key_logs.append(self.keep(name, text))

    def mark(self, name: str) -> float:
        """Note this moment by name; seconds of lab time. Evidence: `evidence.mark(name)`."""
        self._claim(name)
        moment = self.now()
        self._append({"name": name, "kind": "mark", "start": round(moment, 9), "end": round(moment, 9)})
        return moment

    def fault(self, text: str) -> None:
        """Note that the student's work is at fault, and go on with the rest of the experiment. `text` is shown to the
        student at the head of the verdict."""
        self.faults.append(text)

    def progress(self, text: str) -> None:
        """Say what is going on; shown while the run lasts."""
        print(f"\x1e{text}", flush=True)

    @contextmanager
    def capture(self, *places, snaplen: int = 262144, only: str = ""):
        """Capture on hosts ("h1": all its interfaces) or interfaces ("s1-eth2") while the block runs, what comes in and
        what goes out, as captures/INTERFACE.pcap. Evidence: `evidence.frames("h1")`.

        `snaplen` bytes of each frame are kept (262144: all); `only` is a capture filter (pcap-filter(7)). NetworkError
        for a place that is not there, or if the capture is not whole.
        """
        folder, wanted = self.folder / layout.CAPTURES, []
        for place in places:
            node, names = self.net.place(place)
            for name in names:
                taken = len(list(folder.glob(f"{name}*.pcap")))
                path = folder / (f"{name}.{taken + 1}.pcap" if taken else f"{name}.pcap")
                path.touch()
                wanted.append((node.pid, name, path))
        with Capture(wanted, snaplen, only):
            yield

    def trace(self, only: str = "") -> Tracing:
        """Record the kernel's TCP tracepoints while the block runs (`with rec.trace():`); `only` is a trace filter
        ("sport == 80").. Evidence: `evidence.kernel(...)`. NetworkError if events were lost."""
        return Tracing(self.folder / layout.TRACE, self.monotonic_start_ns, self.net.networks(), only)

    def trace_neighbours(self) -> Tracing:
        """Record every change in every node's neighbour (ARP) cache while the block runs. Evidence:
        `evidence.neighbours(...)`. NetworkError if events were lost."""
        return Tracing(self.folder / layout.NEIGHBOUR_TRACE, self.monotonic_start_ns, self.net.networks(),
                       events=tracing.NEIGHBOUR_EVENTS, buffer_kib=tracing.NEIGHBOUR_BUFFER_KIB)

    def lose(self, name: str, interface: str, match: str, nth: Sequence[int] = ()) -> Loss:
        """Lose exact frames while the block runs: of those that match, the `nth` (from 1; none given: every one).

        They vanish as they come in at `interface` ("s1-eth1"); `match` is an expression of nft(8) ("tcp dport 80").
        NetworkError if nft refuses it. The account is kept as files/NAME, in JSON: {"place", "match", "nth",
        "matched", "dropped"}, the last two in frames.
        """
        return self.lose_each(interface, {name: (match, nth)})

    def lose_each(self, interface: str, wanted: dict[str, Wanted]) -> Loss:
        """The same for several at once, {name: (match, nth)}, each with a count and an account of its own."""
        for name in wanted:
            self._claim(name)
        return Loss(self.net.place(interface)[0], interface, wanted, self.keep, f"lose{len(self.names)}")

    # --- ending ---

    def close(self) -> None:
        """Stop what is still running; then the captures are whole, and get their secrets."""
        for service in reversed(self.services):
            service.stop()
        self.stack.close()
        if self.key_logs:
            secrets.write_beside(self.folder / layout.CAPTURES, "".join(self.key_logs), self.start_ns)

    def _claim(self, name: str) -> None:
        controllers.look(self.services)
        if layout.safe_name(name) in self.names:
            raise NetworkError(f"the experiment uses the name {name!r} twice")
        self.names.add(name)

    def _note(self, name, kind, host, command, started, status, out, err, stopped="", processor=None):
        self._keep("out", name, out[:OUTPUT_LIMIT])
        self._keep("err", name, err[:OUTPUT_LIMIT])
        self._append({"name": name, "kind": kind, "host": host.name, "argv": _argv(command), "start": round(started, 9),
                      "end": round(self.now(), 9), "status": status,
                      **({"stopped": stopped} if stopped else {}), **_processor(processor)})

    def _keep(self, part: str, name: str, text: str | None) -> None:
        if text:
            (self.folder / layout.OUTPUT / f"{name}.{part}").write_text(text)

    def _append(self, entry: dict) -> None:
        with open(self.folder / layout.TIMELINE, "ab") as file:
            file.write(layout.canonical(entry) + b"\n")


class Service:
    """A server that runs until the experiment ends, or until `stop()`. `process` is its subprocess.Popen, `started` the
    moment (s of lab time)."""

    def __init__(self, rec: Recorder, kind, name, host, command, start, box: sandbox.Sandbox | None = None):
        self.rec, self.kind, self.name, self.host, self.command, self.box = rec, kind, name, host, command, box
        self.started, self.stopped = rec.now(), False
        self.missed: type[Exception] | None = None  # what to raise if it ends by itself; None: that is no matter
        self.files = {part: rec.folder / layout.OUTPUT / f"{name}.{part}" for part in ("out", "err")}
        with open(self.files["out"], "wb") as out, open(self.files["err"], "wb") as err:
            self.process = start(stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def read(self, part: str) -> str:
        """What it has printed so far: `part` is "out" or "err"."""
        path = self.files[part]
        return path.read_text(errors="replace") if path.exists() else ""  # empty ones are not kept

    def stop(self, how: int = signal.SIGTERM, timeout: float = 5) -> int | None:
        """End it by the signal `how` (and kill it `timeout` s later if it will not) and record it; its exit status,
        negative for a signal. It may be called again."""
        if self.stopped:
            return self.process.returncode
        self.stopped = True
        alive = self.process.poll() is None
        if alive:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        spent, used = "", None
        if self.box:
            spent, used = self.box.limits.spent(self.process.returncode), self.box.limits.used()
            self.rec._refused(self.name, self.box)
            self.box.end()  # what it started may outlive it, and shall not
        for path in self.files.values():
            if not path.stat().st_size:
                path.unlink()
        self.rec._append({"name": self.name, "kind": self.kind, "host": self.host.name, "argv": _argv(self.command),
                          "start": round(self.started, 9), "end": round(self.rec.now(), 9),
                          "status": self.process.returncode,
                          "stopped": spent or ("at the end" if alive else "by itself"), **_processor(used)})
        return self.process.returncode


def last_words(text: str) -> str:
    """The end of what a program said, in no more than 12 lines, none endless."""
    return "\n".join(line[:300] for line in text.strip().splitlines()[-12:])


def _processor(seconds: float | None) -> dict:
    """Processor time as the timeline has it, where somebody counted."""
    return {} if seconds is None else {"processor": round(seconds, 6)}


def _argv(command) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else [str(part) for part in command]
