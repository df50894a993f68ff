"""`mnlab grade` as a teacher types it; only the machines are stubs."""

import codecs
import csv
import errno
import io
import json
import re
import shutil
import time
import types
import zipfile

import pytest

from mnlab.cli import a_class, grades_folder, teaching
from mnlab.course import course as courses
from mnlab.course import grading, results, worker
from mnlab.lab.lab import find

PATIENCE = 60  # s
ENCODING = "utf-8-sig"


@pytest.fixture
def said(command):
    """said(*arguments): exit status, standard output and standard error of a command."""
    def run(*arguments):
        process = command(*arguments)
        output, words = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in words, words
        return process.returncode, output, words
    return run


@pytest.fixture
def a_course(tmp_path):
    def make(text=""):
        courses.begin(tmp_path / "course", "Networks", ["arp"])
        path = tmp_path / "course/course.toml"
        path.write_text(path.read_text() + text)
    return make


def gradescope(tmp_path, handed, *when):
    """An export of Gradescope, of a hand-in at each of these times."""
    lines = []
    for number, moment in enumerate(when, 1):
        handed(f"submission_{number}", str(number))
        lines.append(f"submission_{number}:\n  :submitters:\n  - :sid: '{4710 + number}'\n  :created_at: {moment}\n")
    (tmp_path / "in/submission_metadata.yml").write_text("".join(lines))
    (tmp_path / "roster.csv").write_text("id\n" + "".join(f"{4711 + number}\n" for number in range(len(when))))


def test_a_date_for_this_time_makes_late_what_came_after_it_and_no_extension_is_cut(said, handed, tmp_path, a_course):
    gradescope(tmp_path, handed, "2027-01-15 10:00:00Z", "2027-01-17 11:00:00Z", "2027-01-17 11:00:00Z")
    a_course("\n[extensions.4713]\narp = 2027-01-20T12:00:00Z\n")
    words = ["grade", "arp", "in", "--roster", "roster.csv", "--course", "course", "--json", "--due"]
    status, output, _ = said(*words, "2027-01-16T00:00:00+00:00")
    rows = {row["student"]: row for row in json.loads(output)["results"]}
    assert status == 0 and {student: row["late_days"] for student, row in rows.items()} == {"4711": 0, "4712": 2, "4713": 0}
    assert rows["4712"]["factor"] == pytest.approx(0.8) and "late" in rows["4712"]["flags"]
    status, output, words = said(*words[:-1], "--due", "tomorrow")
    assert status == 2 and "--due is a date like 2027-01-15T23:59" in words


def test_where_no_platform_says_when_work_came_that_is_told(said, handed):
    handed("ada")
    assert "1 hand-in without a time" in said("grade", "arp", "in", "--due", "2027-01-16T00:00")[2]


def test_a_computer_that_is_not_what_the_course_pins_does_not_grade(said, handed, a_course):
    handed("ada")
    a_course('\n[pins]\nqemu = "10.0.2"\n')
    status, _, words = said("grade", "arp", "in", "--course", "course")
    assert status == 2 and "qemu is 7.2.22 (Debian), and 10.0.2 is expected" in words


def test_an_alarm_of_the_audit_ends_with_a_status_of_its_own(said, handed, tmp_path):
    handed("ada", "FLAKY")
    assert said("grade", "arp", "in", "--audit", "0")[0] == 0
    status, output, _ = said("grade", "arp", "in", "--audit", "100", "--again")
    assert status == 3 and "audit: another digest" in output and output.count("stub:") == 2
    with open(tmp_path / "grades/grades.csv", encoding=ENCODING, newline="") as file:
        assert next(csv.DictReader(file))["arp flags"] == "audit: another digest"


