"""docs/api.md: what an author of labs can call, read out of the sources' docstrings.

The sources are read and not imported: half of them only work inside the lab machine. `SECTIONS` says what is public, in
which order, and how an author writes it; signatures, fields, words and constants are the sources' own.
"""

import ast
import difflib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mnlab.lab.lab import PACKAGE, ROOT

HEAD = """# What an author of labs can call

Made from the sources by `mnlab api --out docs/api.md`; a test compares. `mnlab api NAME` prints one entry. [How to write
a lab](labs.md) is the other page. Times are seconds of lab time and sizes bytes unless an entry says otherwise.
Whatever an experiment raises makes the run inconclusive, but for StudentFault; what a check raises makes it
inconclusive, but for a failed assertion.
"""


LONGEST_VALUE = 80  # characters of a constant that are shown


@dataclass(frozen=True)
class Section:
    """Public names of a source file: its functions, classes and constants, or the members of one class (`of`) that an
    author has an object of. `said` is what stands before a name where it is used: "tcp.", "rec.", "". `only` shows
    these names and no others, `without` all but these."""

    title: str
    file: str
    said: str = ""
    of: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


#: Mininet calls these while it builds a network, or Network itself does.
BUILDING = ("buildFromTopo", "configHosts", "startShell", "terminate", "cleanup", "linkTo", "make", "attach", "connected",
            "defaultDpid", "delIntf", "end", "hang_up", "settled", "write", "isSetup", "rename", "delete", "ifconfig")


def _protocol(name: str, *only: str, without: tuple[str, ...] = ()) -> Section:
    """A module of protocols/."""
    path = name.replace(".", "/")
    file = f"{path}.py" if (PACKAGE / f"protocols/{path}.py").is_file() else f"{path}/__init__.py"
    return Section(f"mnlab.protocols.{name}", f"protocols/{file}", f"{name}.", "", only, without)


#: The page: each group and its sections.
GROUPS = {
    "An experiment": (
        Section("What experiment.py is written with: from mnlab.lab import ...", "lab/scene.py", only=("scene",)),
        Section("", "lab/diagram.py"),
        Section("", "evidence/allowed.py", only=("Allowed",)),
        Section("", "lab/ports.py"),
        Section("mnlab.lab.lab", "lab/lab.py", only=("load",)),
        Section("mnlab.lab.rsa_keys", "lab/rsa_keys.py", "rsa_keys."),
        Section("rec: recording what happens", "evidence/recorder.py", "rec.", "Recorder", without=("close",)),
        Section("What rec.service and its like return", "evidence/recorder.py", "service.", "Service"),
        Section("mnlab.evidence.recorder", "evidence/recorder.py", only=("StudentFault",)),
    ),
    "The network": (
        Section("mnlab.net", "net/__init__.py"),
        Section("net: the network", "net/network.py", "net.", "Network", without=BUILDING),
        Section('net["h1"]: a node', "net/nodes.py", "node.", "Strict", without=BUILDING),
        Section("A node's shell, as Mininet's scripts know it", "net/conversation.py", "node.", "Conversation",
                without=BUILDING),
        Section("A switch that is Linux's bridge", "net/nodes.py", "switch.", "Bridge", without=BUILDING),
        Section("A switch that is Open vSwitch's", "net/openflow.py", "switch.", "OpenFlowSwitch", without=BUILDING),
        Section('net["h1"].intf(), link.intf1: an interface', "net/links.py", "intf.", "StrictIntf",
                without=BUILDING),
        Section("mnlab.net.errors", "net/errors.py", only=("NetworkError", "CommandFailed")),
        Section("mnlab.net.namespace", "net/namespace.py", "namespace.", without=("CLONE_FS", "SIOCGIFFLAGS")),
        Section("mnlab.net.sockets", "net/sockets.py", "sockets."),
        Section("mnlab.net.typed", "net/typed.py", "typed."),
        Section("mnlab.net.play", "net/play.py", "play."),
        Section("mnlab.net.tap", "net/tap.py"),
        Section("mnlab.net.tcp_info", "net/tcp_info.py", only=("tcp_info",)),
        Section("mnlab.net.wait", "net/wait.py"),
    ),
    "Topologies": tuple(Section(f"topologies.{path.stem}", f"topologies/{path.name}", without=("topos",))
                        for path in sorted(ROOT.glob("topologies/*.py"))),
    "Checks": (
        Section("What checks.py is written with: from mnlab.checks import ...", "checks/points.py",
                only=("points", "observation", "expect", "same", "near", "saw", "CheckFailed")),
        Section("A scene's name, or evidence: the record of a scene", "evidence/record.py", "record.", "Record"),
        Section("mnlab.evidence.record", "evidence/record.py", only=("Command", "Missing")),
        Section("evidence, in a lab of several scenes: the whole run", "evidence/run.py", "run.", "Run"),
        Section("answers: answers.toml", "checks/answers.py", "answers.", "Answers"),
    ),
    "Mutants": (
        Section("What mutants.py is written with: from mnlab.checks import mutant", "checks/mutants.py",
                only=("mutant", "rewrite", "instead", "curl_always")),
        Section("What a mutant of work changes", "checks/mutants.py", "work.", "WorkFolder"),
        Section("What a forged mutant changes", "checks/mutants.py", "evidence.", "Forgery"),
        Section("The same in a lab of several scenes", "checks/mutants.py", "evidence.", "ForgedRun"),
    ),
    "Protocols": (
        _protocol("capture"), _protocol("arp"), _protocol("ip"), _protocol("icmp"), _protocol("udp"),
        _protocol("tcp"), _protocol("tcp.segment"), _protocol("tcp.side"), _protocol("tcp.repeats"),
        _protocol("tcp.teardown"), _protocol("tcp.windows"), _protocol("tcp.congestion"), _protocol("tcp.rto"),
        _protocol("tcp.rtt"), _protocol("tcp.sack"), _protocol("tcp.kernel"), _protocol("kernel"),
        _protocol("neighbours"), _protocol("dns"), _protocol("http"), _protocol("curl"), _protocol("tls"),
        _protocol("tls.hello"), _protocol("tls.keys"), _protocol("tls.opening"), _protocol("openflow"),
        _protocol("openflow.wire"), _protocol("openflow.flow_table"), _protocol("igmp"), _protocol("layers"),
        _protocol("transit"), _protocol("message"), _protocol("checksum"), _protocol("chance"),
    ),
}


