"""Grade what is not graded yet: nothing twice, each result written as it comes, and a share of it audited."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from mnlab.course.grading import Todo, key_of, run_of
from mnlab.course.places import EVIDENCE, RECORDING, place
from mnlab.course.results import AUDIT, MISSING, Results, Row
from mnlab.lab.lab import Lab

#: Gives jobs to workers; each comes back with its result, as soon as there is one (workers.each, cluster.each).
Pool = Callable[[Iterable[dict]], Generator[tuple[dict, dict], None, None]]
INCONCLUSIVE = "inconclusive"
#: What a row has of a run, and so has every row of an equal one.
OF_A_RUN = ("status", "points", "max_points", "reason", "evidence_sha256", "machine", "image_sha256", "checks",
            "worker", "audit")
SAME = "the same digest"  # what an audit found


def carry_out(todo: Iterable[Todo], results: Results, pool: Pool, tell: Callable[[Row], None] = lambda row: None,
              again: bool = False, audit: float = 0) -> list[str]:
    """Grade what is not graded yet (`again`: all of it). Equal work of one variant is run once, and so is what was run
    before. `audit` percent of what was run are then run once more, without any cache, by other workers; what of it
    could not be is returned, in words.

    Evidence is recorded aside, and laid where a row names it when it is whole: whatever is killed, a row never names
    a part of some."""
    recording = results.folder / RECORDING
    shutil.rmtree(recording, ignore_errors=True)  # of a command that was killed
    recording.mkdir(mode=0o700)
    try:
        every = _carry_out(todo, results, pool, tell, again)
        return _audit(every, results, pool, audit, tell) if audit else []
    finally:
        shutil.rmtree(recording, ignore_errors=True)


def _carry_out(todo: Iterable[Todo], results: Results, pool: Pool, tell: Callable[[Row], None],
               again: bool) -> list[Todo]:
    """What `carry_out` does, but for the audit: all that there was to do, also what an earlier call has run that was
    ended before its audit."""
    known = {} if again else {row["run"]: row for row in results.rows.values() if _holds(row, results.folder)}
    at_work: dict[str, list[Todo]] = {}
    every: list[Todo] = []

    def finish(row: Row) -> None:
        if not row["evidence"]:
            _clear(_place_of(row), results.folder)
        results.add(row)
        tell(row)

    def jobs() -> Iterator[dict]:
        for one in todo:
            every.append(one)
            row, old = one.row, results.rows.get((one.row["student"], one.row["lab"]))
            kept = row["status"] == MISSING and old is not None and old["status"] != MISSING  # of an earlier folder
            if old and (kept or old["key"] == row["key"] and not again and (
                    one.job is None or _holds(old, results.folder))):
                tell(old)
            elif one.job is None:
                finish(row)
            elif row["run"] in known:
                finish(_as_of(row, known[row["run"]], results.folder))
            elif row["run"] in at_work:
                at_work[row["run"]].append(one)
            else:
                at_work[row["run"]] = [one]
                yield one.job | {"run": row["run"]}

    with closing(pool(jobs())) as results_of:
        for job, result in results_of:
            first, *equal = at_work.pop(job["run"])
            row = merged(first.row, result)
            if result.get("evidence"):
                row["evidence"] = _laid(Path(result["evidence"]), _place_of(row), results.folder)
            finish(row)
            if _holds(row, results.folder):
                known[row["run"]] = row
            for one in equal:
                finish(_as_of(one.row, row, results.folder))
    return every


def merged(row: Row, result: dict) -> Row:
    """A row with what grading said."""
    if "trouble" in result:
        return row | {"status": INCONCLUSIVE, "reason": result["trouble"], "worker": result.get("worker", "")}
    unknown = result["status"] == INCONCLUSIVE and not result["max_points"]  # what of it can be asked here
    return row | {part: result[part] for part in OF_A_RUN if part in result} | (
        {"max_points": row["max_points"]} if unknown else {})


def _holds(row: Row, out: Path) -> bool:
    """Whether a row's verdict is one that need not be found again: it says something, and its evidence is there."""
    return row["status"] != INCONCLUSIVE and bool(row["work_sha256"]) and (
        not row["evidence"] or (out / row["evidence"]).is_dir())


