"""The mailbox: the memory that a lab machine shares with whoever started it.

One persistent-memory device of fixed size carries the job in and the result out. Both directions are plain memory
copies, so nothing in the machine waits for the outside, and virtual time stays a function of the job alone.

    0            job header (one page), then the job (files, packed)
    STOP         one page: the outside writes a reason here to make the machine wrap up early
    RESULT       result header (one page), then the result (files, packed)

A header is a page that starts with a line of JSON and is filled with zeros: `length` (bytes) and `crc32` of what
follows, and what else its writer has to say. (A checksum is enough to see that all of it is there, and a digest costs
the machine forty instructions a byte.)

Packed files are a line of JSON, [[name, mode, size], ...], and their contents, one after another. (Reading a tar
archive costs the machine, which has to run every instruction by software, a third of a second.)

This module is used on both sides, so it imports little, and nothing of mnlab.
"""

import json
import os
from functools import partial

PAGE = 4096
MIB = 1 << 20
SIZE = 256 * MIB
STOP = 96 * MIB - PAGE
RESULT = 96 * MIB

#: The most a job or a result can hold, in bytes.
JOB_LIMIT = STOP - PAGE
RESULT_LIMIT = SIZE - RESULT - PAGE


def header(**fields) -> bytes:
    """One page that says `fields`. ValueError if they do not fit."""
    line = json.dumps(fields, sort_keys=True).encode() + b"\n"
    if len(line) > PAGE:
        raise ValueError(f"a mailbox header holds {PAGE} bytes, not {len(line)}")
    return line.ljust(PAGE, b"\0")


def parse(page: bytes) -> dict | None:
    """What a header page says; None if nobody wrote one."""
    line = page[:PAGE].split(b"\n", 1)[0]
    if not line.startswith(b"{"):
        return None
    try:
        return json.loads(line)
    except ValueError:
        return None


def index(files: list[tuple[str, int, int]]) -> bytes:
    """The line that goes ahead of the contents of `files`: (name, mode, bytes) of each."""
    return json.dumps(files).encode() + b"\n"


def unpack(data: bytes, folder: str) -> None:
    """Write packed files below `folder`. ValueError if `data` is not whole or has a name that leads elsewhere."""
    line, _, _ = data.partition(b"\n")
    offset, known = len(line) + 1, {folder}
    for name, mode, size in json.loads(line):
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"a packed file lies outside its folder: {name}")
        if offset + size > len(data):
            raise ValueError("packed files are cut short")
        path = f"{folder}/{name}"
        parent = path.rpartition("/")[0]
        if parent not in known:
            os.makedirs(parent, exist_ok=True)
            known.add(parent)
        with open(path, "wb", opener=partial(os.open, mode=mode)) as file:
            file.write(memoryview(data)[offset:offset + size])
        offset += size