@dataclass(frozen=True)
class Entry:
    """One public name: how it is written, what it looks like, its words, and what belongs to it. `source` is where it
    stands."""

    name: str
    signature: str
    words: str
    members: tuple["Entry", ...] = ()
    source: str = ""


def page() -> str:
    """All of it, in Markdown."""
    parts = [HEAD]
    for group, sections in GROUPS.items():
        parts.append(f"## {group}\n")
        for section in sections:
            if section.title:
                parts.append(f"### {section.title}\n")
            parts += [f"{about(section)}\n"] if about(section) else []
            parts += [_markdown(entry) for entry in entries(section)]
    return "\n".join(parts).rstrip("\n") + "\n"


def find(name: str) -> list[Entry]:
    """The entries of this name, whole ("rec.capture") or only its end ("capture"); KeyError with a near name if there
    are none."""
    known: dict[str, list[Entry]] = {}
    for entry in everything():
        parts = entry.name.removeprefix("mnlab.").split(".")
        for start in range(len(parts)):
            known.setdefault(".".join(parts[start:]), []).append(entry)
    asked = name.removeprefix("mnlab.").removesuffix("()")
    if asked in known:
        return known[asked]
    near = difflib.get_close_matches(asked, known, n=1, cutoff=0.6)
    raise KeyError(near[0] if near else "")


def everything() -> Iterator[Entry]:
    """Every entry, those of members and of whole modules, too."""
    for sections in GROUPS.values():
        for section in sections:
            if section.said and not section.of:
                yield Entry(section.said.rstrip("."), section.title, about(section), tuple(entries(section)))
            for entry in entries(section):
                yield entry
                yield from entry.members


def shown(entry: Entry) -> str:
    """One entry for the terminal."""
    return _markdown(entry).rstrip("\n")


def about(section: Section) -> str:
    """What stands above a section's entries: the words of its module or class."""
    tree = _tree(section.file)
    if section.of:
        return _words(_class(tree, section.of))
    return "" if section.only or not section.title else _words(tree)


