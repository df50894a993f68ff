"""The parts of an experiment. Each is run in a machine of its own, and only if it was not run before.

    @scene
    def kernel(net, rec): ...                       # what Linux does: uses nothing of the student's

    @scene(work=["*.py"])
    def resolver(net, rec, work): ...               # the student's program

A scene has a fresh network of the lab's topology, a clock from 0, and evidence of its own.
"""

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass

#: The name of the one scene of a lab that has no more than a function of this name.
WHOLE = "experiment"
#: What arguments of a check mean that are no scenes.
TAKEN = ("evidence", "params", "answers")


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
    """Mark a function as a scene of the lab; the first line of its docstring is the title. ValueError if there can be
    no scene of its name, or there is another."""
    def mark(function: Callable) -> Callable:
        if not callable(function) or not isinstance(work, (list, tuple)) or {type(one) for one in work} - {str}:
            raise TypeError('it is written @scene, or @scene(work=["server.py", "*.conf"]), with a list of patterns')
        name = function.__name__
        if name in TAKEN or not re.fullmatch("[A-Za-z][A-Za-z0-9_]{0,79}", name):
            raise ValueError(f"{name!r} cannot name a scene: use another name, of letters, digits and '_'")
        if isinstance(getattr(function.__globals__.get(name), "scene", None), Scene):
            raise ValueError(f"there are two scenes {name!r}")
        lines = (function.__doc__ or "").strip().splitlines()
        title = lines[0].rstrip(".") if lines else name.replace("_", " ")
        function.scene = Scene(name, title, function, tuple(work))  # type: ignore[attr-defined]
        return function

    return mark(function) if function else mark


def scenes_of(experiment) -> tuple[Scene, ...]:
    """The scenes of a loaded experiment.py, in the order of the file. One without any is one scene, its function
    `experiment`, with all of the student's work. AttributeError if it has neither; ValueError if it has both, or two
    scenes of a name."""
    marked = tuple(dict.fromkeys(thing.scene for thing in vars(experiment).values()
                                 if isinstance(getattr(thing, "scene", None), Scene)))
    names = [one.name for one in marked]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"there are two scenes {twice[0]!r}")
    if marked and WHOLE not in names and hasattr(experiment, WHOLE):
        raise ValueError(f"there are scenes, and a function {WHOLE} that is none")
    return marked or (Scene(WHOLE, "the experiment", experiment.experiment, ("*",)),)
