"""From messages as captured to messages as sent: one arrow each, however many captures saw it.

A frame that crosses a captured network is seen several times: leaving its sender, and arriving at each host that it
reaches. Sightings of the same packet belong together: those with the same source, target, protocol and identity
(Message.identity). Where packets have none, the same text stands for it, in order and at the usual transit time between
the two places. A message that its target's capture should hold but does not is lost, and the last place that saw it
says where; one that its source's capture should hold but does not, or whose source is nobody's address, was sent by the
host that saw it first, in another's name. One that an address translator passed on under other addresses has reached
the translator, and what left there is another message.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from statistics import median

from mnlab.protocols.message import Message


@dataclass(frozen=True)
class Arrow:
    """One message as the ladder draws it. `time` in seconds of lab time; hosts by name; `target` is "" for a broadcast.

    `claimed` is the host (or address) that a forged message carried as its source; "" for an honest one. `heard` are
    the other hosts whose captures hold a broadcast, or a message that was lost on its way; `deaf` those whose captures
    do not, though they were on its way. `last` is the place between source and target that saw a lost message last
    ("s1-eth1"), "" if none did. `onward` is the host (or address) that a message was for which `target`, an address
    translator, passed on under other addresses. `brief` is the text for where there is little room, `note` what the
    captures tell besides. `seen` has each sighting, the earliest first: the capture's name and the time there.
    """

    time: float
    source: str
    target: str
    text: str
    protocol: str = ""
    style: str = ""
    lost: bool = False
    claimed: str = ""
    heard: frozenset[str] = frozenset()
    deaf: frozenset[str] = frozenset()
    last: str = ""
    brief: str = ""
    note: str = ""
    onward: str = ""
    seen: tuple[tuple[str, float], ...] = field(default=(), compare=False)


def is_group(address: str) -> bool:
    """True for a broadcast or multicast address, MAC or IP (a directed broadcast is taken to end in .255)."""
    octets = address.split(":")
    if len(octets) == 6:
        return bool(int(octets[0], 16) & 1)  # IEEE 802: the group bit is the first one sent
    try:
        return ip_address(address).is_multicast or address.endswith(".255")
    except ValueError:
        return address == "broadcast"


def arrows(messages: Iterable, name_of: Callable[[str], str], captured: Iterable[str] = ()) -> list[Arrow]:
    """The arrows for `messages` (protocols.message.Message), in order of sending.

    `captured` names hosts that were captured, besides those that `messages` come from: they may have seen nothing.
    """
    groups: dict[tuple, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    listening = set(captured)
    for message in sorted(messages, key=lambda message: message.time):
        host = _host(message.where)
        groups[_key(message)][host if host == name_of(message.source) else message.where].append(message)
        listening |= {host} - {""}
    transit = _transit_times(groups.values(), name_of)
    flights = [flight for places in groups.values() for flight in _flights(places, transit, name_of)]
    flights.sort(key=lambda flight: flight.first.time)
    on_path = defaultdict(set)  # who has ever seen something between two addresses
    for flight in flights:
        on_path[flight.first.source, flight.first.target].update(flight.hosts)
    drawn = [_arrow(flight, name_of, listening, on_path[flight.first.source, flight.first.target])
             for flight in flights]
    drawn = _passed_on(drawn, flights)
    mismatched = {_flow(arrow) for arrow, flight in zip(drawn, flights, strict=True)
                  if _from_nowhere(arrow, flight, listening)}
    return [replace(arrow, lost=False, last="") if _flow(arrow) in mismatched else arrow for arrow in drawn]


@dataclass
class _Flight:
    """A message on its way: its first sighting, and the places that saw it, with what each saw.

    `copy`: one more of a message that left its source, which captured it, fewer times than it was seen elsewhere.
    """

    first: Message
    seen: list[tuple[str, Message]]
    copy: bool = False

    @property
    def hosts(self) -> list[str]:
        return [_host(place) for place, _ in self.seen]

    @property
    def last(self) -> str:
        """The place that saw it last, "" if it was seen in one place only."""
        return max(self.seen, key=lambda sighting: sighting[1].time)[0] if len(self.seen) > 1 else ""


def _host(where: str) -> str:
    """The node that a capture's name belongs to: "h1" for "h1-eth0"."""
    return where.rsplit("-", 1)[0]


def _key(message) -> tuple:
    return message.source, message.target, message.protocol, message.text, message.identity


def _flow(arrow: Arrow) -> tuple:
    return arrow.source, arrow.target, arrow.protocol


def _origin(places: Mapping[str, list], name_of) -> str:
    """The place where identical messages set out: their sender if it saw them, else the place that saw one first."""
    first = next(iter(places.values()))[0]
    source = name_of(first.source)
    return source if source in places else min(places, key=lambda place: places[place][0].time)


