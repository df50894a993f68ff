"""Inside the machine: a topology of the user's own, as `mn --custom FILE --topo NAME,ARGUMENTS` takes it.

Whatever is wrong with the file is told as file, line and words (BadTopology), and never as a traceback of ours.
"""

import linecache
import traceback
from contextlib import contextmanager
from pathlib import Path

from mininet.topo import LinearTopo, MinimalTopo, SingleSwitchReversedTopo, SingleSwitchTopo, Topo
from mininet.topolib import TorusTopo, TreeTopo
from mininet.util import splitArgs

from mnlab.lab.inside import load
from mnlab.net.errors import NetworkError

FOLDER = Path("topology").absolute()  # where the job holds the file

#: What `mn` knows without a file.
OWN = {"minimal": MinimalTopo, "linear": LinearTopo, "reversed": SingleSwitchReversedTopo, "single": SingleSwitchTopo,
       "tree": TreeTopo, "torus": TorusTopo}


class BadTopology(Exception):
    """The user's topology cannot be had. The text is up to three lines: where, and why."""


def make(wanted: str, file: str) -> Topo:
    """The topology `wanted` ("lan,3,bw=10"; "": the only one) of `file`; "": of Mininet itself.

    BadTopology if it cannot be.
    """
    name, positional, named = splitArgs(wanted)
    if file:
        with blame(file):
            found = topologies(load("topology", FOLDER / Path(file).name))
    else:
        found = OWN
    if not name and len(found) == 1:
        name = next(iter(found))
    where = file or "Mininet"
    if name not in found:
        has = f"it has: {', '.join(found)}" if found else "it has none (topos = {\"name\": ATopoClass})"
        raise BadTopology(f"{where} has no topology {name!r}; {has}" if name else f"name a topology of {where}; {has}")
    with blame(where):
        made = found[name](*positional, **named)
    if not isinstance(made, Topo):
        raise BadTopology(f"{where}: {name} makes a {type(made).__name__}, which is no mininet.topo.Topo")
    return made


def topologies(module) -> dict:
    """What a file has: `topos`, as for `mn`, else its own classes on top of Topo."""
    classes = {name: thing for name, thing in vars(module).items()
               if isinstance(thing, type) and issubclass(thing, Topo) and thing.__module__ == module.__name__}
    return {**getattr(module, "topos", {})} or classes


@contextmanager
def blame(file: str):
    """Whatever goes wrong in here is the fault of `file`: BadTopology with the line in it, if there is one."""
    try:
        yield
    except NetworkError:
        raise  # says itself what of the network cannot be
    except (Exception, SystemExit) as fault:
        raise BadTopology(words_of(fault, file)) from None


def words_of(fault: BaseException, file: str) -> str:
    """ "FILE, line N:", the line, and what Python says of it."""
    words = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    if isinstance(fault, SyntaxError):
        return f"{file}, line {fault.lineno}:\n    {(fault.text or '').strip()}\n{words.split(' (')[0]}"
    own = [frame for frame in traceback.extract_tb(fault.__traceback__) if Path(frame.filename).parent == FOLDER]
    if not own:
        return f"{file}: {words}"
    return f"{file}, line {own[-1].lineno}:\n    {_text(own[-1])}\n{words}"


def _text(frame: traceback.FrameSummary) -> str:
    return linecache.getline(frame.filename, frame.lineno or 0).strip()
