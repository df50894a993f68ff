"""What a student is told of a hand-in: one page of Markdown, with nothing that students are not told."""

import re

from mnlab.course.results import Row, final
from mnlab.machine.plain import plain

LONGEST = 4000  # characters of a message


def page(student: str, rows: list[Row], hand: dict[tuple[str, str], dict]) -> str:
    """The page of one student, with each lab."""
    return "\n".join(
        [f"# Your labs\n\n{_text(student)}\n", *(_lab(row, hand.get((row["student"], row["lab"]))) for row in rows)]
    )


def _lab(row: Row, hand: dict | None) -> str:
    points, most = final(row, hand)
    lines = [f"## {_text(row['lab'])}: {points:g} of {most:g} points", ""]
    if hand and "points" in hand:
        lines += [f"Decided by hand: {_text(hand['reason'])} (the checks gave {row['points']:g}.)", ""]
    if hand and hand.get("comment"):
        lines += [_text(hand["comment"]), ""]
    if row["late_days"]:
        lines += [
            f"Handed in {row['late_days']} day{'s' if row['late_days'] > 1 else ''} late: "
            f"{100 * row['factor']:g} % of {row['points']:g} points count.",
            "",
        ]
    lines += [f"- {_text(note)}" for note in row["notes"]]
    if row["status"] == "inconclusive":
        lines += [
            "",
            "**Inconclusive:** something that is not your work broke. It costs no point; your teacher looks at it.",
        ]
    if row["reason"]:
        lines += ["", "```", _block(row["reason"]), "```"]
    graded = [check for check in row["checks"] if check["max_points"]]
    for check in sorted(graded, key=lambda check: check["status"] == "passed"):
        mark = {"passed": "passed", "failed": "missed"}.get(check["status"], check["status"])
        lines += ["", f"### {mark}: {_text(check['title'])} ({check['points']}/{check['max_points']})"]
        if check["message"]:
            lines += ["", "```", _block(check["message"]), "```"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Words of anybody, without what Markdown or HTML would take for markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", " ".join(plain(str(text)).split()))


def _block(text: str) -> str:
    """Several lines, as they are, with no fence among them."""
    return plain(text)[:LONGEST].replace("```", "'''")
