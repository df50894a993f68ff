"""Copying starters and solutions, and beginning."""

import pytest

from mnlab.lab import student_toml, work
from mnlab.lab.lab import all_labs


def test_parameters_are_filled_in_and_other_braces_left_alone():
    assert work.fill_in("{{a}} {{ b }} {{unknown}} {a} {{{a}}}", {"a": 1}) == "1 {{ b }} {{unknown}} {a} {1}"


def test_copying_leaves_the_reference_answers_behind(tmp_path):
    source = tmp_path / "solution"
    (source / "sub").mkdir(parents=True)
    for name in ("answers.py", "run.sh", "sub/answers.py"):
        (source / name).write_text("{{x}}")
    (source / "run.sh").chmod(0o755)
    work.copy(source, tmp_path / "copy", {"x": 5})
    assert not (tmp_path / "copy/answers.py").exists()
    assert (tmp_path / "copy/sub/answers.py").read_text() == "5"
    assert (tmp_path / "copy/run.sh").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("answers", [{}, {"a": "x \"y\" \\ \n é", "b": -1.5, "c": True, "d": ["x", 2], "e": 10**20}])
def test_answers_survive_toml(answers):
    import tomllib
    assert tomllib.loads(work.to_toml(answers)) == answers


@pytest.mark.parametrize("lab", [pytest.param(lab, id=lab.name) for lab in all_labs()])
def test_what_start_writes_is_within_the_limits_for_what_students_write(lab, tmp_path):
    for seed in (1, 2**63 - 1):
        folder = tmp_path / str(seed)
        work.start(lab, folder, seed)
        said = student_toml.parse((folder / "variant.toml").read_bytes(), "variant.toml")
        assert (said["lab"], said["seed"]) == (lab.name, seed)
        if (folder / "answers.toml").is_file():
            student_toml.parse((folder / "answers.toml").read_bytes(), "answers.toml")