def _as_of(row: Row, other: Row, out: Path) -> Row:
    """A row with the verdict of an equal one; its evidence is the same files, under its own student's name."""
    found = row | {part: other[part] for part in OF_A_RUN if part in other} | {
        "flags": [*row["flags"], *([AUDIT] if AUDIT in other["flags"] else [])]}
    if not other["evidence"]:
        return found
    if other["evidence"] == _place_of(row):
        return found | {"evidence": other["evidence"]}
    copy = out / RECORDING / place(row["student"]) / f"{row['lab']}-copy"
    shutil.copytree(out / other["evidence"], copy, copy_function=_linked)
    return found | {"evidence": _laid(copy, _place_of(row), out)}


def _linked(source: str, target: str) -> None:
    """The same file under another name, if the file system has that: evidence is written once."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _place_of(row: Row, *within: str) -> str:
    """Where a row's evidence lies, in the folder of results."""
    return "/".join((EVIDENCE, place(row["student"]), *within, f"{row['lab']}-1"))


def _laid(evidence: Path, where: str, out: Path) -> str:
    """Lay evidence that is whole where it belongs; returns where. What is there is the old one, nothing, or the new
    one, at any moment."""
    _clear(where, out)
    (out / where).parent.mkdir(parents=True, exist_ok=True)
    evidence.rename(out / where)
    return where


def _clear(where: str, out: Path) -> None:
    """Remove the evidence of earlier runs, each as a whole."""
    folder = out / where
    for old in folder.parent.glob(f"{folder.name.rpartition('-')[0]}-*"):
        aside = Path(tempfile.mkdtemp(dir=out / RECORDING))
        old.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


# --- audit ---

def _audit(every: list[Todo], results: Results, pool: Pool, percent: float, tell: Callable[[Row], None]) -> list[str]:
    """Run a share of what was run once more, elsewhere, unless that was done. Another digest is an alarm, and both
    workers are named. What could not be run a second time, in words."""
    by_job, unaudited = {}, list[str]()
    for one in every:
        row = results.rows[one.row["student"], one.row["lab"]]
        if one.job and not row.get("audit") and _holds(row, results.folder) and _drawn(one.row["run"], percent):
            by_job[one.row["run"]] = (one.job | {"run": row["run"], "out": f"{one.job['out']}/audit", "fresh": True,
                                                 "other_than": row["worker"]}, row)
    for job, result in pool(job for job, _ in by_job.values()):
        _, row = by_job[job["run"]]
        if result.get("evidence_sha256") == row["evidence_sha256"]:
            for other in [other for other in results.rows.values() if other["run"] == row["run"]]:
                results.add(other | {"audit": f"{SAME} from {result['worker']}"})
            continue
        if "trouble" in result or result.get("status") == INCONCLUSIVE:  # no digest is no other digest
            unaudited.append(f"{row['student']} {row['lab']}: {result.get('trouble') or result.get('reason')}")
            continue
        if result.get("evidence"):
            _laid(Path(result["evidence"]), _place_of(row, "audit"), results.folder)
        why = (f"{AUDIT}: {row['evidence_sha256'][:12] or 'none'} from {row['worker']}, "
               f"{result['evidence_sha256'][:12] or 'none'} from {result['worker']}")
        for (student, lab), other in list(results.rows.items()):
            if other["run"] == row["run"]:
                results.add(other | {"flags": [*(flag for flag in other["flags"] if flag != AUDIT), AUDIT],
                                     "audit": why})
                tell(results.rows[student, lab])
    return unaudited


def _drawn(run: str, percent: float) -> bool:
    """Whether a run is of the share that is audited: by its digest, so that nobody chooses."""
    return int(hashlib.sha256(run.encode()).hexdigest()[:8], 16) < percent / 100 * (1 << 32)


# --- new checks, the same evidence ---

def regrade(results: Results, labs: list[Lab], pool: Pool, secret: str,
            tell: Callable[[Row], None] = lambda row: None) -> None:
    """Let the checks of some labs look again at saved evidence. What has none stays as it is."""
    by_name, groups = {lab.name: lab for lab in labs}, dict[str, list[Row]]()
    for row in results.rows.values():
        if row["lab"] in by_name and row["evidence"] == _place_of(row) and (results.folder / row["evidence"]).is_dir():
            groups.setdefault(row["run"], []).append(row)
    jobs = ({"recheck": str(results.folder / rows[0]["evidence"]), "run": run, "student": rows[0]["student"],
             "lab": rows[0]["lab"]} for run, rows in groups.items())
    for job, result in pool(jobs):
        for row in groups[job["run"]]:
            new = merged(row, result) | {"evidence": row["evidence"], "worker": row["worker"]}
            new["run"] = run_of(new, by_name[row["lab"]], secret)
            new["key"] = key_of(new)
            results.add(new)
            tell(new)
