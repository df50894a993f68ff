"""Where in the folder of results what lies."""

import hashlib

WORK, EVIDENCE, FEEDBACK = "work", "evidence", "feedback"  # what was handed in, was recorded, and is told to students


def place(key: str) -> str:
    """A folder's name for a student: their id, made a name that every file system takes."""
    clean = "".join(letter if letter.isalnum() or letter in "-_.@" else "_" for letter in key).lstrip(".") or "_"
    return (
        clean if clean == key and len(key) < 100 else f"{clean[:80]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    )
