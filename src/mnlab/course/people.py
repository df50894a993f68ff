"""Who of a roster is meant by what a platform, or a student, calls somebody."""

import re
from collections.abc import Iterable, Iterator, Sequence

from mnlab.course.roster import Student


class People:
    """Finds a student by what a platform calls them. Two that fit are none: nobody is graded as somebody else."""

    def __init__(self, roster: Sequence[Student]):
        self.names: dict[str, set[str]] = {}
        self.by_id = {student.id: student for student in roster}
        for student in roster:
            parts = re.split(r"[\s,]+", student.name)
            sorted_name = "".join(sorted(part.casefold() for part in parts))
            for word in (
                student.id,
                student.email,
                student.login,
                student.lms,
                student.name,
                student.email.split("@")[0],
                "".join(parts),
                "".join(reversed(parts)),
                f"\0{sorted_name}",
            ):
                if word.strip("\0 "):
                    self.names.setdefault(_plain(word), set()).add(student.id)

    def find(self, *words: str) -> Student | None:
        """The one student whom the first of these words fits; as a name, its parts may come in any order."""
        fit = next((ids for ids in self._fit(words) if len(ids) == 1), ())
        return self.by_id[next(iter(fit))] if fit else None

    def several(self, *words: str) -> list[str]:
        """The ids of those whom the first of these words fits that fits anybody."""
        return sorted(next((ids for ids in self._fit(words) if ids), ()))

    def _fit(self, words: Iterable[str]) -> Iterator[set[str]]:
        for word in filter(None, words):
            parts = "".join(sorted(part.casefold() for part in re.split(r"[\s,_]+", word)))
            yield self.names.get(_plain(word)) or self.names.get(_plain(f"\0{parts}")) or set()


def called(name: str, labs: Sequence[str]) -> list[str]:
    """What in the name of a folder, an archive or a repository may name a student: all of it, or the part beside a
    lab's name, or its end."""
    return [name, *_without(labs, name), *_endings(name)]


def _plain(word: str) -> str:
    return re.sub(r"[\s_]+", " ", word).strip(" ").casefold()


def _without(labs: Sequence[str], name: str) -> list[str]:
    """A name without that of a lab at its beginning or end; [] if there is none."""
    lab = "|".join(map(re.escape, labs))
    match = labs and re.fullmatch(rf"(?:(?:{lab})[-_ ]+(.+)|(.+?)[-_ ]+(?:{lab}))", name, re.IGNORECASE)
    return [match[1] or match[2]] if match else []


def _endings(name: str) -> list[str]:
    """What in the name of a repository may be a login: "arp-ada-l" is of ada-l, or of l."""
    parts = re.split(r"[-_ ]", name)
    return ["-".join(parts[first:]) for first in range(1, len(parts))]
