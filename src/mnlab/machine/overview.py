"""What there is of a machine: its kernel, the versions of its programs, its size and age."""

import time

from mnlab.machine import image, lock, parcel
from mnlab.machine.job import MIB
from mnlab.machine.machines import Named

#: What is told: the name that people know it by, and Debian's package.
TOLD = {"Python": "python3", "iproute2": "iproute2", "Open vSwitch": "openvswitch-switch", "BIND": "bind9",
        "nginx": "nginx", "curl": "curl", "OpenSSL": "openssl", "tcpdump": "tcpdump", "iperf3": "iperf3",
        "FRR": "frr", "BIRD": "bird2", "TShark": "tshark", "Matplotlib": "python3-matplotlib"}
BUILDING = "two to four minutes, its kernel alone in one"
BUILDING_LAYER = "two to four minutes"
DAY = 24 * 3600  # s


def describe(named: Named) -> dict:
    """For --json: the machine's name and its image's and, once that is built, kernel, versions, MiB, digest, and when
    (Unix s)."""
    told = {"machine": named.name, "image": named.image, "about": named.about, "built": image.built(named)}
    if not told["built"]:
        return told
    place = image.place(named)
    versions = place.lock.versions
    known = None if named.layers else lock.known(named.name)
    moved = lock.differences(known, place.lock) if known else []
    return told | {
        "kernel": versions["linux-image"], "image_sha256": place.digest, "built_at": int(place.built),
        "versions": {name: versions[package] for name, package in TOLD.items() if package in versions},
        "mib": sum(map(parcel.size_on_disk, parcel.of(named))) // MIB,
        "other_than_lock": [package for package, _, _ in moved]}


def lines(told: dict) -> list[str]:
    """The same for people."""
    if not told["built"]:
        return [f"not built: the first use builds it, in {BUILDING}"]
    days = int((time.time() - told["built_at"]) // DAY)
    age = "today" if not days else f"{days} day{'s' if days > 1 else ''} ago"
    moved = len(told["other_than_lock"])
    return [f"Linux {told['kernel']}", ", ".join(f"{name} {version}" for name, version in told["versions"].items()),
            f"image {told['image_sha256'][:12]}, {told['mib']} MiB, built {age}",
            *([f"{moved} packages are others than when this mnlab was made: digests are others, too"] if moved else [])]
