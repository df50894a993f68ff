"""What an author of labs can call: docs/api.md and `mnlab api NAME`, made of the sources' own words."""

import ast
import re

import pytest

from mnlab.lab.lab import ROOT
from mnlab.report import api

#: What a few labs of the project use and authors have no need of: what files are called, another lab's folder.
INNER = {"evidence.layout", "lab.lab.find"}


def test_the_page_is_what_the_sources_say():
    page = (ROOT / "docs/api.md").read_text()
    assert page == api.page(), "docs/api.md is not what the sources say: run ./mnlab api --out docs/api.md"


def test_no_module_of_protocols_is_forgotten():
    """But for how a connection is followed, and a registry's numbers."""
    shown = {section.file for sections in api.GROUPS.values() for section in sections}
    there = {str(path.relative_to(api.PACKAGE)) for path in api.PACKAGE.glob("protocols/**/*.py")}
    assert there - shown == {"protocols/__init__.py", "protocols/tcp/track.py", "protocols/tls/suites.py"}


def silent(entries) -> list[str]:
    """Names without words; a constant that is text speaks for itself."""
    return [f"{entry.source}: {', '.join(entry.names)}" for entry in entries
            if not entry.words and not (entry.plain and '"' in entry.signature)]


def test_every_public_name_says_what_it_is_for():
    entries = list(api.everything())
    assert len(entries) > 500
    assert not silent(entries), "write a docstring (a constant: a comment, #: above it or behind it)"


def test_a_name_without_words_is_found():
    assert silent([api.Entry(("tcp.other",), "tcp.other(side)", "", source="tcp.py:1")]) == ["tcp.py:1: tcp.other"]


def lab_files() -> list:
    return [path for path in ROOT.glob("labs/*/*/*.py") if path.name != "answers.py"]


def test_what_the_projects_labs_import_is_there():
    """Else an author who learns from them finds it nowhere."""
    lost = set()
    for path in lab_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("mnlab", "topologies"):
                for alias in node.names:
                    name = f"{node.module}.{alias.name}".removeprefix("mnlab.").removeprefix("protocols.")
                    if name not in INNER and not (known(name) or known(alias.name)):
                        lost.add(name)
    assert not lost


def test_what_the_projects_experiments_record_with_is_there():
    words = api.about(next(section for section in api.GROUPS["An experiment"] if section.of == "Recorder"))
    used = {name for path in lab_files() for name in re.findall(r"\brec\.([a-z]\w*)", path.read_text())}
    assert {"run", "capture", "params"} < used
    assert not {name for name in used if not known(f"rec.{name}") and f"`{name}`" not in words}


def known(name: str) -> bool:
    try:
        return bool(api.find(name))
    except api.Unknown:
        return False


@pytest.mark.parametrize("asked, written", [
    ("rec.capture", 'with rec.capture(*places, snaplen: int = 262144, only: str = "")'),
    ("tcp.connections", "tcp.connections(frames: Iterable[Frame]) -> list[Connection]"),
    ("mnlab.protocols.tcp.connections", "tcp.connections(frames: Iterable[Frame]) -> list[Connection]"),
    ("Exchange.latency", "Exchange.latency: float | None"),
    ("Command", 'Command(name: str, kind: str, start: float, end: float, host: str = "", argv: tuple[str, ...] = ()'),
    ("kernel.Retransmit", "kernel.Retransmit(time: float, source: Endpoint, target: Endpoint, state: str)"),
    ("arp.PATIENCE", "arp.PATIENCE = 1.5"),
    ("arp.REPLY", "arp.REQUEST, arp.REPLY = 1, 2"),
    ("tcp.CLIENT", "tcp.CLIENT, tcp.SERVER"),
    ("net.pingAll", "net.ping(hosts), net.pingAll(), net.pingPair()"),
    ("Lan", "Lan(hosts=3, addresses=(), link=None, macs=())"),
])
def test_a_name_is_shown_as_its_source_has_it(asked, written):
    assert any(entry.signature.startswith(written) for entry in api.find(asked)), api.find(asked)[0].signature


def test_the_end_of_a_name_finds_all_that_end_so():
    assert {entry.names[0] for entry in api.find("capture")} >= {"rec.capture", "capture"}


def test_a_name_that_is_not_there_is_told_the_near_one():
    with pytest.raises(api.Unknown, match="Did you mean 'rec.capture'"):
        api.find("rec.captures")


def test_columns_of_a_docstring_stay_columns():
    assert api._text("A frame.\n\nnumber  1 for the first\ntime    seconds") == (
        "A frame.\n\n    number  1 for the first\n    time    seconds")
    assert api._text("From it follow\n    one  a\nand so on") == "From it follow\n\n    one  a\n\nand so on"
