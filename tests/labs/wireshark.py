"""tshark, asked about the labs' captures, with Wireshark's own settings and nobody's preferences."""

import os
import shutil
import subprocess
from collections import defaultdict

import pytest

ERROR = "8388608"  # Wireshark's epan/proto.h: PI_ERROR


def tshark(settings, *options: str) -> str:
    """What tshark prints; `settings` is an empty folder. The test is skipped where there is no tshark."""
    if not shutil.which("tshark"):
        pytest.skip("tshark is not installed: apt-get install --no-install-recommends tshark")
    done = subprocess.run(["tshark", *options], capture_output=True, text=True,
                          env={**os.environ, "WIRESHARK_CONFIG_DIR": str(settings)})
    assert done.returncode == 0, done.stderr
    return done.stdout


def claims(settings) -> dict[str, dict[int, str]]:
    """{"tcp": {port: dissector}, "udp": ...}: the ports that belong to some protocol before anybody chose otherwise."""
    found = defaultdict(dict)
    for line in tshark(settings, "-G", "decodes").splitlines():
        table, port, dissector = line.split("\t")
        if table in ("tcp.port", "udp.port"):
            found[table[:3]][int(port)] = dissector
    return found


def frames(settings, capture) -> list[tuple[str, list[str], list[str]]]:
    """(number, dissectors from the link upwards, expert errors and "malformed") of each frame."""
    fields = ("frame.number", "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")
    words = [word for field in fields for word in ("-e", field)]
    found = []
    for line in tshark(settings, "-n", "-r", str(capture), "-T", "fields", "-E", "aggregator=|", *words).splitlines():
        number, dissectors, malformed, severities, messages = line.split("\t")
        errors = ["malformed"] * bool(malformed)
        errors += [message for severity, message in zip(severities.split("|"), messages.split("|")) if severity == ERROR]
        found.append((number, dissectors.split(":"), errors))
    return found
