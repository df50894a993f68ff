"""The pictures of one run: its ladder diagram and its curves, in the terminal and as files beside the evidence."""

import re
from collections.abc import Iterator
from contextlib import suppress

from mnlab.evidence import layout
from mnlab.evidence.record import Missing, Record
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.protocols import arp, ladder_words
from mnlab.report.curves import curves
from mnlab.report.ladder import ladder, lifelines
from mnlab.report.plot import plot_panels, plot_series
from mnlab.report.timeline import heading, what_ran


def pictures(lab: Lab, run: Run) -> Iterator:
    """Drawings for the terminal: the ladder diagrams, then each figure. Nothing of a scene that got nowhere."""
    diagrams, shown = getattr(lab.experiment, "diagram", ()), ""
    for diagram in diagrams if isinstance(diagrams, tuple) else (diagrams,):
        with suppress(Missing):
            scene = diagram.scene or lab.scenes[0].name
            record = run.scene(scene)
            if len(run.scenes) > 1 and shown != scene:  # its times begin anew
                shown = scene
                yield heading(run.title(scene))
            if diagram.during:
                yield what_ran(record.command(diagram.during))
            yield ladder_of(diagram, record)
    with suppress(Missing):
        for figure in lab.figures(run.evidence):
            yield curves(figure.series, figure.thresholds, figure.phases, figure.events, figure.title, figure.ylabel)


#: s; frames from a little before and after what is drawn are looked at, too: what is on its way then is not lost.
MARGIN = 2.0


def ladder_of(diagram, record: Record):
    """The ladder diagram that a lab asks for, of this record."""
    start, end = span_of(diagram, record)
    # a switch tells its name when it connects to its controller, which may be long before
    since = float("-inf") if "openflow" in diagram.protocols else start - MARGIN
    frames = [frame for frame in record.frames(*diagram.captures) if since <= frame.time <= end + MARGIN]
    messages = [message for message in ladder_words.messages(frames, diagram.protocols)
                if message.time >= start - MARGIN]
    name_of = with_changed_macs(frames, record.name_of) if "arp" in diagram.protocols else record.name_of
    if diagram.seen_by:  # what is sent to that host is drawn when it arrives there
        messages = [message for message in messages if name_of(message.target) != diagram.seen_by
                    or message.where.rsplit("-", 1)[0] == diagram.seen_by]
    nodes = {name: node for name, node in record.hosts.items() if not diagram.hosts or name in diagram.hosts}
    hosts = lifelines(nodes, [message for message in messages if start <= message.time <= end], name_of)
    return ladder(messages, {name: hosts[name] for name in diagram.hosts or hosts if name in hosts}, name_of,
                  limit=diagram.limit, captured=[re.sub(r"-eth\d+$", "", place) for place in diagram.captures],
                  span=(start, end))


def span_of(diagram, record: Record) -> tuple[float, float]:
    """From when till when (s of lab time) a diagram is drawn."""
    if diagram.during:
        command = record.command(diagram.during)
        return command.start, command.end
    return (record.mark(diagram.first) if diagram.first else float("-inf"),
            record.mark(diagram.last) if diagram.last else float("inf"))


def with_changed_macs(frames, name_of):
    """`name_of` that also knows the MAC addresses which hosts have changed to during the run.

    A host that announces an unknown MAC for its own IP address, and is the first to have that frame on its interface,
    has it: anybody else's claim is seen elsewhere first.
    """
    owners: dict[str, tuple[str, str]] = {}
    for packet in arp.packets(frames):
        owners.setdefault(packet.sender_mac, (name_of(packet.sender_ip), packet.where.rsplit("-", 1)[0]))
    changed = {mac: owner for mac, (owner, place) in owners.items() if owner == place and name_of(mac) == mac}
    return lambda address: changed.get(address) or name_of(address)


def write_figures(lab: Lab, run: Run) -> list:
    """Write each figure as SVG and PNG into the run's folder; the paths. [] where the run got nowhere."""
    folder = run.folder / layout.FIGURES
    written = []
    try:
        for figure in lab.figures(run.evidence):
            folder.mkdir(exist_ok=True)
            svg, png = (folder / f"{figure.name}.{kind}" for kind in ("svg", "png"))
            if figure.phases or figure.events:  # marks belong to one series, so each has a panel
                plot_panels(figure.series, svg, figure.title, figure.ylabel, figure.thresholds, figure.phases,
                            figure.events, also=[png])
            else:
                plot_series(figure.series, svg, figure.title, figure.ylabel, (), figure.thresholds, also=[png])
            written += [svg, png]
    except Missing:
        pass
    return written
