"""The parts of an experiment. Each is run in a machine of its own, and only if it was not run before.

    @scene
    def kernel(net, rec): ...                       # what Linux does: uses nothing of the student's

    @scene(work=["*.py"])
    def resolver(net, rec, work): ...               # the student's program

A scene has a fresh network of the lab's topology, a clock from 0, and evidence of its own.
"""

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass

#: The name of the one scene of a lab that has no more than a function of this name.
WHOLE = "experiment"


@dataclass(frozen=True)
class Scene:
    """One scene. `work`: patterns (fnmatch) of the files of the student's work that it gets, with "*" also in
    folders; none: it has nothing to do with the student's work."""

    name: str
    title: str
    function: Callable
    work: tuple[str, ...] = ()

    def play(self, net, rec) -> None:
        """Let it happen. A scene with work gets the folder, too."""
        self.function(net, rec, rec.work) if self.work else self.function(net, rec)

    def files(self, work: dict) -> dict:
        """Of a work folder's files, {name: contents}, those that this scene gets."""
        return {name: data for name, data in work.items()
                if any(fnmatch.fnmatchcase(name, pattern) for pattern in self.work)}


def scene(function: Callable | None = None, *, work: list[str] | tuple[str, ...] = ()):
    """Mark a function as a scene of the lab; the first line of its docstring is the title."""
    def mark(function: Callable) -> Callable:
        lines = (function.__doc__ or "").strip().splitlines()
        title = lines[0].rstrip(".") if lines else function.__name__.replace("_", " ")
        if isinstance(work, str):
            raise TypeError(f"the scene {function.__name__} names its files in a list: work=[{work!r}]")
        function.scene = Scene(function.__name__, title, function, tuple(work))  # type: ignore[attr-defined]
        return function

    return mark(function) if function else mark


def scenes_of(experiment) -> tuple[Scene, ...]:
    """The scenes of a loaded experiment.py, in the order of the file. One without any is one scene, its function
    `experiment`, with all of the student's work. AttributeError if it has neither."""
    marked = tuple(thing.scene for thing in vars(experiment).values()
                   if isinstance(getattr(thing, "scene", None), Scene))
    return marked or (Scene(WHOLE, "the experiment", experiment.experiment, ("*",)),)
