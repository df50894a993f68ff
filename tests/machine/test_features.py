"""What the lab machine's kernel shows is found out by a trial that cannot pass by accident, once for each snapshot."""

import json
from dataclasses import replace

import pytest

from mnlab.lab import run as labrun
from mnlab.lab.lab import ROOT, Lab
from mnlab.machine import cache
from mnlab.machine.job import FOUND, Job, try_features
from mnlab.machine.vm import VirtualMachine

PROBES = "src/mnlab/lab/probes.py"
SET = 'set_sysctl("net.ipv4.tcp_recovery", recovery)'


@pytest.fixture
def asked(tmp_path):
    """asked(machine): the job that a lab which names a feature has the machine do."""
    (tmp_path / "checks.py").write_text("'classic_recovery'")

    class Asking:
        def features(self, job):
            self.job = job
            return {}

    asking = Asking()
    labrun.features_of(Lab(tmp_path), asking)
    return asking.job


@pytest.mark.parametrize("always, seen", [(1, "after 2 duplicate ACKs with tcp_recovery = 1, and after 2 with 0: RACK cannot be"),
                                          (0, "after 3 duplicate ACKs with tcp_recovery = 1, and after 3 with 0")])
def test_a_kernel_on_which_tcp_recovery_has_no_effect_does_not_show_classic_recovery(asked, tmp_path, always, seen):
    """As if the sysctl said nothing any more: with RACK always on, as in Linux 7, or always off."""
    text = (ROOT / PROBES).read_text()
    assert text.count(SET) == 1
    deaf = replace(asked, files=asked.files | {PROBES: text.replace(SET, SET.replace("recovery)", f"{always})")).encode()},
                   library={})
    [why] = try_features(VirtualMachine(), deaf, tmp_path / "deaf").values()
    assert seen in why


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_this_kernel_is_tried_once(asked, clock, monkeypatch):
    """Debian 13's Linux 6.12, and any before 7, shows both kinds of recovery."""
    machine = VirtualMachine(clock)
    assert machine.features(asked) == {"classic_recovery": ""}
    monkeypatch.setattr(VirtualMachine, "run", None)  # nothing is run again
    assert VirtualMachine(clock).features(asked) == {"classic_recovery": ""}
    kept = [json.loads((entry / FOUND).read_text()) for entry in cache.cache_folder().glob("features-*")]
    assert {"classic_recovery": ""} in kept


def test_a_probe_that_fails_is_no_answer(asked, tmp_path):
    with pytest.raises(Exception, match="could not be tried: .*ZeroDivisionError"):
        try_features(VirtualMachine(), Job("probes:main", {"src/probes.py": b"def main(name): 1 / 0"}, (FOUND,)), tmp_path)
