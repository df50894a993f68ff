"""Mininet's own tests, of the release that Debian has, run in the image `full` as they are.

mininet.txt says what came of each and why: most pass, others ask for what there is not, and one that is too large
is not run. The tests are Mininet's and are not kept here: apt fetches their source, from where the image's packages come
from.
"""

import json
import subprocess
from pathlib import Path

import pytest

from mnlab.machine import image
from mnlab.machine.machines import DEFAULT, MACHINES

HERE = Path(__file__).parent
#: Test: ("pass", "fail", "skip" or "large", why).
TABLE = {name: (verdict, " ".join(why)) for name, verdict, *why in
         (line.split() for line in (HERE / "mininet.txt").read_text().splitlines() if line and line[0] != "#")}
LARGE = {name for name, (verdict, _) in TABLE.items() if verdict == "large"}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The folder of Mininet's source, as Debian keeps it."""
    folder = tmp_path_factory.mktemp("mininet")
    programs = image.get(MACHINES[DEFAULT]).layers[0]
    sources = subprocess.run(["unsquashfs", "-cat", programs, "etc/apt/sources.list"], capture_output=True, text=True, check=True)
    first = next(line for line in sources.stdout.splitlines() if line.startswith("deb "))
    (folder / "sources").write_text(first.replace("deb ", "deb-src ", 1) + "\n")
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "apt.conf").write_text(f'''Dir::Etc::sourcelist "{folder}/sources"; Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "{folder}/lists"; Dir::Cache "{folder}/cache"; Dir::Etc::TrustedParts "/usr/share/keyrings"; Acquire::Languages "none";
''')
    for command in (["update"], ["source", "--tar-only", "--download-only", "mininet"]):
        subprocess.run(["apt-get", "-qq", "--config-file", folder / "apt.conf", *command], cwd=folder, check=True)
    archive = next(folder.glob("mininet_*.orig.tar.*"))
    (folder / "source").mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder / "source", "--strip-components=1"], check=True)
    return folder / "source"


@pytest.fixture(scope="module")
def results(source, exec_full):
    """{test: [verdict, why]} of all of them."""
    stems = {name.split(".")[0] for name in TABLE.keys() - LARGE}
    files = [str(path.relative_to(source.parent)) for part in ("mininet/test", "examples/test")
             for path in sorted((source / part).glob("test_*.py")) if path.stem in stems]
    done, out = exec_full("sh", "-c", 'mkdir -p /run/sshd && ssh-keygen -A >/dev/null && python inside/unittests.py "$@"', "sh", *files,
                          send=(HERE / "inside", source), limit=30_000)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return json.loads((out / "results.json").read_text())


def test_each_test_of_these_files_is_in_the_table(results):
    assert results.keys() == TABLE.keys() - LARGE


def test_what_does_not_pass_has_a_reason():
    assert not [name for name, (verdict, why) in TABLE.items() if verdict != "pass" and not why]


@pytest.mark.parametrize("name", sorted(TABLE.keys() - LARGE))
def test_it_does_what_the_table_says(results, name):
    assert results[name][0] == TABLE[name][0], results[name]
