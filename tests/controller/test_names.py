"""Ryu goes by its own names in `mnlab exec`, and by its own manager; applications of each kind, and os-ken's, run."""

from pathlib import Path

import pytest

APPLICATIONS = Path(__file__).parent / "applications"

#: Start a controller (the arguments), wait until it listens, let mn ping with it, end it.
TRY = """\
    #!/bin/bash
    version=$1; shift
    "$@" >log 2>&1 & controller=$!
    for try in $(seq 200); do ss -ltnH sport = :6653 | grep -q . && break; sleep 0.2; done
    mn --topo single,2 --controller remote,port=6653 --switch ovsk,protocols=$version --wait --test pingall \\
        </dev/null 2>&1
    kill $controller; wait $controller
    cat log
    """

#: What is tried: the version of OpenFlow, the controller's command.
KINDS = {
    "a module of Ryu": ("OpenFlow13", "ryu-manager ryu.app.simple_switch_13"),
    "the manager of Ryu itself": ("OpenFlow13", "python3 -m ryu.cmd.manager ryu.app.simple_switch_13"),
    "ryu run": ("OpenFlow13", "ryu run ryu.app.simple_switch_13"),
    "OpenFlow 1.0": ("OpenFlow10", "ryu-manager of10.py"),
    "statistics, and an option": ("OpenFlow13", "ryu-manager monitor.py"),
    "a REST interface": ("OpenFlow13", "ryu-manager rest.py"),
    "os-ken": ("OpenFlow13", "ryu-manager os_ken_switch.py"),
}


@pytest.fixture
def ready(machine):
    machine.write("try", TRY).chmod(0o755)
    machine.sent += [APPLICATIONS / f"{name}.py" for name in ("of10", "monitor", "rest", "os_ken_switch")]
    return machine


def test_each_kind_of_application_runs_by_each_name(ready):
    """One after the other in one machine: mn's two hosts reach each other, and nothing is a traceback."""
    script = "".join(f"./say {kind}\n./try {version} {command}\n" for kind, (version, command) in KINDS.items())
    text = ready.run(script, limit=300)
    seen = dict(part.partition("\n")[::2] for part in text.split("==== ")[1:])
    assert list(seen) == list(KINDS)
    for kind, words in seen.items():
        assert "0% dropped (2/2" in words and "Traceback" not in words, f"{kind}: {words}"


def test_mn_starts_ryu_by_name(ready):
    text = ready.run("mn --controller ryu --topo single,2 --wait --test pingall </dev/null 2>&1")
    assert "0% dropped (2/2" in text
