"""How a class did, in a few lines: verdicts, what is missed most, who needs a look."""

from collections import Counter
from collections.abc import Iterator
from statistics import median

from mnlab.checks.verdicts import NOT_APPLICABLE
from mnlab.course.results import (
    AUDIT,
    FOREIGN,
    LACKING,
    MISSING,
    NOBODYS,
    NOT_GRADED,
    SEVERAL,
    Row,
    final,
    verdict,
)

MOST = 5  # checks that are named

Hand = dict[tuple[str, str], dict]


def as_dict(rows: list[Row], flags: dict[tuple[str, str], list[str]], hand: Hand | None = None) -> dict:
    """For --json: of each lab its verdicts and how each check went; what was decided by hand; and who needs a look."""
    return {
        "labs": [
            {
                "lab": lab,
                "verdicts": dict(Counter(row["status"] for row in some)),
                "points": sorted(row["points"] for row in some if row["checks"]),
                "max_points": max(row["max_points"] for row in some),
                "checks": _checks(some),
            }
            for lab, some in _by_lab(rows).items()
        ],
        "by_hand": [
            {"student": student, "lab": lab, "points": said.get("points"), "reason": said.get("reason", ""),
             "comment": said.get("comment", "")} for (student, lab), said in sorted((hand or {}).items())
        ],
        "look_at": [{"student": row["student"], "lab": row["lab"], "why": why} for row, why in _look_at(rows, flags)],
    }


def lines(
    rows: list[Row],
    flags: dict[tuple[str, str], list[str]] | None = None,
    whole: bool = False,
    hand: Hand | None = None,
) -> Iterator[str]:
    """For a terminal; `whole`: also what was missed."""
    hand = hand or {}
    for lab, some in _by_lab(rows).items():
        verdicts = Counter(verdict(row, hand.get((row["student"], lab))) for row in some)
        graded = [final(row, hand.get((row["student"], lab)))[0] for row in some if row["checks"]]
        middle = f"; median {median(graded):g} points" if graded else ""
        yield f"{lab}: {', '.join(f'{count} {status}' for status, count in verdicts.most_common())}{middle}"
        if whole and graded:
            yield from _distribution(graded, max(row["max_points"] for row in some))
            yield from _of_checks(_checks(some))
    for (student, lab), said in sorted(hand.items()):
        words = [f"{said['points']:g} points ({said['reason']})"] if "points" in said else []
        yield f"by hand: {student} {lab}: {'; '.join([*words, *filter(None, [said.get('comment')])])}"
    look = list(_look_at(rows, flags or {}))
    if look:
        yield "to look at:"
        yield from (f"  {row['student']} {row['lab']}: {'; '.join(why)}" for row, why in look)


def _by_lab(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["lab"], []).append(row)
    return found


def _distribution(points: list[float], most: int) -> Iterator[str]:
    """How many have how much of the points, in tenths."""
    tenths = Counter(min(9, int(10 * one // most)) if most else 9 for one in points)
    for tenth in range(9, -1, -1):
        if tenths[tenth]:
            bar = "#" * max(1, 40 * tenths[tenth] // len(points))
            yield f"  {10 * tenth:>3} to {10 * tenth + 10:>3} %  {bar:<40}  {tenths[tenth]}"


def _of_checks(checks: list[dict]) -> Iterator[str]:
    """The checks that were missed most, and how many nobody missed."""
    missed = [check for check in checks if check["missed"]]
    for check in missed[:MOST]:
        unknown = f", {check['inconclusive']} inconclusive" if check["inconclusive"] else ""
        yield (f"  missed by {check['missed']} of {check['of']}{unknown}: {check['title']}"
               + (f" (hint: {check['hint']})" if check["hint"] else ""))
    rest = [f"{len(missed) - MOST} more were missed by somebody"] if len(missed) > MOST else []
    rest += [f"{len(checks) - len(missed)} by nobody"] if len(checks) > len(missed) else []
    if rest:
        yield f"  of {len(checks)} checks, {', '.join(rest)}"


def _checks(rows: list[Row]) -> list[dict]:
    """Of each check how often it was missed, of how often it was asked, how else it went, its claims and a hint; the
    most missed first."""
    went, claims, hints = dict[str, Counter[str]](), dict[str, list[str]](), dict[str, str]()
    for row in rows:
        for check in row["checks"]:
            if not check["max_points"] and check["status"] != NOT_APPLICABLE:  # an observation
                continue
            went.setdefault(check["title"], Counter())[check["status"]] += 1
            claims.setdefault(check["title"], list(check.get("claims", ())))
            if check["status"] == "failed" and check.get("hint"):  # a row from before checks told it has none
                hints.setdefault(check["title"], " ".join(check["hint"].split()))
    found = [
        {"title": title, "claims": claims[title], "missed": count["failed"],
         "of": sum(count.values()) - count[NOT_APPLICABLE], "inconclusive": count["inconclusive"],
         "not_applicable": count[NOT_APPLICABLE], "hint": hints.get(title, "")} for title, count in went.items()
    ]
    return sorted(found, key=lambda check: (-check["missed"], check["title"]))


def _look_at(rows: list[Row], flags: dict[tuple[str, str], list[str]]) -> Iterator[tuple[Row, list[str]]]:
    """Who needs a look, and why."""
    for row in rows:
        why = [
            *(row["audit"] if flag == AUDIT else flag for flag in row["flags"]),
            *(
                row["notes"]
                if row["status"] in (NOT_GRADED, MISSING) or {FOREIGN, SEVERAL, LACKING, NOBODYS} & set(row["flags"])
                else []
            ),
            *flags.get((row["student"], row["lab"]), []),
        ]
        if row["status"] == "inconclusive":
            why.append(f"inconclusive: {row['reason'].splitlines()[0] if row['reason'] else 'no reason was given'}")
        if why:
            yield row, list(dict.fromkeys(why))
