"""Moodle's exports in the languages that it speaks. What they say is made after its language packs."""

from datetime import datetime

import pytest

from mnlab.course import moodle

EVENING = datetime(2026, 3, 5, 23, 59)


@pytest.mark.parametrize("text, wanted", [
    ("Thursday, 5 March 2026, 11:59 PM", EVENING), ("Thursday, March 5, 2026, 11:59 PM", EVENING),
    ("Donnerstag, 5. März 2026, 23:59", EVENING), ("jeudi 5 mars 2026, 23:59", EVENING), ("jueves, 5 de marzo de 2026, 23:59", EVENING),
    ("giovedì, 5 marzo 2026, 23:59", EVENING), ("donderdag, 5 maart 2026, 23:59", EVENING), ("dijous, 5 de març 2026, 23:59", EVENING),
    ("quinta-feira, 5 de março de 2026, 23:59", EVENING), ("torsdag, 5 mars 2026, 23:59", EVENING),
    ("Friday, 1 May 2026, 12:00 AM", datetime(2026, 5, 1)), ("Friday, 1 May 2026, 12:30 PM", datetime(2026, 5, 1, 12, 30)),
    ("vendredi 1 août 2026, 00:05", datetime(2026, 8, 1, 0, 5)), ("dissabte, 11 d’abril 2026, 10:11", datetime(2026, 4, 11, 10, 11))])
def test_a_moment_is_read_as_its_language_writes_it(text, wanted):
    assert moodle.moment(text) == wanted


@pytest.mark.parametrize("text", [
    "", "yesterday", "5/3/2026 23:59", "5 March 2026", "March 2026, 23:59", "31 February 2026, 10:00", "5 March 2026, 25:00",
    "5 March 2026, 13:00 PM", "5 March 2026, 0:10 AM", "5 Blah 2026, 10:00", "5 March 6 2026, 10:00"])
def test_what_is_none_is_not_guessed(text):
    with pytest.raises(ValueError):
        moodle.moment(text)


def test_every_language_has_a_word_for_each_column_and_twelve_months():
    assert all(len(words) == len(moodle.ENGLISH) for words in moodle.LANGUAGES.values())
    assert {words[0] for words in moodle.LANGUAGES.values()} and sorted(set(moodle.MONTHS.values())) == list(range(1, 13))


@pytest.mark.parametrize("language", moodle.LANGUAGES)
def test_columns_are_known_in_every_language(language):
    heads = [words.split("|")[0].title() for words in moodle.LANGUAGES[language]]
    rows = [["Participant 12345", *["x"] * len(heads)]]
    assert moodle.in_english(heads, rows) == list(moodle.ENGLISH)
    assert moodle.in_english([heads[0], heads[1], heads[3], "Status", heads[-1]], rows) == [
        "identifier", "full name", "email address", "status", "last modified (submission)"]


@pytest.mark.parametrize("heads, wanted", [
    (["ID", "Name", "E-Mail"], ["id", "name", "e-mail"]), (["Nome", "Cognome", "Indirizzo email"], ["first name", "last name", "email address"]),
    (["Identificativo", "Nome", "Indirizzo email", "Ultima modifica (consegna)"],
     ["identifier", "full name", "email address", "last modified (submission)"]),
    (["Numéro d’identification", "Prénom", "Nom de famille"], ["id number", "first name", "last name"]),
    (["id", "Vorname", "Nachname", "E-Mail-Adresse"], ["id", "first name", "last name", "email address"])])
def test_and_others_are_left_as_they_are(heads, wanted):
    row = ["s4711", "a", "b", "c"] if heads[0] == "id" else ["Partecipante 12", "a", "b", "c"]
    assert moodle.in_english(heads, [row]) == wanted


@pytest.mark.parametrize("words, number", [
    ("Participant 90001", "90001"), ("Teilnehmer/in1234567", "1234567"), ("90001", "90001"), ("", ""), ("Ada", "Ada"),
    ("Participant 9 a", "Participant 9 a"), ("s4711", "s4711"), ("Deelnemer 7", "7")])
def test_a_participants_number(words, number):
    assert moodle.number(words) == number
