"""Whose a hand-in is, by the names that platforms give downloads. The people are invented; the names are made after each
platform's documentation."""

import io
import os
import shutil
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mnlab.course import archives
from mnlab.course.handins import BadSubmissions, found_in, gather, shared
from mnlab.course.roster import Student

ADA = Student("4711", "Ada Lovelace", "ada@example.org", login="ada-l", lms="90001")
ALAN = Student("4712", "Turing, Alan", "alan@example.org", login="turing", lms="90002")
TWINS = [Student("1", "Sam Smith"), Student("2", "Sam Smith")]
METADATA = """submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '4711'
    :email: ada@example.org
  - :name: Alan Turing
    :sid: '4712'
  :created_at: 2027-01-10 10:00:00.5 Z
  :score: 0.0
"""


def zipped(**files) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as whole:
        for name, text in files.items():
            whole.writestr(name.replace("_", "."), text)
    return data.getvalue()


@pytest.fixture
def put(tmp_path):
    """put(name, data): a hand-in, a file or a folder with one file."""
    def make(name, data=None):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.mkdir()
            (path / "resolver.py").write_text("mine")
        else:
            path.write_bytes(data)
        return tmp_path / "in"
    return make


@pytest.mark.parametrize("name", [
    "Ada Lovelace_90001_assignsubmission_file_", "Ada Lovelace_90001_assignsubmission_file", "lovelaceada_901_77_arp.zip",
    "lovelaceada_LATE_901_77_arp-2.zip", "lovelaceada_901_text.html", "Ada Lovelace_90001_assignsubmission_file_arp.zip", "4711", "ada@example.org",
    "Lovelace, Ada", "ada lovelace", "Ada_Lovelace", "arp-ada-l", "ada-l", "4711.zip", "LOVELACE ADA", "ada"])
def test_a_student_is_found_by_whatever_a_platform_calls_them(put, name):
    folder = put(name, zipped(resolver_py="mine") if name.endswith((".zip", ".html")) else None)
    [one] = found_in(folder, [ADA, ALAN])
    assert one.student == ADA and one.key == "4711" and one.late is ("LATE" in name)


@pytest.mark.parametrize("name", ["nobody", "Ada Byron_777_assignsubmission_file_", "hopper_LATE_9_9_x.zip", "47111"])
def test_nobody_is_graded_as_somebody_else(put, name):
    [one] = found_in(put(name, zipped(a_py="") if name.endswith(".zip") else None), [ADA, ALAN])
    assert one.student is None and one.key.startswith("?") and "rename it to the student's id" in one.notes[0]


@pytest.mark.parametrize("name, key", [
    ("4711_arp", "4711"), ("4711-arp.zip", "4711"), ("ARP_4711", "4711"), ("ada@example.org arp", "4711"), ("Ada Lovelace_arp", "4711"),
    ("47111_arp", "?47111_arp"), ("4711_harp", "?4711_harp"), ("4711_arp_2", "?4711_arp_2")])
def test_a_labs_name_beside_the_students_is_no_part_of_it(put, name, key):
    [one] = found_in(put(name, zipped(a_py="") if name.endswith(".zip") else None), [ADA, ALAN], ["arp", "dns"])
    assert one.key == key


def test_what_one_student_handed_in_apart_is_not_mixed(put, tmp_path):
    put("4711")
    put("4711.zip", zipped(resolver_py="zip"))
    [one] = found_in(put("ada@example.org.zip", zipped(resolver_py="other")), [ADA])
    gather(one, tmp_path / "out")
    assert {str(path.relative_to(tmp_path / "out")): path.read_text() for path in (tmp_path / "out").rglob("*.py")} == {
        "4711/resolver.py": "mine", "4711.zip/resolver.py": "zip", "ada@example.org.zip/resolver.py": "other"}
    assert one.notes == []


def test_two_students_of_one_name_are_told_apart_by_id_or_not_at_all(put):
    put("Sam Smith")
    one, nobody = found_in(put("2"), TWINS)
    assert (one.student, nobody.student) == (TWINS[1], None)
    assert nobody.notes == ["Sam Smith: it may be of 1, 2: rename it to the student's id"]


