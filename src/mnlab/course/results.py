"""The results of a class, written as they come: one line of JSON for each student and lab, safe against any end.

A line that was cut short is no result; of two lines for one student and lab the later one counts. What a teacher
decides by hand lies apart (by_hand.py), and changes no line.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mnlab import __version__

RESULTS, LOCK = "results.jsonl", ".lock"
SCHEMA = 1
HALF = re.compile(r"\.[\w.-]+\.(csv|json|jsonl|html|toml|zip)\.\d+")  # what `replace` writes first
NAMING = r"\b(?:handed in by|is that of|may be of)\b"  # how notes name students (handins.py, grading.py)
REMOVED = "[removed]"  # in place of the id of a student who is forgotten
SYNC = 1  # seconds; a disk is told so often to write down what the system has
#: What a line that is a result has, by kind; one of another mnlab, or of nobody, is none.
PARTS: dict[type | tuple[type, ...], tuple[str, ...]] = {
    str: ("student", "name", "lab", "status", "kind", "reason", "work_sha256", "evidence", "evidence_sha256", "run",
          "key", "place", "worker", "machine", "image_sha256", "seed_from"),
    list: ("flags", "notes", "checks", "group"),
    int: ("points", "max_points", "late_days"),
    bool: ("refused",),
    (int, float): ("factor",),
}
#: And each of its checks.
OF_A_CHECK: dict[type | tuple[type, ...], tuple[str, ...]] = {
    str: ("name", "title", "status", "message"), int: ("points", "max_points")}
#: What a hand-in can be besides a verdict: nothing was run.
MISSING, NOT_GRADED = "missing", "not graded"
UNCHANGED, LATE, FOREIGN, AUDIT = "unchanged starter", "late", "another variant", "audit: another digest"  # flags
SEVERAL, LACKING, NOBODYS = "several works", "missing files", "nobody's"

Row = dict


class InUse(Exception):
    """Another command writes into the folder of results. The text says so."""


@dataclass
class Results:
    """The results in a folder, by (student, lab); `add` writes one more."""

    folder: Path
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    damaged: int = 0  # lines that are no results: cut short, say
    synced: float = 0  # s of time.monotonic(), when the disk last had all of it

    def add(self, row: Row) -> None:
        """Write a result, so that it is there whatever happens to this process; and once a second to the disk."""
        self.rows[row["student"], row["lab"]] = row
        line = json.dumps({**row, "schema": SCHEMA, "mnlab": __version__}, ensure_ascii=True, sort_keys=True)
        data = f"{line}\n".encode()
        with open(self.folder / RESULTS, "a+b", opener=private) as file:
            if (size := file.seek(0, os.SEEK_END)) and os.pread(file.fileno(), 1, size - 1) != b"\n":
                data = b"\n" + data  # after a line that was cut short
            file.write(data)
            file.flush()
            if time.monotonic() - self.synced >= SYNC:
                os.fsync(file.fileno())
                self.synced = time.monotonic()

    def count(self, labs: Collection) -> int:
        """How many rows of these labs have evidence that is there."""
        names = {lab.name for lab in labs}
        return sum(row["lab"] in names and bool(row["evidence"]) and (self.folder / row["evidence"]).is_dir()
                   for row in self.rows.values())

    def forget(self, student: str) -> int:
        """Remove all lines of a student, and the id from what is said of others; how many lines there were. The file is
        replaced as a whole."""
        path, kept, gone = self.folder / RESULTS, [], 0
        for line in path.read_text(errors="replace").splitlines():
            row = _object(line)
            if row is None:  # it was cut short: it is no result, and whose it was nobody knows
                continue
            if row.get("student") == student:
                gone += 1
            else:
                kept.append(_row(line) and _without_name(row, student) or line)
        replace(path, "".join(f"{line}\n" for line in kept), durable=True)
        self.rows = read(self.folder).rows
        return gone

    def named_with(self, student: str) -> list[str]:
        """Of whom something is said that names a student."""
        return sorted({row["student"] for row in self.rows.values()
                       if row["student"] != student and _without_name(row, student)})

    def remove(self, keys: Collection[tuple[str, str]]) -> None:
        """Remove rows of a student and a lab, which are of nobody any more."""
        path = self.folder / RESULTS
        lines = [line for line in path.read_text(errors="replace").splitlines()
                 if not (row := _object(line)) or (row.get("student"), row.get("lab")) not in keys]
        replace(path, "".join(f"{line}\n" for line in lines), durable=True)
        self.rows = {key: row for key, row in self.rows.items() if key not in keys}


def named(student: str) -> re.Pattern:
    """What finds a student's id in a text."""
    return re.compile(rf"(?<!\w){re.escape(student)}(?!\w)")


