"""The launcher in a folder that nobody should trust: no file of it is run, imported or obeyed, by any command.

None of these reaches a machine; tests/machine/test_inside_a_submission.py does.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mnlab.cli.main import app

ROOT = Path(__file__).parents[3]

#: How each command is called, and how that ends. Bad input where it would take a machine: that is noticed late.
COMMANDS = {
    "list": (["list"], 0),
    "show": (["show", "arp"], 0),
    "run": (["run", "nowhere"], 2),
    "start": (["start", "arp", "--work", "new"], 0),
    "check": (["check", "arp", "--work", "bad"], 2),
    "recheck": (["recheck", "evidence"], 3),
    "report": (["report", "evidence"], 0),
    "watch": (["watch", "nowhere"], 2),
    "compare": (["compare", "nowhere", "evidence"], 2),
    "verify": (["verify", "nowhere"], 2),
    "course init": (["course", "init", "new-course", "--lab", "nowhere"], 2),
    "course pins": (["course", "pins", "--machine", "nowhere"], 2),
    "release": (["release", "edition", "--lab", "nowhere"], 2),
    "variant": (["variant", "4711", "arp"], 2),
    "grade": (["grade", "arp", "nowhere"], 2),
    "class show": (["class", "show", "nowhere"], 2),
    "class forget": (["class", "forget", "4711", "nowhere"], 2),
    "export": (["export", "moodle", "arp"], 2),
    "class export": (["class", "export", "nowhere"], 2),
    "new": (["new", "arp", "--layer", "link"], 2),
    "lint": (["lint", "nowhere"], 2),
    "api": (["api", "nowhere"], 2),
    "shell": (["shell", "nowhere"], 2),
    "exec": (["exec", "--send", "nowhere", "--", "true"], 2),
    "doctor": (["doctor"], None),  # what this computer has
    "machine list": (["machine", "list"], 0),
    "machine lock": (["machine", "lock", "nowhere"], 2),
    "machine contents": (["machine", "contents", "nowhere"], 2),
    "machine diff": (["machine", "diff", "nowhere", "latest"], 2),
    "atlas": (["atlas", "nowhere"], 2),
    "machine build": (["machine", "build", "--clock", "sundial"], 2),
    "machine status": (["machine", "status"], 0),
    "machine export": (["machine", "export"], 2),
    "machine import": (["machine", "import", "bad/variant.toml"], 3),
    "machine clean": (["machine", "clean"], 0),
    "test": (["test", "tests/unit/protocols/test_chance.py"], 0),
    "bench": (["bench", "nowhere"], 2),
}


def commands(group, before=()) -> set[str]:
    """The names of all commands."""
    found = set()
    for name, command in group.commands.items():
        inner = (*before, name)
        found |= commands(command, inner) if hasattr(command, "commands") else {" ".join(inner)}
    return found


@pytest.fixture
def cache(tmp_path) -> Path:
    """A cache with nothing in it but the Python environment of these tests, and the mark of an image."""
    if not (Path(sys.prefix) / "ready-dev").exists():
        pytest.skip("these tests run in the launcher's own environment: ./mnlab test")
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o755)
    (folder / Path(sys.prefix).name).symlink_to(sys.prefix)
    (folder / "userland-0").mkdir()
    (folder / "userland-0/seal.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def trapped(all_traps, lay_out):
    """The folder, with every trap, a bad work folder and somebody's evidence."""
    (all_traps.folder / "bad").mkdir()
    (all_traps.folder / "bad/variant.toml").write_text("seed = ")
    evidence = all_traps.folder / "evidence"
    lay_out(evidence, {}, {"outcome": "inconclusive", "reason": "nothing was run"})
    return all_traps


def test_every_command_is_tried():
    assert set(COMMANDS) == commands(typer.main.get_command(app))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_touches_the_current_folder(trapped, cache, command):
    arguments, status = COMMANDS[command]
    done = trapped.mnlab(*arguments, MNLAB_CACHE=str(cache), PIP_NO_INDEX="1")  # another environment is not fetched
    assert trapped.found() == []
    assert status in (None, done.returncode), done.stdout + done.stderr
    assert "Traceback" not in done.stderr and "setting up" not in done.stderr, done.stderr


@pytest.mark.parametrize("command, trap", [
    ([sys.executable, "-c", "import typer"], "typer"), ([sys.executable, "-m", "mnlab"], "mnlab/__init__"),
    ([sys.executable, "-c", ""], "sitecustomize"), ([sys.executable, "-m", "pytest"], "evil"),
    (["readlink", "x"], "program ./readlink")], ids=["-c", "-m", "site", "pytest", "program"])
def test_a_trap_is_sprung_where_nothing_guards(traps, command, trap):
    traps.modules(["typer", "sitecustomize", "evil"])
    traps.packages(["mnlab"])
    traps.programs()
    environment = {**os.environ, "PATH": f".:{os.environ['PATH']}", "PYTHONPATH": ":"}
    subprocess.run(command, cwd=traps.folder, capture_output=True, env=environment | {
        "PYTHONSAFEPATH": "", "PYTEST_ADDOPTS": "-p evil"})
    assert trap in traps.found()


