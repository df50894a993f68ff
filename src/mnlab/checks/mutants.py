"""Ways to break a lab, each of which some check must catch. What a lab's mutants.py is written with.

    @mutant.answers("...")   changes the reference answers; no machine needed
    @mutant.work("...")      changes the solution's files, then runs; breaks="R2": a rule of the handout, and no other
    @mutant.right("...")     correct work, written differently: it must have full marks
    @mutant.network("...")   changes the network after it is built, then runs; of scenes=["kernel"], only these
    @mutant.forged("...")    changes a copy of the evidence: only where a kernel cannot be made to misbehave

Each may say where= it can be tried, as checks do.

This module also runs inside the lab machine (for `network`), so it imports nothing of the outside.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnlab.lab.features import known

KINDS = ("answers", "work", "right", "network", "forged")


@dataclass(frozen=True)
class Mutant:
    """One way to break a lab, or (kind "right") to do it well otherwise. `scenes` are those that a network mutant
    touches; none named: all. `breaks` is the rule of the handout that a work mutant breaks, "" if it breaks none alone.
    On a machine that does not show the features `where` it is not tried."""

    name: str
    kind: str
    description: str
    function: Callable
    scenes: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    breaks: str = ""


class _Marker:
    """`mutant.KIND("description")` marks a function as a mutant of that kind."""

    def __getattr__(self, kind: str):
        if kind not in KINDS:
            raise AttributeError(f"there are mutants of these kinds: {', '.join(KINDS)}; not {kind}")

        def described(description: str, scenes: list[str] | tuple[str, ...] = (),
                      where: str | tuple[str, ...] = (), breaks: str = ""):
            if breaks and kind != "work":
                raise TypeError(f"mutants of the work break rules; {kind} mutants break none")
            if scenes and kind != "network":
                raise TypeError(f"network mutants name scenes; of {kind} mutants it is told by what they change")
            if isinstance(scenes, str):
                raise TypeError(f"scenes are named in a list: scenes=[{scenes!r}]")

            features = known(where)

            def mark(function):
                function.mutant = Mutant(function.__name__, kind, description, function, tuple(scenes), features,
                                         breaks)
                return function
            return mark
        return described


#: A function marked `@mutant.KIND("what is wrong")` is a mutant. KIND says what the function gets and changes:
#: `answers` (answers, params): the dict of reference answers; `work` (work, params): a WorkFolder; `right`: one of
#: these two, with correct work; `network` (net, params): the network before a scene is played; `forged` (evidence):
#: a Forgery, or a ForgedRun. `breaks="R2"`, of `work` alone, names the one rule that it breaks; `scenes=["kernel"]`,
#: of `network` alone, those that it touches (else all); `where="feature"` is as in `points`. TypeError for a word
#: too many.
mutant = _Marker()


def mutants_of(module) -> list[Mutant]:
    """The mutants of a loaded mutants.py, in the order of the file."""
    return [thing.mutant for thing in vars(module).values() if isinstance(getattr(thing, "mutant", None), Mutant)]


def edits_of(module: dict, file: str, told: Callable[[str, dict], str] = lambda text, params: text) -> Callable:
    """A function wrong(name, rule, description, *edits) that adds to a mutants.py (`module`: its globals()) a mutant of
    the work which breaks `rule`: in `file` each of `edits` is (what stands there, what shall), both after
    told(text, params)."""
    def wrong(name: str, rule: str, description: str, *edits: tuple[str, str]) -> None:
        def change(work, params):
            for old, new in edits:
                work.edit(file, told(old, params), told(new, params))

        change.__name__ = name
        module[name] = mutant.work(description, breaks=rule)(change)
    return wrong


def rewrite(node, old: str, new: str, only: str = "") -> None:
    """For `network` mutants: what `node` is told to run holds `new` for `old`, in the command itself and in its input;
    in every command, or in those that hold the words `only`."""
    real = node.run

    def run(command, input=None, **options):
        words = command if isinstance(command, str) else " ".join(command)
        if only in words or only in (input or ""):
            command = command.replace(old, new) if isinstance(command, str) else [
                part.replace(old, new) for part in command]
            input = input and input.replace(old, new)
        return real(command, input=input, **options)

    node.run = run


def instead(node, swaps: dict) -> None:
    """For `network` mutants: `node` takes other values for sysctls than the experiment asks for: {(name, value):
    value}."""
    real = node.sysctl
    node.sysctl = lambda name, value: real(name, swaps.get((name, value), value))


def curl_always(node, *options: str) -> None:
    """For `network` mutants: `node`'s curl takes these options, written as in a .curlrc, with every call."""
    lines = "\n".join(options)
    node.run(f"mount -t tmpfs none /root && echo '{lines}' > /root/.curlrc")


