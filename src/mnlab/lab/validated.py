"""The line of a handout that says what the lab was last run with, and held: written by a run, never by hand."""

import re
from collections.abc import Mapping, Sequence

from mnlab.lab.lab import Lab

LINE = re.compile(r"^\| *validated with *\|(?P<told>.*)\|$", re.IGNORECASE | re.MULTILINE)
#: A program by the name that handouts use, and its Debian package; what is not here keeps the words it has.
PACKAGES = {
    "BIND": "bind9", "curl": "curl", "gunicorn": "gunicorn", "iproute2": "iproute2", "iputils": "iputils-ping",
    "Linux": "linux-image", "nftables": "nftables", "nginx": "nginx", "Open vSwitch": "openvswitch-switch",
    "OpenSSL": "openssl", "Python": "python3", "python3-cryptography": "python3-cryptography", "socat": "socat",
    "tcpdump": "tcpdump", "vsftpd": "vsftpd", "w3m": "w3m",
}


def renewed(handout: str, versions: Mapping[str, str], image: str, machines: Sequence[str]) -> str:
    """`handout` with this line renewed: the `versions` of Debian packages on the first of `machines`, whose image has
    the digest `image`; its solution had full marks on the others, too. As it was if there is no such line."""
    match = LINE.search(handout)
    if not match:
        return handout
    first, *others = machines
    parts = re.split(r"[,;] *(?![^(]*\))", _own(match["told"]))
    told = ", ".join(_renewed(part.strip(), versions) for part in parts)
    also = f"; also {' and '.join(others)}" if others else ""
    line = f"| Validated with | {told} ({first}, image `{image[:12]}`{also}) |"
    return handout[:match.start()] + line + handout[match.end():]


def _own(told: str) -> str:
    """What an author wrote, without the machines that were added."""
    return re.sub(r" *\([^()]*, image `[0-9a-f]+`[^()]*\) *$", "", told).strip()


def _renewed(part: str, versions: Mapping[str, str]) -> str:
    """"curl 7.88 (of Debian)" with the version of today."""
    for name, package in PACKAGES.items():
        if part.startswith(f"{name} ") and package in versions:
            return f"{name} " + re.sub(r"^[0-9][^ ]*", without_epoch(versions[package]), part[len(name) + 1:])
    return part


def without_epoch(version: str) -> str:
    """1:9.20.30-1: 9.20.30-1 (deb-version(7))."""
    return re.sub(r"^[0-9]+:", "", version)


def write(lab: Lab, versions: Mapping[str, str], image: str, machines: Sequence[str]) -> bool:
    """Renew the line in a lab's handout; whether it changed."""
    path = lab.folder / "README.md"
    new = renewed(lab.handout, versions, image, machines)
    if new == lab.handout:
        return False
    path.write_text(new)
    return True