@pytest.mark.parametrize("online", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_environment_is_set_up_from_within_the_folder(trapped, tmp_path, online):
    """A new cache. Not online, pip finds no package: all is as it is up to there, and it is said."""
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "none"), "PIP_CONFIG_FILE": os.devnull}
    done = trapped.mnlab("list", MNLAB_CACHE=str(tmp_path / "new"), **({} if online else nothing))
    assert trapped.found() == [] and not (trapped.folder / "elsewhere").exists()
    assert "setting up a Python environment" in done.stderr and "Traceback" not in done.stderr
    left = [path.name for path in (tmp_path / "new").glob("venv-*")]
    if online:
        assert done.returncode == 0 and len(left) == 1, done.stderr
        [packages] = (tmp_path / "new").glob("venv-*/lib/python*/site-packages")
        assert (packages / "pytest").exists() and not (packages / "xdist").exists()  # that is for `test` alone
        assert trapped.mnlab("test", "unit", "--version", MNLAB_CACHE=str(tmp_path / "new")).returncode == 0
        assert (packages / "xdist").exists() and (packages / "hypothesis").exists() and trapped.found() == []
    else:
        assert done.returncode == 2 and "could not be set up" in done.stderr and left == [], done.stderr


# --- the cache --------------------------------------------------------------------------------------------------------

def refused(done, *words):
    assert done.returncode == 2 and not done.stdout, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1 and all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777, 0o720])
def test_a_cache_that_others_can_write_is_refused(traps, cache, mode):
    cache.chmod(mode)
    refused(traps.mnlab("list", MNLAB_CACHE=str(cache)), "others can write the cache", str(cache))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_runs_nothing_out_of_a_users_cache(traps, cache):
    os.chown(cache, 54321, 54321)
    refused(traps.mnlab("list", MNLAB_CACHE=str(cache)), "belongs to another user", "MNLAB_CACHE")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("owner, is_refused", [(0, False), (54321, True)])
def test_a_user_runs_nothing_out_of_another_users_cache_but_roots(cache, owner, is_refused):
    """The Vagrant machine's cache is root's, and everybody's commands use it."""
    for place in list(cache.parents)[:4]:
        place.chmod(place.stat().st_mode | 0o055)  # pytest's folders are root's alone
    os.chown(cache, owner, owner)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all",
              "--no-new-privs", "--")
    if subprocess.run([*nobody, "test", "-r", ROOT / "pyproject.toml"]).returncode:
        pytest.skip("other users cannot read this project")
    done = subprocess.run([*nobody, ROOT / "mnlab", "list"], env={**os.environ, "MNLAB_CACHE": str(cache)},
                          capture_output=True, text=True)
    assert ("belongs to another user" in done.stderr) == is_refused, done.stderr
    # Where root's Python is for root alone, nobody has another, whose environment is missing and cannot be made.
    assert is_refused or done.stdout or "venv.lock: Permission denied" in done.stderr, done.stderr


@pytest.mark.parametrize("place", ["cache", "./cache", "~/cache"])
def test_a_cache_in_the_current_folder_is_refused(traps, place):
    refused(traps.mnlab("list", MNLAB_CACHE=place), place, "not absolute")


@pytest.mark.skipif(os.geteuid() != 0, reason="root's own cache")
def test_with_sudo_root_has_a_cache_of_its_own(traps, tmp_path):
    """Though HOME is still the user's."""
    (tmp_path / "home").mkdir()
    environment = {"HOME": str(tmp_path / "home"), "SUDO_UID": "54321", "SUDO_GID": "54321", "MNLAB_CACHE": ""}
    done = traps.mnlab("machine", "status", **environment)
    assert f"cache: {os.path.expanduser('~root')}/.cache/mnlab\n" in done.stdout, done.stderr
    assert not list((tmp_path / "home").iterdir())


def test_the_launcher_is_clean_shell():
    try:
        done = subprocess.run(["shellcheck", ROOT / "mnlab"], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no shellcheck")
    assert done.returncode == 0, done.stdout


# --- no home ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def without_home(traps, tmp_path):
    """Run the launcher's choice of a cache alone, with this HOME (None: not set): the cache, or what was refused."""
    head = (ROOT / "mnlab").read_text().partition("cache=$(CDPATH=")[0]

    def run(home, **environment):
        script = tmp_path / "head"
        script.write_text(f"{head}\nprintf 'cache: %s\\n' \"$cache\"\n")
        homes = ("HOME", "MNLAB_CACHE", "XDG_CACHE_HOME")
        known = {name: value for name, value in os.environ.items() if name not in homes}
        known |= {} if home is None else {"HOME": home}
        return subprocess.run(["sh", script], env=known | environment, capture_output=True, text=True, cwd=tmp_path)

    return run


@pytest.mark.parametrize("home", [None, "", "/proc/nowhere", "relative"])
def test_without_a_home_that_can_be_written_the_cache_is_where_the_system_says(without_home, tmp_path, home):
    (tmp_path / "bin").mkdir()
    getent = tmp_path / "bin/getent"
    getent.write_text(f"#!/bin/sh\necho 'u:x:1:1::{tmp_path}/real:/bin/sh'\n")
    getent.chmod(0o755)
    done = without_home(home, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    assert done.returncode == 0 and done.stdout == f"cache: {tmp_path}/real/.cache/mnlab\n", done.stderr
    getent.write_text("#!/bin/sh\necho 'u:x:1:1::/proc/nowhere:/bin/sh'\n")
    place = Path(f"/var/tmp/mnlab-{os.geteuid()}")
    there = place.exists()
    done = without_home(home, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
    try:
        assert done.returncode == 0 and done.stdout == f"cache: {place}\n", done.stderr
        assert there or "MNLAB_CACHE" in done.stderr
    finally:
        if not there:
            place.rmdir()


def test_a_cache_that_was_named_is_never_replaced_by_another(without_home):
    refused(without_home(None, MNLAB_CACHE="/proc/nowhere"), "/proc/nowhere", "MNLAB_CACHE")
