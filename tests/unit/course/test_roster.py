"""Rosters as platforms export them. The files are made after each platform's documentation, with invented people."""

from pathlib import Path

import pytest

from mnlab.course.csv_table import BadTable
from mnlab.course.results import Results
from mnlab.course.roster import Student, canvas_columns, read
from mnlab.report import gradebook

OWN = "id,name,email\n4711,Ada Lovelace,ada@example.org\n4712,Alan Turing,alan@example.org\n"
MOODLE = ('Identifier,Full name,ID number,Email address,Status,Grade\n'
          '"Participant 90001",Ada Lovelace,4711,ada@example.org,Submitted,\n')
MOODLE_PEOPLE = "First name;Surname;ID number;Email address\nAda;Lovelace;4711;ada@example.org\n"
CANVAS = ('Student,ID,SIS User ID,SIS Login ID,Section,arp (123)\n    Points Possible,,,,,30\n'
          '"Lovelace, Ada",901,4711,ada,A,\n"Student, Test",902,,x,A,\n')
GRADESCOPE = "First Name\tLast Name\tSID\tEmail\tSections\nAda\tLovelace\t4711\tada@example.org\tA\n"
ADA = ("4711", "ada@example.org")


@pytest.fixture
def roster(tmp_path):
    def make(data):
        path = tmp_path / "roster.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read(path)
    return make


def test_a_roster_of_ones_own(roster):
    assert roster(OWN)[0] == Student("4711", "Ada Lovelace", "ada@example.org")
    assert [one.id for one in roster(OWN)] == ["4711", "4712"]


@pytest.mark.parametrize("text, name, lms", [
    (MOODLE, "Ada Lovelace", "90001"), (MOODLE_PEOPLE, "Ada Lovelace", ""), (GRADESCOPE, "Ada Lovelace", "")])
def test_what_platforms_export_is_read_as_it_is(roster, text, name, lms):
    [one] = roster(text)
    assert (one.id, one.email) == ADA and (one.name, one.lms) == (name, lms)


def test_canvas_has_a_line_of_points_and_a_test_student_who_are_nobody(roster):
    [one] = roster(CANVAS)
    assert (one.id, one.name, one.lms, one.login) == ("4711", "Lovelace, Ada", "901", "ada")


def test_canvas_without_sis_ids_goes_by_its_own(roster):
    text = CANVAS.replace("SIS User ID,", "").replace(",4711,", ",")
    assert text != CANVAS
    [one] = roster(text)
    assert (one.id, one.lms) == ("901", "901")
    assert gradebook.canvas(Results(Path()), [one], {}, {})[2][:3] == ["Lovelace, Ada", "901", ""]
    assert roster("id,student\n4711,Ada\n")[0].lms == ""


def test_who_teaches_is_no_student(roster):
    assert [one.id for one in roster("Name,SID,Email,Role\nAda,4711,a@x,Student\nProf,,p@x,Instructor\nSam,,s@x,TA\n")] == ["4711"]


