"""From what happens in a check to its verdict."""


import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade, read_answers
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab

HEAD = "from mnlab.checks import expect, points\nfrom mnlab.evidence.record import Missing\n"


@pytest.fixture
def verdict(tmp_path, lay_out):
    """verdict(body, outcome="ok", answers={}) -> LabResult of one check with this body, worth 2 points."""

    def run(body, outcome="ok", answers=None, reason="", head=HEAD):
        (tmp_path / "checks.py").write_text(
            head + '@points(2, claim=("A-1", "A-2"), hint="Look again.")\ndef check_it(evidence, answers, params):\n'
            f'    """The title.\n\n    More.\n    """\n    {body}\n')
        lay_out(tmp_path / f"run-{len(list(tmp_path.iterdir()))}", {"params": {"n": 1}}, {"outcome": outcome, "reason": reason})
        return grade(Lab(tmp_path), Run(max(tmp_path.glob("run-*"))), Answers(answers or {}))

    return run


def test_a_check_that_ends_passes(verdict):
    result = verdict("assert params == {'n': 1}")
    (check,) = result.checks
    assert (result.status, result.points, result.max_points) == ("passed", 2, 2)
    assert (check.name, check.title, check.claims, check.message) == ("check_it", "The title.", ("A-1", "A-2"), "")


@pytest.mark.parametrize("body", ["expect(False, done='d', expected='e', seen='s')", "assert 1 == 2, 'e'", "answers.text('key')"])
def test_a_contradiction_fails_with_the_hint(verdict, body):
    (check,) = verdict(body).checks
    assert (check.status, check.points, check.max_points) == ("failed", 0, 2)
    assert "hint:" in check.message and "Look again." in check.message


@pytest.mark.parametrize("body", ["raise Missing('no ping')", "1 / 0", "evidence.command('x')", "evidence.frames('h1')",
                                  "raise SystemExit(0)", "import pytest; pytest.skip('x')", "import pytest; pytest.fail('x')",
                                  "def f(): f()\n    f()"])
def test_a_check_that_cannot_do_its_job_is_inconclusive(verdict, body):
    result = verdict(body)
    assert result.status == "inconclusive" and result.points == 0
    assert "Traceback" not in "".join(check.message for check in result.checks)


@pytest.mark.parametrize("body", ["return params['n'] == 1", "yield", "return 0"])
def test_a_check_whose_word_nobody_would_hear_has_proved_nothing(verdict, body):
    """`return a == b` raises nothing, and a generator does not even begin."""
    (check,) = verdict(body).checks
    assert check.status == "inconclusive" and "returns" in check.message


def test_a_plain_assertion_shows_its_line(verdict):
    (check,) = verdict("assert params['n'] == 2").checks
    assert check.status == "failed" and "assert params['n'] == 2 (checks.py, line 9)" in check.message


@pytest.mark.parametrize("asked, status, words", [
    ("evidenze", "inconclusive", "asks for 'evidenze', and this run has no such scene. It has: experiment, evidence, params, answers"),
    ("params, *, wrong", "inconclusive", "'wrong'"),
    ("params, limit=3", "passed", ""), ("*more, **others", "passed", ""), ("", "passed", "")])
def test_a_check_gets_what_its_argument_names_ask_for(tmp_path, lay_out, asked, status, words):
    (tmp_path / "checks.py").write_text(f"def check_it({asked}): pass\n")
    (check,) = grade(Lab(tmp_path), Run(lay_out(tmp_path / "run")), Answers({})).checks
    assert (check.status, words in check.message) == (status, True)


def test_checks_come_in_the_order_of_the_file(tmp_path, lay_out):
    (tmp_path / "checks.py").write_text("def check_z(): pass\nclass check_class: pass\ncheck_number = 1\n"
                                        "def helper(): 1 / 0\ndef check_a(): pass\n")
    result = grade(Lab(tmp_path), Run(lay_out(tmp_path / "run")), Answers({}))
    assert [check.name for check in result.checks] == ["check_z", "check_a"]


def test_what_the_students_fault_left_out_is_failed_and_the_fault_is_told_once(verdict):
    result = verdict("evidence.command('x')", outcome="student_fault", reason="your server: line 3 is wrong")
    [check] = result.checks
    assert result.status == "failed" and "line 3 is wrong" in result.reason
    assert "line 3" not in check.message and "Look again" not in check.message and "head of the verdicts" in check.message


@pytest.mark.parametrize("outcome, status", [("inconclusive", "inconclusive"), ("student_fault", "failed")])
def test_a_reason_without_end_is_cut(verdict, outcome, status):
    result = verdict("evidence.command('x')", outcome=outcome, reason="no end " * 10_000)
    [check] = result.checks
    assert result.status == status and "no end" in result.reason
    assert len(check.message) < 2048 and len(result.reason) < 2048


def test_an_inconclusive_run_makes_each_check_inconclusive(verdict):
    result = verdict("assert False", outcome="inconclusive", reason="a qdisc was refused")
    assert result.status == "inconclusive" and result.checks[0].message == "a qdisc was refused"