@pytest.mark.parametrize("arguments, words", [
    (["--regrade", "arp", "arp", "in"], "leave out other labs and the folder of hand-ins"),
    (["--regrade", "arp", "--cluster", "tcp://127.0.0.1:9"], "leave out --cluster"),
    (["arp", "in", "--cluster", "lab1"], "or the address of a scheduler, as in tcp://10.0.0.1:8786; not 'lab1'"),
    (["arp", "in", "--cluster", ""], "--cluster is ssh:FILE"), (["arp", "in", "--cluster", "ssh:none.txt"], "there is no file none.txt"),
    (["arp", "in", "--cluster", "tcp:x"], "--cluster is ssh:FILE"), ([], "name the labs"),
    (["--regrade", "nowhere"], "there is no lab 'nowhere'"), (["--regrade", "arp"], "there are no results in grades"),
    (["arp", "in", "--out", "roster.csv/grades"], "there can be no folder roster.csv/grades: Not a directory"),
    (["arp", "nothing"], "there is no hand-in in nothing"), (["arp", "in", "--due", ""], "--due is a date like"),
    (["arp", "in", "--due", "2027-01-16"], "--due is a date like 2027-01-15T23:59"), (["arp", "in", "--due", "20270116T10"], "--due is a date"),
    (["arp", "in", "--due", "0001-01-01T00:00+23:00"], "--due is a date like"),
    (["arp", "in", "--roster", "roster.csv"], "roster.csv: the first line names no columns")])
def test_what_makes_no_sense_is_told(said, handed, tmp_path, arguments, words):
    handed("ada")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "roster.csv").touch()
    status, _, told = said("grade", *arguments)
    assert status == 2 and words in told
    assert not (tmp_path / "grades/results.jsonl").exists()


@pytest.mark.parametrize("text, words", [
    ("[labs.arpp]\nweight = 2\n", "course.toml: there is no lab 'arpp'"),
    ("[extensions.4711]\narpp = 2027-01-20T12:00:00Z\n", "course.toml: there is no lab 'arpp'"),
    ("[extensions.4712]\narp = 2027-01-20T12:00:00Z\n", "course.toml gives more time to 4712, who is not in the roster")])
def test_a_slip_of_the_pen_in_a_course_is_told(said, handed, a_course, tmp_path, text, words):
    handed("4711")
    (tmp_path / "roster.csv").write_text("id\n4711\n")
    a_course(text)
    status, _, told = said("grade", "arp", "in", "--course", "course", "--roster", "roster.csv")
    assert words in told and status == (0 if "roster" in words else 2)


def test_a_decision_by_hand_about_nobody_is_told_and_others_count(said, handed, tmp_path):
    handed("4711")
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades/by-hand.toml").write_text('["?4711".arp]\ncomment = "Fine."\n[4712.arp]\ncomment = "Fine."\n')
    status, _, told = said("grade", "arp", "in")
    assert status == 0 and told.count("by-hand.toml: there is no result for") == 1 and "[4712.arp]" in told


def test_lines_that_are_no_results_are_told_and_graded_again(said, handed, tmp_path):
    handed("4711")
    (tmp_path / "grades").mkdir()
    odd = ["garbage", "[]", "[" * 100_000, '{"student": 3}', '{"student": "?4711", "lab": "arp", "evidence": 3, "status": "failed"}']
    (tmp_path / "grades/results.jsonl").write_text("\n".join(odd) + "\n")
    status, output, told = said("grade", "arp", "in", "--json")
    assert status == 0 and "5 lines cut short, or of another mnlab; that is graded again" in told
    [row] = json.loads(output)["results"]
    assert row["status"] == "failed" and row["notes"] == ["the work was found in arp/"] and row["flags"] == []
    assert said("class", "show", "grades")[0] == 0


def test_work_without_a_variant_is_graded_as_the_first_and_is_nobody_elses(said, handed):
    (handed("ada") / "variant.toml").unlink()
    [row] = json.loads(said("grade", "arp", "in", "--json")[1])["results"]
    assert row["flags"] == [] and row["notes"][-1] == "no variant.toml: graded as variant 1"


def test_a_full_disk_is_told_with_what_is_kept():
    """Tests have no small disk: the error stands for one."""
    from mnlab.cli import a_class
    from mnlab.machine.job import MachineError
    with pytest.raises(MachineError, match="no room left on the disk. What is written is kept: make room, and call again"):
        with a_class.in_words():
            raise OSError(errno.ENOSPC, "No space left on device")


def test_whose_work_looks_like_whose_is_said_when_it_was_graded(said, handed):
    for student, seed in (("ada", 1), ("alan", 2)):
        shutil.copy(find("arp").solution / "resolver.py", handed(student, seed=seed))
    status, output, _ = said("grade", "arp", "in")
    assert status == 0 and "?ada arp: equal to the work of ?alan" in output and "the same answers" not in output


