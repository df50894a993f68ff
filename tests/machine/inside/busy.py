"""A job that takes hold of as much as a job can, for a moment: what has to be gone when it has been killed."""

import subprocess
from pathlib import Path


def main() -> int:
    """Build an OpenFlow network with slow links, trace a connection in it, run a student's program that hides."""
    from topologies.lan import Lan

    from mnlab.evidence import sandbox
    from mnlab.evidence.tracing import Tracing
    from mnlab.net.network import Network
    Path("work").mkdir()
    with Network(Lan(hosts=2, link={"delay": "1ms"}), with_controller=True) as net:
        net["s1"].run("ovs-ofctl -O OpenFlow13 add-flow s1 actions=normal")
        h1, h2 = net["h1"], net["h2"]
        h2.replace_file("/etc/hosts", "10.0.0.1 h1\n")
        with Tracing(Path("trace"), 0, net.networks()), sandbox.prepare(h2, Path("work")) as box:
            box.run("(setsid nohup sleep 1000 >/dev/null 2>&1 &); touch /tmp/mine")
            server = h2.start_process(["nc", "-l", "5001"], stdin=subprocess.DEVNULL)
            h1.run("until echo hello | nc -N -w 2 10.0.0.2 5001; do sleep 0.1; done")
            server.wait()
        h1.run("ping -c3 -i0.1 10.0.0.2")
    return 0 if "10.0.0.2" in Path("trace").read_text() else 1
