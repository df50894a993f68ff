"""A ladder diagram of a real exchange: a vertical lifeline for each host, time downwards, an arrow for each message.

       ms      h1                              h2
            10.0.0.1                        10.0.0.2
               │                               │
    0.000      ├───────── SYN seq 0 ──────────▶│
   20.013      │◀─────── SYN, ACK ack 1 ───────┤

Times are milliseconds since the first message, as measured when the message was first seen (at its sender, where that
was captured). This module decides what is drawn; `ladder_rows` draws it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low

from rich.text import Text

from mnlab.report.drawing import Drawing, Glyphs, counted, duration, one_line
from mnlab.report.ladder_rows import Rows, lay_out
from mnlab.report.sightings import Arrow, arrows

#: Arrow colours. Few and quiet: they only help to tell protocols apart.
PROTOCOL_STYLES = {
    "arp": "yellow", "icmp": "cyan", "ip": "cyan", "tcp": "blue", "udp": "blue", "dns": "green", "http": "magenta",
    "tls": "magenta", "openflow": "magenta",
}
#: What words in a message's style add to (or put in place of) the protocol's colour.
WORD_STYLES = {"error": "red", "again": "bold yellow"}
#: What a message of a protocol is called, where several are counted.
NOUNS = {"tcp": "segment", "ip": "fragment", "dns": "DNS message", "arp": "ARP packet", "icmp": "ICMP packet"}

LIMIT = 40  # arrows drawn unless told otherwise: about two screens
SHORTEST_SILENCE = 0.15  # s; below Linux's least retransmission timeout (0.2 s), so that a timeout shows as a silence
UNUSUAL = 5  # times the median time between messages make a silence worth pointing out, ...
ALWAYS = 0.9  # s; ... and so does this, below the second between repeated ARP requests or SYNs
STRANGERS = 2  # addresses without a host that get a lifeline each; more of them share one
OTHERS = "others"


@dataclass(frozen=True)
class Pause:
    """Nothing was sent for `seconds`."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """Arrows left out of the middle."""

    arrows: tuple[Arrow, ...]

    @property
    def words(self) -> str:
        protocols = {arrow.protocol for arrow in self.arrows}
        noun = NOUNS.get(protocols.pop(), "message") if len(protocols) == 1 else "message"
        return f"{counted(len(self.arrows), 'more ' + noun)} in {duration(self.arrows[-1].time - self.arrows[0].time)}"


def ladder(
    messages: Iterable,
    hosts: Mapping[str, str],
    name_of: Callable[[str], str],
    width: int | None = None,
    limit: int | None = LIMIT,
    silence: float | None = None,
    captured: Iterable[str] = (),
    span: tuple[float, float] = (float("-inf"), float("inf")),
) -> Drawing:
    """The diagram of `messages` (protocols.message.Message, sightings of several captures mixed as they come).

    hosts    the lifelines from left to right: name -> what stands under it (`lifelines` makes this from a record)
    name_of  address -> host name, or the address itself if nobody has it (Record.name_of)
    width    columns; what the terminal has unless given
    limit    most arrows drawn, the middle is left out beyond that; None for all
    silence  seconds without a message that are pointed out; chosen from the exchange unless given
    captured hosts that were captured, so that what they did not see is drawn as lost even if they saw nothing at all
    span     only what was sent between these two times (s) is drawn
    """
    sent = [arrow for arrow in arrows(messages, name_of, captured) if span[0] <= arrow.time <= span[1]]
    return drawing(sent, hosts, width, limit, silence)


def drawing(sent: Sequence[Arrow], hosts: Mapping[str, str], width: int | None = None, limit: int | None = LIMIT,
            silence: float | None = None) -> Drawing:
    """The same of arrows that are known already."""
    def parts(room: int, glyphs: Glyphs) -> list[Text]:
        if not sent:
            return [Text("no messages of the protocols drawn here were captured", style="dim")]
        return _lines(sent, hosts, min(width or room, room), limit, silence, glyphs)

    return Drawing(parts)


def lifelines(nodes: Mapping[str, Mapping], messages: Iterable, name_of: Callable[[str], str]) -> dict[str, str]:
    """Name -> first IP address, for those of a record's `hosts` that send, are sent to, or were captured."""
    messages = list(messages)
    names = {name_of(address) for message in messages for address in (message.source, message.target)}
    names |= {message.where.rsplit("-", 1)[0] for message in messages}
    return {name: _first_address(node) for name, node in nodes.items() if name in names}


def _first_address(node: Mapping) -> str:
    return next((port["ip"] for port in node.get("interfaces", {}).values() if port.get("ip")), "")


def _lines(sent, hosts, width, limit, silence, glyphs) -> list[Text]:
    sent = [spoken(arrow, glyphs) for arrow in sent]
    times = [time_text(arrow.time - sent[0].time) for arrow in sent]
    hosts = {name: one_line(under, glyphs) for name, under in hosts.items()}
    for labels, drawn in _ways_to_draw(sent, hosts):
        layout = lay_out(labels, drawn, max(map(len, times)), width)
        if layout:
            rows = Rows(layout, glyphs)
            rows.header(labels)
            drawn = [with_last(arrow, list(labels)) for arrow in drawn]
            for item in with_pauses(elide(drawn, limit), silence):
                _draw(rows, item, sent[0].time, glyphs)
            rows.blank()
            return rows.lines
    return _listing(with_pauses(elide(sent, limit), silence), sent[0].time, glyphs)


