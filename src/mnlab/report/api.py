"""docs/api.md: what an author of labs can call, read out of the sources' docstrings.

The sources are read and not imported: half of them only work inside the lab machine. `GROUPS` says what is public, in
which order, and how an author writes it; signatures, fields, words and constants are the sources' own.
"""

import ast
import difflib
import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mnlab.lab.lab import PACKAGE, ROOT

HEAD = """# What an author of labs can call

Made of the sources' own words by `mnlab api --out docs/api.md`; a test compares. `mnlab api NAME` prints one entry:
`mnlab api rec.capture`, `mnlab api tcp.connections`, `mnlab api expect`. The other pages: [how to write a
lab](labs.md), [the network's parameters](network.md).

Unless an entry says otherwise, times are seconds of lab time, from the moment the network stood, and sizes are bytes;
addresses are text ("10.0.0.1", "02:00:00:00:00:07"); `frames` is a list of capture.Frame, as `evidence.frames("h1")`
gives it; a `node` or `host` is what `net["h1"]` gives. What an experiment raises makes the run inconclusive, all but
StudentFault. In a check a failed assertion (CheckFailed) is a *fail*, and whatever else is raised is *inconclusive*.
What reads frames raises nothing, however damaged they are.
"""
WIDTH = 120  # columns
LONGEST_VALUE = 80  # characters of a constant that are shown


@dataclass(frozen=True)
class Section:
    """Public names of a source file: its functions, classes and constants, or the members of one class (`of`) that an
    author has an object of. `said` is what stands before a name where it is used: "tcp.", "rec.", "". `only` shows
    these names and no others, `without` all but these ("NAME", "CLASS.MEMBER")."""

    title: str
    file: str
    said: str = ""
    of: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


#: What Mininet or Network calls while a network is built, and what is there to refuse a call.
BUILDING = ("buildFromTopo", "configHosts", "start", "startShell", "terminate", "cleanup", "linkTo", "make", "attach",
            "connected", "defaultDpid", "delIntf", "end", "hang_up", "settled", "write", "rename", "delete")


def _protocol(name: str, *without: str) -> Section:
    """A module of protocols/."""
    path = f"protocols/{name.replace('.', '/')}"
    file = f"{path}.py" if (PACKAGE / f"{path}.py").is_file() else f"{path}/__init__.py"
    return Section(f"mnlab.protocols.{name}", file, f"{name}.", without=without)


