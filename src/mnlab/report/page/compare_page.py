"""Two runs on one page: what differs in what they are, in verdicts, in messages, and their curves over one another."""

from collections import Counter
from operator import itemgetter

from mnlab.report import compared
from mnlab.report.compared import Side
from mnlab.report.page import tcp
from mnlab.report.page.page import CURVES, UPLOT, document
from mnlab.report.page.render import render
from mnlab.report.page.view import Material
from mnlab.report.page.words import short, shown

TEXT = 160  # characters of a message
#: The curves of a graph that are laid over one another.
CURVES_OF = ("acks", "flight", "cwnd", "rtt")


def side(name: str, material: Material) -> Side:
    """One of the two; `name` is what it is called."""
    messages = {scene: arrows for scene, (arrows, _) in material.messages.items()}
    return Side(name, material.run, material.result, messages)


def html(one: Side, other: Side, first: Material, second: Material) -> str:
    """The page; `first` and `second` are what the two sides were made of."""
    connections = [_connections(material) for material in (first, second)]
    pairs = _pairs(*connections)
    body = render("compare.html", one=one, other=other, facts=compared.facts(one, other), several=bool(pairs),
                  verdicts=[(verdict, _told(verdict.one), _told(verdict.other))
                            for verdict in compared.verdicts(one, other)],
                  partings=compared.partings(one, other), message=lambda arrow: short(compared.message(arrow), TEXT))
    data = {"compare": {"names": [one.name, other.name], "pairs": pairs, "connections": [
        [{key: value for key, value in each.items() if key != "key"} for each in some] for some in connections]}}
    scripts, styles = [UPLOT[0], CURVES, "compare.js"], [UPLOT[1], "page.css", "compare.css"]
    return document(f"{one.name} and {other.name}", body, data, scripts if pairs else [], styles)


def _told(check) -> tuple[str, str]:
    """A check's status and message."""
    return (check.status, shown(check.message, 2000)) if check else ("no such check", "")


def _connections(material: Material) -> list[dict]:
    """The connections that have curves, each with those of whoever sent more; `key` is alike in both runs."""
    found, seen = [], Counter[tuple]()
    for part in tcp.parts_of(material)[0]:
        alike = part.scene, part.client.rpartition(":")[0], part.server
        seen[alike] += 1
        whole = part.data()
        graph = whole["graphs"][0]
        curves = {name: graph.get(name, [[], []])[:2] for name in CURVES_OF}
        if any(part.bytes.values()) and any(times for times, _ in curves.values()):
            found.append({"key": (*alike, seen[alike]), "name": f"{part.client} → {part.server}, {part.start:.3f} s",
                          "bytes": sum(part.bytes.values()), "of": graph["of"], "length": whole["length"], **curves})
    return found


def _pairs(mine: list[dict], theirs: list[dict]) -> list[list[int]]:
    """Which connection of the other run is which of this one: same scene, same hosts, same port of the server, same
    turn. The one with most bytes first; if none is alike, the biggest of each."""
    places = {each["key"]: number for number, each in enumerate(theirs)}
    found = [[number, places[each["key"]]] for number, each in enumerate(mine) if each["key"] in places]
    if not found and mine and theirs:
        return [[some.index(max(some, key=itemgetter("bytes"))) for some in (mine, theirs)]]
    return sorted(found, key=lambda pair: -mine[pair[0]]["bytes"])
