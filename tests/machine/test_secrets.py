"""Programs that do no work, but know from seed and experiment.py what would come of it."""

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, PASSED
from mnlab.lab import lab as labs
from mnlab.lab import run as labrun
from mnlab.lab import work as workfolder
from mnlab.machine.vm import VirtualMachine

SEED, KEY = 1, b"a key that no student has"
CLASSES = {"slow reader": "receiver", "small buffer": "receiver", "slow writer": "sender",
           "small send buffer": "sender", "short queue": "network", "deep queue": "network"}


def judge_from_memory(params) -> dict[str, str]:
    """judge.sh that opens no letter."""
    lines = [f"echo given/{number}.eml {'genuine' if kind.startswith('genuine') else 'refused'}"
             for number, (kind, _) in enumerate(params["_inbox"], start=1)]
    return {"judge.sh": "\n".join(lines) + "\n"}


def diagnosis_from_memory(params) -> dict[str, str]:
    """diagnose.py that reads no sample."""
    lines = [f"print({letter!r}, {CLASSES[params['causes'][told]]!r})"
             for letter, told in zip(params["causes"], params["_told"])]
    return {"diagnose.py": "\n".join(lines) + "\n"}


@pytest.mark.parametrize("name, from_memory, checks", [
    ("signatures", judge_from_memory, "check_your_judge"),
    ("flow_vs_congestion", diagnosis_from_memory, "check_program")])
def test_a_program_that_knows_the_seed_passes_at_home_and_fails_with_a_courses_key(tmp_path, name, from_memory, checks):
    lab, verdicts = labs.find(name), {}
    for place, key in (("home", b""), ("course", KEY)):
        work = tmp_path / f"{place}-work"
        workfolder.copy(lab.solution, work, lab.params(SEED))
        for file, text in from_memory(lab.params(SEED)).items():  # what anybody can compute
            (work / file).write_text(text)
        found = labrun.run(lab, VirtualMachine(say=lambda text: None), work, SEED, tmp_path / place, key=key)
        graded = grade(lab, found, Answers({})).checks
        verdicts[place] = {check.status for check in graded if check.name.startswith(checks)}
    assert verdicts["home"] == {PASSED} and FAILED in verdicts["course"] and INCONCLUSIVE not in verdicts["course"]
