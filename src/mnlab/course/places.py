"""Where in the folder of results what lies."""

import hashlib
from pathlib import Path

WORK, EVIDENCE, FEEDBACK = "work", "evidence", "feedback"  # what was handed in, was recorded, and is told to students
#: What is not whole yet: hand-ins that are being unpacked, evidence that is being recorded. A command that was killed
#: leaves some, which is nobody's.
LONGEST = 100  # bytes of a folder's name; file systems take 255
HANDED_IN, RECORDING = ".handed-in", ".recording"


def make(out: Path) -> None:
    """Make the folders for what is known of students: only their owner looks into them, as into the tables."""
    for name in (WORK, EVIDENCE, FEEDBACK):
        (out / name).mkdir(mode=0o700, exist_ok=True)


def place(key: str) -> str:
    """A folder's name for a student: their id, made a name that every file system takes."""
    clean = "".join(letter if letter.isalnum() or letter in "-_.@" else "_" for letter in key).lstrip(".") or "_"
    if clean == key and len(key.encode()) < LONGEST:
        return clean
    short = clean.encode()[:LONGEST - 20].decode(errors="ignore")
    return f"{short}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
