"""What is missing on a computer is named, with what it is for and how to get it."""

import subprocess
import sys

import pytest

from mnlab.lab.lab import all_labs
from mnlab.lab.run import needs_of
from mnlab.machine import capabilities
from mnlab.machine.capabilities import ALWAYS, FEATURES, MODULES, PROGRAMS, TAKES


@pytest.fixture(autouse=True)
def try_again():
    for function in (capabilities._has, capabilities._modules):
        function.cache_clear()
    yield
    for function in (capabilities._has, capabilities._modules):
        function.cache_clear()


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A computer without any program."""
    monkeypatch.setattr(capabilities, "PATH", str(tmp_path))
    monkeypatch.setattr(capabilities, "PYTHON", str(tmp_path / "python3"))
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_each_lab_asks_for_what_is_known(lab):
    assert set(needs_of(lab)) <= {*FEATURES, *PROGRAMS, *MODULES}


def test_no_name_means_two_things():
    assert len({*FEATURES, *PROGRAMS, *MODULES}) == len(FEATURES) + len(PROGRAMS) + len(MODULES)
    assert {*ALWAYS, *TAKES, *(name for names in TAKES.values() for name in names)} <= {*FEATURES, *PROGRAMS, *MODULES}


def test_a_computer_with_nothing_is_told_one_line_for_all_programs(bare):
    lacking = capabilities.lacking(["nginx", "named"])
    assert {"nginx", "named", "mnexec", "mininet", "unshare"} <= set(lacking) and not set(lacking) & set(FEATURES)
    programs = [line for line in capabilities.remedies(lacking) if "apt-get" in line]
    assert len(programs) == 1 and programs[0].endswith("nginx-light bind9")
    assert " mininet " in programs[0] and programs[0].count(" iproute2") == 1


def test_a_feature_whose_program_is_missing_is_not_called_missing(bare):
    lacking = capabilities.lacking(["openvswitch"])
    assert "openvswitch" not in lacking and {"ovs-vsctl", "ryu"} <= set(lacking)
    assert any("provision.sh" in line for line in capabilities.remedies(lacking))


def test_where_nothing_can_be_tried_only_that_is_said(monkeypatch):
    monkeypatch.setattr(capabilities, "_works", lambda command: False)
    monkeypatch.setattr(capabilities.shutil, "which", lambda program, path: f"/bin/{program}")
    lacking = capabilities.lacking(["netem"])
    assert set(lacking) & set(FEATURES) == {"namespaces"}


def test_a_feature_of_the_kernel_is_named_with_its_module(monkeypatch):
    real = subprocess.run

    def without_netem(command, **options):
        if "netem" in command[-1]:
            return subprocess.CompletedProcess(command, 2, "", 'Error: Specified qdisc kind is unknown.')
        return real(["true"], **options)

    monkeypatch.setattr(capabilities.subprocess, "run", without_netem)
    monkeypatch.setattr(capabilities.shutil, "which", lambda program, path: f"/bin/{program}")
    assert capabilities._has("tbf") and not capabilities._has("netem")
    line, = capabilities.remedies(["netem"])
    assert line.startswith("no netem (delay and loss on links): `modprobe sch_netem`")
    assert "linux-modules-extra-" in line and "CONFIG_NET_SCH_NETEM" in line


def test_a_kernel_is_tried_with_what_a_job_begins_with_and_no_version_is_asked():
    trial = FEATURES["namespaces"].trial.replace(capabilities.PYTHON, sys.executable)
    begin = "on_host.make_read_only()"
    assert begin in trial and "uname" not in trial
    assert capabilities._works(["sh", "-c", trial.replace(begin, "assert callable(on_host.make_read_only)")])
    assert not capabilities._works(["sh", "-c", trial.replace(begin, f"on_host.MOUNT_SETATTR = -1; {begin}")])
