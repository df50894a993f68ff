"""Reading evidence: what checks, diagrams and people ask of a recorded run. Never touches a network."""

import json
import re
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

from mnlab.evidence import layout, manifest
from mnlab.evidence.manifest import Unreadable
from mnlab.protocols import capture, kernel, neighbours


class Missing(Exception):
    """The evidence has no such thing. In a check it means that nothing can be said, unless the student is at fault."""


@dataclass(frozen=True)
class Command:
    """One line of the timeline. `kind` is command, student, service or mark; times are seconds of lab time, `processor`
    seconds of processor time (of a student's programs, where control groups count them). `status` is the exit status
    (negative: a signal; None: it was stopped, and `stopped` says why); `stdin`, `stdout` and `stderr` what it was
    given and what it printed, as text."""

    name: str
    kind: str
    start: float
    end: float
    host: str = ""
    argv: tuple[str, ...] = ()
    status: int | None = None
    stopped: str = ""
    processor: float | None = None
    stdin: str = field(default="", repr=False)
    stdout: str = field(default="", repr=False)
    stderr: str = field(default="", repr=False)

    def json(self):
        """What it printed, read as JSON. Missing if it is none."""
        try:
            return json.loads(self.stdout)
        except (ValueError, RecursionError):
            raise Missing(f"{self.name} did not print JSON") from None

    @property
    def line(self) -> str:
        """The command as one would type it."""
        return " ".join(self.argv)