def test_a_lab_that_is_not_the_courses_is_told(said, handed, a_course, tmp_path):
    handed("4711")
    a_course()
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text().replace("[labs.arp]", "[labs.dns]"))
    status, _, told = said("grade", "arp", "in", "--course", "course")
    assert status == 0 and "course.toml has no [labs.arp]: it counts with a weight of 1" in told


def test_results_of_a_roster_and_of_a_course_stay_so(said, handed, a_course, tmp_path):
    """Without them tables would have no names, every weight would be 1, and feedback would tell what is hidden."""
    a_course()
    (tmp_path / "roster.csv").write_text("id,name\n4711,Ada\n")
    handed("4711", seed=courses.read(tmp_path / "course").seed("4711", "arp"))
    both = ["--roster", "roster.csv", "--course", "course"]
    assert said("grade", "arp", "in", *both)[0] == 0
    tables = {path.name: path.read_bytes() for path in (tmp_path / "grades").glob("*.csv")}
    for asked in (["arp", "in"], ["--regrade", "arp"]):
        status, _, told = said("grade", *asked, *both[:2])
        assert status == 2 and "grades has results of a course: name its folder again (--course)" in told
        status, _, told = said("grade", *asked, *both[2:])
        assert status == 2 and "grades has results of students in a roster: name it again (--roster)" in told
    assert tables == {path.name: path.read_bytes() for path in (tmp_path / "grades").glob("*.csv")}
    status, _, told = said("grade", "--regrade", "dns", *both)
    assert status == 2 and "there are no results of dns with evidence in grades" in told


def test_nobody_else_looks_into_what_students_handed_in(said, handed, tmp_path):
    handed("4711")
    assert said("grade", "arp", "in")[0] == 0
    for path in (tmp_path / "grades").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_where_else_a_forgotten_student_is_named_is_told(said, handed, tmp_path):
    handed("4711")
    handed("4712")
    assert said("grade", "arp", "in")[0] == 0
    path = tmp_path / "grades/results.jsonl"
    row = json.loads(path.read_text().splitlines()[-1])
    assert row["student"] == "?4712"
    named = json.dumps(row | {"notes": ["variant.toml is that of ?4711"]})
    path.write_text(path.read_text() + f"{named}\n" + '{"student": "?4711", "lab": "arp", "na')
    decided = tmp_path / "grades/by-hand.toml"
    decided.write_text('["?4711".arp]\ncomment = "Fine."\n\n# mine\n["?4712".arp]\ncomment = "As good as ?4711."\n')
    assert said("grade", "arp", "in")[0] == 0
    status, output, _ = said("class", "forget", "?4711", "grades")
    assert status == 0 and output.startswith("1 result of ?4711 removed")
    assert "?4711 is still named in grades/by-hand.toml, where you wrote of others" in output and "the roster" in output
    assert decided.read_text() == '# mine\n["?4712".arp]\ncomment = "As good as ?4711."\n'
    decided.unlink()
    named = [file for file in (tmp_path / "grades").rglob("*") if "4711" in file.name or file.is_file() and b"4711" in file.read_bytes()]
    assert named == []


def test_what_is_decided_by_hand_is_shown_as_such(said, handed, tmp_path):
    handed("4711")
    handed("4712")
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades/by-hand.toml").write_text('["?4711".arp]\npoints = 3\nreason = "oral"\n\n["?4712".arp]\ncomment = "Fine."\n')
    assert said("grade", "arp", "in")[0] == 0
    _, output, _ = said("class", "show", "grades")
    assert "by hand: ?4711 arp: 3 points (oral)" in output and "by hand: ?4712 arp: Fine." in output
    _, output, _ = said("class", "show", "grades", "--json")
    assert json.loads(output)["by_hand"] == [
        {"student": "?4711", "lab": "arp", "points": 3, "reason": "oral", "comment": ""},
        {"student": "?4712", "lab": "arp", "points": None, "reason": "", "comment": "Fine."}]


