"""A student's folder, whatever is in it: one plain line, or its regular files, as they were when they were read."""

import hashlib
import os
import subprocess
import time

import pytest

from mnlab.evidence import layout
from mnlab.lab import read_once
from mnlab.lab.read_once import BadWork, read
from mnlab.machine.job import Executable


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def one_line(problem) -> str:
    text = str(problem.value)
    assert len(text.splitlines()) <= 2 and len(text) < 600
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


def long_hexadecimal(path):
    path.write_text("a = 0x" + "f" * 10_000)


def dotted_key(path):
    path.write_text("a" + ".a" * 16_000 + " = 1")


def dotted_key_in_quotes(path):
    path.write_text('"a"' + " . 'a'" * 5_000 + " = 1")


def dotted_table(path):
    path.write_text("[a" + ".a" * 2_000 + "]\n" + "".join(f"k{number} = 1\n" for number in range(3_000)))


def dotted_key_behind_texts(path):
    path.write_text("x = \"\"\"a\"\"\"\"\"\ny = '''b''''\nz = '#' # \"\"\"\n" + "a" + ".a" * 16_000 + " = 1")


@pytest.mark.parametrize("make", [absent, malformed, huge, link, dangling, folder_instead, fifo, garbage, zeros, deep,
                                  deep_tables, long_number, long_hexadecimal, dotted_key, dotted_key_in_quotes,
                                  dotted_table, dotted_key_behind_texts])
def test_an_answers_file_that_cannot_be_used_is_refused_in_a_line(folder, make):
    make(folder / "answers.toml")
    began = time.process_time()
    with pytest.raises(BadWork) as problem:
        read(folder).answers.values()
    assert "answers.toml" in one_line(problem) and time.process_time() - began < 0.1


@pytest.mark.parametrize("make", [malformed, huge, link, dangling, folder_instead, fifo, garbage, deep, long_number, long_hexadecimal, dotted_key])
def test_a_variant_file_that_cannot_be_used_is_refused_in_a_line(folder, make):
    make(folder / "variant.toml")
    with pytest.raises(BadWork) as problem:
        read(folder).seed("arp")
    assert "variant.toml" in one_line(problem)


@pytest.mark.parametrize("text", ["", "seed = 'one'", "seed = true", "seed = 1.5", "[seed]", "seed = nan", "seed = [1]"])
def test_a_variant_without_a_usable_seed_says_what_is_wanted(folder, text):
    (folder / "variant.toml").write_text(text)
    with pytest.raises(BadWork, match="no line like 'seed = 1'"):
        read(folder).seed("arp")


@pytest.mark.parametrize("seed", [-1, 2**63, 10**150])
def test_a_seed_out_of_bounds_is_told_the_bounds(folder, seed):
    (folder / "variant.toml").write_text(f"seed = {seed}")
    with pytest.raises(BadWork, match="from 0 to 9223372036854775807"):
        read(folder).seed("arp")


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_seeds_within_bounds(folder, seed):
    (folder / "variant.toml").write_text(f"seed = {seed}")
    assert read(folder).seed("arp") == seed


@pytest.mark.parametrize("lab", ['"ping"', '"' + "x" * 3000 + '"', "1", "[]", "{a = 1}"])
def test_a_variant_of_another_lab_is_refused(folder, lab):
    (folder / "variant.toml").write_text(f"lab = {lab}\nseed = 1")
    with pytest.raises(BadWork, match="arp") as problem:
        read(folder).seed("arp")
    one_line(problem)


def test_a_variant_that_names_this_lab_or_none_is_read(folder):
    (folder / "variant.toml").write_text('lab = "arp"\nseed = 5')
    assert read(folder).seed("arp") == 5


def test_no_variant_file_is_no_seed(folder):
    assert read(folder).seed("arp") is None


# --- the files ---

def test_only_regular_files_that_are_not_answers_go_in(folder):
    (folder / "sub/__pycache__").mkdir(parents=True)
    for path in ("answers.toml", "variant.toml", "mine.py", "sub/more.py", "sub/answers.toml", "sub/__pycache__/x.pyc"):
        (folder / path).write_text("x")
    os.mkfifo(folder / "fifo")
    (folder / "etc").symlink_to("/etc")
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "loop").symlink_to(".")
    assert list(read(folder).files) == ["mine.py", "sub/answers.toml", "sub/more.py"]
    assert read(folder).links == ("etc", "loop", "passwd")


def test_a_file_is_no_work_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadWork, match="no work folder"):
        read(tmp_path / "file")


def test_ten_thousand_files_are_too_many(folder):
    for number in range(10_000):
        (folder / str(number)).touch()
    with pytest.raises(BadWork, match="too large: 500 files and 16 MiB"):
        read(folder).files


def test_a_huge_file_is_too_much(folder):
    with open(folder / "huge", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadWork, match="too large"):
        read(folder).files


@pytest.mark.parametrize("depth", [17, 3000])
def test_folders_nested_without_end(folder, depth):
    here = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(depth):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    with pytest.raises(BadWork, match="too large: folders nested 16 deep"):
        read(folder)
    subprocess.run(["rm", "-rf", folder], check=True)  # too deep for pytest to clean up


def test_nested_folders_are_no_trouble(folder):
    path = folder / "/".join("d" * 16)
    path.mkdir(parents=True)
    (path / "file").touch()
    assert len(read(folder).files) == 1


