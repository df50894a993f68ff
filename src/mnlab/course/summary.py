"""How a class did, in a few lines: verdicts, what is missed most, who needs a look."""

from collections import Counter
from collections.abc import Iterator

from mnlab.course.results import AUDIT, FOREIGN, LACKING, MISSING, NOT_GRADED, SEVERAL, Row

MOST = 5  # checks that are named


def as_dict(rows: list[Row], flags: dict[tuple[str, str], list[str]]) -> dict:
    """For --json: of each lab its verdicts and how often each check is missed; and who needs a look."""
    return {
        "labs": [
            {
                "lab": lab,
                "verdicts": dict(Counter(row["status"] for row in some)),
                "points": sorted(row["points"] for row in some if row["checks"]),
                "max_points": max(row["max_points"] for row in some),
                "checks": [
                    {"title": title, "missed": missed, "of": asked, "hint": hint}
                    for title, (missed, asked, hint) in _missed(some)
                ],
            }
            for lab, some in _by_lab(rows).items()
        ],
        "look_at": [{"student": row["student"], "lab": row["lab"], "why": why} for row, why in _look_at(rows, flags)],
    }


def lines(
    rows: list[Row], flags: dict[tuple[str, str], list[str]] | None = None, whole: bool = False
) -> Iterator[str]:
    """For a terminal; `whole`: also what was missed."""
    for lab, some in _by_lab(rows).items():
        verdicts = Counter(row["status"] for row in some)
        graded = [row["points"] for row in some if row["checks"]]
        middle = f", {sorted(graded)[len(graded) // 2]} points in the middle" if graded else ""
        yield f"{lab}: {', '.join(f'{count} {status}' for status, count in verdicts.most_common())}{middle}"
        if whole and graded:
            yield from _distribution(graded, max(row["max_points"] for row in some))
            for title, (missed, asked, hint) in _missed(some)[:MOST]:
                yield f"  missed by {missed} of {asked}: {title}" + (f" (hint: {hint})" if hint else "")
    look = list(_look_at(rows, flags or {}))
    if look:
        yield "to look at:"
        yield from (f"  {row['student']} {row['lab']}: {'; '.join(why)}" for row, why in look)


def _by_lab(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["lab"], []).append(row)
    return found


def _distribution(points: list[int], most: int) -> Iterator[str]:
    """How many have how much of the points, in tenths."""
    tenths = Counter(min(9, 10 * one // most) if most else 9 for one in points)
    for tenth in range(9, -1, -1):
        if tenths[tenth]:
            bar = "#" * max(1, 40 * tenths[tenth] // len(points))
            yield f"  {10 * tenth:>3} to {10 * tenth + 10:>3} %  {bar:<40}  {tenths[tenth]}"


def _missed(rows: list[Row]) -> list[tuple[str, tuple[int, int, str]]]:
    """Of each check how often it was missed, of how often it was asked, and its hint; the most missed first."""
    asked, missed, hints = Counter[str](), Counter[str](), dict[str, str]()
    for row in rows:
        for check in (check for check in row["checks"] if check["max_points"]):
            asked[check["title"]] += 1
            if check["status"] == "failed":
                missed[check["title"]] += 1
                if check.get("hint"):  # a row from before checks told it has none
                    hints.setdefault(check["title"], " ".join(check["hint"].split()))
    return sorted(
        ((title, (count, asked[title], hints.get(title, ""))) for title, count in missed.items()),
        key=lambda one: (-one[1][0], one[0]),
    )


def _look_at(rows: list[Row], flags: dict[tuple[str, str], list[str]]) -> Iterator[tuple[Row, list[str]]]:
    """Who needs a look, and why."""
    for row in rows:
        why = [
            *(row["audit"] if flag == AUDIT else flag for flag in row["flags"]),
            *(
                row["notes"]
                if row["status"] in (NOT_GRADED, MISSING) or {FOREIGN, SEVERAL, LACKING} & set(row["flags"])
                else []
            ),
            *flags.get((row["student"], row["lab"]), []),
        ]
        if row["status"] == "inconclusive":
            why.append(f"inconclusive: {row['reason'].splitlines()[0] if row['reason'] else 'no reason was given'}")
        if why:
            yield row, list(dict.fromkeys(why))