def test_tables_are_as_spreadsheets_want_them(said, handed, tmp_path):
    handed("4711")
    assert said("grade", "arp", "in", "--decimal-comma")[0] == 0
    for name in ("grades.csv", "canvas.csv", "moodle.csv"):
        data = (tmp_path / "grades" / name).read_bytes()
        assert data.startswith(codecs.BOM_UTF8) and data.count(b";") > 5 and b"\r\n" in data


def test_platforms_are_told_of_who_is_in_the_roster_alone(said, handed, tmp_path):
    handed("4711")
    handed("stranger")
    (tmp_path / "roster.csv").write_text("id,name\n4711,Ada\n4712,Alan\n")
    status, output, _ = said("grade", "arp", "in", "--roster", "roster.csv")
    assert status == 3 and "1 hand-in of no student in the roster: rename each" in output and "?stranger arp: nobody's" in output
    tables = {name: (tmp_path / "grades" / name).read_text() for name in ("grades.csv", "canvas.csv", "moodle.csv")}
    assert ["stranger" in text for text in tables.values()] == [True, False, False]
    assert all("4711" in text and "4712" in text for text in tables.values())
    [moodle] = [line for line in csv.DictReader(io.StringIO(tables["moodle.csv"])) if "4712" in line.values()]
    assert moodle["arp"] == "-"  # the stranger's may be Alan's
    (tmp_path / "in/stranger").rename(tmp_path / "in/4712")
    (tmp_path / "roster.csv").write_text("id,name\n4711,Ada\n4712,Alan\n4713,Grace\n")
    status, _, told = said("grade", "arp", "in", "--roster", "roster.csv")
    assert status == 0 and "removed, as it is not there any more: ?stranger" in told
    [moodle] = [line for line in csv.DictReader(io.StringIO((tmp_path / "grades/moodle.csv").read_text())) if "4713" in line.values()]
    assert moodle["arp"] == "0" and not list((tmp_path / "grades").glob("*/*stranger*"))


def test_a_folder_of_late_ones_takes_nobody_elses_results(said, handed, tmp_path):
    handed("4711", "one")
    handed("4712", "two")
    (tmp_path / "roster.csv").write_text("id\n4711\n4712\n4713\n")
    words = ["grade", "arp", "in", "--roster", "roster.csv"]
    assert said(*words)[0] == 0
    before = (tmp_path / "grades/grades.csv").read_text()
    shutil.rmtree(tmp_path / "in/4711")
    status, output, told = said(*words, "--again")
    assert status == 0 and "no hand-in in this folder, results of before kept: 4711" in told
    assert (tmp_path / "grades/grades.csv").read_text() == before and "2 failed, 1 missing" in output


def test_a_folder_of_others_is_not_a_class_of_zeros(said, handed, tmp_path):
    handed("4711")
    (tmp_path / "roster.csv").write_text("id\n5000\n5001\n")
    status, _, told = said("grade", "arp", "in", "--roster", "roster.csv")
    assert status == 2 and "no hand-in in in is of anybody in the roster: there is 4711" in told
    assert not (tmp_path / "grades/grades.csv").exists()


def test_the_folder_around_the_hand_ins_will_do(said, handed, tmp_path):
    handed("4711")
    (tmp_path / "out/of/zip").mkdir(parents=True)
    (tmp_path / "in").rename(tmp_path / "out/of/zip/export")
    (tmp_path / "roster.csv").write_text("id\n4711\n4712\n")
    status, output, _ = said("grade", "arp", "out/of", "--roster", "roster.csv")
    assert status == 0 and "1 failed, 1 missing" in output


def test_an_edition_released_with_other_ids_is_told_as_that(said, handed, tmp_path, a_course):
    a_course()
    course = courses.read(tmp_path / "course")
    for number, mail in ((4711, "ada@x.org"), (4712, "alan@x.org")):
        folder = handed(mail, "", seed=course.seed(str(number), "arp"))
        with open(folder / "variant.toml", "r+") as file:
            text = file.read()
            file.seek(0)
            file.write(f'student = "{number}"\nmac = "{course.mac(str(number), "arp")}"\n{text}')
    (tmp_path / "roster.csv").write_text("email\nada@x.org\nalan@x.org\n")
    _, output, _ = said("grade", "arp", "in", "--roster", "roster.csv", "--course", "course")
    assert "variant.toml is that of 4711, who is not in this roster" in output
    assert "was the edition released with a roster of other ids?" in output


