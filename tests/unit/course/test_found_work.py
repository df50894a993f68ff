"""Where the work lies in what a student handed in, and what it is if it is none."""

import os
import shutil

import pytest

from mnlab.course.found_work import EMPTY, OTHER, UNUSABLE, find, is_unchanged
from mnlab.lab import work
from mnlab.lab.lab import all_labs
from mnlab.lab.lab import find as lab_called

ARP, DNS = lab_called("arp"), lab_called("dns")


@pytest.fixture
def handed(tmp_path):
    """handed(lab, place): a folder in which the starter of a lab lies at a place."""
    def make(lab, place="."):
        work.start(lab, tmp_path / "in" / place, 5)
        return tmp_path / "in"
    return make


@pytest.mark.parametrize("place", [".", "arp", "Desktop/networks/work/arp", "a b/ü"])
def test_work_is_found_in_nested_folders(handed, place):
    folder = handed(ARP, place)
    found = find(folder, ARP, all_labs())
    assert found.folder == folder / place and found.work and found.work.seed("arp") == 5 and not found.kind
    assert found.notes == ([] if place == "." else [f"the work was found in {place}/"])


def test_each_lab_finds_its_own_where_all_were_handed_in(handed):
    handed(ARP, "work/arp")
    folder = handed(DNS, "work/dns")
    assert find(folder, ARP, all_labs()).folder.name == "arp" and find(folder, DNS, all_labs()).folder.name == "dns"


def test_of_two_that_look_alike_one_is_graded_and_that_is_said(handed):
    handed(ARP, "old/arp")
    found = find(handed(ARP, "arp"), ARP, all_labs())
    assert found.folder.name == "arp" and "2 folders look like this work; graded: arp/" in found.notes
    assert found.flags == ["several works"]


@pytest.mark.parametrize("make, kind, words", [
    (lambda folder: None, EMPTY, "nothing was handed in"),
    (lambda folder: (folder / "report.pdf").write_text("x"), UNUSABLE, "no file of this lab in it, but report.pdf"),
    (lambda folder: [(folder / f"{name}.pdf").write_text("x") for name in "abcde"], UNUSABLE, "but a.pdf, b.pdf, c.pdf and 2 more"),
    (lambda folder: work.start(DNS, folder / "dns", 1), OTHER, "looks like work for dns"),
    (lambda folder: (work.start(ARP, folder / "arp", 1), (folder / "arp/variant.toml").write_text('lab = "dns"\nseed = 1\n')),
     OTHER, "says that it is for dns"),
    (lambda folder: (work.start(ARP, folder / "arp", 1), (folder / "arp/variant.toml").write_text("seed = ")),
     UNUSABLE, "variant.toml")])
def test_what_is_no_work_for_this_lab_is_told_apart(tmp_path, make, kind, words):
    make(tmp_path)
    found = find(tmp_path, ARP, all_labs())
    assert (found.kind, found.work) == (kind, None) and any(words in note for note in found.notes), found.notes


@pytest.mark.parametrize("spoil", [lambda text: text, lambda text: text.replace('""', '"'), lambda text: "", lambda text: "\0?"],
                         ids=["as it is", "no TOML", "empty", "nothing that can be read"])
def test_answers_alone_are_work_for_the_lab_whose_questions_they_answer(handed, spoil):
    folder = handed(ARP)
    for path in folder.iterdir():
        path.unlink() if path.name != work.ANSWERS else path.write_text(spoil(path.read_text()))
    found = find(folder, ARP, all_labs())
    assert found.kind != OTHER and not any("looks like" in note for note in found.notes)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()],
                         ids=["a pipe", "a link to a device", "a folder"])
def test_answers_that_are_no_file_hang_nobody(tmp_path, make):
    make(tmp_path / work.ANSWERS)
    assert find(tmp_path, ARP, all_labs()).kind != OTHER


def test_answers_alone_of_another_lab_are_told(handed):
    folder = handed(DNS)
    for path in folder.iterdir():
        path.unlink() if path.name != work.ANSWERS else None
    found = find(folder, ARP, all_labs())
    assert (found.kind, found.notes) == (OTHER, ["this looks like work for dns"])


def test_files_that_are_missing_are_named(handed):
    folder = handed(ARP)
    (folder / "answers.toml").unlink()
    found = find(folder, ARP, all_labs())
    assert "missing: answers.toml" in found.notes and found.flags == ["missing files"]


def test_a_starter_that_nobody_touched_is_told(handed):
    folder = handed(ARP)
    assert is_unchanged(folder, ARP, ARP.params(5))
    with open(folder / "resolver.py", "a") as file:
        file.write("\n# mine\n")
    assert not is_unchanged(folder, ARP, ARP.params(5))


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_each_solution_is_work_for_its_own_lab(tmp_path, lab):
    shutil.copytree(lab.starter, tmp_path / "some where")
    assert find(tmp_path, lab, all_labs()).folder == tmp_path / "some where"