def _ways_to_draw(sent: Sequence[Arrow], hosts: Mapping[str, str]) -> Iterable[tuple[dict[str, str], Sequence[Arrow]]]:
    """Lifelines and arrows: with all hosts, then (if they have no room) with those alone that say or hear something."""
    yield with_strangers(sent, hosts)
    busy = {name for arrow in sent for name in (arrow.source, arrow.target)}
    yield with_strangers(sent, {name: under for name, under in hosts.items() if name in busy})


def _draw(rows: Rows, item, start: float, glyphs: Glyphs) -> None:
    if isinstance(item, Pause):
        rows.note(f"{glyphs.ellipsis} {duration(item.seconds)} {glyphs.ellipsis}")
    elif isinstance(item, Cut):
        rows.note(f"{glyphs.ellipsis} {item.words} {glyphs.ellipsis}")
    else:
        rows.arrow(item, time_text(item.time - start), arrow_style(item))


def arrow_style(arrow: Arrow) -> str:
    """The Rich style of an arrow."""
    style = "red" if arrow.lost else PROTOCOL_STYLES.get(arrow.protocol, "")
    return next((WORD_STYLES[word] for word in arrow.style.split() if word in WORD_STYLES), style)


def time_text(seconds: float) -> str:
    """Milliseconds to the microsecond; from 100 s on, to a tenth of a millisecond."""
    return f"{seconds * 1e3:.{3 if seconds < 100 else 1}f}"


def elide(sent: Sequence[Arrow], limit: int | None) -> list:
    """At most `limit` arrows: the beginning, a `Cut` for the middle, and the end (a little more of the beginning)."""
    if limit is None or len(sent) <= max(limit, 2) + 1:  # a cut of one arrow would save nothing
        return list(sent)
    tail = max(limit * 2 // 5, 1)
    head = max(limit, 2) - tail
    return [*sent[:head], Cut(tuple(sent[head : len(sent) - tail])), *sent[len(sent) - tail :]]


def with_pauses(items: Sequence, silence: float | None = None) -> list:
    """`items` with a `Pause` before each arrow that follows an unusually long silence (seconds)."""
    result = list(items[:1])
    gaps = [_gap(earlier, later) for earlier, later in pairwise(items)]
    if silence is None:
        silence = min(max(SHORTEST_SILENCE, UNUSUAL * median_low(gaps)), ALWAYS) if gaps else ALWAYS
    for item, gap in zip(items[1:], gaps, strict=True):
        if gap >= silence:
            result.append(Pause(gap))
        result.append(item)
    return result


def _gap(earlier, later) -> float:
    end = earlier.arrows[-1] if isinstance(earlier, Cut) else earlier
    begin = later.arrows[0] if isinstance(later, Cut) else later
    return begin.time - end.time


def with_strangers(sent: Sequence[Arrow], hosts: Mapping[str, str]) -> tuple[dict[str, str], list[Arrow]]:
    """Lifelines for sources and targets that are no hosts: one each, or one for all if there are many."""
    names = dict.fromkeys(name for arrow in sent for name in (arrow.source, arrow.target) if name and name not in hosts)
    if len(names) <= STRANGERS:
        return {**hosts, **dict.fromkeys(names, "")}, list(sent)

    def known(name: str) -> str:
        return OTHERS if name in names else name

    strangers = [
        replace(arrow, source=known(arrow.source), target=known(arrow.target), text=_told_apart(arrow, names))
        for arrow in sent
    ]
    return {**hosts, OTHERS: f"{len(names)} addresses"}, strangers


def _told_apart(arrow: Arrow, strangers: Mapping[str, None]) -> str:
    """A text that still names the addresses which share a lifeline."""
    text = arrow.text
    if arrow.source in strangers:
        text = f"{arrow.source}: {text}"
    return f"{text} (to {arrow.target})" if arrow.target in strangers else text


def spoken(arrow: Arrow, glyphs: Glyphs) -> Arrow:
    """The arrow with its text as it is drawn: harmless, on one line, with its note, a forged source named."""
    more = (f" ({arrow.note})" if arrow.note else "") + (f" (as {arrow.claimed})" if arrow.claimed else "")
    more += f" (to {arrow.onward})" if arrow.onward else ""
    texts = [one_line(text, glyphs) + more if text else "" for text in (arrow.text, arrow.brief)]
    return replace(arrow, text=texts[0], brief=texts[1])


def with_last(arrow: Arrow, names: Sequence[str]) -> Arrow:
    """A lost arrow that says who saw it last, unless a lifeline on its way shows that."""
    if not arrow.last or arrow.source == arrow.target:
        return arrow
    low, high = sorted((names.index(arrow.source), names.index(arrow.target)))
    if arrow.last.rsplit("-", 1)[0] in names[low + 1:high]:
        return arrow
    more = f" (last seen at {arrow.last})"
    return replace(arrow, text=arrow.text + more, brief=arrow.brief and arrow.brief + more)


def _listing(items: Sequence, start: float, glyphs: Glyphs) -> list[Text]:
    """The exchange as plain lines, for when there are more hosts than a diagram has room for."""
    lines = []
    for item in items:
        if isinstance(item, Arrow):
            target = item.target or "all"
            lost = f" (lost after {item.last})" if item.last else " (lost)" if item.lost else ""
            line = f"{time_text(item.time - start):>10}  {item.source} {glyphs.head_right} {target}: {item.text}{lost}"
            lines.append(Text(line, style=arrow_style(item)))
        else:
            words = duration(item.seconds) if isinstance(item, Pause) else item.words
            lines.append(Text(f"{'':>10}  {glyphs.ellipsis} {words} {glyphs.ellipsis}", style="dim"))
    return lines