def test_what_could_not_be_run_a_second_time_is_no_alarm(said, handed, tmp_path):
    handed("ada", "ONCE")
    assert said("grade", "arp", "in", "--audit", "0")[0] == 0
    status, output, told = said("grade", "arp", "in", "--audit", "100", "--again")
    assert status == 0 and "audit:" not in output and "could not be run a second time (audit): ?ada arp: broke" in told


def test_pseudonyms_are_printed_and_nothing_that_tells_a_student(said, handed, tmp_path, a_course):
    handed("4711")
    a_course()
    (tmp_path / "roster.csv").write_text("id,name,email\n4711,Ada Lovelace,ada@example.org\n")
    assert said("grade", "arp", "in", "--roster", "roster.csv", "--course", "course")[0] == 0
    status, output, _ = said("class", "export", "grades", "--course", "course")
    [row] = csv.DictReader(io.StringIO(output))
    assert status == 0 and row["lab"] == "arp" and len(row["student"]) == 12
    assert not any(word in output for word in ("4711", "Ada", "Lovelace", "example.org"))
    assert said("class", "export", "grades")[0] == 2


def test_when_hand_ins_came_may_stand_in_a_table_of_the_platform(said, handed, tmp_path, a_course):
    for number in range(4711, 4714):
        handed(str(number))
    a_course()
    (tmp_path / "roster.csv").write_text("id\n4711\n4712\n4713\n")
    (tmp_path / "times.csv").write_text("id,received\n4711,2027-01-15T10:00:00Z\n4712,2027-01-17T11:00:00Z\n")
    words = ["grade", "arp", "in", "--roster", "roster.csv", "--course", "course", "--due", "2027-01-16T00:00Z"]
    status, output, told = said(*words, "--times", "times.csv", "--json")
    rows = {row["student"]: row for row in json.loads(output)["results"]}
    assert status == 0 and [(row["late_days"], row["factor"]) for row in rows.values()] == [(0, 1), (2, 0.8), (0, 1)]
    assert "1 hand-in without a time" in told
    assert "day" in (tmp_path / "grades/feedback/4712.md").read_text()
    status, _, told = said(*words[:3], "--times", "times.csv")
    assert status == 2 and "name the students, too (--roster)" in told
    (tmp_path / "times.csv").write_text("id,received\n4711,soon\n")
    status, _, told = said(*words, "--times", "times.csv")
    assert status == 2 and "line 2: 'soon' is no time" in told


def test_what_a_course_pins_is_read_by_the_course(a_course, tmp_path, monkeypatch, capsys):
    a_course()
    monkeypatch.setattr(teaching, "machine_for", lambda *options: types.SimpleNamespace(prepare=lambda: None))
    monkeypatch.setattr(worker, "described", lambda named: {"machine": named, "image": "cd", "qemu": "7.2.22", "mnlab": "1"})
    teaching.pins("debian13")
    path = tmp_path / "course/course.toml"
    path.write_text(path.read_text() + "\n" + capsys.readouterr().out)
    assert courses.read(tmp_path / "course").pins == {
        "machine": "debian13", "image": "cd", "qemu": "7.2.22", "mnlab": "1"}


def test_a_room_that_waits_hears_something_and_a_pipe_gets_the_last_word(capsys, monkeypatch):
    def hear(words):
        heard, deadline = "", time.monotonic() + PATIENCE
        while not re.search(words, heard, re.DOTALL):
            assert time.monotonic() < deadline, heard
            heard += capsys.readouterr().err

    monkeypatch.setattr(a_class, "LINE", 0.02)
    with a_class.Progress(2, quiet=False) as progress:
        hear("0 of 2.*0 of 2")
        progress.done({"student": "4711", "lab": "arp", "status": "failed"})
        hear(r"1 of 2; \d+ a minute, \d+ s left; last: 4711 arp failed")
        progress.done({"student": "4712", "lab": "arp", "status": "failed"})
        hear(r"2 of 2; \d+ a minute; some are run a second time \(audit\)")
    assert re.fullmatch(r"2 of 2; \d+ a minute\n", capsys.readouterr().err.splitlines(keepends=True)[-1])
    with a_class.Progress(2, quiet=True) as progress:
        progress.done({"student": "4711", "lab": "arp", "status": "failed"})
    assert capsys.readouterr().err == ""