#: The page: each group and its sections.
GROUPS = {
    "An experiment": (
        Section("mnlab.lab: for experiment.py", "lab/scene.py", only=("scene",)),
        Section("", "lab/diagram.py"),
        Section("", "evidence/allowed.py", only=("Allowed",), without=("Allowed.shows_package", "Allowed.words")),
        Section("", "lab/ports.py"),
        Section("mnlab.lab.lab", "lab/lab.py", only=("load",)),
        Section("mnlab.lab.work", "lab/work.py", only=("fill_in",)),
        Section("mnlab.lab.student_toml", "lab/student_toml.py", only=("parse", "BadWork")),
        Section("mnlab.lab.rsa_keys", "lab/rsa_keys.py", "rsa_keys.", without=("RSA_ENCRYPTION", "PRIMES")),
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
        Section("A switch that is Linux's bridge", "net/nodes.py", "switch.", "Bridge",
                without=tuple(name for name in BUILDING if name != "start")),
        Section("A switch that is Open vSwitch's", "net/openflow.py", "switch.", "OpenFlowSwitch",
                without=tuple(name for name in BUILDING if name != "start")),
        Section('An interface: net["h1"].intf(), link.intf1', "net/links.py", "intf.", "StrictIntf",
                without=BUILDING),
        Section("mnlab.net.errors", "net/errors.py", only=("NetworkError", "CommandFailed")),
        Section("mnlab.net.namespace", "net/namespace.py", "namespace.",
                only=("inside", "set_sysctl", "is_running", "exists", "hardware_address", "mtu", "address",
                      "listening_tcp_ports", "bound_udp_ports")),
        Section("mnlab.net.sockets", "net/sockets.py", "sockets."),
        Section("mnlab.net.typed", "net/typed.py", "typed."),
        Section("mnlab.net.play", "net/play.py"),
        Section("mnlab.net.tap", "net/tap.py", only=("Tap",)),
        Section("mnlab.net.tcp_info", "net/tcp_info.py", only=("tcp_info",)),
        Section("mnlab.net.wait", "net/wait.py"),
    ),
    "Topologies": tuple(Section(f"topologies.{path.stem}", f"topologies/{path.name}", without=("topos", "Router"))
                        for path in sorted(ROOT.glob("topologies/*.py"))),
    "Checks": (
        Section("mnlab.checks: for checks.py", "checks/points.py",
                only=("points", "observation", "expect", "same", "near", "saw", "CheckFailed")),
        Section("mnlab.checks.points", "checks/points.py", only=("show",)),
        Section("evidence, or a scene's name: the record of a scene", "evidence/record.py", "evidence.", "Record",
                without=("insist_on_readable", "has")),
        Section("mnlab.evidence.record", "evidence/record.py", only=("Command", "Missing")),
        Section("evidence in a lab of several scenes: the whole run", "evidence/run.py", "evidence.", "Run",
                without=("insist_on_whole", "is_untouched", "evidence", "named")),
        Section("answers: answers.toml", "checks/answers.py", "answers.", "Answers"),
    ),
    "Mutants": (
        Section("mnlab.checks: for mutants.py", "checks/mutants.py",
                only=("mutant",)),
        Section("mnlab.checks.mutants", "checks/mutants.py", only=("rewrite", "instead", "curl_always", "edits_of")),
        Section("work: what a mutant of work changes", "checks/mutants.py", "work.", "WorkFolder"),
        Section("evidence: what a forged mutant changes", "checks/mutants.py", "evidence.", "Forgery"),
        Section("The same in a lab of several scenes", "checks/mutants.py", "evidence.", "ForgedRun",
                without=("evidence",)),
    ),
    "Protocols": (
        _protocol("capture", "LINKTYPE_ETHERNET", "MAGIC", "PCAPNG_MAGIC", "FILE_HEADER", "RECORD_HEADER", "NS_PER_S"),
        _protocol("arp"), _protocol("ip"), _protocol("icmp"), _protocol("udp"),
        _protocol("tcp"), _protocol("tcp.segment", "decode"), _protocol("tcp.words"), _protocol("tcp.states"),
        _protocol("tcp.side", "Side.relative", "Side.fresh", "Side.passed"), _protocol("tcp.repeats"),
        _protocol("tcp.teardown"), _protocol("tcp.windows"), _protocol("tcp.congestion"), _protocol("tcp.rto"),
        _protocol("tcp.rtt"), _protocol("tcp.sack"), _protocol("tcp.kernel"), _protocol("tcp.graph"),
        _protocol("kernel", "Account", "account", "in_another_form", "name_in", "absent", "lost"),
        _protocol("neighbours"), _protocol("dns"), _protocol("dns_walk"), _protocol("http"),
        _protocol("waterfall"), _protocol("curl"), _protocol("tls"), _protocol("tls.hello"), _protocol("tls.keys"),
        _protocol("tls.opening"), _protocol("tls.story"), _protocol("openflow"), _protocol("openflow.tables"),
        _protocol("openflow.wire", "HEADER", "FIELDS", "ACTIONS", "INSTRUCTIONS", "decode", "fields", "match",
                  "actions", "instructions"),
        _protocol("openflow.names"), _protocol("openflow.flow_table", "ABOUT", "FIELDS"), _protocol("igmp"),
        _protocol("layers"), _protocol("fields"),
        _protocol("transit"), _protocol("message"), _protocol("ladder_words"), _protocol("checksum"),
        _protocol("chance"),
    ),
}


class Unknown(Exception):
    """There is no entry of this name. The text suggests a near one."""


@dataclass(frozen=True)
class Entry:
    """One public name, or several constants that are set together: how it is written, what it looks like, its words,
    and what belongs to it. `source` is where it stands (file:line). `plain`: no heading of its own."""

    names: tuple[str, ...]
    signature: str
    words: str
    members: tuple["Entry", ...] = ()
    source: str = ""
    plain: bool = False


def page() -> str:
    """All of it, in Markdown."""
    lists = [f"- {group}: " + ", ".join(
        f"[{section.title.removeprefix('mnlab.protocols.')}](#{_anchor(section.title)})" for section in sections
        if section.title) for group, sections in GROUPS.items()]
    parts = [HEAD, *map(_wrapped, lists)]
    for group, sections in GROUPS.items():
        parts.append(f"\n## {group}")
        for section in sections:
            words = about(section)
            parts += [f"\n### {section.title}"] if section.title else []
            parts += [f"\n{_text(words)}"] if words else []
            found = entries(section)
            if plain := [_item(entry) for entry in found if entry.plain]:
                parts += ["", *plain]
            parts += [f"\n#### {entry.names[0]}\n\n{_entry_text(entry)}" for entry in found if not entry.plain]
    return "\n".join(parts) + "\n"


