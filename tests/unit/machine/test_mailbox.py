"""The mailbox's header page."""

import pytest

from mnlab.machine import mailbox


def test_what_is_written_is_read():
    page = mailbox.header(length=3, path=["/job/src"], reason="so")
    assert len(page) == mailbox.PAGE
    assert mailbox.parse(page) == {"length": 3, "path": ["/job/src"], "reason": "so"}


@pytest.mark.parametrize("page", [b"", bytes(mailbox.PAGE), b"{", b"{\"a\": 1", b"\xff" * mailbox.PAGE, b"[1]\n"])
def test_anything_else_is_no_header(page):
    assert mailbox.parse(page) is None


def test_a_header_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="holds 4096 bytes"):
        mailbox.header(text="x" * 5000)


def test_the_parts_do_not_overlap():
    assert mailbox.PAGE + mailbox.JOB_LIMIT <= mailbox.STOP < mailbox.STOP + mailbox.PAGE <= mailbox.RESULT
    assert mailbox.RESULT + mailbox.PAGE + mailbox.RESULT_LIMIT == mailbox.SIZE
