"""Who of a roster is meant by what a platform, or a student, calls somebody."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mnlab.course import moodle
from mnlab.course.roster import Student

LEAST = 4  # digits of a student's number at the end of a name
ALTERED = re.compile("['‘’`´&]")


class People:
    """Finds a student by what a platform calls them. Two that fit are none: nobody is graded as somebody else.
    `groups`: the ids of those who hand in together, by the group's name."""

    def __init__(self, roster: Sequence[Student], groups: Mapping[str, Sequence[str]] | None = None):
        self.names: dict[str, set[str]] = {}
        self.by_id = {student.id: student for student in roster}
        self.by_number = {student.lms: student for student in roster if student.lms}
        self.by_login = {_plain(word): student for student in roster for word in (student.login, student.id) if word}
        self.groups = {_plain(name): [self.by_id[one] for one in ids if one in self.by_id]
                       for name, ids in (groups or {}).items()}
        self.sections: dict[str, list[Student]] = {}
        for student in roster:
            for name in filter(None, map(_plain, re.split("[,;]", student.section))):
                self.sections.setdefault(name, []).append(student)
        for student in roster:
            parts = re.split(r"[\s,]+", _plain(student.name))
            sorted_name = "".join(sorted(parts))
            for word in (
                student.id,
                student.email,
                student.login,
                student.name,
                student.email.split("@")[0],
                "".join(parts),
                "".join(reversed(parts)),
                f"\0{sorted_name}",
            ):
                if word.strip("\0 "):
                    self.names.setdefault(_plain(word), set()).add(student.id)

    def find(self, *words: str) -> Student | None:
        """The one student whom the first of these words that fits anybody fits; as a name, its parts may come in any
        order."""
        fit = next((ids for ids in self._fit(words) if ids), set())
        return next((self.by_id[word] for word in words[:1] if word in self.by_id),
                    self.by_id[next(iter(fit))] if len(fit) == 1 else None)

    def called(self, name: str, labs: Sequence[str]) -> Student | None:
        """The one student after whom a folder, an archive or a repository is called: by all of its name, or by what
        stands beside a lab's; or, as repositories are, by a login or an id at its end."""
        words = [name, *_without(labs, name)]
        if any(self._fit(words)):
            return self.find(*words)
        return next((self.by_login[ending] for ending in map(_plain, _endings(name)) if ending in self.by_login), None)

    def numbered(self, number: str, name: str) -> Student | None:
        """The student who has a number at a platform and a name there. The number alone may be another one, of a group
        say, or of another course: it counts if the name is the same student's, or no name at all."""
        by_number, by_name = self.by_number.get(number), self.find(name)
        if by_number is None:
            return by_name
        if by_name is not None:
            return by_name if by_name == by_number else None
        words = {_plain(part) for part in re.split(r"[\W_]+", by_number.name) if len(part) > 1}
        known = not words or moodle.is_nobodys_name(name) or all(word in _plain(name) for word in words)
        return by_number if known else None

    def group(self, name: str, sections: bool = False) -> list[Student]:
        """Who hands in together under a name, with `sections` also under one of the roster's; [] if nobody does."""
        return self.groups.get(_plain(name)) or sections and self.sections.get(_plain(name)) or []

    def several(self, *words: str) -> list[str]:
        """The ids of those whom the first of these words fits that fits anybody."""
        return sorted(next((ids for ids in self._fit(words) if ids), ()))

    def known_by(self, strong: Sequence[str], name: str) -> Student | None:
        """The student whom an id, an email address or a login fits; the name counts where there is none of them, as
        two may share it."""
        return self.find(*strong) if any(strong) else self.find(name)

    def _fit(self, words: Iterable[str]) -> Iterator[set[str]]:
        for word in filter(None, words):
            parts = "".join(sorted(re.split(r"[\s,]+", _plain(word))))
            yield self.names.get(_plain(word)) or self.names.get(_plain(f"\0{parts}")) or set()


def _plain(word: str) -> str:
    """A word as platforms and file systems may have changed it: Moodle leaves out apostrophes and ampersands, macOS
    takes letters and accents apart."""
    return re.sub(r"[\s_]+", " ", ALTERED.sub("", unicodedata.normalize("NFC", word))).strip(" ").casefold()


def _without(labs: Sequence[str], name: str) -> list[str]:
    """A name without that of a lab at its beginning or end; [] if there is none."""
    lab = "|".join(map(re.escape, labs))
    match = labs and re.fullmatch(rf"(?:(?:{lab})[-_ ]+(.+)|(.+?)[-_ ]+(?:{lab}))", name, re.IGNORECASE)
    return [match[1] or match[2]] if match else []


def _endings(name: str) -> list[str]:
    """What in the name of a repository, which has no space, may be a login: "arp-ada-l" is of ada-l, or of l. A small
    number is one of several."""
    parts = re.split(r"[-_]", name) if " " not in name else []
    endings = ["-".join(parts[first:]) for first in range(1, len(parts))]
    return [ending for ending in endings if not (ending.isdigit() and len(ending) < LEAST)]
