"""What a student is told of a hand-in: one page, as Markdown and as HTML, with nothing that students are not told."""

import re
from collections.abc import Iterator

from mnlab.course.results import LATE, UNCHANGED, Row, final
from mnlab.lab.work import VARIANT
from mnlab.machine.plain import plain

LONGEST = 4000  # characters of a message
INCONCLUSIVE = "Inconclusive:"
#: What a teacher is told of a copied variant names its owner; a student is not told.
_WHOSE = re.compile(rf"^({re.escape(VARIANT)} is) that of .*", re.DOTALL)
#: A check's status in the words of the page.
MARKS = {"passed": "passed", "failed": "missed"}


def page(student: str, rows: list[Row], hand: dict[tuple[str, str], dict]) -> str:
    """The page of one student, with each lab, as Markdown."""
    return "\n".join(
        [f"# Your labs\n\n{_text(student)}\n", *(_lab(row, hand.get((row["student"], row["lab"]))) for row in rows)]
    )


def html(student: str, rows: list[Row], hand: dict[tuple[str, str], dict]) -> str:
    """The same page as HTML."""
    from mnlab.report.page.page import document
    from mnlab.report.page.render import render

    labs = []
    for row in rows:
        decided = hand.get((row["student"], row["lab"]))
        points, most = final(row, decided)
        checks = [{**check, "mark": _mark(check), "message": _block(check["message"])} for check in _checks(row)]
        labs.append({"name": row["lab"], "points": f"{points:g}", "of": f"{most:g}", "said": list(said(row, decided)),
                     "reason": _block(row["reason"]), "checks": checks})
    body = render("feedback.html", student=_block(student), labs=labs)
    return document("Your labs", body, {}, [], ["page.css", "feedback.css"])


def said(row: Row, hand: dict | None) -> Iterator[str]:
    """What there is to say of a hand-in besides its checks, a sentence or a few each."""
    if hand and "points" in hand:
        yield f"Decided by hand: {plain(hand['reason'])} (the checks gave {row['points']:g}.)"
    if hand and hand.get("comment"):
        yield plain(hand["comment"])
    if row["late_days"]:
        yield (f"Handed in {row['late_days']} day{'s' if row['late_days'] > 1 else ''} late: "
               f"{100 * row['factor']:g} % of {row['points']:g} points count.")
    elif LATE in row["flags"]:
        yield "Handed in late, as your platform says. It does not say by how much: your teacher decides what it costs."
    if UNCHANGED in row["flags"]:
        yield "What was handed in is what the lab began with: nothing in it was changed."
    if row["refused"] and not (hand and "points" in hand):
        yield "The work is for another student's network: it has no points in this course. Talk to your teacher."
    if others := [key for key in row["group"] if key != row["student"]]:
        yield f"Handed in together with {', '.join(map(plain, others))}."
    for note in row["notes"]:
        yield plain(_WHOSE.sub(r"\1 another student's", note))
    if row["status"] == "inconclusive" and not (hand and "points" in hand):
        yield f"{INCONCLUSIVE} something that is not your work broke. It costs no point; your teacher looks at it."


def _checks(row: Row) -> list[dict]:
    """The checks that give points, those that were missed first."""
    return sorted((check for check in row["checks"] if check["max_points"]),
                  key=lambda check: check["status"] == "passed")


def _mark(check: dict) -> str:
    return MARKS.get(check["status"], check["status"])


def _lab(row: Row, hand: dict | None) -> str:
    points, most = final(row, hand)
    lines = [f"## {_text(row['lab'])}: {points:g} of {most:g} points", ""]
    for words in said(row, hand):
        lines += [_text(words).replace(INCONCLUSIVE, f"**{INCONCLUSIVE}**", 1), ""]
    if row["reason"]:
        lines += ["```", _block(row["reason"]), "```"]
    for check in _checks(row):
        lines += ["", f"### {_mark(check)}: {_text(check['title'])} ({check['points']}/{check['max_points']})"]
        if check["message"]:
            lines += ["", "```", _block(check["message"]), "```"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Words of anybody, without what Markdown or HTML would take for markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", " ".join(plain(str(text)).split()))


def _block(text: str) -> str:
    """Several lines, as they are, with no fence among them."""
    return plain(text)[:LONGEST].replace("```", "'''")