def _without_name(row: Row, student: str) -> str | None:
    """A line of another student's that names this one no more; None if it does not."""
    word = re.compile(rf"({NAMING}.*?)(?<!\w){re.escape(student)}(?!\w)")
    notes = [word.sub(rf"\g<1>{REMOVED}", note) for note in row["notes"]]
    if student not in row["group"] and notes == row["notes"]:
        return None
    return json.dumps(row | {"group": [one for one in row["group"] if one != student], "notes": notes}, sort_keys=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other commands from writing results into a folder; what a killed one left half written is removed. InUse if
    one does so already."""
    with open(folder / LOCK, "w", opener=private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(f"another mnlab grades into {folder}: wait for it, or choose another --out") from None
        for path in folder.glob(".*"):
            if HALF.fullmatch(path.name):
                path.unlink(missing_ok=True)
        yield


def read(folder: Path) -> Results:
    """The results that a folder holds; none if it is new."""
    found = Results(folder)
    path = folder / RESULTS
    for line in path.read_text(errors="replace").splitlines() if path.is_file() else ():
        if row := _row(line):
            found.rows[row["student"], row["lab"]] = row
        elif line.strip():
            found.damaged += 1
    return found


def private(path: str, flags: int) -> int:
    """Opens a file that only its owner reads."""
    return os.open(path, flags, 0o600)


def _row(line: str) -> Row | None:
    row = _object(line)
    whole = row and row.get("schema", SCHEMA) == SCHEMA and _is_whole(row)
    return {"audit": "", **row} if row and whole else None  # one of before it was told has no audit


def _is_whole(row: dict) -> bool:
    """Whether a row has what every table and page reads of it."""
    if not _has(row, PARTS) or not all(
            _has(check, OF_A_CHECK) and isinstance(check.get("hint", ""), str) and _is_texts(check.get("claims", []))
            for check in row["checks"]):
        return False
    if not (row.get("seed", "") is None or isinstance(row.get("seed"), int)):
        return False
    return all(_is_texts(row[part]) for part in ("flags", "notes", "group")) and 0 <= row["factor"] <= 1 and (
        AUDIT not in row["flags"] or isinstance(row.get("audit"), str))


def _is_texts(thing) -> bool:
    return isinstance(thing, (list, tuple)) and all(isinstance(one, str) for one in thing)


def _has(thing, parts: dict) -> bool:
    return isinstance(thing, dict) and all(
        isinstance(thing.get(part), kind) for kind, names in parts.items() for part in names)


def _object(line: str) -> dict | None:
    try:
        found = json.loads(line)
        json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def replace(path: Path, data: str | bytes, durable: bool = False) -> None:
    """Write a file so that it is the old one or the new one, whole, at any moment; with `durable` also if the power
    fails. Only its owner reads it."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(new, "wb", opener=private) as file:
            file.write(data.encode() if isinstance(data, str) else data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def verdict(row: Row, hand: dict | None) -> str:
    """A word for what became of a hand-in."""
    words = row["kind"] if row["status"] == NOT_GRADED and row["kind"] else row["status"]
    if row["refused"]:
        words += ", refused"
    return f"{words}, by hand" if hand and "points" in hand else words


def unowned(rows: Iterable[Row]) -> bool:
    """Whether some hand-in is nobody's: who has none may have handed that one in."""
    return any(NOBODYS in row["flags"] for row in rows)


def final(row: Row, hand: dict | None) -> tuple[float, float]:
    """The points that count, and of how many: what the machine found, less what lateness costs; or what a teacher
    decided."""
    if hand and "points" in hand:
        return float(hand["points"]), float(row["max_points"])
    if row.get("refused"):
        return 0.0, float(row["max_points"])
    return round(row["points"] * row.get("factor", 1), 2), float(row["max_points"])
