"""Which files of a job its program uses: all that it imports, and no others."""

import ast
import sys

import pytest

from mnlab.lab import run as labrun
from mnlab.lab.lab import Lab, all_labs
from mnlab.lab.needed import needed_files


@pytest.fixture
def files(tmp_path):
    """files({place: text}): the places and files of a job."""
    def make(texts):
        found = {}
        for place, text in texts.items():
            found[place] = tmp_path / place
            found[place].parent.mkdir(parents=True, exist_ok=True)
            found[place].write_text(text)
        return found
    return make


PACKAGE = {"src/pkg/__init__.py": "from pkg.names import NAME\n", "src/pkg/names.py": "NAME = 1\n", "src/pkg/other.py": "",
           "src/pkg/sub/__init__.py": "", "src/pkg/sub/deep.py": "import os, pkg.other as o  # why\n",
           "lab/experiment.py": "", "lab/server.py": "", "lab/visitor.py": "import lab.words\n", "lab/words.py": ""}


@pytest.mark.parametrize("text, names", [
    ("", []), ("import os\n", []), ("x = 'import pkg.other'\n", []), ("# from pkg import other\n", []),
    ("import pkg\n", ["pkg/__init__", "pkg/names"]),
    ("from pkg import other\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("def f():\n    from pkg.sub import deep\n", ["pkg/__init__", "pkg/names", "pkg/other", "pkg/sub/__init__", "pkg/sub/deep"]),
    ("from pkg import (\n    absent,  # not there\n    other as o,\n)\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("from pkg import (  # (odd)\n    other)\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("from pkg import \\\n    other\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("from pkg import(other)\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("try: import pkg.other, os\nexcept ImportError: pass\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("import os; from pkg import other; os.sync()\n", ["pkg/__init__", "pkg/names", "pkg/other"]),
    ("rec.service('x', h1, 'python3 lab/server.py 80')\n", ["lab/server"]),
    ("rec.service('x', h1, ['python3', here / \"server.py\"])\n", ["lab/server"]),
    ("load(f('lab/visitor.py'))\n", ["lab/visitor", "lab/words"])])
def test_what_is_imported_or_named_is_needed_and_nothing_else(files, text, names):
    found = needed_files(files(PACKAGE | {"lab/experiment.py": text}), ["lab.experiment"])
    assert [place.removeprefix("src/").removesuffix(".py") for place in found if place != "lab/experiment.py"] == sorted(names)


def test_what_lies_in_a_folder_of_the_labs_goes_along_and_finds_what_it_imports(tmp_path):
    for name, text in {"experiment.py": "def variant(rng): return {}\ndef experiment(net, rec, work): ...\n",
                       "site/app.py": "from mnlab.protocols import dns\n", "site/index.html": "", "solution/x.py": ""}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    lab = Lab(tmp_path)
    files = labrun.make_job(lab, lab.scenes[0], {}, 1, {}, "", labrun.limits_of(lab)).files
    assert {"lab/site/app.py", "lab/site/index.html", "src/mnlab/protocols/dns.py"} <= set(files)
    assert "lab/solution/x.py" not in files


def test_circles_end(files):
    found = needed_files(files({"a.py": "import b\n", "b.py": "import a\n"}), ["a"])
    assert sorted(found) == ["a.py", "b.py"]


def imported(path) -> set[str]:
    """What a file imports, by its syntax tree."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports are not followed"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
def test_no_import_of_a_labs_job_leads_out_of_it(lab):
    """What the regular expression finds is held against Python's own parser, for every lab and every mutant."""
    every = labrun.modules_of(lab)
    names = {place.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", "."): place for place in every}
    job = labrun.make_job(lab, lab.scenes[0], {}, 1, lab.params(1), "some", labrun.limits_of(lab))
    sent = {place: path for place, path in every.items() if place in job.files}
    missing = {name for path in sent.values() for name in imported(path) if name in names and names[name] not in sent}
    assert not missing and {"src/mnlab/lab/inside.py", "lab/experiment.py"} <= set(sent)
    assert not {name for path in sent.values() for name in imported(path)
                if name.split(".")[0] in ("lab", "topologies") and name.split(".")[0] not in sys.stdlib_module_names
                and not any(known == name or name.startswith(f"{known}.") or known.startswith(f"{name}.") for known in names)}


def test_what_no_scene_uses_stays_outside():
    """A change there forgets nothing that was run."""
    [arp] = [lab for lab in all_labs() if lab.name == "arp"]
    files = labrun.make_job(arp, arp.scenes[0], {}, 1, arp.params(1), "", labrun.limits_of(arp)).files
    assert not [name for name in files if name.startswith(("src/mnlab/checks", "src/mnlab/report", "src/mnlab/machine", "mutant"))]
    for outside in ("src/mnlab/protocols/dns.py", "src/mnlab/protocols/http.py", "src/mnlab/lab/shell.py", "topologies/star.py"):
        assert outside not in files
