"""When hand-ins came, as platforms and servers say it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mnlab.course import times
from mnlab.course.csv_table import BadTable
from mnlab.course.roster import Student

ADA = Student("4711", "Ada Lovelace", "ada@example.org", login="ada-l", lms="90001")
ALAN = Student("4712", "Turing, Alan", "alan@example.org", login="turing", lms="90002")
TEN = datetime(2027, 1, 10, 10, tzinfo=UTC)
GERMAN = ('ID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Zuletzt geändert (Abgabe)"\n'
          'Teilnehmer/in90001,"Ada Lovelace",ada@example.org,"Zur Bewertung abgegeben",,"100,00","Sonntag, 10. Januar 2027, 10:00"\n'
          'Teilnehmer/in90002,"Alan Turing",alan@example.org,"Keine Abgabe",,"100,00",-\n')


@pytest.fixture
def read(tmp_path):
    def make(text, roster=(ADA, ALAN)):
        (tmp_path / "times.csv").write_text(text)
        return times.read(tmp_path / "times.csv", roster, ["arp", "dns"])
    return make


@pytest.mark.parametrize("text", [
    "id,received\n4711,2027-01-10T10:00:00Z\n", "id;received\n4711;2027-01-10 11:00:00 +0100\n", "ID,Received\n4711,2027-01-10 10:00 UTC\n",
    "email,submitted at\nada@example.org,2027-01-10T11:00+01:00\n", "repository,received\narp-ada-l,2027-01-10T10:00:00Z\n",
    '"name","pushedAt"\n"arp-ada-l","2027-01-10T10:00:00Z"\n', "SID,Submission Time,Lateness\n4711,2027-01-10 02:00:00 -0800,\n",
    "id,received\n4711,2027-01-10T10:00:00Z\n4711,2027-01-09T10:00:00Z\n4799,2027-01-11T10:00:00Z\n4712,-\n"])
def test_a_table_says_when_whose_hand_in_came(read, text):
    assert read(text) == {"4711": TEN}


def test_moodles_worksheet_has_this_computers_zone(read):
    english = ("Identifier,Full name,Email address,Last modified (submission)\n"
               'Participant 90001,Ada Lovelace,x@example.org,"Sunday, 10 January 2027, 10:00 AM"\n')
    here = datetime(2027, 1, 10, 10).astimezone()
    assert read(english) == read(GERMAN) == {"4711": here} and here.tzinfo


@pytest.mark.parametrize("text, words", [
    ("id,name\n4711,x\n", "no column says when a hand-in came: received. It has id, name"),
    ("received,colour\n2027-01-10T10:00Z,x\n", "no column says whose it is"),
    ("id,received\n4799,2027-01-10T10:00Z\n", "no line with a time is of somebody in the roster"),
    ("id,received\n4711,10/01/2027 10:00\n", "line 2: '10/01/2027 10:00' is no time"),
    ("id,received\n4711,2027-01-10\n", "line 2: '2027-01-10' is no time"), ("id,received\n4711,2027-02-30T10:00\n", "is no time"),
    ("", "names no columns")])
def test_what_cannot_be_read_is_told(read, text, words):
    with pytest.raises(BadTable, match=words.replace("(", r"\(")):
        read(text)


def test_a_name_that_two_share_is_nobodys(read):
    twins = [Student("1", "Sam Smith"), Student("2", "Sam Smith"), ADA]
    assert read("name,received\nSam Smith,2027-01-10T10:00Z\nAda Lovelace,2027-01-10T09:00-01:00\n", twins) == {
        "4711": datetime(2027, 1, 10, 9, tzinfo=timezone(-timedelta(hours=1)))}


def test_a_stranger_of_the_same_name_and_a_number_of_another_say_nothing(read):
    assert read("id,name,received\n9999,Ada Lovelace,2027-01-20T10:00Z\n4711,Ada Lovelace,2027-01-10T10:00Z\n") == {"4711": TEN}
    assert read("Identifier,Full name,Received\nParticipant 90001,Alan Turing,2027-01-20T10:00Z\nParticipant 90001,Ada Lovelace,2027-01-10T10:00Z\n") == {
        "4711": TEN}
