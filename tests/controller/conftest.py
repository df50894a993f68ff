"""What tests of the controllers share: plain Mininet in the lab machine, by `mnlab exec`, as one types it.

One run of the machine, and of mn, serves several controllers: what costs time is starting them. They are changed
from within mn's command line by `sh ./use NAME`, and what it prints is cut at the lines that `sh ./say NAME` prints.
"""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
DUMP = "sh ovs-ofctl -O OpenFlow13 dump-flows"

#: Start a controller in the place of the one before, on a switch without flows; return once every switch is there.
USE = """\
    #!/bin/bash
    # use FILE [ARGUMENT...]
    bridges() { ovs-vsctl list-br; }
    [ -e pid ] && kill -9 "$(cat pid)"
    for bridge in $(bridges); do ovs-ofctl -O OpenFlow13 del-flows "$bridge"; done
    file=$1; shift
    controller/ryu-manager --ofp-listen-host 127.0.0.1 "$@" "$file" >"$(basename "$file" .py).log" 2>&1 </dev/null &
    echo $! >pid
    for bridge in $(bridges); do  # is_connected is up to seconds late; a flow is there when the controller is
        for try in $(seq 100); do
            ovs-ofctl -O OpenFlow13 dump-flows "$bridge" | grep -q actions= && break
            sleep 0.5
        done
    done
    """
SAY = '#!/bin/bash\necho "==== $*"\n'


class Machine:
    """Runs shell lines in the lab machine, on controller/, a topology and files of a test's own."""

    def __init__(self, folder: Path):
        self.folder, self.sent = folder, [ROOT / "controller", *sorted((ROOT / "topologies").glob("*.py"))]
        self.write("use", USE).chmod(0o755)
        self.write("say", SAY).chmod(0o755)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(dedent(text))
        self.sent.append(path)
        return path

    def run(self, script: str, limit: float = 120) -> str:
        """What a script printed; it must end well, within `limit` seconds of lab time."""
        sends = [word for path in self.sent for word in ("--send", str(path))]
        command = [sys.executable, "-P", "-m", "mnlab", "exec", "--quiet", "--limit", str(limit), "--out",
                   str(self.folder / "out"), *sends, "--", "bash", "-c", script]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        return done.stdout

    def mn(self, topology: str, first: str, typed: str, switch: str = "ovsk,protocols=OpenFlow13") -> dict[str, str]:
        """Type lines at the prompt of `mn`, under the controller `first`; what was printed after each `say NAME`."""
        self.write("typed", typed)
        name = topology.split(",")[0]
        # --post reads the lines from a file. What stands in standard input, mn passes on to the commands it runs.
        text = self.run(f"./use {first}\n"
                        f"mn --custom {name}.py --topo {topology} --controller remote --switch {switch} "
                        f"--wait --test none --post typed < <(sleep 3000) 2>&1\n")
        print(text)  # pytest shows it if the test fails
        return dict(part.partition("\n")[::2] for part in text.split("==== ")[1:])


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def dropped(text: str) -> int:
    """Per cent of a pingall's pings that were lost."""
    words = text.split("*** Results: ")[1]
    return int(words.split("%")[0])
