"""The topology: hosts, switches and what each link is told, drawn from what the evidence says of the network."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mnlab.report.page import svg
from mnlab.report.page.render import render
from mnlab.report.page.view import Material, View
from mnlab.report.page.words import shown

COLUMN, ROW, BOX, TALL, EDGE = 210, 74, 116, 44, 70  # pixels: from node to node at least, a node's size, the margin
LETTER, TOLD = 6.2, 40  # pixels of a letter on a link, and how many letters there are


@dataclass(frozen=True)
class Link:
    """Two nodes, and in words what it is told: the same both ways, or a line for each way."""

    ends: tuple[str, str]
    words: tuple[str, ...]


def view(material: Material) -> View | None:
    drawn: dict[str, list[str]] = {}
    for name, record in material.run.scenes.items():
        if record.hosts:
            drawn.setdefault(str(_picture(material.order(name))), []).append(material.run.title(name))
    if not drawn:
        return None
    pictures = [{"svg": Markup(picture), "title": "; ".join(titles) if len(drawn) > 1 else ""}
                for picture, titles in drawn.items()]
    return View("topology", "Network", render("topology.html", pictures=pictures))


def links(nodes: Mapping[str, Mapping]) -> list[Link]:
    """The links of a network, each once."""
    owner = {name: (node, port) for node, ports in nodes.items() for name, port in ports["interfaces"].items()}
    found = {}
    for name, (node, port) in owner.items():
        peer = port.get("peer")
        if peer in owner and frozenset((name, peer)) not in found:
            there, other = owner[peer]
            ways = [_told(port.get("shape", {})), _told(other.get("shape", {}))]
            words = ways[:1] if ways[0] == ways[1] else [f"from {end}: {way}" for end, way in
                                                         zip((node, there), ways, strict=True) if way]
            found[frozenset((name, peer))] = Link((node, there), tuple(filter(None, words)))
    return list(found.values())


def _told(shape: Mapping) -> str:
    """What a link is told, in words: "10 Mbit/s, 20 ms, 1 % lost"."""
    def first(name: str) -> float:
        value = shape.get(name, 0)
        value = value[0] if isinstance(value, list) else value
        return 0 if isinstance(value, str) else value

    words = [_rate(first(name)) for name in ("bw", "rate") if first(name)]
    if first("delay"):
        delay = shape["delay"]
        jitter = first("jitter") or (delay[1] if isinstance(delay, list) and len(delay) > 1 else 0)
        words.append(f"{first('delay') * 1e3:g}" + (f" ± {jitter * 1e3:g}" if jitter else "") + " ms")
    for name, what in (("loss", "lost"), ("duplicate", "doubled"), ("reorder", "reordered"), ("corrupt", "corrupted")):
        words += [f"{100 * first(name):g} % {what}"] if first(name) else []
    words += ["lost in bursts"] if shape.get("gemodel") else []
    words += [f"queue {first('max_queue_size'):g}"] if first("max_queue_size") else []
    return ", ".join([*words, *([f"MTU {first('mtu'):g}"] if first("mtu") else [])])


def _rate(bits: float) -> str:
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits >= size:
            return f"{bits / size:g} {unit}"
    return f"{bits:g} bit/s"


def placed(nodes: Mapping[str, Mapping], edges: list[Link]) -> dict[str, tuple[float, float]]:
    """Node -> (column, row). What has several links stands in the middle, in columns by the way from one end; who hangs
    on one of them stands beside it: left of the first, right of the last, above and below of those between."""
    near: dict[str, list[str]] = {name: [] for name in nodes}
    for edge in edges:
        for one, other in (edge.ends, edge.ends[::-1]):
            if other not in near[one]:
                near[one].append(other)
    core = [name for name in nodes if len(near[name]) > 1]
    columns = _columns(core, near)
    last = max(columns.values(), default=0)
    sides: dict[float, list[str]] = defaultdict(list)
    for name, column in columns.items():
        sides[column + 1].append(name)
        hang = [one for one in near[name] if one not in columns]
        half = len(hang) // 2 or 1
        left = hang if column == 0 < last else hang[:half] if column == 0 else []
        right = hang if column == last > 0 else hang[half:] if column == last == 0 else []
        sides[column + 0] += left
        sides[column + 2] += right
        sides[column + 1] += [one for one in hang if one not in left + right]
    rest = [name for name in nodes if name not in {one for side in sides.values() for one in side}]
    for place, name in enumerate(rest):  # two hosts on one wire, or none
        sides[place % 2].append(name)
    tallest = max(map(len, sides.values()))
    used = sorted(column for column, side in sides.items() if side)
    return {name: (used.index(column), (tallest - len(side)) / 2 + row)
            for column, side in sides.items() for row, name in enumerate(side)}


def _columns(core: list[str], near: Mapping[str, list[str]]) -> dict[str, int]:
    """How far each of the core is from one of its ends."""
    if not core:
        return {}
    far = _distances(core[0], core, near)
    start = max(core, key=lambda name: far.get(name, -1)) if len(core) > 2 else core[0]
    end = _distances(start, core, near)
    if len(core) > 2 and core.index(start) > core.index(max(core, key=lambda name: end.get(name, -1))):
        end = _distances(max(core, key=lambda name: end.get(name, -1)), core, near)
    return {name: end.get(name, 0) for name in core}


def _distances(start: str, core: list[str], near: Mapping[str, list[str]]) -> dict[str, int]:
    found, edge = {start: 0}, [start]
    for name in edge:
        for other in near[name]:
            if other in core and other not in found:
                found[other] = found[name] + 1
                edge.append(other)
    return found


def _picture(nodes: Mapping[str, Mapping]) -> Markup:
    edges = links(nodes)
    longest = max((len(line) for edge in edges for line in edge.words), default=0)
    apart = max(COLUMN, BOX + 24 + LETTER * min(longest, TOLD))
    at = {name: (EDGE + column * apart, TALL / 2 + 6 + row * ROW)
          for name, (column, row) in placed(nodes, edges).items()}
    width = max(x for x, _ in at.values()) + EDGE
    height = max(y for _, y in at.values()) + TALL / 2 + 6
    return svg.picture(width, height, "The network: " + ", ".join(nodes),
                       *(_edge(edge, at) for edge in edges), *(_node(name, node, at[name])
                                                               for name, node in nodes.items()),
                       role="group", class_="network")


def _edge(edge: Link, at: Mapping[str, tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = (at[end] for end in edge.ends)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    words = [svg.text(x, y - 5 - 13 * (len(edge.words) - 1 - place), shown(line, TOLD), class_="told",
                      text_anchor="middle") for place, line in enumerate(edge.words)]
    return svg.element("g", svg.line(x1, y1, x2, y2), *words)


def _node(name: str, node: Mapping, place: tuple[float, float]) -> Markup:
    x, y = place
    addresses = [port["ip"] for port in node["interfaces"].values() if port.get("ip")]
    kind = "switch" if node.get("kind") == "switch" else "host"
    lines = [shown(name, 24), *([shown(addresses[0], 24) + (" ..." if addresses[1:] else "")] if addresses else [])]
    high = TALL if addresses else 30
    macs = "; ".join(f"{interface}: {port.get('ip') or 'no IP address'}, {port.get('mac')}"
                     for interface, port in node["interfaces"].items())
    return svg.element(
        "g", svg.element("title", shown(macs, 600)),
        svg.element("rect", x=x - BOX / 2, y=y - high / 2, width=BOX, height=high, rx=4 if kind == "switch" else 9),
        *(svg.text(x, y + 5 - 9 * (len(lines) - 1) + 17 * row, line, text_anchor="middle",
                   class_="address" if row else "name") for row, line in enumerate(lines)),
        class_=f"node {kind}", data_node=name, tabindex="0", role="button", aria_pressed="false",
        aria_label=f"{kind} {shown(name, 24)}: only its messages")
