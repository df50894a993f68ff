"""A network's configuration file: addresses of interfaces, routes of nodes. Read strictly, and never run as it is.

    h1-eth0 address 10.1.2.3/27
    h1 route default via 10.1.2.1
    r1 route 10.1.2.64/26 via 10.1.2.130

`#` begins a comment. What is wrong with a line is said in one line, and the line is left out.
"""

import ipaddress
from dataclasses import dataclass

LINES = 100  # more than any sensible configuration has
LONGEST = 80  # characters of a line that are shown back
FORMS = "'INTERFACE address A.B.C.D/PREFIX' or 'NODE route NETWORK via A.B.C.D'"


@dataclass(frozen=True)
class Setting:
    """One line that makes sense: what ip(8) is told on `node`. `line` counts from 1."""

    line: int
    node: str
    command: str

    @property
    def is_route(self) -> bool:
        return self.command.startswith("route")


def read(text: str, interfaces: dict[str, list[str]]) -> tuple[list[Setting], list[str]]:
    """(settings, complaints) of a configuration file. `interfaces`: node -> the names of its interfaces."""
    settings, complaints = [], []
    lines = text.splitlines()
    if len(lines) > LINES:
        complaints.append(f"the file has {len(lines)} lines; those after line {LINES} are not read")
    for number, line in enumerate(lines[:LINES], start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            settings.append(Setting(number, *_setting(words, interfaces)))
        except ValueError as problem:
            complaints.append(f"line {number}: {line.strip()[:LONGEST]!r}: {problem}")
    return settings, complaints


def _setting(words: list[str], interfaces: dict[str, list[str]]) -> tuple[str, str]:
    """(node, what ip(8) is told) for the words of one line; ValueError, plainly, if there is no sense in them."""
    if len(words) == 3 and words[1] == "address":
        node = next((name for name, own in interfaces.items() if words[0] in own), None)
        if node is None:
            everyone = ", ".join(name for own in interfaces.values() for name in own)
            raise ValueError(f"there is no interface {words[0][:20]!r}; there are {everyone}")
        return node, f"address add {_address(words[2])} dev {words[0]}"
    if len(words) == 5 and (words[1], words[3]) == ("route", "via"):
        if words[0] not in interfaces:
            raise ValueError(f"there is no node {words[0][:20]!r}; there are {', '.join(interfaces)}")
        return words[0], f"route add {_network(words[2])} via {_gateway(words[4])}"
    raise ValueError(f"a line is {FORMS}")


def _address(word: str) -> str:
    if "/" not in word:
        raise ValueError("an address is written with its prefix, like 10.1.2.3/27")
    try:
        return str(ipaddress.IPv4Interface(word))
    except ValueError:
        raise ValueError(f"{word[:30]!r} is not an IPv4 address with a prefix, like 10.1.2.3/27") from None


def _network(word: str) -> str:
    if word == "default":
        return word
    try:
        network = ipaddress.IPv4Interface(word).network
        exact = ipaddress.IPv4Interface(word).ip == network.network_address
    except ValueError:
        raise ValueError(f"{word[:30]!r} is not a network like 10.1.2.64/26, nor 'default'") from None
    if not exact:
        raise ValueError(f"{word[:30]} is an address in {network}; a route leads to a network")
    return str(network)


def _gateway(word: str) -> str:
    try:
        return str(ipaddress.IPv4Address(word))
    except ValueError:
        raise ValueError(f"{word[:30]!r} is not the IPv4 address of a gateway, like 10.1.2.1") from None


def batch(settings: list[Setting], node: str, interfaces: list[str]) -> list[tuple[str, Setting | None]]:
    """What `ip -batch` is told on `node`, with the setting that each line comes from: forget all, addresses, routes."""
    own = [setting for setting in settings if setting.node == node]
    lines = [(f"address flush dev {interface}", None) for interface in interfaces]
    lines += [("route flush table main", None), ("neighbour flush all", None)]
    return lines + [(setting.command, setting) for setting in sorted(own, key=lambda setting: setting.is_route)]


def refusals(lines: list[tuple[str, Setting | None]], errors: str) -> list[str]:
    """What the kernel refused, in one line each, from what `ip -force -batch` wrote to standard error."""
    complaints, reason = [], ""
    for line in errors.splitlines():
        if not line.startswith("Command failed -:"):
            reason = reason or line.removeprefix("Error: ").removeprefix("RTNETLINK answers: ").strip()
            continue
        setting = lines[int(line.rsplit(":", 1)[1]) - 1][1]
        if setting:
            complaints.append(f"line {setting.line}: {setting.node}'s kernel refuses {setting.command!r}: {reason}")
        reason = ""
    return complaints