@pytest.mark.parametrize("text", ["sep=;\r\nid;name\r\n4711;Ada\r\n", "SEP=,\nid,name\n4711,Ada\n", "id,name\r4711,Ada\r"])
def test_the_habits_of_spreadsheets_are_known(roster, text):
    assert [(one.id, one.name) for one in roster(text)] == [("4711", "Ada")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_whatever_a_spreadsheet_saved_it_as(roster, encoding):
    assert roster("id;name\r\n1;Jürgen Groß\r\n".encode(encoding))[0].name == "Jürgen Groß"


@pytest.mark.parametrize("text, words", [
    ("", "names no columns"), ("id,name\n", "no student in it"), ("id,id,name\n1,2,x\n", "two columns are called 'id'"),
    ("id,name\n1,a\n1,b\n", "two students have the id 1"), ("id,name\n1,a\n,b\n", "line 3: there is no id, nor"),
    ('id,name\n1,"Ada\n2,Alan\n', "no table, up to line 3.*quotation mark"), ("id,name\n1," + "x" * 200_000, "no table"),
    ("colour,name\nred,a\n", "no column tells students apart.*It has colour, name")])
def test_what_is_none_is_told_with_the_line(roster, text, words):
    with pytest.raises(BadTable, match=words):
        roster(text)


@pytest.mark.parametrize("text, words", [
    ("ID number,Student ID,Name\n1,2,Ada\n", ["students go by 'Student ID'; there is 'ID number', too"]),
    ("id,name,email\n1,Sam Smith,s@x\n2,Sam  Smith,t@x\n3,Ada,t@x\n", [
        "2 students have the name 'Sam Smith': a hand-in that says no more is nobody's",
        "2 students have the email 't@x': a hand-in that says no more is nobody's"]),
    (OWN, []), (CANVAS, []), (MOODLE, []), (GRADESCOPE, []), ("id,name\n1,\n2,\n", [])])
def test_what_may_be_meant_in_two_ways_is_told(tmp_path, text, words):
    told = []
    (tmp_path / "roster.csv").write_text(text)
    read(tmp_path / "roster.csv", told.append)
    assert [one.split(": ", 1)[1] for one in told] == words


def test_without_an_id_the_email_tells_students_apart(roster):
    assert [one.id for one in roster("name,email\nAda,ada@example.org\n")] == ["ada@example.org"]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadTable, match="cannot be read"):
        read(tmp_path / "nowhere.csv")


def test_moodle_in_german_is_read_as_it_is(roster):
    [one] = roster('ID,"Vollständiger Name",ID-Nummer,E-Mail-Adresse,Status\nTeilnehmer/in90001,Ada Lovelace,4711,ada@example.org,x\n')
    assert one == Student("4711", "Ada Lovelace", "ada@example.org", lms="90001", platform="Moodle")
    assert roster("ID,Vorname,Nachname,E-Mail-Adresse\ns4711,Ada,Lovelace,ada@example.org\n")[0].id == "s4711"


def test_who_is_graded_blindly_goes_by_moodles_number(roster):
    [one] = roster("Identifier,Status,Grade\nParticipant 90001,Submitted,\n")
    assert (one.id, one.lms) == ("Participant 90001", "90001")


@pytest.mark.parametrize("text, ids", [
    ("ID number,Full name,Email address\n,Ada,ada@x\n4712,Alan,alan@x\n", ["ada@x", "4712"]),
    ("Student,ID,SIS User ID,Section\nLovelace,901,,A\nTuring,902,4712,A\n", ["901", "4712"]),
    ("Name,SID,Email\nAda,,ada@x\nAlan,4712,alan@x\n", ["ada@x", "4712"])])
def test_who_lacks_the_id_that_others_have_goes_by_another_column_and_that_is_told(tmp_path, text, ids):
    told = []
    (tmp_path / "roster.csv").write_text(text)
    assert [one.id for one in read(tmp_path / "roster.csv", told.append)] == ids
    assert "goes by another column: " + ids[0] in told[0]


def test_canvas_own_names_of_assignments_are_used(tmp_path):
    (tmp_path / "roster.csv").write_text(CANVAS.replace("arp (123)", "ARP (123)"))
    assert canvas_columns(tmp_path / "roster.csv", ["arp", "dns"]) == {"arp": "ARP (123)"}
    [one] = read(tmp_path / "roster.csv")
    assert gradebook.canvas(Results(Path()), [one], {"arp": 1, "dns": 1}, {}, {"arp": "ARP (123)"})[0][5:] == ["ARP (123)", "dns"]


def test_a_spreadsheet_is_no_table(tmp_path):
    (tmp_path / "roster.csv").write_bytes(b"PK\x03\x04")
    with pytest.raises(BadTable, match="is a spreadsheet, or a zip: save it as CSV"):
        read(tmp_path / "roster.csv")
