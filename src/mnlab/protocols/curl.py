"""What `curl -i` prints: responses as a client got them, also those that no eavesdropper can read.

Several URLs in one call are told apart by a mark that curl prints after each: `-w '\\nMARK %{url_effective}\\n'`.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One response. `status` is 0 if there was none; the names of `headers` are in lower case."""

    status: int
    headers: dict[str, str]
    body: str


def answers(printed: str, mark: str) -> list[Answer]:
    """The responses in what curl printed, one for each URL that it got to."""
    found = []
    for part in re.split(rf"\n{re.escape(mark)} [^\n]*\n", printed)[:-1]:
        head, _, body = part.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.split("\n")
        pairs = (line.partition(":") for line in lines)
        status = re.match(r"HTTP/\S+ (\d{3})", first)
        found.append(Answer(int(status[1]) if status else 0,
                            {name.strip().lower(): value.strip() for name, _, value in pairs}, body))
    return found
