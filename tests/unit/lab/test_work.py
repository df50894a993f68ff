"""A student's folder, whatever is in it: one plain line, or its regular files."""

import os
import subprocess

import pytest

from mnlab.lab import work
from mnlab.lab.work import BadWork


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def one_line(problem) -> str:
    text = str(problem.value)
    assert len(text.splitlines()) <= 2
    return text


# --- answers.toml and variant.toml ---

def absent(path):
    pass


def malformed(path):
    path.write_text("a = \n= b")


def huge(path):
    with open(path, "wb") as file:
        file.truncate(50 << 20)


def link(path):
    path.symlink_to("/etc/passwd")


def dangling(path):
    path.symlink_to("/nowhere")


def folder_instead(path):
    path.mkdir()


def fifo(path):
    os.mkfifo(path)


def garbage(path):
    path.write_bytes(bytes(range(256)) * 8)


def zeros(path):
    path.write_bytes(bytes(1000))


def deep(path):
    path.write_text("a = " + "[" * 20_000)


def deep_tables(path):
    path.write_text("a = " + "{a = " * 5_000)


def long_number(path):
    path.write_text("a = " + "9" * 10_000)


@pytest.mark.parametrize("make", [absent, malformed, huge, link, dangling, folder_instead, fifo, garbage, zeros, deep,
                                  deep_tables, long_number])
def test_an_answers_file_that_cannot_be_used_is_refused_in_a_line(folder, make):
    make(folder / "answers.toml")
    with pytest.raises(BadWork) as problem:
        work.answers_of(folder)
    assert "answers.toml" in one_line(problem)


@pytest.mark.parametrize("make", [malformed, huge, link, dangling, folder_instead, fifo, garbage, deep, long_number])
def test_a_variant_file_that_cannot_be_used_is_refused_in_a_line(folder, make):
    make(folder / "variant.toml")
    with pytest.raises(BadWork) as problem:
        work.seed_of(folder)
    assert "variant.toml" in one_line(problem)


@pytest.mark.parametrize("text", ["", "seed = 'one'", "seed = true", "seed = 1.5", "[seed]", "seed = -1"])
def test_a_variant_without_a_usable_seed_says_what_is_wanted(folder, text):
    (folder / "variant.toml").write_text(text)
    with pytest.raises(BadWork, match="no line like 'seed = 1'"):
        work.seed_of(folder)


def test_no_variant_file_is_no_seed(folder):
    assert work.seed_of(folder) is None


# --- the files ---

def test_only_regular_files_that_are_not_answers_go_in(folder):
    (folder / "sub/__pycache__").mkdir(parents=True)
    for path in ("answers.toml", "variant.toml", "mine.py", "sub/more.py", "sub/answers.toml", "sub/__pycache__/x.pyc"):
        (folder / path).write_text("x")
    os.mkfifo(folder / "fifo")
    (folder / "etc").symlink_to("/etc")
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(".")
    assert sorted(work.files_of(folder)) == ["mine.py", "sub/answers.toml", "sub/more.py"]


def test_a_file_is_no_work_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadWork, match="no work folder"):
        work.files_of(tmp_path / "file")


def test_ten_thousand_files_are_too_many(folder):
    for number in range(10_000):
        (folder / str(number)).touch()
    with pytest.raises(BadWork, match="too large: 500 files and 16 MiB"):
        work.files_of(folder)


def test_a_huge_file_is_too_much(folder):
    with open(folder / "huge", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadWork, match="too large"):
        work.files_of(folder)


def test_folders_nested_without_end(folder):
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    with pytest.raises(BadWork, match="cannot be read"):
        work.files_of(folder)
    subprocess.run(["rm", "-rf", folder], check=True)  # too deep for pytest to clean up


def test_hundreds_of_nested_folders_are_no_trouble(folder):
    path = folder / "/".join("d" * 400)
    path.mkdir(parents=True)
    (path / "file").touch()
    assert len(work.files_of(folder)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(folder):
    (folder / "secret").touch(mode=0)
    with pytest.raises(BadWork, match="cannot be read"):
        work.files_of(folder)


# --- copying and starting ---

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
