"""A CSV file as a spreadsheet or a platform saved it: its encoding, and what parts its cells, are found out."""

import csv
import io
import re
from pathlib import Path

SEPARATOR = re.compile(r"sep=.\n", re.IGNORECASE)  # Excel's own first line; the next one tells as much
MARKS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16


class BadTable(Exception):
    """A file that is no table, or not the one that is wanted. The text says what is wrong with it, and where."""


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns as they stand there, and the rows. BadTable if it cannot be read, or names no
    columns."""
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise BadTable(f"{path} cannot be read: {problem.strerror}") from None
    if data.startswith(b"PK\x03\x04"):
        raise BadTable(f"{path} is a spreadsheet, or a zip: save it as CSV in UTF-8")
    text = _decoded(data, path).replace("\r\n", "\n").replace("\r", "\n")
    if first := SEPARATOR.match(text):
        text = text[first.end():]
    reader = csv.reader(io.StringIO(text), _dialect(text))
    try:
        rows = list(reader)
    except csv.Error as problem:
        raise BadTable(f"{path} is no table, up to line {reader.line_num}: {problem}. Is a quotation mark missing, or "
                       "too much?") from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise BadTable(f"{path}: the first line names no columns")
    return [cell.strip() for cell in rows[0]], rows[1:]


def _decoded(data: bytes, path: Path) -> str:
    for encoding in ("utf-16",) if data.startswith(MARKS) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadTable(f"{path} is no text: save it as CSV in UTF-8")


def _dialect(text: str) -> type[csv.Dialect]:
    """Commas, semicolons or tabs, by what the first line has most of."""
    first = text.lstrip("\r\n").split("\n", 1)[0]

    class Found(csv.excel):
        delimiter = max(",;\t", key=first.count)
        strict = True  # or a quotation mark that is never closed takes all rows after it for one cell

    return Found
