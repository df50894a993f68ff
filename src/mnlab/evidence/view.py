"""The file system that a student's program sees: put together from parts, in the mount namespace of its cell.

    /usr /etc /dev /sys      what programs need; with an Allowed, of the programs and Python's packages only those
    /proc                    the cell's own processes
    /tmp /var/tmp /dev/shm   the cell's own, empty
    /home/student            the copy of the work folder

Nothing else is there: no job, no evidence, nobody else's files, nothing of the computer around. Of all this a student's
program can write to its own folder and to the empty ones.
"""

import ast
import ctypes
import glob
import os
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from mnlab.evidence.allowed import Allowed

HOME = "/home/student"
REFUSED = "/run/refused"  # where what the task does not allow says that it was asked for

#: include/uapi/linux/mount.h, fcntl.h
NOSUID, NODEV, NOEXEC, BIND, RECURSIVE, PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
DETACH, PIVOT_ROOT = 2, {"x86_64": 155, "aarch64": 41}  # glibc has no function for the latter system call

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
ROOM = "size=160m,nr_inodes=20000"  # of the home, and of all other folders that a program can write to together
EMPTY = {"tmp": 0o1777, "var/tmp": 0o1777, "dev/shm": 0o1777, "var/lib/nginx": 0o755, "var/log/nginx": 0o755}

BINARIES = ("/usr/bin", "/usr/sbin")
STANDARD = "/usr/lib/python3.[0-9]*"
#: Where Debian's Python has packages, and those that were installed by hand (Ryu, on a host).
DIST_PACKAGES = ("/usr/lib/python3/dist-packages", "/usr/local/lib/python3.[0-9]*/dist-packages")
#: Of /usr, what an allowed program needs besides itself.
LIBRARIES = ("/usr/lib/*-linux-gnu", "/usr/lib64", STANDARD, "/usr/lib/ssl", "/usr/lib/locale", "/usr/share/zoneinfo",
             "/usr/share/ca-certificates", "/usr/share/nginx", "/usr/share/dns")
SLASH = "@"  # stands for / in the name of a cover

