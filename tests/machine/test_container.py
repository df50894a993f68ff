"""The container: what the Containerfile says is built, and started as its user, without rights and without network.

The base is Debian 12, of packages alone. buildah builds on it where it is installed and works; otherwise the instructions
are carried out in a chroot, one by one. crun, runc and chroot start what was built: those that are here. The lab machine
is this computer's, exported and put beside the Containerfile, as for a computer that cannot build it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from ast import literal_eval
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import pytest

from mnlab.lab.lab import ROOT
from mnlab.machine import tools

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mmdebstrap"), reason="making a base takes root and mmdebstrap")]

LEFT_OUT = shutil.ignore_patterns(*(ROOT / ".dockerignore").read_text().replace("**/", "").split())
PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
PROXIES = {name: value for name, value in os.environ.items() if re.fullmatch("(?i)(https?|ftp|all|no)_proxy", name)}
CHROOT = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "sh", "-c",
          'mount -t proc proc "$0/proc" && exec chroot "$0" env -i "$@"']
#: crun takes no two generations of control groups side by side.
ONE_GENERATION = ["unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh"]
MNLAB = [sys.executable, "-P", "-m", "mnlab"]
BUILD_AGAIN = """set -e; mkdir cache; cp -a "$MNLAB_CACHE"/venv-* cache; export MNLAB_CACHE="$PWD/cache"
mnlab machine import /tmp/machine.tgz; rm -r cache/snapshot-*; mnlab machine build"""


def run(*command, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          **{"cwd": "/", "env": os.environ | {"PYTHONPATH": str(ROOT / "src")}, "timeout": 1200, **options})


def must(*command, **options) -> subprocess.CompletedProcess:
    """What came of a command that must succeed."""
    done = run(*command, **options)
    assert done.returncode == 0, f"{command}\n{(done.stdout + done.stderr)[-3000:]}"
    return done


def words(variables: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in variables.items()]


def arp(done: subprocess.CompletedProcess) -> dict:
    """The lab in what `mnlab run arp --json` printed."""
    assert done.returncode == 0, done.stderr
    [lab] = json.loads(done.stdout)["labs"]
    return lab


@dataclass
class Container:
    """A root file system, and how it is started: as which user, where, with which variables. What its building said."""

    root: Path
    said: str = ""
    user: str = "root"
    here: str = "/"
    environment: dict[str, str] = field(default_factory=PATH.copy)

    def start(self, runtime: str, *command) -> subprocess.CompletedProcess:
        """Run a command in it, by an OCI runtime or chroot."""
        of_user = re.search(rf"^{self.user}:x:(\d+):(\d+):[^:]*:([^:]*)", (self.root / "etc/passwd").read_text(), re.M)
        uid, gid, home = int(of_user[1]), int(of_user[2]), of_user[3]
        environment = words(self.environment | {"HOME": home})
        if runtime == "chroot":
            return run("unshare", "--net", *CHROOT, self.root, *environment, "setpriv", f"--reuid={uid}", f"--regid={gid}",
                       "--clear-groups", "--bounding-set=-all", "--no-new-privs", "env", "-C", self.here, *command)
        with TemporaryDirectory() as bundle:
            must(runtime, "spec", cwd=bundle)  # namespaces of its own, with no network in them
            file = Path(bundle) / "config.json"
            spec = json.loads(file.read_text())
            spec["root"] = {"path": str(self.root), "readonly": False}
            spec["process"] |= {"terminal": False, "user": {"uid": uid, "gid": gid}, "cwd": self.here, "args": command,
                                "env": environment, "capabilities": {}, "noNewPrivileges": True}
            file.write_text(json.dumps(spec))
            return run(*ONE_GENERATION, runtime, "--root", f"{bundle}/state", "run", "--bundle", bundle,
                       f"mnlab-test-{os.getpid()}")


def make_base(folder: Path) -> Path:
    """A tar of Debian 12, as small as it gets, that reaches archives and indexes of packages as this computer does."""
    apt = [line for line in must("apt-config", "dump", "Acquire").stdout.splitlines()
           if re.match("Acquire::(https?|Check-)", line)]
    told = must(sys.executable, "-m", "pip", "config", "list").stdout
    pip = {name: literal_eval(value) for name, value in re.findall(r"[.](cert|index-url|proxy|trusted-host)=(.*)", told)}
    files = [folder / "pip.conf", "/etc/resolv.conf"]
    if "cert" in pip:
        files.append(shutil.copy(pip["cert"], folder / "pip.pem"))
        pip["cert"] = "/etc/pip.pem"
    files[0].write_text("\n".join(["[global]", *words(pip), ""]))
    must("mmdebstrap", "--quiet", "--variant=minbase", *(f"--aptopt={line}" for line in apt),
         *(f"--customize-hook=copy-in {file} /etc" for file in files), "bookworm", folder / "base.tar")
    return folder / "base.tar"


def by_buildah(folder: Path, context: Path, base: Path) -> Container | None:
    """What buildah builds; None where there is none, or it cannot work."""
    buildah = ["buildah", "--root", folder / "storage", "--runroot", folder / "run"]
    if not shutil.which("buildah") or (made := run(*buildah, "from", "scratch")).returncode:
        return None
    name = made.stdout.strip()
    must(*buildah, "add", name, base)
    if run(*buildah, "run", "--isolation=chroot", name, "true").returncode:
        return None
    must(*buildah, "commit", "--rm", name, "base")
    done = must(*buildah, "bud", "--isolation=chroot", "--network=host", "--pull-never", "--build-arg=BASE=localhost/base",
                "--tag=mnlab", context)
    config = json.loads(must(*buildah, "inspect", "--type=image", "mnlab").stdout)["OCIv1"]["config"]
    name = must(*buildah, "from", "--pull-never", "mnlab").stdout.strip()
    return Container(Path(must(*buildah, "mount", name).stdout.strip()), done.stdout + done.stderr, config["User"],
                     config["WorkingDir"], PATH | dict(word.split("=", 1) for word in config["Env"]))


def by_chroot(folder: Path, context: Path, base: Path) -> Container:
    """What the instructions make in a chroot. One that is not known here fails."""
    container, known = Container(folder / "root"), {"BASE": "base"}
    text = re.sub("^#.*\n", "", (context / "Containerfile").read_text(), flags=re.M).replace("\\\n", " ")
    for word, rest in (line.split(None, 1) for line in text.splitlines() if line.strip()):
        value = rest if word == "RUN" else Template(rest).substitute(known)
        if word == "FROM" and value == "base":
            container.root.mkdir()
            must("tar", "-C", container.root, "-xf", base)
        elif word == "ARG":
            known = dict([value.split("=", 1)]) | known
        elif word == "ENV":
            container.environment |= dict([value.split("=", 1)])
        elif word == "RUN" and container.user == "root":
            done = must(*CHROOT, container.root, *words(PROXIES | known | container.environment), "sh", "-c", value)
            container.said += done.stdout + done.stderr
        elif word == "COPY":
            source, target = value.split()
            shutil.copytree(context / source, f"{container.root}{target}", ignore=LEFT_OUT, symlinks=True)
        elif word == "USER":
            container.user = value
        elif word == "WORKDIR":
            container.here = value
        else:
            assert word == "CMD", f"{word} {value}"
    return container


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    folder = tmp_path_factory.mktemp("container")
    context = folder / "context"
    try:
        shutil.copytree(ROOT, context, ignore=LEFT_OUT, symlinks=True)
        (context / "runs").mkdir()  # what is one's own
        must(*MNLAB, "machine", "export", context / "machine.tgz")
        base = make_base(folder)
        made = by_buildah(folder, context, base) or by_chroot(folder, context, base)
        shutil.copy(context / "machine.tgz", made.root / "tmp")
        yield made
    finally:
        run("umount", "--recursive", folder / "storage/overlay")  # buildah's
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What `mnlab run arp` says on this computer."""
    return arp(run(*MNLAB, "run", "arp", "--json", "--fresh", cwd=tmp_path_factory.mktemp("here")))