def _transit_times(groups: Iterable[Mapping[str, list]], name_of) -> dict[tuple[str, str], float]:
    """Usual time (s) from each origin to each place, from messages of which none was lost between the two."""
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for places in groups:
        origin = _origin(places, name_of)
        for place, seen in places.items():
            if place != origin and len(seen) == len(places[origin]):
                samples[origin, place] += [there.time - here.time
                                           for here, there in zip(places[origin], seen, strict=True)]
    return {route: median(times) for route, times in samples.items()}


def _flights(places: Mapping[str, list], transit, name_of) -> list[_Flight]:
    """Identical messages, told apart: which sightings at other places belong to which sending."""
    origin = _origin(places, name_of)
    at_source = origin == name_of(places[origin][0].source)
    sent = [_Flight(message, [(origin, message)]) for message in places[origin]]
    strays: list[_Flight] = []
    for place, seen in places.items():
        if place != origin:
            rest = _join(sent, place, seen, transit.get((origin, place)))
            rest = _join(strays, place, rest, None)
            strays += [_Flight(message, [(place, message)], at_source) for message in rest]
    return sent + strays


def _join(sent: list[_Flight], place: str, seen: list, usual: float | None) -> list:
    """Adds the sightings `seen` at `place` to the flights they belong to; returns those that belong to none.

    Order is kept. Where fewer arrived than were sent, each sighting takes the flight whose transit time is nearest to
    the usual one: so a segment that was lost is told from its retransmission.
    """
    strays = []
    free = 0  # the first flight that may still arrive here
    for number, message in enumerate(seen):
        last = max(len(sent) - (len(seen) - number), free)  # leaves a flight for each later sighting
        best = None
        for index in range(free, min(last + 1, len(sent))):
            time = message.time - sent[index].first.time
            strangeness = abs(time - usual) if usual is not None else 0.0
            if time < 0 or (best is not None and strangeness >= best[0]):
                break
            best = (strangeness, index)
        if best is None:
            strays.append(message)
        else:
            sent[best[1]].seen.append((place, message))
            free = best[1] + 1
    return strays


def _arrow(flight: _Flight, name_of, captured: set[str], on_path: set[str]) -> Arrow:
    message, hosts = flight.first, flight.hosts
    source, target = name_of(message.source), name_of(message.target)
    if target == message.target and is_group(target):
        target = ""
    lost = target in captured and target not in hosts and target != source
    honest = source in hosts or (source not in captured and source != message.source)
    forged = not honest and hosts[0] not in ("", target)
    others = frozenset(hosts) - {source, target, ""}
    heard = others if lost or not target else frozenset()
    deaf = frozenset() if target and not lost else frozenset((on_path if lost else captured) - heard)
    copy = "a copy" if flight.copy and message.identity else ""
    note = (message.cause if source in hosts else "") or message.note or copy
    return Arrow(message.time, hosts[0] if forged else source, target, message.text, message.protocol, message.style,
                 lost, source if forged else "", heard, deaf, flight.last if lost and others else "", message.brief,
                 note, seen=tuple(sorted(((one.where, one.time) for _, one in flight.seen), key=lambda mark: mark[1])))


def _from_nowhere(arrow: Arrow, flight: _Flight, captured: set[str]) -> bool:
    """True if a message arrived at its target without having left its source, though that was captured.

    The two ends then do not see the same messages (segmentation offload cuts a large segment in pieces on the way), and
    nothing follows from what the target did not see.
    """
    return arrow.source in captured and not flight.copy and set(flight.hosts) == {arrow.target}


def _passed_on(drawn: list[Arrow], flights: list[_Flight]) -> list[Arrow]:
    """`drawn`, in which messages that were not seen at their target, but left a translator, end at that translator.

    The latest such message that was seen before is taken: one that was lost in front of the translator waits in vain.
    """
    drawn = list(drawn)
    waiting: dict[tuple, list[int]] = defaultdict(list)  # content -> flights that have not been seen at their target
    for number, flight in enumerate(flights):
        message, arrow = flight.first, drawn[number]
        if not message.content:
            continue
        before = waiting[message.content]
        origin = next((index for index in reversed(before) if _is_behind(flight, flights[index])
                       and drawn[index].source != arrow.source), None)
        if origin is not None:
            before.remove(origin)
            drawn[origin] = replace(drawn[origin], target=arrow.source, onward=drawn[origin].target, lost=False,
                                    last="", heard=frozenset(), deaf=frozenset())
        if arrow.target and arrow.target not in flight.hosts:
            before.append(number)
    return drawn


def _is_behind(flight: _Flight, earlier: _Flight) -> bool:
    """Whether `flight` set out, under other addresses, once `earlier` had been seen for the last time."""
    ends = [(one.first.source, one.first.target) for one in (flight, earlier)]
    return ends[0] != ends[1] and max(one.time for _, one in earlier.seen) <= flight.first.time