@pytest.mark.parametrize("make", [
    lambda path: path.mkdir(), lambda path: path.symlink_to("/etc"), lambda path: os.mkfifo(path),
    lambda path: path.with_suffix(".d").joinpath("__pycache__").mkdir(parents=True)], ids=["folders", "links", "pipes", "caches"])
def test_thousands_of_anything_are_too_many_and_told_at_once(folder, make):
    for number in range(20_000):
        make(folder / str(number))
    began = time.process_time()
    with pytest.raises(BadWork, match="too large: .* are allowed"):
        read(folder)
    assert time.process_time() - began < 0.5


def test_names_that_are_too_long_for_the_machine(folder):
    path = folder / ("d" * 150) / ("f" * 60)
    path.parent.mkdir()
    path.touch()
    with pytest.raises(BadWork, match="names of 200 bytes"):
        read(folder)


def test_a_name_cannot_speak_for_us(folder):
    (folder / "a\nmnlab: passed \x1b[A").mkdir(mode=0)
    (folder / "a\nmnlab: passed \x1b[A" / ("x" * 190)).touch()
    with pytest.raises(BadWork) as problem:
        read(folder)
    assert one_line(problem).isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(folder):
    (folder / "secret").touch(mode=0)
    with pytest.raises(BadWork, match="cannot be read"):
        read(folder).files


# --- read once ---

def test_what_was_read_is_kept_whatever_happens_to_the_folder(folder):
    (folder / "run.sh").write_text("echo")
    (folder / "run.sh").chmod(0o755)
    (folder / "answers.toml").write_text("a = 1")
    given = read(folder)
    before = given.sha256
    for name in ("run.sh", "answers.toml"):
        (folder / name).unlink()
        (folder / name).symlink_to("/etc/passwd")
    assert given.files == {"run.sh": b"echo"} and isinstance(given.files["run.sh"], Executable)
    assert given.answers.values() == {"a": 1} and given.sha256 == before


@pytest.mark.parametrize("name", ["mine.py", "sub"])
def test_a_link_that_takes_a_places_in_the_meantime_is_not_followed(folder, monkeypatch, tmp_path, name):
    """Between the listing of a folder and the opening of what is in it, its owner may swap things."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/secret").write_text("secret")
    (folder / "sub").mkdir()
    (folder / "mine.py").write_text("mine")
    real, target = read_once._open, tmp_path / "elsewhere" / ("secret" if name == "mine.py" else "")

    def swapping(entry, *arguments):
        if entry == name:
            (folder / name).rename(tmp_path / "was")
            (folder / name).symlink_to(target)
        return real(entry, *arguments)

    monkeypatch.setattr(read_once, "_open", swapping)
    with pytest.raises(BadWork, match="cannot be read"):
        read(folder)


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(folder, monkeypatch):
    (folder / "mine.py").write_text("mine")
    real = read_once._open

    def swapping(entry, *arguments):
        (folder / entry).unlink()
        os.mkfifo(folder / entry)
        return real(entry, *arguments)

    monkeypatch.setattr(read_once, "_open", swapping)
    assert read(folder).files == {}


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "a").write_text("b"), lambda folder: (folder / "a").chmod(0o755),
    lambda folder: (folder / "a").rename(folder / "b"), lambda folder: (folder / "answers.toml").write_text("a = 2"),
    lambda folder: (folder / "variant.toml").write_text("seed = 2")])
def test_the_digest_tells_every_change_and_nothing_else(folder, change):
    for name, text in (("a", "a"), ("answers.toml", "a = 1"), ("variant.toml", "seed = 1")):
        (folder / name).write_text(text)
    before = read(folder).sha256
    (folder / "link").symlink_to("a")
    os.utime(folder / "a", (1, 1))
    assert read(folder).sha256 == before == hashlib.sha256(b"".join(
        b"%s\0-%s\n" % (name, hashlib.sha256(text).hexdigest().encode())
        for name, text in ((b"a", b"a"), (b"answers.toml", b"a = 1"), (b"variant.toml", b"seed = 1")))).hexdigest()
    change(folder)
    assert read(folder).sha256 != before


def test_it_says_whose_work_it_is(folder):
    assert (read(folder).kind, read(folder, layout.SOLUTION).kind) == ("student", "solution")


def test_what_tools_keep_beside_the_work_is_not_work(tmp_path):
    (tmp_path / "a.py").write_text("1")
    for number in range(300):
        (tmp_path / f".git/objects/{number:03}").mkdir(parents=True)
        (tmp_path / f".git/objects/{number:03}/x").touch()
    assert list(read(tmp_path).files) == ["a.py"]


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    (tmp_path / "variant.toml").write_bytes(b"\xef\xbb\xbfseed = 7\n")
    assert read(tmp_path).seed("arp") == 7


def test_the_digest_does_not_depend_on_where_the_work_lies(tmp_path):
    """Nor where there are no answers, as in a solution."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.py").write_text("print(1)\n")
    here, there = (read(tmp_path / name) for name in ("here", "there"))
    assert here.sha256 == there.sha256 and "no file answers.toml" in here.answers.problem
    (tmp_path / "there/answers.toml").write_text("")
    assert read(tmp_path / "there").sha256 != here.sha256
