"""A class's results as tables: one's own, and what Canvas and Moodle import.

Spreadsheets take a cell that begins with = + - @ for a formula; here it begins with an apostrophe, which they do not
show. The files begin with a byte order mark, by which they know UTF-8.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mnlab.course.results import MISSING, Results, Row, final, unowned, verdict
from mnlab.course.roster import CANVAS, Student
from mnlab.report.feedback import said

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NO_GRADE = "-"  # Moodle's word


def harmless(cell) -> str:
    """A cell as a spreadsheet shall show it: a text that would be a formula is none; numbers stay numbers."""
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text != NO_GRADE and text.startswith(FORMULA) else text


@dataclass(frozen=True)
class Facts:
    """What of a lab's results every cell asks: the most points that somebody could get, and whether hand-ins are
    nobody's."""

    most: float
    unowned: bool


def facts(results: Results) -> dict[str, Facts]:
    """The facts of each lab; where work was graded the maximum is that of it."""
    found = {}
    for lab in {lab for _, lab in results.rows}:
        rows = [row for row in results.rows.values() if row["lab"] == lab]
        graded = [row["max_points"] for row in rows if row["checks"] and row["status"] != "inconclusive"]
        found[lab] = Facts(max(graded or [row["max_points"] for row in rows]), unowned(rows))
    return found


def written(rows: Sequence[Sequence], comma: bool = False) -> str:
    """Rows as CSV; with `comma`, decimals have one, and semicolons part the cells."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
    for row in rows:
        writer.writerow([_number(cell, comma) if isinstance(cell, (int, float)) else harmless(cell) for cell in row])
    return out.getvalue()


def _number(value: float, comma: bool) -> str:
    text = f"{value:g}" if abs(value) < 1e15 else str(value)
    return text.replace(".", ",") if comma else text


def whole(
    results: Results,
    people: Sequence[Student],
    labs: dict[str, float],
    hand: dict,
    flags: dict[tuple[str, str], list[str]],
) -> list[list]:
    """One row a student: of each lab points, of how many, percent, verdict, flags, notes, digest; then the total in
    percent, by the labs' weights."""
    parts = ("points", "of", "percent", "verdict", "flags", "notes", "evidence")
    rows: list[list] = [
        ["id", "name", "email", "section", *(f"{lab} {part}" for lab in labs for part in parts), "total percent"]
    ]
    known = facts(results)
    for student in people:
        cells: list = []
        for lab in labs:
            row = results.rows.get((student.id, lab))
            if row is None:
                cells += [""] * len(parts)
                continue
            points, most = final(row, hand.get((student.id, lab)))
            cells += [
                points,
                most,
                _percent(points, most),
                verdict(row, hand.get((student.id, lab))),
                "; ".join([*row["flags"], *flags.get((student.id, lab), [])]),
                "; ".join([*_by_hand(hand.get((student.id, lab), {})), *row["notes"]]),
                row["evidence_sha256"][:16],
            ]
        rows.append(
            [student.id, student.name, student.email, student.section, *cells,
             total(results, student.id, labs, hand, known)]
        )
    return rows


def _by_hand(hand: dict) -> Iterator[str]:
    """What a teacher decided or wrote, marked as such."""
    if "points" in hand:
        yield f"by hand: {hand['reason']}"
    if hand.get("comment"):
        yield f"comment: {hand['comment']}"


def total(results: Results, student: str, labs: Mapping[str, float], hand: dict,
          known: Mapping[str, Facts]) -> float | str:
    """Percent of all labs, by weight; "" while nobody knows one of them yet. `known`: the labs' facts."""
    shares, weights = 0.0, 0.0
    for lab, weight in labs.items():
        row, decided = results.rows.get((student, lab)), hand.get((student, lab))
        if row is None or not _is_known(row, decided, known[lab]):
            return ""
        points, most = final(row, decided)
        shares, weights = shares + weight * (points / most if most else 1), weights + weight
    return round(100 * shares / weights, 2) if weights else ""


def canvas(results: Results, people: Sequence[Student], labs: dict[str, float], hand: dict,
           columns: Mapping[str, str] | None = None) -> list[list]:
    """What Canvas imports as a gradebook: it goes by ID and SIS User ID, and by the names of its `columns`, where it
    has some for a lab. An inconclusive lab has no grade."""
    called = [(columns or {}).get(lab, lab) for lab in labs]
    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *called]
    known = facts(results)
    worth = ["    Points Possible", "", "", "", "", *(known[lab].most if lab in known else 0 for lab in labs)]
    return [
        heads,
        worth,
        *(
            [
                student.name,
                student.lms if student.platform == CANVAS else "",
                student.id if student.id != student.lms else "",  # which is Canvas' own
                student.login,
                student.section,
                *(_grade(results, student.id, lab, hand, known) for lab in labs),
            ]
            for student in people
        ),
    ]


def moodle(results: Results, people: Sequence[Student], labs: dict[str, float], hand: dict) -> list[list]:
    """What Moodle imports (Grades, Import, CSV): it goes by ID number or email address. There an empty cell would be a
    grade of 0 (grade/import/csv/classes/load_data.php)."""
    known = facts(results)
    return [
        ["ID number", "Full name", "Email address", *labs, *(f"{lab} feedback" for lab in labs)],
        *(
            [
                student.id if student.id != student.email else "",
                student.name,
                student.email,
                *(NO_GRADE if (grade := _grade(results, student.id, lab, hand, known)) == "" else grade
                  for lab in labs),
                *(_feedback(results, student.id, lab, hand) for lab in labs),
            ]
            for student in people
        ),
    ]


def _grade(results: Results, student: str, lab: str, hand: dict, known: Mapping[str, Facts]) -> float | str:
    """The points that a platform is told, of as many as it is told for everybody: who could get fewer, as something
    could not be asked there, has the same share."""
    row, decided = results.rows.get((student, lab)), hand.get((student, lab))
    if row is None or not _is_known(row, decided, known[lab]):
        return ""
    (points, own), most = final(row, decided), known[lab].most
    if own == most or decided and "points" in decided:
        return points
    return round(points / own * most, 2) if own else most


def _is_known(row: Row, decided: dict | None, lab: Facts) -> bool:
    """Whether a row says what somebody gets. An inconclusive one does not; nor does one of who handed in nothing, while
    there are hand-ins of which nobody knows whose they are."""
    if decided and "points" in decided:
        return True
    return row["status"] != "inconclusive" and not (row["status"] == MISSING and lab.unowned)


def _feedback(results: Results, student: str, lab: str, hand: dict) -> str:
    row = results.rows.get((student, lab))
    if row is None:
        return ""
    missed = [check["title"] for check in row["checks"] if check["status"] == "failed" and check["max_points"]]
    words = [one.rstrip(".") + "." for one in said(row, hand.get((student, lab)))]
    return " ".join([*words, f"Missed: {'; '.join(missed)}"] if missed else words)


def _percent(points: float, most: float) -> float:
    return round(100 * points / most, 2) if most else 100.0