def test_without_a_roster_a_folder_is_a_student(put):
    put("one")
    assert [(one.key, one.notes) for one in found_in(put("other.tar.gz", b"x"), [])] == [("?one", []), ("?other", [])]


def test_loose_files_of_one_student_are_one_hand_in_with_the_names_they_had(put, tmp_path):
    put("lovelaceada_901_77001_resolver-1.py", b"mine")
    put("turingalan_902_77003_resolver.py", b"his")
    ada, alan = found_in(put("lovelaceada_901_77002_answers.toml", b"a = 1"), [ADA, ALAN])
    gather(ada, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        "resolver.py": b"mine", "answers.toml": b"a = 1"}
    assert alan.student == ALAN


def test_a_group_hands_in_one_work_for_each_of_its_members(put):
    put("submission_1")
    ada, alan = found_in(put("submission_metadata.yml", METADATA.encode()), [ADA, ALAN])
    assert (ada.key, alan.key) == ("4711", "4712") and ada.sources == alan.sources
    assert ada.received == datetime(2027, 1, 10, 10, 0, 0, 500_000, tzinfo=UTC)


def test_archives_are_unpacked_also_within_folders_and_what_is_left_out_is_noted(put, tmp_path):
    folder = put("4711")
    (folder / "4711/inner.zip").write_bytes(zipped(answers_toml="a = 1"))
    (folder / "4711/broken.zip").write_bytes(b"PK")
    (folder / "4711/link").symlink_to("/etc/hostname")
    (folder / "4711/.git").mkdir()
    (folder / "4711/.git/x").write_text("")
    [one] = found_in(folder, [ADA])
    gather(one, tmp_path / "out")
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {"resolver.py", "inner.zip", "inner.zip~/answers.toml", "broken.zip"}
    assert len(one.notes) == 2 and any("broken.zip" in note for note in one.notes) and any("link" in n for n in one.notes)


@pytest.fixture
def unprivileged():
    """A folder of somebody's who may not read everything, which root may: so root becomes nobody."""
    folder, user = Path(tempfile.mkdtemp(prefix="mnlab-test-")), os.geteuid()
    folder.chmod(0o777)
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


def test_what_may_not_be_read_is_noted_and_stops_nobody(unprivileged):
    for name in ("4711/locked.py", "4711/a.py", "4712/locked/a.py", "4713.zip", "a b.py"):
        path = unprivileged / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    for name in ("4711/locked.py", "4712/locked", "4713.zip", "a b.py"):
        (unprivileged / "in" / name).chmod(0)
    found = {one.key.strip("?"): one for one in found_in(unprivileged / "in", [])}
    for one in found.values():
        gather(one, unprivileged / "out" / one.key)
        assert one.unread == 1 and len(one.notes) == 1 and "ermission" in one.notes[0]
    assert [path.name for path in (unprivileged / "out").rglob("*") if path.is_file()] == ["a.py"]
    assert "locked.py: there is no permission to read it" in found["4711"].notes[0] and len(found) == 4
    (unprivileged / "in/4712/locked").chmod(0o700)


def test_what_lies_beside_is_no_hand_in(put):
    put(".DS_Store", b"x")
    put("index.html", b"x")
    assert [one.key for one in found_in(put("4711"), [ADA])] == ["4711"]


@pytest.mark.parametrize("text", ["submission_1: [", "- one", "submission_1: 3", "\t", "submission_1:\n  :submitters: [Ada]\n",
                                  "submission_1:\n  :submitters: 3\n", "submission_1:\n  :created_at: 2027-13-45 00:00:00\n",
    "submission_1:\n  :created_at: 0001-01-01 00:00:00 +14:00\n", "submission_1: " + "[" * 3000, "submission_1:\n  :created_at: !!timestamp x\n", "submission_1:\n  :submitters: {:sid: 4711}\n"])
