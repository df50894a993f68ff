"""Waiting for a condition."""

import pytest

from mnlab.net.errors import NetworkError
from mnlab.net.wait import wait_until


def test_it_returns_as_soon_as_the_condition_holds():
    answers = iter([False, False, True])
    wait_until(lambda: next(answers), "three looks", pause=0)
    assert next(answers, "none left") == "none left"


def test_in_vain_it_says_what_did_not_happen():
    with pytest.raises(NetworkError, match="the moon is full: not after 0 s"):
        wait_until(lambda: False, "the moon is full", timeout=0)
