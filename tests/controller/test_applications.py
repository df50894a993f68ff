"""Each application of controller/ under plain Mininet: mn --custom FILE --topo NAME --controller remote.

Flow counters are up to a second late: Open vSwitch collects them from the kernel from time to time. Hence `sleep 2`.
"""

import json
import re
import time

from .conftest import DUMP, dropped


def packets(flows: str, mark: str) -> int:
    """Packets counted by the flows of a dump whose line holds `mark`."""
    return sum(int(count) for line in flows.splitlines() if mark in line
               for count in re.findall(r"n_packets=(\d+)", line))



def test_two_paths(machine):
    """On a diamond, which is a loop: every host reaches every other, each flow on one path, both paths in use."""
    started = time.monotonic()
    seen = machine.mn("diamond", "controller/two_paths.py", f"""\
        sh ./say pings
        pingall
        {DUMP} s1
        h4 iperf3 -sD
        sh ./say s2 before
        {DUMP} s2
        sh ./say s3 before
        {DUMP} s3
        h1 iperf3 -c 10.0.0.4 -n 1M -P4 | tail -3
        h1 sleep 2
        sh ./say flows
        {DUMP} s1
        sh ./say s2 after
        {DUMP} s2
        sh ./say s3 after
        {DUMP} s3
        sh ./say log
        sh head two_paths.log
        sh kill -9 $(cat pid)
        """)
    assert dropped(seen["pings"]) == 0
    outputs = re.findall(r"tcp,nw_src=10\.0\.0\.1,nw_dst=10\.0\.0\.4,tp_src=(\d+),tp_dst=5201 actions=output:(\d)",
                         seen["flows"])
    assert len({port for port, _ in outputs}) == 5  # iperf3's own connection and four for the data
    assert sorted(path for _, path in outputs).count("1") in (2, 3) and {path for _, path in outputs} == {"1", "2"}
    for middle in ("s2", "s3"):  # segments of 1 MB in all; a storm would be thousands more
        taken = packets(seen[f"{middle} after"], "actions") - packets(seen[f"{middle} before"], "actions")
        assert 100 < taken < 3000
    assert "Traceback" not in seen["log"]
    assert time.monotonic() - started < 500  # it hangs if a broadcast goes round