def find(name: str) -> list[Entry]:
    """The entries of this name, whole ("rec.capture") or its end ("capture"). Unknown if there are none."""
    known, asked = _index(), name.removesuffix("()")
    for prefix in ("mnlab.protocols.", "mnlab.", "net.", ""):
        if asked.removeprefix(prefix) in known:
            return known[asked.removeprefix(prefix)]
    close = difflib.get_close_matches(asked, known, n=1, cutoff=0.7)
    raise Unknown(f"there is nothing called {name!r} for authors of labs. "
                  + (f"Did you mean {close[0]!r}?" if close else "`mnlab api` prints all there is."))


@cache
def _index() -> dict[str, list[Entry]]:
    """The entries by each end of their names: "tcp.CLIENT" and "CLIENT"."""
    known: dict[str, list[Entry]] = {}
    for entry in everything():
        for parts in (written.split(".") for written in entry.names):
            for start in range(len(parts)):
                known.setdefault(".".join(parts[start:]), []).append(entry)
    return known


def everything() -> Iterator[Entry]:
    """Every entry, those of members and of whole modules and objects, too."""
    for sections in GROUPS.values():
        for section in sections:
            found = entries(section)
            if section.said:
                yield Entry((section.said.rstrip("."),), section.title, about(section), tuple(found), section.file)
            for entry in found:
                yield entry
                yield from entry.members
    yield from _mininets()


def shown(entry: Entry) -> str:
    """One entry for the terminal."""
    items = [_item(member) for member in entry.members]
    words = _wrapped(entry.words, "") if entry.plain else _text(entry.words)
    return "\n".join([_call_text(entry.signature), "", words, *([""] if items else []), *items])


def about(section: Section) -> str:
    """What stands above a section's entries: the words of its module or class."""
    tree = _tree(section.file)
    if section.of:
        return _words(_class(tree, section.of))
    return "" if section.only and not section.said or not section.title else _words(tree)


def entries(section: Section) -> list[Entry]:
    """The entries of a section, in the order of its file."""
    tree = _tree(section.file)
    if section.of:
        return list(_members(section, _class(tree, section.of), section.said))
    return [*_passed_on(section, tree), *(entry for node in tree.body if (entry := _entry(section, node)))]


# --- what the sources say ---

@cache
def _source(file: str) -> str:
    return ((ROOT if file.startswith("topologies/") else PACKAGE) / file).read_text()


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse(_source(file))


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)


def _words(node) -> str:
    return ast.get_docstring(node) or ""


def _entry(section: Section, node: ast.stmt) -> Entry | None:
    names = [name for name in _names(node) if not name.startswith("_") and name not in section.without
             and (not section.only or name in section.only)]
    if not names:
        return None
    said, where = tuple(section.said + name for name in names), f"{section.file}:{node.lineno}"
    if isinstance(node, ast.FunctionDef):
        return Entry(said, _call(section.file, node, said[0]), _words(node), source=where)
    if isinstance(node, ast.ClassDef):
        members = () if section.file.startswith("topologies/") else tuple(_members(section, node, f"{names[0]}."))
        return Entry(said, _made(section.file, node, said[0]), _words(node), members, where)
    value = ast.unparse(node.value)  # type: ignore[attr-defined]
    value = value[1:-1] if len(said) > 1 and value.startswith("(") else value
    shown_value = f" = {value}".replace("'", '"') if len(value) <= LONGEST_VALUE and "_Marker" not in value else ""
    return Entry(said, ", ".join(said) + shown_value, _comment(section.file, node), source=where, plain=True)


def _passed_on(section: Section, tree: ast.Module) -> Iterator[Entry]:
    """What a package has of its modules: one entry for each module."""
    given = [name for node in tree.body if isinstance(node, ast.Assign) and _names(node) == ["__all__"]
             for name in ast.literal_eval(node.value)]
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and section.said:
            names = tuple(section.said + one.name for one in node.names if one.name in given)
            if names:
                yield Entry(names, ", ".join(names), f"see {node.module.removeprefix('mnlab.protocols.')}", plain=True)


def _mininets() -> Iterator[Entry]:
    """Mininet's own calls, by the table in the words of mnlab.net."""
    for calls, words in re.findall(r"^    (\S.*?)(?:  +(.*))?$", _words(_tree("net/__init__.py")), re.M):
        yield Entry(tuple(re.findall(r"\b(?:net|node|intf|link)\.\w+", calls)), calls, words or "Mininet's own.")


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement of a module gives."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]) \
                | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=[ast.Tuple(elts=parts)]):
            return [part.id for part in parts if isinstance(part, ast.Name)]
    return []