def test_it_has_what_the_machine_takes_and_nothing_was_built(container):
    for program in tools.PACKAGES:
        assert container.start("chroot", "sh", "-c", f"command -v {program}").returncode == 0, program
    assert "imported userland-" in container.said and not re.search("building the|mnlab: installing", container.said)
    assert not {".git", "runs", "machine.tgz"} & set(os.listdir(container.root / "opt/mnlab"))


@pytest.mark.parametrize("runtime", ["crun", "runc", "chroot"])
def test_a_run_has_the_points_and_the_evidence_of_one_outside(container, here, runtime):
    if runtime != "chroot" and (not shutil.which(runtime) or container.start(runtime, "true").returncode):
        pytest.skip(f"{runtime} is not here, or cannot work")
    status = container.start(runtime, "cat", "/proc/self/status").stdout
    assert re.search(r"^Uid:\s+[1-9]", status, re.M) and "NoNewPrivs:\t1" in status
    assert set(re.findall(r"^Cap(?:Prm|Eff|Bnd):\s+(\w+)", status, re.M)) == {"0" * 16}
    routes = container.start(runtime, "cat", "/proc/net/route")
    assert routes.returncode == 0 and len(routes.stdout.splitlines()) < 2  # a head at most
    lab = arp(container.start(runtime, "mnlab", "run", "arp", "--json"))
    assert lab["points"] == lab["max_points"] == here["points"]
    if tools.qemu_version() in container.start(runtime, "qemu-system-x86_64", "--version").stdout:
        assert lab["evidence_sha256"] == here["evidence_sha256"]


def test_with_an_imported_image_the_machine_takes_no_tools_and_no_network(container, here):
    for program in ("mmdebstrap", "sqfstar", "newuidmap"):
        (container.root / "usr/bin" / program).unlink()
    done = container.start("chroot", "sh", "-c", BUILD_AGAIN)
    assert "booting the lab machine" in done.stderr and done.returncode == 0, done.stderr
    cache = f"MNLAB_CACHE={container.here}/cache"
    assert arp(container.start("chroot", "env", cache, "mnlab", "run", "arp", "--json"))["points"] == here["points"]