def test_lines_of_a_later_mnlab_are_told_and_never_read_as_ours(said, handed, tmp_path):
    handed("4711")
    assert said("grade", "arp", "in")[0] == 0
    path = tmp_path / "grades/results.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 2}) + "\n")
    for words in (["class", "show", "grades"], ["class", "forget", "?4711", "grades"]):
        status, _, told = said(*words)
        assert status == 2 and "1 line cut short, or of another mnlab" in told and "no results in grades" in told


def test_an_id_is_read_as_a_roster_reads_it(said, a_course):
    a_course()
    shown = said("variant", "4711", "arp", "--course", "course")
    assert shown[0] == 0 and said("variant", " 4711 ", "arp", "--course", "course") == shown


def test_whose_hand_in_is_there_no_more_is_told(said, handed, tmp_path):
    handed("Sam Smith")
    assert "without a hand-in now" not in said("grade", "arp", "in")[2]
    (tmp_path / "in/Sam Smith").rename(tmp_path / "in/4711")
    (tmp_path / "roster.csv").write_text("id\n4711\n")
    status, _, told = said("grade", "arp", "in", "--roster", "roster.csv")
    assert status == 0 and "still in the tables, without a hand-in now: ?Sam Smith. `mnlab class forget ID grades` removes one" in told
    assert said("class", "forget", "?Sam Smith", "grades")[0] == 0
    assert "without a hand-in now" not in said("grade", "arp", "in", "--roster", "roster.csv")[2]


def test_columns_have_the_order_of_the_course_and_not_that_in_which_results_came(said, handed, a_course, tmp_path):
    handed("4711")
    a_course("\n[labs.dns]\n")
    for lab in ("dns", "arp"):
        assert said("grade", lab, "in", "--course", "course")[0] == 0
    with open(tmp_path / "grades/canvas.csv", encoding=ENCODING, newline="") as file:
        assert next(csv.reader(file))[-2:] == ["arp", "dns"]


@pytest.mark.parametrize("text", ["", "[", "3", "[3]", '[{"student": "x"}]', "[" * 100_000])
def test_flags_that_are_damaged_are_told(said, handed, tmp_path, text):
    handed("4711")
    assert said("grade", "arp", "in")[0] == 0
    (tmp_path / "grades/flags.json").write_text(text)
    status, _, told = said("class", "show", "grades")
    assert status == 2 and "grades/flags.json is damaged: remove it" in told


def test_moodle_takes_all_feedback_in_one_zip(said, handed, tmp_path):
    handed("Zoë ONeill_90001_assignsubmission_file")
    (tmp_path / "roster.csv").write_text("Identifier,Full name,ID number\nParticipant 90001,Zoë O'Neill_x,4711\nParticipant 90002,Alan,4712\n")
    assert said("grade", "arp", "in", "--roster", "roster.csv")[0] == 0
    with zipfile.ZipFile(tmp_path / "grades/moodle-feedback.zip") as archive:
        assert archive.namelist() == ["Zoë O'Neillx_90001_assignsubmission_file_feedback.html", "Alan_90002_assignsubmission_file_feedback.html"]
        assert "Your labs" in archive.read(archive.namelist()[0]).decode()


def test_tables_are_there_while_machines_are_at_work(tmp_path, monkeypatch, handed):
    handed("4711")
    monkeypatch.setattr(grades_folder, "TABLES", 0)
    task = grading.Grading([find("arp")], [find("arp")], tmp_path / "in", tmp_path, "debian13", "cd")
    kept = results.read(tmp_path)
    made = grades_folder.GradesFolder(task, kept, {}, False)
    row = task._row("?4711", None, find("arp"), "missing", [])
    kept.add(row)
    made.add(row)
    with open(tmp_path / "grades.csv", encoding=ENCODING, newline="") as file:
        assert [one["id"] for one in csv.DictReader(file)] == ["?4711"]
