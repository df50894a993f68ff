import pytest
from rich.cells import cell_len

from mnlab.checks.verdicts import FAILED, INCONCLUSIVE, NOT_APPLICABLE, PASSED
from mnlab.report.matrix import kill_matrix, never_caught, never_failed


def cells_of(checks, mutants, kills):
    return {(check, mutant): FAILED if (check, mutant) in kills else PASSED for check in checks for mutant in mutants}


@pytest.fixture
def small():
    checks, mutants = ["check_a", "check_b", "check_c"], ["forgets its cache", "answers twice"]
    return checks, mutants, cells_of(checks, mutants, {("check_a", mutants[0]), ("check_c", mutants[0])})


def test_what_is_left_over(small):
    assert never_failed(*small) == ["check_b"]
    assert never_caught(*small) == ["answers twice"]


def test_the_contract_of_the_matrix(small):
    checks, mutants, cells = small
    cells["check_b", "answers twice"] = INCONCLUSIVE
    assert kill_matrix("arp", checks, mutants, cells).text(60) == """\
arp · 3 checks, 2 mutants

                   1  2  3  caught
forgets its cache  ✗  ·  ✗       2
answers twice      ·  ?  ·       0
            kills  1  0  1

 1 check_a    2 check_b    3 check_c

✗ no mutant makes this check fail: check_b
✗ no check catches this mutant: answers twice
? 1 inconclusive verdict"""


def test_what_the_machine_cannot_show_is_said_and_held_against_nobody(small):
    checks, mutants, _ = small
    cells = cells_of(checks, mutants[:1], {("check_a", mutants[0]), ("check_c", mutants[0])})
    cells["check_b", mutants[0]] = NOT_APPLICABLE
    why = "RACK is always on.\nNo points are asked for it."
    assert kill_matrix("arp", checks, mutants[:1], cells, (), {"check_b": why}, {mutants[1]: "RACK is on"}).text(80) == """\
arp · 3 checks, 1 mutant

                   1  2  3  caught
forgets its cache  ✗  ∅  ✗       2
            kills  1  0  1

 1 check_a    2 check_b    3 check_c

∅ not applicable: check_b: RACK is always on. No points are asked for it.
∅ not tried: answers twice: RACK is on
✓ every check is failed by a mutant, and every mutant is caught by a check"""


def test_a_whole_matrix_says_so(small):
    checks, mutants, _ = small
    full = {(check, mutant): FAILED for check in checks for mutant in mutants}
    text = kill_matrix("arp", checks, mutants, full).text(80)
    assert "every check is failed by a mutant" in text and "no mutant" not in text


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", [60, 100, 140])
def test_twenty_by_twenty_fits(width, ascii):
    checks = [f"check_number_{number}_of_the_lab" for number in range(20)]
    mutants = [f"mutant {number}: " + "does something that is quite wrong " * 2 for number in range(20)]
    kills = {(checks[number], mutants[number]) for number in range(20)}
    text = kill_matrix("arp", checks, mutants, cells_of(checks, mutants, kills)).text(width, ascii=ascii)
    lines = text.split("\n")
    assert all(cell_len(line) <= width for line in lines)
    assert all(check in text for check in checks)
    headers = [line for line in lines if line.split()[:1] and all(word.isdigit() for word in line.split()[:2])
               and set(line.split()) <= {*map(str, range(1, 21)), "caught"}]
    assert [word for line in headers for word in line.split()] == [*map(str, range(1, 21)), "caught"]
    assert len(headers) == 1 or width < 100
    assert text.isascii() or not ascii


def test_wrong_work_that_excuses_itself_is_named(small):
    checks, mutants, _ = small
    full = {(check, mutant): FAILED for check in checks for mutant in mutants}
    text = kill_matrix("arp", checks, mutants, full, mutants[1:]).text(80)
    assert "this wrong work makes a check inconclusive: answers twice" in text and "every check is failed" not in text


def test_a_kill_stands_under_its_check_and_beside_its_mutant():
    checks, mutants = [f"check_{number}" for number in range(12)], [f"mutant {number}" for number in range(12)]
    kills = {(check, mutant) for check, mutant in zip(checks, reversed(mutants))}
    lines = kill_matrix("arp", checks, mutants, cells_of(checks, mutants, kills)).text(100).split("\n")
    header = lines[2]
    for number, mutant in enumerate(reversed(mutants), 1):
        row = next(line for line in lines if line.startswith(f"{mutant} "))
        assert header[:row.index("✗") + 1].split()[-1] == str(number)


def test_nothing_to_show_is_no_crash():
    assert "0 checks" in kill_matrix("arp", [], [], {}).text(80)
    assert "no mutant makes this check fail: check_a" in kill_matrix("arp", ["check_a"], [], {}).text(80)