def test_an_export_that_cannot_be_read_is_told_and_nobody_guessed(put, text):
    put("submission_1")
    with pytest.raises(BadSubmissions, match="submission_metadata.yml(: :created_at of submission_1)? is no"):
        found_in(put("submission_metadata.yml", text.encode()), [ADA])


def test_a_number_at_a_platform_is_no_id_and_counts_with_its_name(put):
    """Canvas' number of Ada may be Alan's id, and a Moodle group's that of a participant."""
    jan = Student("90001", "Jan Roe", lms="5")
    [one] = found_in(put("lovelaceada_90001_77_arp.zip", zipped(a_py="")), [jan, ADA])
    assert one.student == ADA
    [team, _] = found_in(put("Red_5_assignsubmission_file", None), [jan, ADA])[::-1]
    assert team.student is None and team.key == "?Red 5"
    [blind] = [one for one in found_in(put("Participant_5_assignsubmission_file", None), [jan, ADA]) if one.student == jan]
    assert blind.sources[0][0].name.startswith("Participant_5")


@pytest.mark.parametrize("name", ["Zoë O'Neill", "Zoe\u0308 ONeill", "ZOË O’NEILL", "ONeill, Zoë"])
def test_names_that_platforms_and_file_systems_have_changed_are_known(put, name):
    zoe = Student("1", "Zoë O'Neill")
    [one] = found_in(put(f"{name}_9_assignsubmission_file_", None), [zoe, ADA])
    assert one.student == zoe


def test_a_group_of_moodles_or_of_the_course_hands_in_for_all(put):
    people = [Student("1", "A B", section="Red"), Student("2", "C D", section="Lab, Red"), Student("3", "E F", section="Blue")]
    found = found_in(put("Red_77_assignsubmission_file_", None), people)
    assert [one.key for one in found] == ["1", "2"]
    assert [one.key for one in found_in(put("teal.zip", zipped(a_py="")), people, groups={"teal": ["3"]})] == ["1", "2", "3"]


def test_what_macos_leaves_beside_is_no_hand_in(put):
    put("__MACOSX", None)
    assert [one.key for one in found_in(put("4711"), [ADA])] == ["4711"]


def test_gradescopes_export_may_name_rubys_classes(put):
    text = "!ruby/hash:ActiveSupport::HashWithIndifferentAccess\n" + METADATA.replace("2027", "!ruby/object:Time 2027")
    put("submission_1")
    ada, _ = found_in(put("submission_metadata.yml", text.encode()), [ADA, ALAN])
    assert ada.key == "4711"


def test_an_id_of_gradescopes_may_begin_with_0(put):
    put("submission_1")
    [one] = found_in(put("submission_metadata.yml", b"submission_1:\n  :submitters:\n  - :sid: 0012\n"), [Student("0012"), Student("10")])
    assert one.key == "0012"


def test_archives_whose_names_meet_are_all_unpacked(put, tmp_path):
    folder = put("4711")
    for name, text in (("work.zip", "one"), ("work.zip~", "an editor's"), ("work.zip~~", "another's")):
        (folder / "4711" / name).write_bytes(zipped(a_py=text))
    [one] = found_in(folder, [ADA])
    gather(one, tmp_path / "out")
    assert (tmp_path / "out/work.zip~~~/a.py").read_text() == "one" and one.notes == []


@pytest.mark.parametrize("names", [("x\t", "x\n"), ("y" * 200, "y" * 199 + "z")])
def test_a_file_and_a_folder_whose_readable_names_meet_stop_nobody(put, tmp_path, names):
    folder = put("4711")
    (folder / "4711" / names[0]).write_text("x")
    (folder / "4711" / names[1]).mkdir()
    (folder / "4711" / names[1] / "inner").write_text("x")
    [one] = found_in(folder, [ADA])
    gather(one, tmp_path / "out")
    assert (tmp_path / "out/resolver.py").is_file() and len(one.notes) == 1