class WorkFolder:
    """What a `work` or `right` mutant changes: a copy of the solution. `lab` is the lab's own folder."""

    def __init__(self, folder: Path, lab: Path):
        self.folder, self.lab = folder, lab

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, everywhere in a file. ValueError if it is not: the mutant has rotted."""
        path = self.folder / name
        text = path.read_text()
        if old not in text:
            raise ValueError(f"{name} no longer holds {old!r}: this mutant changes nothing")
        path.write_text(text.replace(old, new))

    def write(self, name: str, text: str) -> None:
        """Write a whole file."""
        (self.folder / name).write_text(text)

    def take(self, source: str, name: str) -> None:
        """Put a file of the lab's folder right/ in the place of `name`. FileNotFoundError if it is not there."""
        self.write(name, (self.lab / "right" / source).read_text())

    def remove(self, name: str) -> None:
        """Take a file away. FileNotFoundError if it is not there."""
        (self.folder / name).unlink()


class Forgery:
    """What a `forged` mutant changes: a copy of one scene's evidence, in `folder`."""

    def __init__(self, folder: Path):
        self.folder = folder

    def rewrite_frames(self, place: str, change) -> None:
        """Pass each frame captured at `place` ("h1", "h1-eth0") through change(packet, number) -> packet or None."""
        import scapy.layers.inet  # noqa: F401  (or nothing that a frame carries is known)
        from scapy.layers.l2 import Ether
        from scapy.utils import RawPcapReader, RawPcapWriter
        for path in self._captures(place):
            kept = []
            with RawPcapReader(str(path)) as reader:
                for number, (data, meta) in enumerate(reader, start=1):
                    packet = change(Ether(data), number)
                    if packet is not None:
                        kept.append((bytes(packet), meta))
            writer = RawPcapWriter(str(path), linktype=1, nano=True)
            writer.write_header(None)
            for data, meta in kept:
                cut = meta.wirelen - meta.caplen  # what was not captured of it
                writer.write_packet(data, sec=meta.sec, usec=meta.usec, caplen=len(data), wirelen=len(data) + cut)
            writer.close()

    def _captures(self, place: str) -> list[Path]:
        paths = [path for path in sorted((self.folder / "captures").glob("*.pcap"))
                 if path.name.split(".")[0] == place or "-" not in place and path.name.startswith(f"{place}-")]
        if not paths:
            raise ValueError(f"nothing was captured on {place}: this mutant changes nothing")
        return paths

    def rewrite_text(self, name: str, change) -> None:
        """Pass a file's text through change(text). ValueError if that changes nothing: the mutant has rotted."""
        path = self.folder / name
        before = path.read_text()
        after = change(before)
        if after == before:
            raise ValueError(f"{name} stays as it was: this mutant changes nothing")
        path.write_text(after)


class ForgedRun:
    """A copy of a run's evidence, in `folder`. A mutant of a lab with several scenes says whose it changes."""

    def __init__(self, folder: Path):
        self.folder = folder

    def scene(self, name: str) -> Forgery:
        """One scene's evidence. ValueError if there is none."""
        place = self.folder / "scenes" / name
        if not place.is_dir():
            raise ValueError(f"there is no scene {name!r}: this mutant changes nothing")
        return Forgery(place)

    @property
    def evidence(self) -> "Forgery | ForgedRun":
        """What a mutant is given: in a lab of one scene that scene's evidence."""
        names = [path.name for path in (self.folder / "scenes").iterdir()]
        return self.scene(names[0]) if len(names) == 1 else self