class Record:
    """The evidence of one scene, in a folder of its own. `params` are the run's; `clock` is that of its machine,
    "virtual" (exact, and the same each time) or "real". `hosts` is the network as it was built: node -> {"kind",
    "interfaces": {name -> {"mac", "ip", "prefix", "peer"}}}. `outcome` is "ok", "student_fault" or "inconclusive", and
    `reason` says why it is not ok."""

    def __init__(self, folder: Path, params: dict, clock: str = ""):
        self.folder, self.params, self.clock = Path(folder), params, clock
        self.manifest = manifest.read(self.folder, manifest.SCENE, manifest.REQUIRED_OF_A_SCENE)
        self.start_ns = self.manifest["start_ns"]
        self.hosts = self.manifest["network"]
        self.outcome, self.reason = self.manifest["outcome"], self.manifest["reason"]

    # --- what was done ---

    @cached_property
    def timeline(self) -> list[Command]:
        """Every command, service and mark, in the order in which they ended."""
        commands, known = [], {field.name for field in fields(Command)} - {"stdout", "stderr"}
        for number, line in enumerate(self._bytes(layout.TIMELINE).splitlines(), start=1):
            try:
                entry = manifest.line(line, known)
            except ValueError:
                raise Unreadable(f"{self.folder} is damaged: line {number} of {layout.TIMELINE}") from None
            entry["argv"] = tuple(entry.get("argv", ()))
            commands.append(Command(**entry, stdin=self._output(entry["name"], "in"),
                                    stdout=self._output(entry["name"], "out"),
                                    stderr=self._output(entry["name"], "err")))
        return commands

    def command(self, name: str) -> Command:
        """The command, student's program or server recorded as `name`. Missing if there is none."""
        for command in self.timeline:
            if command.name == name:
                return command
        raise Missing(f"the run did not get as far as {name!r}")

    def mark(self, name: str) -> float:
        """The moment noted as `name`, in seconds of lab time. Missing if there is none."""
        return self.command(name).start

    # --- what was seen ---

    def frames(self, *places: str) -> list[capture.Frame]:
        """Frames captured on hosts ("h1", all interfaces) or interfaces ("h1-eth0"), in order of time. Missing if there
        was no capture; [] if one saw nothing. BadCapture for a damaged file."""
        return capture.merge(*(self._capture(path) for place in places for path in self._captures(place)))

    def during(self, name: str, *places: str) -> list[capture.Frame]:
        """Frames captured there while the command `name` ran. Missing as with `frames` and `command`."""
        command = self.command(name)
        return [frame for frame in self.frames(*places) if command.start <= frame.time <= command.end]

    def captured(self) -> dict[str, list[capture.Frame]]:
        """The frames of every capture, by its name (Frame.where). BadCapture for a damaged file."""
        paths = sorted((self.folder / layout.CAPTURES).glob("*.pcap"))
        return {path.stem: self._capture(path) for path in paths}

    def has(self, frame: capture.Frame) -> bool:
        """Whether this very frame was read from a capture of this scene."""
        frames = self._cached_captures.get(self.folder / layout.CAPTURES / f"{frame.where}.pcap", ())
        return frame.number <= len(frames) and frames[frame.number - 1] is frame

    def _captures(self, place: str) -> list[Path]:
        folder = self.folder / layout.CAPTURES
        interfaces = self.hosts.get(place, {}).get("interfaces", {})
        known = {name for node in self.hosts.values() for name in node["interfaces"]}
        names = {path: path.stem if path.stem in known else re.sub(r"\.\d+$", "", path.stem)
                 for path in sorted(folder.glob("*.pcap"))}  # "h1-eth0" of h1-eth0.2.pcap
        found = [path for path, name in names.items()
                 if name in interfaces or re.fullmatch(rf"{re.escape(place)}(-eth\d+)?", name)]
        if not found:
            raise Missing(f"nothing was captured on {place}")
        return found

    def _capture(self, path: Path) -> list[capture.Frame]:
        if path not in self._cached_captures:
            self._cached_captures[path] = capture.read_capture(path, self.start_ns)
        return self._cached_captures[path]

    @cached_property
    def _cached_captures(self) -> dict:
        return {}

    def text(self, name: str) -> str:
        """What the experiment saved as `name`. Missing if it did not."""
        return self._bytes(f"{layout.FILES}/{name}").decode(errors="replace")

    def json(self, name: str):
        """What the experiment saved as `name`, read as JSON. Missing if it did not, or if it is none."""
        try:
            return json.loads(self.text(name))
        except (ValueError, RecursionError):
            raise Missing(f"files/{name} is not JSON") from None

    @cached_property
    def _kernel(self) -> kernel.Account:
        return kernel.account(*self._trace(layout.TRACE))

    def _trace(self, name: str) -> tuple[str, float]:
        """A trace's text, and what to add to its times (s) to have lab time."""
        first, _, rest = self._bytes(name).decode(errors="replace").partition("\n")
        try:
            return rest, -float(first.removeprefix("# start "))
        except ValueError:
            raise Unreadable(f"{self.folder} is damaged: the first line of {name}") from None

    def kernel(self, *kinds: type[kernel.Event]) -> list:
        """The kernel's TCP tracepoints (protocols.kernel) of these kinds, or all; times in seconds of lab time.

        Missing if the kernel could not tell of one that is asked for: what is not there is not "none"."""
        unknown = self._kernel.unknown
        asked = ["", *(kind.name for kind in kinds)] if kinds else unknown
        if why := [unknown[name] for name in asked if name in unknown]:
            raise Missing("; ".join(why))
        return [event for event in self._kernel.events if isinstance(event, kinds or kernel.Event)]

    def neighbours(self, device: str, address: str) -> list[neighbours.Neighbour]:
        """How the entry for `address` in the cache of the node with interface `device` changed. Missing if the kernel
        could not tell of every change."""
        if why := neighbours.unknown(self._trace(layout.NEIGHBOUR_TRACE)[0]):
            raise Missing(why)
        return [entry for entry in neighbours.changes(*self._trace(layout.NEIGHBOUR_TRACE))
                if (entry.device, entry.address) == (device, address)]

    # --- who is who ---

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {address: name for name, node in self.hosts.items() for intf in node["interfaces"].values()
                 for address in (intf["mac"], intf["ip"]) if address}
        return names | {node["dpid"]: name for name, node in self.hosts.items() if node.get("dpid")}

    def name_of(self, address: str) -> str:
        """The node that has a MAC or IP address or a datapath id (16 hex digits); what was given, if none has."""
        return self._names.get(address, address)

    def ip(self, node: str) -> str:
        """The first IP address of a node. Missing if it has none."""
        return self._first(node, "ip")

    def mac(self, node: str) -> str:
        """The MAC address of a node's first interface. Missing if it has none."""
        return self._first(node, "mac")

    def _first(self, node: str, what: str) -> str:
        for intf in self.hosts.get(node, {}).get("interfaces", {}).values():
            if intf[what]:
                return intf[what]
        raise Missing(f"{node} has no {what}")

    # --- files ---

    def _bytes(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            raise Missing(f"the run recorded no {name}") from None

    def _output(self, name: str, part: str) -> str:
        path = self.folder / layout.OUTPUT / f"{name}.{part}"
        return path.read_text(errors="replace") if path.is_file() else ""

    def insist_on_readable(self) -> None:
        """Unreadable if a file that is read line by line is damaged."""
        for name, read in ((layout.TIMELINE, lambda: self.timeline), (layout.TRACE, lambda: self._kernel),
                           (layout.NEIGHBOUR_TRACE, lambda: neighbours.changes(*self._trace(layout.NEIGHBOUR_TRACE)))):
            if (self.folder / name).is_file():
                try:
                    read()
                except (ValueError, OverflowError):
                    raise Unreadable(f"{self.folder} is damaged: {name}") from None
