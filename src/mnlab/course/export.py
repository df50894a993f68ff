"""A class's results for who may not know whose they are: a table with pseudonyms, and nothing that tells a student.

Notes, comments and reasons are left out, as anybody may be named in them; so are seeds and digests, which a student
knows of their own work.
"""

from collections.abc import Callable, Iterable

from mnlab.course.results import Row

COLUMNS = ("student", "lab", "status", "kind", "points", "max_points", "late_days", "flags")


def table(rows: Iterable[Row], pseudonym: Callable[[str], str]) -> list[list]:
    """A line for each student and lab, by pseudonym; each check's verdict in a column of its lab's and its name."""
    rows = sorted(rows, key=lambda row: (pseudonym(row["student"]), row["lab"]))
    checks = sorted({f"{row['lab']} {check['name']}" for row in rows for check in row["checks"]})
    lines: list[list] = [[*COLUMNS, *checks]]
    for row in rows:
        verdicts = {f"{row['lab']} {check['name']}": check["status"] for check in row["checks"]}
        told = row | {"student": pseudonym(row["student"]), "flags": "; ".join(row["flags"])}
        lines.append([*(told[column] for column in COLUMNS), *(verdicts.get(check, "") for check in checks)])
    return lines
