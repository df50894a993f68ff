"""Where things lie in an evidence folder, and its digest. Known to the writer and to the reader.

    manifest.json        what was run where, and the digest of everything else
    scenes/NAME/         of each scene:
        manifest.json    how it ended, and on which network and kernel
        timeline.jsonl   one line a command: name, kind, host, argv, start and end (s of lab time), status
        output/          what each command was told on its standard input, NAME.in, and printed: NAME.out, NAME.err
        captures/        one pcap file an interface, nanosecond time stamps; where TLS secrets were logged, also a
                         pcapng file with the same frames and the secrets: Wireshark shows the plain text
        kernel/          tracepoint series, as the kernel's own text
        files/           what the experiment saved

Beside the evidence, and no part of its digest: answers.toml as it was graded, figures/ drawn from it, verdicts.json
(report/history.py), signature.json (signature.py), report.html, report.pdf and ladder.txt (report/page).
"""

import hashlib
import json
import re
from pathlib import Path

SCENES, MANIFEST, TIMELINE = "scenes", "manifest.json", "timeline.jsonl"
OUTPUT, CAPTURES, KERNEL, FILES = "output", "captures", "kernel", "files"
TRACE, NEIGHBOUR_TRACE = f"{KERNEL}/tcp.trace", f"{KERNEL}/neighbours.trace"
ANSWERS, FIGURES, SIGNATURE, VERDICTS = "answers.toml", "figures", "signature.json", "verdicts.json"
PAGE, PDF, LADDER = "report.html", "report.pdf", "ladder.txt"
BESIDE = (ANSWERS, SIGNATURE, VERDICTS, PAGE, PDF, LADDER)

#: What the outside adds to the manifest after the run: differs from run to run or is made of the rest.
ADDED = ("machine", "evidence_sha256", "seconds", "work")

#: Whose work was run: the manifest's "work" says it, with a digest of the work.
STUDENT, SOLUTION = "student", "solution"

#: Who drew the parameters that prove work: anybody, from the seed; or whoever holds a course's key.
LOCAL, COURSE = "local", "course"

#: How an experiment can end.
OK, STUDENT_FAULT, INCONCLUSIVE = "ok", "student_fault", "inconclusive"


def safe_name(name: str) -> str:
    """`name` if it can name a file here; ValueError if not."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise ValueError(f"{name!r} cannot name a record: use letters, digits, '.', '_' and '-'")
    return name


def digest(folder: Path) -> str:
    """SHA-256 over the scenes' digests in their order, the manifest without what the outside added, and whatever else
    lies there."""
    manifest = json.loads((folder / MANIFEST).read_text())
    scenes = [f"{SCENES}/{scene['name']}" for scene in manifest["scenes"]]
    own = canonical({key: value for key, value in manifest.items() if key not in ADDED})
    strangers = [path for path in _files(folder) if (name := str(path.relative_to(folder))) not in BESIDE
                 and name != MANIFEST and not name.startswith((f"{FIGURES}/", *(f"{scene}/" for scene in scenes)))]
    return _sha256([(MANIFEST, hashlib.sha256(own).hexdigest()),
                    *((scene, digest_of_scene(folder / scene)) for scene in scenes),
                    *((str(path.relative_to(folder)), _sha256_of(path)) for path in strangers)])


def digest_of_scene(folder: Path) -> str:
    """SHA-256 over every file's path and contents."""
    return _sha256([(str(path.relative_to(folder)), _sha256_of(path)) for path in _files(folder)])


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sha256(named: list[tuple[str, str]]) -> str:
    return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in named).encode()).hexdigest()


def canonical(value) -> bytes:
    """JSON that depends on the value alone."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True).encode()
