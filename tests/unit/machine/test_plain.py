"""Nothing that a terminal would obey reaches one, and there is no other way out."""

import ast
import io
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from mnlab.machine import plain
from mnlab.report.console import Console

SRC = Path(__file__).parents[3] / "src/mnlab"

#: Titles, colours, cursor movements, a link, 8-bit controls, a bell, a direction mark, half a character, a cut sequence.
HOSTILE = ("\x1b]0;title\x07a", "\x1b[31ma\x1b[0m", "\x1b[2J\x1b[1;1Ha", "\x1b]8;;http://h2/\x1b\\a", "\x9b31ma", "\x07a",
           "\u202ea", "\udc80a", "a\x1b", "\x1b[", "a\rb", "a\x08b", "\x1bPq\x1b\\a", "\x7fa")


def harmless(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_would_obey_is_gone(text):
    assert harmless(plain.plain(text)) and ("a" in plain.plain(text) or "a" not in text)


@pytest.mark.parametrize("text", ["", "a\nb\n", "é 😀 │ ✓", "  x  "])
def test_other_text_stays_as_it_is(text):
    assert plain.plain(text) == text


def test_a_name_stays_within_its_line():
    assert plain.name("a\nmnlab: passed\x1b[A") == "a mnlab: passed"
    assert len(plain.name("x" * 5000)) < 200


def test_of_many_names_the_first_are_told_and_how_many_more_there_are():
    assert plain.names([], 2) == "" and plain.names(["a", "b\n"], 2) == "a, b"
    assert plain.names(["a", "b", "c", "d"], 2) == "a, b and 2 more" and plain.names(["\x1b[31ma", "b"], 1) == "a and 1 more"


def test_whatever_is_printed_comes_out_harmless(monkeypatch):
    out, err = io.StringIO(), io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", err)
    plain.guard()
    plain.guard()  # twice is once
    import sys
    print(*HOSTILE)
    print("é", *HOSTILE, file=sys.stderr, flush=True)
    sys.stderr.writelines(HOSTILE)
    with pytest.raises(TypeError):
        sys.stdout.write(b"")
    assert harmless(out.getvalue()) and out.getvalue().endswith("\n")
    sys.stderr.flush()
    assert harmless(err.buffer.getvalue().decode("ascii")) and not sys.stdout.isatty()


def test_a_console_keeps_its_own_colours_and_no_others():
    page = io.StringIO()
    table = Table("one", "two")
    table.add_row("".join(HOSTILE), Text("\x1b[35m[/]red", style="red"))
    Console(plain.Plain(page), force_terminal=True, color_system="standard", width=60).print(table)
    text = page.getvalue()
    assert "\x1b[31m" in text and "\x1b[35m" not in text and "\x1b]" not in text and "\x9b" not in text and "[/]red" in text


#: Ways round the guarded streams, and who may take them.
WAYS = {
    "machine/plain.py": "it is the guard",
    "report/console.py": "cleans what it draws",
    "cli/options.py": "exec and shell pass on what the user's own program prints",
    "machine/terminal.py": "shell passes on what the user's own program prints",
}
#: What runs inside the machine prints into a pipe; it comes out through a reason or progress, or `exec` and `shell`.
INSIDE = ("machine/guest/", "machine/command.py", "lab/inside.py", "lab/shell.py", "evidence/", "net/")


def ways_round(tree: ast.AST) -> set[str]:
    """What in a module could write to a terminal without passing a guarded stream."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            text = ast.unparse(node)
            if text.startswith(("sys.stdout.", "sys.stderr.")) and node.attr in ("buffer", "fileno") \
                    or node.attr in ("beneath", "__stdout__", "__stderr__") or text in ("os.write", "os.writev", "os.fdopen"):
                found.add(text)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("open", "os.open") and node.args \
                and ast.unparse(node.args[0]) in ("1", "2", "'/dev/tty'", "'/dev/stdout'", "'/dev/stderr'"):
            found.add(ast.unparse(node))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            if "rich.console" in names or getattr(node, "module", "") in ("rich.console", "rich") or "rich" in names:
                found.add("rich.console")
    return found


@pytest.mark.parametrize("code", ["import sys; sys.stdout.buffer.write(b'')", "import os; os.write(1, b'')",
                                  "print('', file=sys.__stderr__)", "from rich.console import Console", "import rich",
                                  "from rich import print", "open(2, 'w')", "open('/dev/tty')", "sys.stderr.beneath"])
def test_a_way_round_would_be_found(code):
    assert ways_round(ast.parse(code))


def test_there_is_no_other_way_out():
    taken = {}
    for path in sorted(SRC.rglob("*.py")):
        name = str(path.relative_to(SRC))
        if not name.startswith(INSIDE) and (found := ways_round(ast.parse(path.read_text()))):
            taken[name] = found
    assert sorted(taken) == sorted(WAYS), taken
