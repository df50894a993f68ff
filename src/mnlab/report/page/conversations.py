"""The TCP connections of a run, each once, however many captures saw it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mnlab.evidence.record import Record
from mnlab.protocols import tcp
from mnlab.report.page.frames import Frames


@dataclass(frozen=True)
class Conversation:
    """One connection of a scene, as each capture saw it: capture's name -> Connection."""

    record: Record
    seen: dict[str, tcp.Connection]

    def at(self, side: str) -> tcp.Connection:
        """The connection as captured at the host of `side`; where nothing was captured there, as another saw it."""
        return next((one for one in self.seen.values() if self.is_own(one, side)), next(iter(self.seen.values())))

    def is_own(self, connection: tcp.Connection, side: str) -> bool:
        """Whether it was captured at the host of `side`."""
        return host_of(connection.where) == self.record.name_of(connection.endpoint(side).ip)

    @property
    def time(self) -> float:
        """When its first segment was captured anywhere (s)."""
        return min(one.time for one in self.seen.values())

    def name(self, side: str) -> str:
        """"h1:40000": who is at one end."""
        end = next(iter(self.seen.values())).endpoint(side)
        return f"{self.record.name_of(end.ip)}:{end.port}"


def host_of(where: str) -> str:
    """The host that a capture's name belongs to: "h1" for "h1-eth0", and for "h1-eth0.2", a later capture there."""
    return re.sub(r"-[^-]*$", "", where)


def conversations(frames: Frames, record: Record) -> list[Conversation]:
    """The connections of a scene in order of time. What two captures saw is one if ends and first numbers are equal."""
    found: dict[tuple, Conversation] = {}
    for connection in _connections(frames, record):
        key = connection.client, connection.server, connection.isn(tcp.CLIENT)
        found.setdefault(key, Conversation(record, {})).seen.setdefault(connection.where, connection)
    return sorted(found.values(), key=lambda one: one.time)


def of_run(frames: Frames) -> Iterator[Conversation]:
    """Those of all scenes, scene after scene."""
    for record in frames.run.scenes.values():
        yield from conversations(frames, record)


def _connections(frames: Frames, record: Record) -> list[tcp.Connection]:
    """Read once for all views."""
    known = frames.__dict__.setdefault("connections", {})
    if record.folder.name not in known:
        known[record.folder.name] = tcp.connections(frames.of(record))
    return known[record.folder.name]
