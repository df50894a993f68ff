"""What Moodle's exports say in the languages that it speaks: names of columns, and moments.

The words are those of Moodle's language packs (assign.php: recordid, hiddenuser, lastmodifiedsubmission; moodle.php:
fullname, fullnameuser, idnumber, email, firstname, lastname, username, groups), moments those of langconfig.php
(strftimedaydatetime), as in "Thursday, 5 March 2026, 11:59 PM".
"""

import re
from collections.abc import Sequence
from datetime import datetime

IDENTIFIER, FULL, FIRST, RECEIVED = "identifier", "full name", "first name", "last modified (submission)"
ENGLISH = (IDENTIFIER, FULL, "id number", "email address", FIRST, "last name", "username", "groups", RECEIVED)
#: As ENGLISH, each; what has two names there has a | between them.
LANGUAGES = {
    "Catalan": ("identificador", "nom complet|nom complet de l'usuari", "número id", "adreça electrònica", "nom",
                "cognoms", "nom d'usuari", "grups", "darrera modificació (tramesa)"),
    "Dutch": ("identificatie", "volledige naam|volledige naam van de gebruiker", "nummer (id)", "e-mailadres",
              "voornaam", "achternaam", "gebruikersnaam", "groepen", "laatst gewijzigd (inzending)"),
    "French": ("identifiant", "nom complet|nom complet de l'utilisateur", "numéro d'identification",
               "adresse de courriel", "prénom", "nom de famille", "nom d'utilisateur", "groupes",
               "dernière modification (travail remis)"),
    "German": ("id", "vollständiger name", "id-nummer", "e-mail-adresse", "vorname", "nachname", "anmeldename",
               "gruppen", "zuletzt geändert (abgabe)"),
    "Italian": ("identificativo", "nome completo dell'utente", "codice identificativo", "indirizzo email", "nome",
                "cognome", "username", "gruppi", "ultima modifica (consegna)"),
    "Portuguese": ("identificador", "nome completo|nome completo do utilizador", "número de identificação (id)",
                   "e-mail", "nome", "apelido", "nome de utilizador", "grupos", "última atualização (submissão)"),
    "Spanish": ("identificador", "nombre completo|nombre completo del usuario", "número de id",
                "dirección de correo", "nombre", "apellido(s)", "nombre de usuario", "grupos",
                "última modificación (entrega)"),
    "Swedish": ("identifierare", "fullständigt namn", "id nummer", "e-postadress", "förnamn", "efternamn",
                "användarnamn", "grupper", "senast modifierat (inlämning)"),
}
MONTHS = {word: number for number, words in enumerate((
    "january januar janvier enero gennaio janeiro januari gener",
    "february februar février febrero febbraio fevereiro februari febrer",
    "march märz mars marzo março maart març",
    "april avril abril aprile",
    "may mai mayo maggio maio mei maig maj",
    "june juni juin junio giugno junho juny",
    "july juli juillet julio luglio julho juliol",
    "august août agosto augustus agost augusti",
    "september septembre septiembre settembre setembro setembre",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dicembre dezembro desembre",
), 1) for word in words.split()}
CLOCK = re.compile(r"\b(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?\s*([AaPp]\.?[Mm])?")
#: hiddenuser, in these languages.
NOBODYS = ("participant", "deelnemer", "teilnehmer/in", "teilnehmerin", "partecipante", "participante", "deltagare")
KNOWN = 2  # words of a language, besides those that tables of one's own may have, too
ANYBODYS = ("id", "e-mail", "username", "nome", "nombre", "nom")
NUMBERED = re.compile(r"(?P<word>\D+?)\s*(?P<number>\d+)")  # "Participant 90001", "Teilnehmer/in90001"


def in_english(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of a table's columns, in small letters; in English if they are Moodle's own in another language."""
    heads = [head.strip().casefold().replace("’", "'") for head in heads]
    words = max((_words(language) for language in LANGUAGES), key=lambda words: len(set(heads) & words.keys()))
    if len(set(heads) & words.keys() - set(ANYBODYS)) < KNOWN:
        return heads
    english = [words.get(head, head) for head in heads]
    if "nome" in heads and "last name" not in english:  # Italian's word for a first and for a full name
        english[heads.index("nome")] = FULL
    if IDENTIFIER in english:  # German's ID may be a column of one's own
        place = english.index(IDENTIFIER)
        if not all(number(row[place]) != row[place] for row in rows if len(row) > place and row[place].strip()):
            english[place] = heads[place]
    return english


def number(identifier: str) -> str:
    """The number of a participant: "90001" of "Participant 90001", in any language. Other words as they are."""
    match = NUMBERED.fullmatch(identifier.strip())
    return match["number"] if match and is_nobodys_name(match["word"]) else identifier


def is_nobodys_name(name: str) -> bool:
    """Whether a name is Moodle's for everybody who is graded blindly."""
    return name.strip().casefold() in NOBODYS


def _words(language: str) -> dict[str, str]:
    return {word: english for words, english in zip(LANGUAGES[language], ENGLISH, strict=True)
            for word in words.split("|")}


def moment(text: str) -> datetime:
    """A day and a time of day as Moodle writes them, without a zone. ValueError if it is none."""
    year, clock = re.findall(r"\b\d{4}\b", text), CLOCK.findall(text)
    day = re.findall(r"(?<![\d:.])\d{1,2}(?![\d:]|\.\d)", text)
    month = [MONTHS[word] for word in re.findall(r"[^\W\d_]+", text.casefold()) if word in MONTHS]
    if not all(len(found) == 1 for found in (year, clock, day, month)):
        raise ValueError("one day, month by its name, year and time of day are wanted")
    hour, minute, second, half = clock[0]
    if half and not 1 <= int(hour) <= 12:
        raise ValueError(f"there is no {hour} o'clock of twelve")
    hours = int(hour) % 12 + 12 * (half[0] in "Pp") if half else int(hour)
    return datetime(int(year[0]), month[0], int(day[0]), hours, int(minute), int(second or 0))
