"""The mailbox: the memory that a lab machine shares with whoever started it.

One persistent-memory device of fixed size carries the job in and the result out. Both directions are plain memory
copies, so nothing in the machine waits for the outside, and virtual time stays a function of the job alone.

    0            job header (one page), then the job (a tar archive)
    STOP         one page: the outside writes a reason here to make the machine wrap up early
    RESULT       result header (one page), then the result (a tar archive)

A header is a page that starts with a line of JSON and is filled with zeros: `length` (bytes) and `sha256` of what
follows, and what else its writer has to say. This module is used on both sides, so it imports nothing but json.
"""

import json

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
