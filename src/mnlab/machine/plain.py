"""Text made harmless before a terminal sees it.

What students write and what their programs print may hold anything, escape sequences included: in answers, in names of
files, in an error's words. The command line puts a `Plain` stream in the place of standard output and standard error
(`guard`), so nothing that is printed can leave as it came: no print, no message of Typer's, no traceback. Two ways lead
past it on purpose: a Rich console, whose own colours must stay and which cleans what it draws (report/console.py), and
`mnlab exec` and `mnlab shell`, which pass on what the user's own program prints (cli/options.py, machine/terminal.py).
"""

import os
import re
import sys
import unicodedata
from collections.abc import Sequence

#: Escape sequences: CSI (colours, cursor movements), OSC (titles, links), and the two-character ones.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]")
LONGEST_NAME = 120  # characters of a name within a message


def plain(text: object) -> str:
    """`text` without anything that a terminal would obey: no escapes, controls or direction marks. Newlines stay."""
    text = _ESCAPES.sub("", str(text)).replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return "\n".join(line if line.isprintable() else "".join(map(_harmless, line)) for line in text.split("\n"))


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return char
    return "" if category == "Cf" else "?"


def name(thing: object) -> str:
    """A name that somebody else chose (a file's, say) for use within a line: on one line, and not without end."""
    text = " ".join(plain(thing).split())
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "..."


def names(things: Sequence[object], most: int) -> str:
    """The first `most` of some such names, and how many more there are."""
    rest = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(map(name, things[:most])) + rest


class Plain:
    """A text stream in the place of `beneath`: what is written comes out harmless, and in the other's encoding.

    It takes any text, so its own encoding is UTF-8: what `beneath` has no character for becomes "?".
    """

    encoding = "utf-8"

    def __init__(self, beneath):
        self.beneath = beneath

    def write(self, text: str) -> int:
        if not isinstance(text, str):  # Typer writes bytes to find out whether a stream takes them
            raise TypeError(f"a text stream takes str, not {type(text).__name__}")
        encoding = self.beneath.encoding or "utf-8"
        self.beneath.write(plain(text).encode(encoding, "replace").decode(encoding))
        return len(text)

    def writelines(self, lines) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, attribute):
        return getattr(self.beneath, attribute)


def guard() -> None:
    """From now on nothing reaches standard output or standard error that a terminal would obey. One that is closed
    (`>&-`: Python has None for it) is as good as /dev/null."""
    sys.stdout, sys.stderr = (stream if isinstance(stream, Plain) else Plain(stream or open(os.devnull, "w"))
                              for stream in (sys.stdout, sys.stderr))


def beneath(stream):
    """The stream itself, for a Rich console that cleans what it draws."""
    return stream.beneath if isinstance(stream, Plain) else stream
