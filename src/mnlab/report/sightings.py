"""From messages as captured to messages as sent: one arrow each, however many captures saw it.

A frame that crosses a captured network is seen several times: leaving its sender, and arriving at each host that it
reaches. Sightings with the same source, target, protocol and text are the same message when they follow each other
at the usual transit time between the two places. A message that its target's capture should hold but does not is
lost; one that its source's capture should hold but does not, or whose source is nobody's address, was sent by the host
that saw it first, in another's name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from statistics import median


@dataclass(frozen=True)
class Arrow:
    """One message as the ladder draws it. `time` in seconds of lab time; hosts by name; `target` is "" for a broadcast.

    `claimed` is the host (or address) that a forged message carried as its source; "" for an honest one.
    """

    time: float
    source: str
    target: str
    text: str
    protocol: str = ""
    style: str = ""
    lost: bool = False
    claimed: str = ""


def is_group(address: str) -> bool:
    """True for a broadcast or multicast address, MAC or IP (a directed broadcast is taken to end in .255)."""
    octets = address.split(":")
    if len(octets) == 6:
        return bool(int(octets[0], 16) & 1)  # IEEE 802: the group bit is the first one sent
    try:
        return ip_address(address).is_multicast or address.endswith(".255")
    except ValueError:
        return address == "broadcast"


def arrows(messages: Iterable, name_of: Callable[[str], str]) -> list[Arrow]:
    """The arrows for `messages` (protocols.message.Message), in order of sending."""
    messages = sorted(messages, key=lambda message: (message.time, not _at_source(message, name_of)))
    captured = {_host(message.where) for message in messages if message.where}
    transit = _transit_times(messages, name_of)
    flights: dict[tuple, list[_Flight]] = defaultdict(list)
    order: list[_Flight] = []
    for message in messages:
        open_flights = flights[_key(message)]
        flight = _flight_of(message, open_flights, transit, name_of)
        if flight is None:
            flight = _Flight(message)
            open_flights.append(flight)
            order.append(flight)
        flight.seen.append(_place(message, name_of))
    return [flight.arrow(name_of, captured) for flight in order]


@dataclass
class _Flight:
    """A message on its way: its first sighting, and the places that saw it, in order."""

    first: object
    seen: list[str] = field(default_factory=list)

    def arrow(self, name_of, captured) -> Arrow:
        message = self.first
        hosts = [_host(place) for place in self.seen]
        source, target = name_of(message.source), name_of(message.target)
        if target == message.target and is_group(target):
            target = ""
        lost = target in captured and target not in hosts and target != source
        honest = source in hosts or (source not in captured and source != message.source)
        forged = not honest and hosts[0] not in ("", target)
        return Arrow(message.time, hosts[0] if forged else source, target, message.text, message.protocol, message.style,
                     lost, source if forged else "")


def _at_source(message, name_of) -> bool:
    return _host(message.where) == name_of(message.source)


def _host(where: str) -> str:
    """The node that a capture's name belongs to: "h1" for "h1-eth0"."""
    return where.rsplit("-", 1)[0]


def _key(message) -> tuple:
    return message.source, message.target, message.protocol, message.text


def _place(message, name_of) -> str:
    """Where a message was seen. Its sender counts as one place, whichever interface it left by."""
    return _host(message.where) if _at_source(message, name_of) else message.where


def _transit_times(messages, name_of) -> Mapping[tuple[str, str], float]:
    """Typical time (s) from sender to each place, from messages whose text was sent only once."""
    sightings = defaultdict(list)
    for message in messages:
        sightings[_key(message)].append(message)
    samples = defaultdict(list)
    for group in sightings.values():
        places = [_place(message, name_of) for message in group]
        if len(set(places)) == len(places):
            for place, message in zip(places[1:], group[1:]):
                samples[places[0], place].append(message.time - group[0].time)
    return {key: median(times) for key, times in samples.items()}


def _flight_of(message, flights, transit, name_of) -> _Flight | None:
    """The earlier message that this sighting belongs to, or None: it is a new one.

    Of several identical ones (a segment and its retransmission) it is the one whose transit time is the usual one.
    """
    if _at_source(message, name_of):
        return None
    place = _place(message, name_of)
    candidates = [flight for flight in flights if place not in flight.seen]

    def strangeness(flight):
        usual = transit.get((_place(flight.first, name_of), place), 0.0)
        return abs(message.time - flight.first.time - usual)

    return min(candidates, key=strangeness, default=None)
