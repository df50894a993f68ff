"""What the student's program printed, against what is on the wire."""

import json
from pathlib import Path

from mnlab.checks import expect
from mnlab.lab.lab import load

read = load(Path(__file__).with_name("reading.py"))


def lines(command) -> list[dict]:
    """The lines of JSON that a run of the student's program printed, of files that it names."""
    return [entry for line in command.stdout.splitlines() if (entry := about_a_file(line))]


def about_a_file(line: str) -> dict | None:
    """The object of JSON in a line, if it names a file."""
    try:
        entry = json.loads(line)
        return entry if isinstance(entry["file"], str) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def printed(evidence) -> dict[str, dict]:
    """File -> what the student's program printed of it, in its run on all files or in one on this file alone."""
    found = {Path(entry["file"]).name: entry for ran in evidence.timeline if ran.name.split("-")[0] == "hello"
             for entry in lines(ran)}
    ran = evidence.command("hello")
    words = (ran.stderr.strip() or ran.stopped).splitlines()
    expect(found, done=ran.line, expected="a line of JSON for each file",
           seen=f"status {ran.status}: {words[-1]}" if words else f"status {ran.status}, {ran.stdout[:80]!r}")
    return found


def tells(evidence, files, *keys: str) -> None:
    """Fail unless the program tells these fields of these files as they are on the wire, wherever it has a line."""
    found = printed(evidence)
    mine = [file for file in files if file in found]
    expect(mine, done="your program read " + ", ".join(files), expected="a line about one of them", seen="none")
    for file in mine:
        right = read.described(evidence, *file.rsplit(".", 1))
        for key in (key for key in keys if key in right):
            given = found[file].get(key, "none")
            if key in ("random", "session_id") and isinstance(given, str):
                given = given.lower()
            expect(key in found[file] and given == right[key] and type(given) is type(right[key]),
                   done=f"your program read {file}", expected=f"{key}: what eve's capture holds",
                   seen=f"{key}: {json.dumps(given)[:120]}")
