"""Where things lie in an evidence folder, and its digest. Known to the writer and to the reader.

    manifest.json    what was run where, how it ended, and the digest of everything else
    timeline.jsonl   one line a command: name, kind, host, argv, start and end (s of lab time), status
    output/          what each command printed: NAME.out, NAME.err
    captures/        one pcap file an interface, nanosecond time stamps; where TLS secrets were logged, also a pcapng
                     file with the same frames and the secrets: Wireshark shows the plain text
    kernel/          tracepoint series, as the kernel's own text
    files/           what the experiment saved

Beside the evidence, and no part of its digest: answers.toml as it was graded, figures/ drawn from it, verdicts.json
(report/history.py), and signature.json (signature.py).
"""

import hashlib
import json
import re
from pathlib import Path

MANIFEST, TIMELINE = "manifest.json", "timeline.jsonl"
OUTPUT, CAPTURES, KERNEL, FILES = "output", "captures", "kernel", "files"
TRACE, NEIGHBOUR_TRACE = f"{KERNEL}/tcp.trace", f"{KERNEL}/neighbours.trace"
ANSWERS, FIGURES, SIGNATURE, VERDICTS = "answers.toml", "figures", "signature.json", "verdicts.json"

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
    """SHA-256 over every file's path and contents, and over the manifest without what the outside added."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        name = str(path.relative_to(folder))
        if name in (ANSWERS, SIGNATURE, VERDICTS) or name.startswith(f"{FIGURES}/"):
            continue
        if name == MANIFEST:
            manifest = json.loads(path.read_text())
            data = canonical({key: value for key, value in manifest.items() if key not in ADDED})
        else:
            data = path.read_bytes()
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return whole.hexdigest()


def canonical(value) -> bytes:
    """JSON that depends on the value alone."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True).encode()
