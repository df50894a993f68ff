"""Reading the evidence of a whole run: its scenes, each a Record, and what holds for all of them."""

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from mnlab.evidence import layout, manifest
from mnlab.evidence.manifest import Unreadable
from mnlab.evidence.record import Missing, Record
from mnlab.protocols.capture import Frame


class Run:
    """The evidence of one run of a lab. `scenes` are those that were played, by name, in the lab's order."""

    def __init__(self, folder: Path):
        """Unreadable if `folder` holds none, or what a former mnlab wrote."""
        self.folder = Path(folder)
        self.manifest = manifest.read(self.folder, manifest.RUN, manifest.REQUIRED_OF_A_RUN)
        self.params = self.manifest["params"]

    @cached_property
    def scenes(self) -> dict[str, Record]:
        """The scenes that were played, by name."""
        clock = self.manifest.get("machine", {}).get("clock", "")
        return {scene["name"]: Record(self.folder / layout.SCENES / scene["name"], self.params, clock)
                for scene in self.manifest["scenes"]}

    def scene(self, name: str) -> Record:
        """The Record of one scene. Missing if it was not played."""
        if name not in self.scenes:
            raise Missing(f"the scene {name!r} was not played in this run")
        return self.scenes[name]

    def title(self, name: str) -> str:
        """What a scene is called."""
        return next(scene["title"] for scene in self.manifest["scenes"] if scene["name"] == name)

    def named(self, frames: Iterable[Frame]) -> tuple[tuple[str, str, int], ...]:
        """What frames of this run are called: (scene, capture, number in that file), in order of scene and time."""
        order = {name: place for place, name in enumerate(self.scenes)}
        known = [(order[name], frame.time, (name, frame.where, frame.number)) for frame in frames
                 for name, record in self.scenes.items() if record.has(frame)]
        return tuple(dict.fromkeys(which for *_, which in sorted(known)))

    @property
    def evidence(self) -> "Record | Run":
        """What checks, answers and figures call evidence: in a lab of one scene its Record, else the run."""
        if len(self.manifest["scenes"]) + len(self.manifest.get("left_out", ())) == 1 and self.scenes:
            return next(iter(self.scenes.values()))
        return self

    @property
    def outcome(self) -> str:
        """How it ended: the worst that is said of a scene."""
        return worst(*(record.outcome for record in self.scenes.values()))

    @property
    def reason(self) -> str:
        """Why it did not end well: of each scene that did not, with its title where there are several."""
        said = {name: record.reason for name, record in self.scenes.items() if record.outcome != layout.OK}
        if len(self.manifest["scenes"]) < 2:
            return "\n".join(said.values())
        return "\n".join(f"{self.title(name)}: {reason}" for name, reason in said.items())

    def is_untouched(self) -> bool:
        """Whether the files are still those that the digest in the manifest was made of. A checksum, no signature."""
        return self.manifest["evidence_sha256"] == layout.digest(self.folder)

    def insist_on_whole(self) -> None:
        """Unreadable unless this is evidence with nothing changed, added or taken away, that can be read."""
        try:
            if not self.is_untouched():
                raise Unreadable(f"{self.folder} is not what was recorded: its digest does not match its files")
            if odd := next((path for path in self.folder.rglob("*") if path.is_symlink()
                            or not path.is_file() and not path.is_dir()), None):
                raise Unreadable(f"{self.folder} is not what was recorded: {odd.name!r} is neither file nor folder")
        except (OSError, ValueError, RecursionError):  # folders too deep, say
            raise Unreadable(f"{self.folder} is not what was recorded: it cannot be read") from None
        for record in self.scenes.values():
            record.insist_on_readable()


def worst(*outcomes: str) -> str:
    """Of several outcomes, the one that says most of the whole."""
    return next((one for one in (layout.INCONCLUSIVE, layout.STUDENT_FAULT) if one in outcomes), layout.OK)
