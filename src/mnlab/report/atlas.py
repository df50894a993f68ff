"""The atlas: what differs between machines, for the terminal and as docs/atlas.md."""

from collections.abc import Sequence

from mnlab.checks.atlas import DIFFERS, HOLDS, Row
from mnlab.checks.verdicts import NOT_APPLICABLE

#: What stands above the tables of docs/atlas.md.
HEAD = """# The atlas: one course, several kernels

What holds on one generation of Linux may look otherwise on the next. Each lab was run on each machine (seed {seed}),
and each of its claims looked at: it *holds*; it *differs*: it holds, but students see something else than on {first};
it is *not applicable*: that kernel cannot show it. `mnlab atlas --machines all` makes this page; a test compares.
"""
WORDS = {HOLDS: "holds", DIFFERS: "differs", NOT_APPLICABLE: "not applicable"}


def markdown(rows: Sequence[Row], surveys: dict[str, dict], images: dict[str, str], seed: int) -> str:
    """The whole page. `surveys` is what lab/survey.py found by machine, `images` the images' digests."""
    machines = list(surveys)
    parts = [HEAD.format(seed=seed, first=machines[0]), "## The machines", _machines(surveys, images),
             "## What a student sees", *_claims([row for row in rows if not row.same], machines), _counted(rows),
             "## Defaults that changed",
             _table(["sysctl", *machines], _changed(surveys, "defaults")),
             "## What tools print", *_outputs(surveys)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _machines(surveys: dict[str, dict], images: dict[str, str]) -> str:
    versions = {machine: survey["versions"] for machine, survey in surveys.items()}
    rows = [[what, *(own.get(what, "") for own in versions.values())] for what in next(iter(versions.values()))]
    return _table(["", *versions], [*rows, ["image", *(f"`{images[machine][:12]}`" for machine in versions)]])


def terminal(rows: Sequence[Row], machines: Sequence[str]) -> str:
    """The claims that do not simply hold everywhere, as plain lines."""
    told = []
    for row in rows:
        if not row.same:
            told.append(f"{row.claim}  {row.lab}")
            told += [f"  {machine:<10} {WORDS.get(row.verdicts[machine], row.verdicts[machine]):<15} "
                     f"{row.seen[machine]}".rstrip() for machine in machines]
            if row.says:
                told.append(f"  {row.says}. ({row.source})")
    return "\n".join([*told, _counted(rows)])


def _counted(rows: Sequence[Row]) -> str:
    same = sum(row.same for row in rows)
    return f"{same} of {len(rows)} claims are the same on all of these machines."


def _claims(rows: Sequence[Row], machines: Sequence[str]):
    for row in rows:
        yield f"### {row.claim} ({row.lab})"
        if row.says:
            yield f"{row.says}. Source: {row.source}."
        yield _table(["machine", "the claim", "seen"],
                     [[machine, WORDS.get(row.verdicts[machine], row.verdicts[machine]), row.seen[machine]]
                      for machine in machines])


def _changed(surveys: dict[str, dict], part: str) -> list[list[str]]:
    keys = sorted(set().union(*(survey[part] for survey in surveys.values())))
    rows = [[key, *(survey[part].get(key, "") for survey in surveys.values())] for key in keys]
    return [[f"`{key}`", *(value or "(there is none)" for value in values)] for key, *values in rows
            if len(set(values)) > 1]


def _outputs(surveys: dict[str, dict]):
    """Of each tool, the lines that not all machines print, with those that print them."""
    for tool in next(iter(surveys.values()))["tools"]:
        printed = {machine: survey["tools"].get(tool, "").splitlines() for machine, survey in surveys.items()}
        lines = dict.fromkeys(line for ours in printed.values() for line in ours)
        odd = {line: [m for m, ours in printed.items() if line in ours] for line in lines if line.strip()}
        odd = {line: on for line, on in odd.items() if len(on) < len(surveys)}
        if odd:
            yield f"### {tool}"
            yield _table(["line", "printed by"], [[f"`{line.strip()}`", ", ".join(on)] for line, on in odd.items()])


def _table(head: list[str], rows: list[list[str]]) -> str:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)
