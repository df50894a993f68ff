"""Exchanges and results as the tests of the report room need them."""

from pathlib import Path

import pytest

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, PASSED, CheckResult, LabResult
from mnlab.protocols.message import Message

BROADCAST = "ff:ff:ff:ff:ff:ff"


class Lan:
    """Hosts h1, h2, ... with addresses 10.0.0.N and 00:00:00:00:00:0N, and what was captured on them."""

    def __init__(self, size: int = 3):
        self.hosts = {f"h{number}": f"10.0.0.{number}" for number in range(1, size + 1)}
        self.macs = {f"h{number}": f"00:00:00:00:00:{number:02x}" for number in range(1, size + 1)}
        self.messages: list[Message] = []

    def name_of(self, address: str) -> str:
        names = {address: name for table in (self.hosts, self.macs) for name, address in table.items()}
        return names.get(address, address)

    def send(self, time, source, target, text, seen="", protocol="icmp", style="", transit=0.02, **more):
        """A message seen at the hosts `seen` ("h1 h2"), the first at `time`, the others `transit` seconds later.

        Source and target are hosts, or addresses of nobody. Unless told otherwise, sender and target see it.
        """
        places = seen.split() or [source, target]
        addresses = [self.hosts.get(end, end) for end in (source, target)]
        for place in places:
            when = time if place == places[0] else time + transit
            where = place if "-" in place else f"{place}-eth0"
            self.messages.append(Message(when, *addresses, text, protocol, where, style, **more))
        return self


@pytest.fixture
def lan():
    return Lan(3)


@pytest.fixture
def make_lan():
    return Lan


def make_check(name="check_a", status=PASSED, points=None, most=2, claims=("ARP-1",), title="", message=""):
    points = (most if status == PASSED else 0) if points is None else points
    return CheckResult(name, title or f"What {name} says.", tuple(claims), status, points, most, message)


@pytest.fixture
def results():
    """Three labs: one passed, one with a failed check, one about which nothing can be said."""
    failed = make_check("check_b", FAILED, most=3, claims=("ARP-4", "ARP-5"),
                        message="h1 pinged h2.\nExpected: a reply.\n  Seen: \x1b[31mnothing\x1b[0m\x00 <&> at all.")
    unclear = make_check("check_c", INCONCLUSIVE, most=1, claims=(), message="the qdisc was refused")
    return [
        LabResult("arp", 7, (make_check("check_a"), failed), Path("runs/arp-7"), "ab12", 1.31449, 63.2, "variant.toml",
                  "student", "cd34", "unverified", machine="debian13", image_sha256="ef56"),
        LabResult("ping", 1, (make_check("check_p", most=4),), Path("runs/ping-1"), "cd34", 0.5, 2.0),
        LabResult("dns", 3, (unclear,), None, "", 0.25, 0.0, reason="BIND did not start"),
    ]


@pytest.fixture
def check():
    return make_check