@pytest.mark.parametrize("head", ["syntax error here\n", "import absent_module\n", "1 / 0\n", "raise SystemExit\n"])
def test_checks_that_cannot_be_read_are_inconclusive(verdict, head):
    result = verdict("pass", head=head + HEAD)
    assert result.status == "inconclusive" and result.reason


def test_no_checks_at_all_are_inconclusive(tmp_path, lay_out):
    (tmp_path / "checks.py").write_text("")
    result = grade(Lab(tmp_path), Run(lay_out(tmp_path / "run")), Answers({}))
    assert result.status == "inconclusive" and "no checks" in result.reason


def test_ctrl_c_in_a_check_is_not_swallowed(verdict):
    with pytest.raises(KeyboardInterrupt):
        verdict("raise KeyboardInterrupt")


def test_what_a_check_prints_does_not_get_out(verdict, capfd):
    verdict("print('loud')")
    assert capfd.readouterr().out == ""


@pytest.fixture
def lab_in(tmp_path, lay_out):
    """lab_in(collection, body): the status of a lab of that collection, whose check has this body."""

    def run(collection, body):
        folder = tmp_path / collection / "labs/link/arp"
        folder.mkdir(parents=True)
        (folder / "checks.py").write_text(HEAD + f"@points(1)\ndef check_it(): {body}\n")
        return grade(Lab(folder), Run(lay_out(folder / "run")), Answers({})).status

    return run


def test_settings_and_packages_around_change_nothing(tmp_path, lab_in, monkeypatch):
    """Above the collection, in its folders, and in the current one."""
    (tmp_path / "here").mkdir()
    (tmp_path / "above/labs/link").mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "here", tmp_path / "above", tmp_path / "above/labs/link"):
        (folder / "conftest.py").write_text("raise SystemExit('this was read')\n")
        for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
            (folder / name).write_text(f"[{section}]\naddopts = --collect-only\n")
    for folder in (tmp_path, tmp_path / "above", tmp_path / "here"):
        (folder / "__init__.py").write_text("raise SystemExit('this was read')\n")
    monkeypatch.chdir(tmp_path / "here")
    assert lab_in("above/collection", "pass") == "passed"


def test_labs_of_one_name_in_two_collections_have_checks_of_their_own(lab_in):
    assert [lab_in("one", "pass"), lab_in("other", "assert False")] == ["passed", "failed"]


def test_answers_that_cannot_be_read_fail_only_the_checks_that_ask(tmp_path, verdict):
    verdict("pass")
    (tmp_path / "answers.toml").mkdir()
    answers = read_answers(tmp_path)
    assert grade(Lab(tmp_path), Run(max(tmp_path.glob("run-*"))), answers).status == "passed"


WHERE = """
from mnlab.checks import expect, points

@points(2, claim="A-1", hint="Look.", where="classic_recovery")
def check_classic(evidence): expect(False, seen="nothing")

@points(3)
def check_other(evidence): pass
"""


@pytest.fixture
def classic(tmp_path, lay_out):
    """classic(features, outcome="ok", checks=WHERE): verdicts on a run with these features in its manifest."""
    def run(features, outcome="ok", checks=WHERE):
        (tmp_path / "checks.py").write_text(checks)
        extra = {} if features is None else {"features": features}
        folder = lay_out(tmp_path / "run", extra, {"outcome": outcome, "reason": "so it was"})
        return grade(Lab(tmp_path), Run(folder), Answers({}))
    return run


@pytest.mark.parametrize("outcome, others", [("ok", "passed"), ("inconclusive", "inconclusive"), ("student_fault", "passed")])
def test_what_the_machine_does_not_show_is_not_applicable_whatever_the_run_was(classic, outcome, others):
    one, other = classic({"classic_recovery": "RACK is always on"}, outcome).checks
    assert (one.status, one.points, one.max_points, other.status) == ("not applicable", 0, 0, others)
    assert one.message == ("this machine does not show classic_recovery: RACK is always on.\n"
                           "No points are asked for it, elsewhere 2.")  # and no hint


def test_the_other_checks_make_the_verdict_and_the_maximum(classic):
    result = classic({"classic_recovery": "no"})
    assert (result.status, result.points, result.max_points) == ("passed", 3, 3)


def test_what_the_machine_shows_is_graded_as_ever(classic):
    result = classic({"classic_recovery": ""})
    assert (result.status, result.points, result.max_points) == ("failed", 3, 5)


@pytest.mark.parametrize("features", [None, {}, {"another": "no"}])
def test_where_the_run_does_not_say_whether_the_machine_shows_it_nothing_is_known(classic, features):
    one, other = classic(features).checks
    assert (one.status, one.max_points, other.status) == ("inconclusive", 2, "passed")
    assert "does not say whether its machine shows classic_recovery" in one.message


def test_a_lab_of_which_nothing_can_be_shown(classic):
    result = classic({"classic_recovery": "no"}, checks=WHERE.replace("@points(3)", "@points(3, where=('classic_recovery',))"))
    assert (result.status, result.points, result.max_points) == ("not applicable", 0, 0)


def test_a_feature_that_there_is_not_is_refused_with_the_near_one(classic):
    result = classic({}, checks=WHERE.replace('"classic_recovery"', '"clasic_recovery"'))
    assert result.status == "inconclusive" and "did you mean 'classic_recovery'?" in result.reason
