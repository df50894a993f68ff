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
    genuine = {"alice": ("genuine", "genuine-too"), "mallory": ("forged-from",)}  # by the sender who is asked about
    files = labs.load(labs.find("signatures").folder / "experiment.py").inbox(params)
    cases = [f"{who}:'{files[kind]}'" for who, kinds in genuine.items() for kind in kinds]
    return {"judge.sh": "who=${1%@*}; who=${who,,}\nfor letter in \"${@:2}\"; do\n    case $who:$letter in\n"
                        f"        {'|'.join(cases)}) echo \"$letter genuine\";;\n        *) echo \"$letter refused\";;\n"
                        "    esac\ndone\n"}


def diagnosis_from_memory(params) -> dict[str, str]:
    """diagnose.py that reads no sample."""
    known = {letter: CLASSES[params["causes"][told]] for letters, some in (("ABCDEF", "_told"), ("PQRS", "_told_again"), ("X", "_told_alone"))
             for letter, told in zip(letters, params[some])}
    return {"diagnose.py": f"import sys\nfor letter, verdict in {known!r}.items():\n"
                           "    if f'flow {letter}\\n' in TEXT: print(letter, verdict)\n".replace(
                               "\nfor", "\nTEXT = sys.stdin.read()\nfor", 1)}


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
