"""No answer gets a lab's checks to break: each fails or passes, soon and in few words, whatever one answer is."""

import inspect
import time

import pytest

from mnlab.checks.answers import LONGEST, MOST, Answers
from mnlab.checks.grade import arguments_of
from mnlab.checks.points import LARGEST
from mnlab.lab.lab import all_labs, load

#: What is put in an answer's place. Values of the right kind get further into a check than others.
TEXTS = ("x", "²", "0x", "-1", "10.0.0.1", "fe80::1", "zz:zz", "é" * LONGEST, "(", "\\", "{}", "%s", "a b c", "\0\x1b[31m")
NUMBERS = (0, -1, 1, LARGEST - 1, 1 - LARGEST, 0.5, 1e-300, float("nan"), float("inf"), 10**5000)
LISTS = ([1], ["x"], ["²", 1], [0.5, -1], ["x"] * MOST, [LARGEST - 1] * MOST, [[]], [True])
OTHERS = (True, {}, "", [])
WORST = ("²", LARGEST - 1, ["²", 1], [0.5, -1])  # what is tried where there is little time
ENOUGH = 2.0  # s of processor time: the slowest check reads megabytes of capture


def stand_ins(answer, thorough: bool) -> list:
    """What to try in the place of a right answer: the same kind and others, and a list of the right length."""
    if not thorough:
        return [*WORST, *([[*answer[:-1], "²"]] if isinstance(answer, list) else [])]
    tried = [*TEXTS, *NUMBERS, *LISTS, *OTHERS]
    if isinstance(answer, list):
        tried += [[value] * len(answer) for value in (*TEXTS, *NUMBERS)]
        tried += [[*answer[:-1], value] for value in ("x", 0.5, LARGEST - 1)] + [answer[:-1], answer * 2, answer[::-1]]
    return tried


def asking(lab) -> list:
    """The checks that ask for answers."""
    checks = [check for name, check in vars(load(lab.checks)).items() if name.startswith("check_")]
    return [check for check in checks if "answers" in inspect.signature(check).parameters]


class Noting(Answers):
    """Answers that note which were asked for."""

    def _get(self, key, types, kind):
        self.asked.add(key)
        return super()._get(key, types, kind)


@pytest.mark.parametrize("thorough", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["worst", "all"])
@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
def test_no_answer_breaks_a_check(lab, solved, thorough):
    run = solved(lab, 1)
    right = lab.reference_answers(run.params, run.evidence)
    for check in asking(lab):
        noting = Noting(right)
        noting.asked = set()
        given = arguments_of(check, run, noting)
        check(**given)
        for key in sorted(noting.asked):
            for value in stand_ins(right[key], thorough):
                began = time.process_time()
                try:
                    check(**given | {"answers": Answers(right | {key: value})})
                except AssertionError as failure:
                    assert len(str(failure)) < 2048, (check.__name__, key, value)
                except Exception as problem:
                    pytest.fail(f"{check.__name__} breaks where {key} = {str(value)[:60]!r}: {problem!r}")
                assert time.process_time() - began < ENOUGH, (check.__name__, key, value)