def entries(section: Section) -> list[Entry]:
    """The entries of a section, in the order of its file."""
    tree = _tree(section.file)
    if section.of:
        return list(_members(section.file, _class(tree, section.of), section.said, section.without))
    found = [_entry(section, node) for node in tree.body]
    return [entry for entry in found if entry]


def _entry(section: Section, node: ast.stmt) -> Entry | None:
    name = _name(node)
    if not name or name.startswith("_") or name in section.without or section.only and name not in section.only:
        return None
    where = f"{section.file}:{node.lineno}"
    match node:
        case ast.FunctionDef():
            return Entry(section.said + name, _call(node, section.said + name), _words(node), source=where)
        case ast.ClassDef():
            return Entry(section.said + name, _made(node, section.said + name), _words(node),
                         tuple(_members(section.file, node, f"{name}.", ())), where)
        case _:
            return Entry(section.said + name, section.said + _constant(node), _comment(section.file, node),
                         source=where)


def _members(file: str, node: ast.ClassDef, said: str, without: tuple[str, ...]) -> Iterator[Entry]:
    for one in node.body:
        if not isinstance(one, ast.FunctionDef) or one.name.startswith("_") or one.name in without:
            continue
        kinds = {ast.unparse(decorator) for decorator in one.decorator_list}
        if not any(kind.endswith(".setter") for kind in kinds):
            yield Entry(said + one.name, _call(one, said + one.name, method=True), _words(one),
                        source=f"{file}:{one.lineno}")


def _markdown(entry: Entry) -> str:
    lines = [f"#### {entry.name}\n", f"```python\n{entry.signature}\n```\n"] if entry.signature else []
    lines += [f"{entry.words}\n"]
    for member in entry.members:
        lines.append(f"- `{member.signature}`: {' '.join(member.words.split())}")
    return "\n".join(lines) + ("\n" if entry.members else "")


# --- what the sources say ---

@cache
def _source(file: str) -> str:
    return ((ROOT if file.startswith("topologies/") else PACKAGE) / file).read_text()


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse(_source(file))


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _name(node: ast.stmt) -> str:
    """The name that a statement of a module gives something; "" if it gives none, or several."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]) \
                | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return ""


def _words(node) -> str:
    return inspect.cleandoc(ast.get_docstring(node) or "")


def _call(node: ast.FunctionDef, name: str, method: bool = False) -> str:
    """How a function is called, or a property read."""
    kinds = {ast.unparse(decorator) for decorator in node.decorator_list}
    returns = ast.unparse(node.returns) if node.returns else ""
    if {"property", "cached_property"} & kinds:
        return f"{name}: {returns}" if returns else name
    arguments = ast.unparse(node.args)
    if method and not {"staticmethod"} & kinds:
        arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    before = "with " if "contextmanager" in kinds else ""
    return f"{before}{name}({arguments})" + (f" -> {returns}" if returns and not before else "")


def _made(node: ast.ClassDef, name: str) -> str:
    """What a class is made of: its fields, or what its __init__ (a topology's build) takes."""
    fields = [_field(one) for one in node.body if isinstance(one, ast.AnnAssign) and not _name(one).startswith("_")]
    if fields:
        return f"{name}({', '.join(fields)})"
    made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name in ("__init__", "build")),
                None)
    return _call(made, name, method=True).removesuffix(" -> None") if made else name


def _field(node: ast.AnnAssign) -> str:
    value, kind = node.value, ast.unparse(node.annotation)
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        said = {word.arg: word.value for word in value.keywords}
        value = said.get("default")
        if made := said.get("default_factory"):
            value = ast.Call(made, [], [])
    return f"{_name(node)}: {kind}" + (f" = {ast.unparse(value)}" if value is not None else "")


def _constant(node) -> str:
    value = ast.unparse(node.value) if node.value else ""
    return f"{_name(node)} = {value}" if len(value) <= LONGEST_VALUE else _name(node)


def _comment(file: str, node: ast.stmt) -> str:
    """The words at a constant: lines of "#:" above it, or what stands behind it."""
    lines = _source(file).splitlines()
    above, number = [], node.lineno - 2
    while number >= 0 and lines[number].startswith("#:"):
        above.insert(0, lines[number][2:].strip())
        number -= 1
    behind = re.search(r"  # (?!noqa|type:)(.*)", lines[(node.end_lineno or node.lineno) - 1])
    return " ".join([*above, *([behind[1]] if behind else [])])