#: What stands in the place of what is not allowed. It tells root, whatever becomes of its own words.
PROGRAM = """#!/mnlab/sh
echo "${0##*/}" > /run/refused
echo "${0##*/}: this task does not allow it (see the handout)" >&2
exit 126
"""
PACKAGE = """with open("/run/refused", "w") as refused:
    print({name!r}, file=refused)
raise ModuleNotFoundError("No module named {name}: this task does not allow it (see the handout)", name={name!r})
"""
#: A module is there, as others of the library may import it in passing; what was in it is not.
MODULE = """
def __getattr__(name, _taken={names!r}.split()):
    if name.startswith("__") or _taken and name not in _taken:
        raise AttributeError("module {module} has no attribute " + name)
    with open("/run/refused", "w") as refused:
        print({module!r} + "." + name, file=refused)
    raise AttributeError("module {module} has no " + name + ": this task does not allow it (see the handout)")
"""

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). OSError."""
    words = [text.encode() or None for text in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


class View:
    """The view of one cell, whose own folder is `place`. Its home is a copy of `work` that belongs to `user` (uid,
    gid); `prepared` holds what all cells of a job share; files `handed` over appear under their names in /mnlab."""

    def __init__(self, place: Path, work: Path, user: tuple[int, int], prepared: Path, allowed: Allowed | None,
                 handed: tuple[Path, ...] = ()):
        self.root, self.refused = f"{place}/root", f"{place}/refused"
        self.work, self.user, self.prepared, self.allowed, self.handed = work, user, prepared, allowed, handed
        os.mkdir(self.root, 0o755)
        os.mkfifo(self.refused)
        os.chmod(self.refused, 0o622)
        if allowed and not prepared.is_dir():
            prepare(prepared, allowed)

    def enter(self) -> None:
        """Build it and make it the root. For a process that has a mount namespace of its own. OSError."""
        mount("none", "/", flags=RECURSIVE | PRIVATE)
        # Where a list says what is allowed, a program that comes along with the work is not on it.
        own = NOSUID | NODEV | (NOEXEC if self.allowed else 0)
        mount("none", self.root, "tmpfs", own, f"mode=755,{ROOM}")
        for name, mode in EMPTY.items():
            os.makedirs(f"{self.root}/{name}")
            os.chmod(f"{self.root}/{name}", mode)
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                os.symlink(os.readlink(f"/{name}"), f"{self.root}/{name}")
        self._show_allowed(self.allowed) if self.allowed else self._show("/usr")
        self._show("/etc")  # with what the host has of its own there, /etc/hosts
        for name in DEVICES:
            self._show(f"/dev/{name}")
        for name, target in LINKS.items():
            os.symlink(target, f"{self.root}/dev/{name}")
        self._show("/sys", recursive=0)
        os.mkdir(f"{self.root}/proc")
        mount("proc", f"{self.root}/proc", "proc", NOSUID | NODEV | NOEXEC, "hidepid=2")
        self._show(self.refused, REFUSED)
        for path in self.handed:
            self._show(str(path), f"/mnlab/{path.name}")
        os.makedirs(self.root + HOME)
        mount("none", self.root + HOME, "tmpfs", own, f"mode=700,{ROOM}")  # whoever fills it up fills up nothing else
        _copy(self.work, Path(self.root + HOME), self.user)
        os.chdir(self.root)
        if _libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b".") != 0 or _libc.umount2(b".", DETACH) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), self.root)
        os.chdir("/")

    def _show(self, source: str, name: str = "", recursive: int = RECURSIVE) -> None:
        """Let the file or folder `source`, if there is one, appear as `name`, its own unless given."""
        target = self.root + (name or source)
        if not os.path.exists(source):
            return
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        elif not os.path.lexists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o644))
        mount(source, target, flags=BIND | recursive)

    def _show_allowed(self, allowed: Allowed) -> None:
        for folder in BINARIES:
            self._show(f"{self.prepared}{folder}", folder)
            for name in allowed.programs:
                if os.path.isfile(f"{folder}/{name}"):
                    self._show(os.path.realpath(f"{folder}/{name}"), f"{folder}/{name}")
        self._show(os.path.realpath("/bin/sh"), "/mnlab/sh")
        self._show(f"{self.prepared}/refuse", "/mnlab/refuse")
        for path in _found(LIBRARIES):
            self._show(path)
        for folder in _found(DIST_PACKAGES):
            for entry in filter(allowed.shows_package, os.listdir(folder)):
                self._show(f"{folder}/{entry}")
        for cover in sorted(glob.glob(f"{self.prepared}/covers/*")):
            target = os.path.basename(cover).replace(SLASH, "/")
            if os.path.exists(self.root + target):
                mount(cover, self.root + target, flags=BIND)


def prepare(folder: Path, allowed: Allowed) -> None:
    """Write what stands in the place of what is not allowed: programs, and in covers/ files and folders of Python's."""
    for place in BINARIES:
        own = Path(f"{folder}{place}")
        own.mkdir(parents=True)
        for name in os.listdir(place):
            (own / name).touch() if name in allowed.programs else (own / name).symlink_to("/mnlab/refuse")
    refuse = folder / "refuse"
    refuse.write_text(PROGRAM)
    refuse.chmod(0o755)
    (folder / "covers").mkdir()
    for name in allowed.without:
        module, _, names = name.partition(":")
        for path in map(Path, _files_of(module)):
            cover = folder / "covers" / str(path).replace("/", SLASH)
            if path.is_dir():
                cover.mkdir()
                (cover / "__init__.py").write_text(PACKAGE.format(name=module))
            elif path.suffix == ".py":
                left = _without(path.read_text(), names.split()) if names else ""
                cover.write_text(left + MODULE.format(module=module, names=names))
            else:
                cover.touch()  # compiled: nothing that could be loaded
    for package, shown in allowed.only.items():
        for found in _found(f"{place}/{package.replace('.', '/')}" for place in DIST_PACKAGES):
            cover = folder / "covers" / found.replace("/", SLASH)
            cover.mkdir()
            for name in ("__init__", *shown):
                (cover / f"{name}.py").write_bytes(Path(found, f"{name}.py").read_bytes())


def _found(patterns: Iterable[str]) -> list[str]:
    """The files and folders that these patterns match."""
    return [path for pattern in patterns for path in sorted(glob.glob(pattern))]


def _files_of(module: str) -> list[str]:
    """Where a module of the standard library lies, compiled too, and its half in C; [] if there is none so called."""
    folder, _, name = f"{STANDARD}/{module.replace('.', '/')}".rpartition("/")
    return _found((f"{folder}/{name}", f"{folder}/{name}.py", f"{folder}/__pycache__/{name}.*.pyc",
                   f"{STANDARD}/lib-dynload/{name}.*.so", f"{STANDARD}/lib-dynload/_{name}.*.so"))


def _without(source: str, names: list[str]) -> str:
    """A module's text without its functions `names`."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name in names:
            first, last = min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.end_lineno or 0
            lines[first - 1:last] = ["\n"] * (last - first + 1)
    return "".join(lines)


def _copy(source: Path, target: Path, user: tuple[int, int]) -> None:
    """Copy a folder that nobody else can write to into an empty one; give the copy away, the folder itself last."""
    for entry in sorted(os.scandir(source), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            (target / entry.name).mkdir(mode=0o700)
            _copy(Path(entry.path), target / entry.name, user)
        elif entry.is_file(follow_symlinks=False):
            with open(entry.path, "rb") as file, open(target / entry.name, "xb") as copy:
                shutil.copyfileobj(file, copy)
                os.fchown(copy.fileno(), *user)
                os.fchmod(copy.fileno(), stat.S_IMODE(os.fstat(file.fileno()).st_mode))
    os.chown(target, *user)
