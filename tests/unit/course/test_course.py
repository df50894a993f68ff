"""course.toml, its salt, and the variants that these make."""

import os
import tomllib
from datetime import UTC, datetime

import pytest

from mnlab.course import course
from mnlab.course.course import BadCourse


@pytest.fixture
def begun(tmp_path):
    course.begin(tmp_path, "Networks", ["arp", "dns"])
    return tmp_path


def test_a_course_begins_with_a_salt_of_its_own_that_only_its_owner_reads(begun, tmp_path):
    assert (begun / "course.salt").stat().st_mode & 0o777 == 0o600
    one, other = course.read(begun), tmp_path / "other"
    course.begin(other, "Networks", ["arp"])
    assert one.labs == {"arp": 1, "dns": 1} and one.title == "Networks" and one.salt != course.read(other).salt
    assert one.salt.decode() not in (begun / "course.toml").read_text()
    with pytest.raises(BadCourse, match="course.toml is there already: nothing was changed"):
        course.begin(begun, "Again", ["arp"])


def test_a_variant_depends_on_student_lab_and_salt_and_on_nothing_else(begun):
    one = course.read(begun)
    assert one.seed("4711", "arp") == course.read(begun).seed("4711", "arp")
    seeds = {one.seed(student, lab) for student in ("4711", "4712") for lab in ("arp", "dns")}
    assert len(seeds) == 4 and all(0 <= seed < 2**48 for seed in seeds)


def test_the_seed_is_hmac_sha256_as_written_down(tmp_path):
    """Computed by hand from RFC 2104, with another implementation."""
    import hashlib
    one = course.Course(tmp_path, salt=b"k" * 32)
    pad = b"k" * 32 + bytes(32)
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in pad) + b"seed\x004711\0arp").digest()
    whole = hashlib.sha256(bytes(byte ^ 0x5c for byte in pad) + inner).digest()
    assert one.seed("4711", "arp") == int.from_bytes(whole[:8], "big") % 2**48


def test_dates_have_a_zone_and_a_student_may_have_more_time(begun):
    with open(begun / "course.toml", "a") as file:
        file.write("[extensions.4711]\narp = 2027-01-20T12:00:00Z\n")
    text = (begun / "course.toml").read_text().replace("# due = 2027", "due = 2027", 1)
    (begun / "course.toml").write_text(text)
    one = course.read(begun)
    assert one.due_for("4712", "arp") == datetime(2027, 1, 15, 22, 59, tzinfo=UTC)
    assert one.due_for("4711", "arp") == datetime(2027, 1, 20, 12, tzinfo=UTC) and one.due_for("4711", "dns") is None


@pytest.mark.parametrize("change, words", [
    (("foreign_variant = \"flag\"", "foreign_variant = \"hang\""), 'foreign_variant is "flag" or "refuse"'),
    (("per_day = 10 ", "per_day = 'ten' "), "per_day is a number"), (("weight = 1", "weight = -1"), "weight of arp is a number"),
    (("weight = 1", "wieght = 1"), "'wieght' is not known in .labs.arp.; there are due, weight"),
    (("per_day = 10 ", "perday = 10 "), "'perday' is not known in .late."),
    (("weight = 1", "due = 0001-01-01T00:00:00+23:00"), "labs.arp.due is a date as in"),
    (("weight = 1", "due = 2027-01-15"), "labs.arp.due is a date as in .*, not 2027-01-15"), (("title =", "titel ="), "'titel' is not known"),
    (("most = 50 ", "most = 150 "), "most is a number from 0 to 100, not 150"),
    (("[labs.arp]", "[extensions.ada@example.org]"), "line 16.*an id with a dot, an @ or the like stands in quotation marks"),
    (("[labs.arp]", "[extensions.ada.l]\narp = 2027-01-15T00:00:00Z\n[labs.arp]"), "extensions.ada.l is a table.*quotation marks"),
    (("[labs.arp]", "[labs.arp"), "cannot be read"), (("[labs.arp]", "[labs]\nping = 1\n[labs.arp]"), "labs is a table")])
def test_what_makes_no_sense_is_refused_in_words(begun, change, words):
    path = begun / "course.toml"
    assert change[0] in path.read_text()
    path.write_text(path.read_text().replace(*change, 1))
    with pytest.raises(BadCourse, match=words):
        course.read(begun)


def test_a_salt_that_others_read_or_that_is_not_there_is_refused(begun):
    os.chmod(begun / "course.salt", 0o644)
    with pytest.raises(BadCourse, match="others can read .*chmod 600"):
        course.read(begun)
    (begun / "course.salt").unlink()
    with pytest.raises(BadCourse, match="there is no .*course.salt"):
        course.read(begun)
    with pytest.raises(BadCourse, match="`mnlab course init` writes one"):
        course.read(begun / "nowhere")


@pytest.mark.parametrize("saved", [lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"\n", b"\r\n")])
def test_whatever_an_editor_saves_it_is_the_same_course_with_the_same_variants(begun, saved):
    own = course.read(begun).seed("4711", "arp")
    for name in ("course.toml", "course.salt"):
        (begun / name).write_bytes(saved((begun / name).read_bytes()))
    assert course.read(begun).seed("4711", "arp") == own
    (begun / "course.toml").write_text('title = "Netze"', encoding="utf-16")
    with pytest.raises(BadCourse, match="course.toml cannot be read: it is not text in UTF-8: save it as that"):
        course.read(begun)


def test_what_is_written_is_toml(begun):
    assert tomllib.loads((begun / "course.toml").read_text())["late"] == {"per_day": 10, "most": 50}


def test_git_takes_no_salt(tmp_path):
    course.begin(tmp_path, "Networks", ["arp"])
    assert (tmp_path / ".gitignore").read_text() == "course.salt\n"
    (tmp_path / "own").mkdir()
    (tmp_path / "own/.gitignore").write_text("mine\n")
    course.begin(tmp_path / "own", "Networks", ["arp"])
    assert (tmp_path / "own/.gitignore").read_text() == "mine\n"


@pytest.mark.parametrize("text, words", [
    ("title = [1]\n", "title is a text"), (f"x = {10 ** 30}\n", "a whole number that is too large"),
    ("[labs.arp]\nweight = 0x" + "f" * 5000 + "\n", "a whole number that is too large"), ("a = " + "[" * 5000, "cannot be read"),
    ('[labs.arp]\ndue = "2027-01-15T23:59:00"\n', "without quotation marks")])
def test_odd_toml_is_told_in_words(tmp_path, text, words):
    course.begin(tmp_path, "Networks", ["arp"])
    (tmp_path / "course.toml").write_text(text)
    with pytest.raises(BadCourse, match=words):
        course.read(tmp_path)
