"""Which command something on the wire belongs to."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from mnlab.evidence.record import Command, Record

Thing = TypeVar("Thing")


def running(record: Record, host: str, time: float) -> Command | None:
    """What ran at a host at a time (s), servers aside: the latest begun of several."""
    found = [command for command in record.timeline if command.host == host and command.argv
             and command.kind != "service" and command.start <= time <= command.end]
    return max(found, key=lambda command: command.start, default=None)


def by_command(record: Record, things: Iterable[Thing], host: Callable[[Thing], str], start: Callable[[Thing], float],
               end: Callable[[Thing], float], silence: float) -> list[tuple[Command | None, list[Thing]]]:
    """Things in order of time, those of one command together; what no command explains is parted where nothing happened
    for `silence` seconds."""
    groups: list[tuple[Command | None, list[Thing]]] = []
    until = 0.0
    for thing in things:
        command = running(record, host(thing), start(thing))
        if not groups or groups[-1][0] is not command or (command is None and start(thing) - until > silence):
            groups.append((command, []))
        groups[-1][1].append(thing)
        until = max(until, end(thing))
    return groups


def title(command: Command | None) -> str:
    """"client: curl http://server/": where it ran, and as one would type it; "" for none."""
    return f"{command.host}: {command.line}" if command else ""