def _members(section: Section, node: ast.ClassDef, said: str) -> Iterator[Entry]:
    for one in node.body:
        hidden = ("_", *(f"{name.removeprefix(node.name + '.')}(" for name in section.without))
        if isinstance(one, ast.FunctionDef) and not f"{one.name}(".startswith(hidden) \
                and not any(ast.unparse(mark).endswith(".setter") for mark in one.decorator_list):
            yield Entry((said + one.name,), _call(section.file, one, said + one.name, method=True), _words(one),
                        source=f"{section.file}:{one.lineno}")


def _call(file: str, node: ast.FunctionDef, name: str, method: bool = False) -> str:
    """How a function is called, or a property read, as its source has it."""
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    lines = _source(file).splitlines()[node.lineno - 1:node.body[0].lineno]
    text = re.sub(r"\s*#[^\n]*", "", "\n".join(lines).strip())
    found = re.match(r"def \w+\((.*?)\)(?: -> (.*?))?:\s", text, re.S)
    assert found, f"{file}:{node.lineno}: {name}"
    arguments, returns = re.sub(r"\s+", " ", found[1]).strip(), (found[2] or "").strip("\"'")
    if {"property", "cached_property"} & marks:
        return f"{name}: {returns}" if returns else name
    if method:
        arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    if "contextmanager" in marks:
        return f"with {name}({arguments})"
    return f"{name}({arguments})" + (f" -> {returns}" if returns not in ("", "None") else "")


def _made(file: str, node: ast.ClassDef, name: str) -> str:
    """What a class is made of: its fields, or what its __init__ (a topology's build) takes."""
    fields = _fields(file, node)
    if fields:
        return f"{name}({', '.join(fields)})"
    made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name in ("__init__", "build")]
    return _call(file, made[0], name, method=True) if made else name


def _fields(file: str, node: ast.ClassDef) -> list[str]:
    """The fields of a class, those of its base in the same file first."""
    own = [_field(one) for one in node.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
           and not one.target.id.startswith("_") and "ClassVar" not in ast.unparse(one.annotation)]
    bases = {ast.unparse(base) for base in node.bases}
    return [field for one in _tree(file).body if isinstance(one, ast.ClassDef) and one.name in bases
            for field in _fields(file, one)] + own


def _field(node: ast.AnnAssign) -> str:
    value, text = node.value, ""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        said = {word.arg: word.value for word in value.keywords}
        made = ast.unparse(said["default_factory"]) if "default_factory" in said else ""
        value, text = said.get("default"), {"dict": "{}", "list": "[]"}.get(made, made and "...")
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        text = json.dumps(value.value)
    elif value is not None:
        text = ast.unparse(value)
    return f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}" + (f" = {text}" if text else "")


def _comment(file: str, node: ast.stmt) -> str:
    """The words at a constant: lines of "#:" above it, or what stands behind it."""
    lines = _source(file).splitlines()
    above: list[str] = []
    number = node.lineno - 2
    while number >= 0 and lines[number].startswith("#:"):
        above.insert(0, lines[number][2:].strip())
        number -= 1
    behind = re.search(r"  # (?!noqa|type:)(.*)", lines[(node.end_lineno or node.lineno) - 1])
    return " ".join([*above, *([behind[1]] if behind else [])])


# --- as Markdown ---

def _entry_text(entry: Entry) -> str:
    items = [_item(member) for member in entry.members]
    return "\n".join([f"```python\n{_call_text(entry.signature)}\n```", "", _text(entry.words),
                      *([""] if items else []), *items])


def _call_text(signature: str) -> str:
    return _wrapped(signature, " " * 8)


def _item(entry: Entry) -> str:
    words = " ".join(entry.words.split())
    return _wrapped(f"- `{entry.signature}`" + (f": {words}" if words else ""))


def _wrapped(text: str, indent: str = "  ") -> str:
    """Text in lines; a parameter and its default stay together."""
    lines = textwrap.fill(text.replace(" = ", "\xa0=\xa0"), WIDTH, subsequent_indent=indent, break_long_words=False,
                          break_on_hyphens=False)
    return lines.replace("\xa0", " ")


def _text(words: str) -> str:
    """A docstring as Markdown: what is set in columns there, or indented, is set as it is written."""
    parts = []
    for paragraph in words.split("\n\n"):
        lines = paragraph.splitlines()
        if any(re.match(r"\S+(, \S+)?  +\S", line) for line in lines):
            lines = [f"    {line}" for line in lines]
        for number, line in enumerate(lines):
            if number and line.startswith("    ") != lines[number - 1].startswith("    "):
                parts.append("")
            parts.append(line)
        parts.append("")
    return "\n".join(parts).rstrip("\n")


def _anchor(title: str) -> str:
    """The fragment of a heading, as hosting platforms make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
