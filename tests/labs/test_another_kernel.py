"""One lab of each layer on the machine that differs from the default one in nothing but its kernel."""

import pytest

from mnlab.checks.grade import grade
from mnlab.checks.session import reference_answers
from mnlab.checks.verdicts import NOT_APPLICABLE, PASSED
from mnlab.lab.lab import LAYERS, find
from mnlab.machine import image
from mnlab.machine.machines import DEFAULT, MACHINES
from mnlab.machine.remembered import Remembering
from mnlab.machine.vm import VirtualMachine

from .conftest import run_solution
from .test_labs import complaints

OTHER = "latest"
LABS = ("arp", "ping", "handshake", "dns", "tls", "learning_switch")


def test_it_is_one_of_each_layer_and_only_the_kernel_is_another():
    assert tuple(find(lab).layer for lab in LABS) == LAYERS
    default, other = image.place(MACHINES[DEFAULT]), image.place(MACHINES[OTHER])
    assert default.userland == other.userland and default.kernel != other.kernel


@pytest.mark.parametrize("name", LABS)
def test_the_solution_has_full_marks_there(name, tmp_path):
    lab = find(name)
    run = run_solution(lab, Remembering(VirtualMachine(named=MACHINES[OTHER])), 1, tmp_path)
    result = grade(lab, run, reference_answers(lab, run))
    assert result.status == PASSED and result.points == result.max_points, complaints(result)
    assert {check.status for check in result.checks} <= {PASSED, NOT_APPLICABLE}
    assert run.manifest["machine"]["name"] == OTHER