def test_names_too_long_for_here_are_noted(put, tmp_path):
    inner = put("4711") / "4711"
    while len(str(inner)) < 3800:  # of 4,095
        inner = inner / ("d" * 148)
    os.makedirs(inner)
    [one] = found_in(tmp_path / "in", [ADA])
    out = tmp_path / ("o" * 200) / ("p" * 200)
    gather(one, out)
    assert (out / "resolver.py").is_file() and [note for note in one.notes if "too long" in note]


def test_a_hand_in_is_bounded_as_a_whole(put, tmp_path, monkeypatch):
    folder = put("4711")
    for number in range(9):
        (folder / f"4711/f{number}").write_bytes(bytes(1 << 18))
    monkeypatch.setattr(archives, "BYTES", 1 << 20)
    [one] = found_in(folder, [ADA])
    gather(one, tmp_path / "out")
    assert one.notes == ["4711: more than 1 MiB come out of it; the rest was left out"]
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*")) < 3 << 19


def test_hand_ins_with_names_alike_stay_apart(put):
    for name in ("n" * 200, "n" * 199 + "o", "a\tb", "a\nb"):
        put(name)
    found = found_in(put("4711"), [ADA])
    assert len(found) == len({one.key for one in found}) == 5


@pytest.mark.parametrize("name, student", [("abc", "abc"), ("ABC", "ABC"), ("Abc", None), ("Ada Lovelace 2", None),
                                           ("arp-0007", "0007"), ("0007_arp_2", None)])
def test_ids_are_taken_as_they_are_and_small_numbers_count_nothing(put, name, student):
    people = [Student("abc"), Student("ABC"), Student("2"), Student("0007")]
    [one] = found_in(put(name), people, ["arp"])
    assert (one.student.id if one.student else None) == student


def test_a_pipe_is_not_waited_for(put, tmp_path):
    folder = put("4711")
    os.mkfifo(folder / "4712.zip")
    for one in found_in(folder, [ADA, ALAN]):
        gather(one, tmp_path / one.key)
    assert "no plain file" in one.notes[0]


@pytest.mark.parametrize("name, people", [
    ("Grace Hopper", [Student("3", "Bob Hopper", "hopper@x.org")]), ("lovelace", [Student("1", "A", "lovelace@x"), Student("2", "B", "lovelace@y")]),
    ("Ada Lovelace", [Student("1", "Ada Lovelace"), Student("2", "Ada Lovelace"), Student("3", "Bob", login="lovelace")])])
def test_the_end_of_a_persons_name_is_nobodys_login(put, name, people):
    assert [one.student for one in found_in(put(name), people)] == [None]


def test_a_number_and_a_few_letters_are_no_name(put):
    li = Student("7", "Li Wu", lms="901")
    [one] = found_in(put("oliverkahn_901_77_x.zip", zipped(a_py="")), [li])
    assert one.student is None


def test_gradescopes_stranger_is_not_who_has_the_same_name(put):
    put("submission_1")
    text = "submission_1:\n  :submitters:\n  - :name: Ada Lovelace\n    :sid: '9999'\n    :email: other@x.org\n"
    assert found_in(put("submission_metadata.yml", text.encode()), [ADA])[0].student is None


def test_an_archive_that_was_in_vain_leaves_room_for_the_next(put, tmp_path, monkeypatch):
    folder = put("4711")
    with zipfile.ZipFile(folder / "4711/a.zip", "w", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("big.py", bytes(2 << 20))
    (folder / "4711/b.zip").write_bytes(zipped(good_py="mine"))
    monkeypatch.setattr(archives, "BYTES", 1 << 20)
    [one] = found_in(folder, [ADA])
    gather(one, tmp_path / "out")
    assert (tmp_path / "out/b.zip~/good.py").read_text() == "mine" and one.notes == ["a.zip: more than 1 MiB come out of it"]


def test_who_hands_in_as_one_begins_with_one_variant(put):
    found = shared(found_in(put("red"), [ADA, ALAN], groups={"red": ["4711", "4712"]}), [ADA, ALAN], {"red": ["4711", "4712"]})
    assert [(one.key, one.group) for one in found] == [("4711", ("4711", "4712")), ("4712", ("4711", "4712"))]
    assert not any(one.notes for one in found)
