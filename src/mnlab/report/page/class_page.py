"""The page of a class: how each lab and each check went, and a table of the students; one of it without any names.

It is made of results and of nothing else, and lies beside them. The page for projecting has no table: nothing in it is
of one student alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from urllib.parse import quote

from markupsafe import Markup

from mnlab.course import summary
from mnlab.course.results import Results, final, verdict
from mnlab.course.roster import Student
from mnlab.report import gradebook
from mnlab.report.page import svg
from mnlab.report.page.page import document
from mnlab.report.page.render import render
from mnlab.report.page.words import short

NAME, PROJECTED = "class.html", "class-without-names.html"
WIDTH, HEIGHT, TENTHS = 320.0, 110.0, 10  # of a distribution's picture, and its bars
TITLE = 160  # characters of a check's title or a hint

Flags = dict[tuple[str, str], list[str]]


@dataclass(frozen=True)
class Made:
    """What a class's pages are made of: results, who is in the class, the labs with their weights, a teacher's
    decisions, what looks alike; `place` names a student's feedback page."""

    kept: Results
    people: Sequence[Student]
    weights: dict[str, float]
    hand: dict
    flags: Flags
    place: Callable[[str], str]

    @cached_property
    def facts(self) -> dict[str, gradebook.Facts]:
        """Of each lab what its students' totals ask."""
        return gradebook.facts(self.kept)

    @property
    def titled(self) -> str:
        """How many there are of what."""
        return f"{len(self.people)} students, {len(self.weights)} lab{'' if len(self.weights) == 1 else 's'}"


def html(made: Made, names: bool = True) -> str:
    """The page; without `names` nothing of it is of one student."""
    said = summary.as_dict(list(made.kept.rows.values()), made.flags, made.hand)
    labs = [_lab(made, lab) for lab in said["labs"]]
    body = render("class.html", titled=made.titled, labs=labs, names=names, all_labs=list(made.weights),
                  students=[_student(made, student) for student in made.people] if names else [])
    return document(f"Class · {made.titled}", body, {}, ["class.js"] if names else [], ["page.css", "class.css"])


def _lab(made: Made, said: dict) -> dict:
    shares = [made_of / most for made_of, most in _points(made, said["lab"]) if most]
    checks = [{**check, "title": short(check["title"], TITLE), "hint": short(check["hint"], TITLE),
               "bar": _missed(check["missed"], check["of"])} for check in said["checks"] if check["missed"]]
    return {"name": said["lab"], "verdicts": said["verdicts"], "checks": checks, "picture": _distribution(shares),
            "middle": f"{100 * median(shares):.0f} %" if shares else "", "counts": _tenths(shares)}


def _points(made: Made, lab: str) -> list[tuple[float, float]]:
    """Points that count, and of how many, of everyone of whom the lab was graded."""
    return [final(row, made.hand.get(key)) for key, row in sorted(made.kept.rows.items()) if key[1] == lab
            and ("points" in made.hand.get(key, {}) or row["checks"] and row["status"] != "inconclusive")]


def _tenths(shares: list[float]) -> list[int]:
    """How many have how much of the points, in tenths: the last one has those with all."""
    counts = [0] * TENTHS
    for share in shares:
        counts[min(TENTHS - 1, max(0, int(TENTHS * share)))] += 1
    return counts


def _distribution(shares: list[float]) -> Markup:
    counts = _tenths(shares)
    most, wide = max(*counts, 1), WIDTH / TENTHS
    bars = []
    for number, count in enumerate(counts):
        high = count / most * (HEIGHT - 36)
        bars += [svg.element("rect", x=number * wide + 2, y=HEIGHT - 18 - high, width=wide - 4, height=high),
                 svg.text((number + 0.5) * wide, HEIGHT - 22 - high, str(count or ""), text_anchor="middle")]
    marks = [svg.text(x, HEIGHT - 3, words, text_anchor=anchor, class_="mark") for x, words, anchor in (
        (2, "0 %", "start"), (WIDTH / 2, "50 %", "middle"), (WIDTH - 2, "100 %", "end"))]
    words = "How many have how much: " + ", ".join(
        f"{100 * number // TENTHS} to {100 * (number + 1) // TENTHS} %: {count}"
        for number, count in enumerate(counts) if count)
    return svg.picture(WIDTH, HEIGHT, words, *bars, *marks, class_="distribution")


def _missed(missed: int, asked: int) -> Markup:
    share = missed / asked if asked else 0
    return svg.element("svg", svg.element("rect", width=100 * share, height=10), viewBox="0 0 100 10", class_="missed",
                       preserveAspectRatio="none", aria_hidden="true")


def _student(made: Made, student: Student) -> dict:
    cells, flags = [], []
    for lab in made.weights:
        row = made.kept.rows.get((student.id, lab))
        hand = made.hand.get((student.id, lab))
        if row is None:
            cells.append({"points": "", "share": -1, "verdict": ""})
            continue
        points, most = final(row, hand)
        cells.append({"points": f"{points:g} / {most:g}", "share": round(points / most, 4) if most else 1,
                      "verdict": verdict(row, hand)})
        flags += [f"{lab}: {words}" for words in (*row["flags"], *made.flags.get((student.id, lab), ()))]
        flags += [f"{lab}: inconclusive"] if row["status"] == "inconclusive" else []
    total = gradebook.total(made.kept, student.id, made.weights, made.hand, made.facts)
    told = any(key[0] == student.id for key in made.kept.rows)
    return {"id": student.id, "name": student.name, "section": student.section, "cells": cells, "total": total,
            "flags": [short(words, TITLE) for words in dict.fromkeys(flags)],
            "link": f"feedback/{quote(made.place(student.id))}.html" if told else ""}
