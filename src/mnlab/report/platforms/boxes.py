"""What is uploaded to a grading platform, so that it grades labs by itself: a bundle of mnlab (lab/portable.py) and the
files by which the platform starts it (boxes/). A function for each platform, in BOXES."""

import json
import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from mnlab.lab.lab import Lab
from mnlab.lab.work import fill_in
from mnlab.machine import cache
from mnlab.machine.debian import EPOCH

TEMPLATES = Path(__file__).parent / "boxes"
HANDIN = "handin.zip"  # Autolab's base name of what is handed in
BUNDLE, SCRIPT = "mnlab.tar.gz", "mnlab.sh"
DATE = (2026, 1, 1, 0, 0, 0)  # of entries of a zip: it depends on what is in it alone


@dataclass(frozen=True)
class Box:
    """What is to be graded, and with what. With a `url` the bundle is fetched from there, and not packed."""

    labs: list[Lab]
    bundle: Path
    url: str = ""
    visibility: str = "visible"

    def text(self, name: str, lab: Lab | None = None) -> str:
        """A file of boxes/, filled in; of one lab, if it is for one."""
        one = lab or self.labs[0]
        values = {
            "labs": " ".join(each.name for each in ([lab] if lab else self.labs)), "lab": one.name, "url": self.url,
            "sha256": cache.sha256(self.bundle), "visibility": self.visibility, "handin": HANDIN,
            "title": json.dumps(one.title)[1:-1], "networking": "true" if self.url else "false",
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mnlab:{one.name}")),
            "files": ", ".join(sorted({"variant.toml", *_work_of(one)})),
        }
        return fill_in((TEMPLATES / name).read_text(), values)


def _work_of(lab: Lab) -> list[str]:
    return [path.name for path in lab.starter.iterdir() if path.is_file()]


def gradescope(box: Box, out: Path) -> list[Path]:
    """One zip with setup.sh and run_autograder at its root."""
    with zipfile.ZipFile(out, "w") as whole:
        for name in ("setup.sh", "run_autograder", SCRIPT):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o100755 << 16
            whole.writestr(entry, box.text(name), zipfile.ZIP_DEFLATED)
        if not box.url:
            whole.write(box.bundle, BUNDLE, zipfile.ZIP_STORED)
    return [out]


def autolab(box: Box, out: Path) -> list[Path]:
    """A folder with autograde-Makefile and autograde.tar."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "autograde-Makefile").write_text(box.text("autograde-Makefile"))
    with tarfile.open(out / "autograde.tar", "w") as whole:
        entry = tarfile.TarInfo(SCRIPT)
        data = box.text(SCRIPT).encode()
        entry.size, entry.mode, entry.mtime = len(data), 0o755, EPOCH
        whole.addfile(entry, BytesIO(data))
        if not box.url:
            whole.add(box.bundle, BUNDLE, filter=_of_nobody)
    return [out / "autograde-Makefile", out / "autograde.tar"]


def _of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def prairielearn(box: Box, out: Path) -> list[Path]:
    """Parts of a course's folder: a question for each lab, and what grades it."""
    made = []
    for lab in box.labs:
        server, question = out / f"serverFilesCourse/mnlab_{lab.name}", out / f"questions/mnlab_{lab.name}"
        made += _write(server, box, {SCRIPT: SCRIPT, "prairielearn.sh": "prairielearn.sh"}, lab)
        made += _write(question, box, {"info.json": "info.json", "question.html": "question.html"}, lab)
    return made


def inginious(box: Box, out: Path) -> list[Path]:
    """A task's folder for each lab."""
    return [path for lab in box.labs
            for path in _write(out / f"mnlab_{lab.name}", box, {SCRIPT: SCRIPT, "run": "run", "task.yaml": "task.yaml"},
                               lab)]


def _write(folder: Path, box: Box, names: dict[str, str], lab: Lab) -> list[Path]:
    """Templates, and the bundle beside mnlab.sh, which reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, template in names.items():
        text = box.text(template, lab)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755 if text.startswith("#!") else 0o644)
    made = [folder / name for name in names]
    if SCRIPT in names and not box.url:
        made.append(folder / BUNDLE)
        made[-1].unlink(missing_ok=True)
        shutil.copyfile(box.bundle, made[-1])
    return made


def github(box: Box, out: Path) -> list[Path]:
    """A workflow for each repository of a student's."""
    return [_alone(out / ".github/workflows/mnlab.yml", box.text("github.yml"))]


def gitlab(box: Box, out: Path) -> list[Path]:
    """The same for GitLab."""
    return [_alone(out / ".gitlab-ci.yml", box.text("gitlab.yml"))]


def _alone(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


#: Platform: what writes it, and what it is called unless somebody says otherwise.
BOXES: dict[str, tuple[Callable[[Box, Path], list[Path]], str]] = {
    "gradescope": (gradescope, "autograder.zip"), "autolab": (autolab, "autolab"),
    "prairielearn": (prairielearn, "prairielearn"), "inginious": (inginious, "inginious"),
    "github": (github, "."), "gitlab": (gitlab, "."),
}
FETCHED = ("github", "gitlab")  # students' repositories, which are no place for a bundle
