"""Locks: what is written is read again, what is none is refused, and differences are all named."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mnlab.machine import lock
from mnlab.machine.lock import Lock, Package
from mnlab.machine.machines import MACHINES

WORDS = some.text("abc019+.-", min_size=2, max_size=9).map(lambda word: f"0{word}")
PACKAGES = some.dictionaries(WORDS, some.tuples(WORDS, some.integers(0, 9)), min_size=1, max_size=4).map(
    lambda found: tuple(Package(name, version, str(digit) * 64) for name, (version, digit) in sorted(found.items())))
LOCKS = some.builds(Lock, PACKAGES, PACKAGES)
A, B, C = "a" * 64, "b" * 64, "c" * 64


@given(LOCKS)
def test_what_is_written_is_read_again(known):
    assert lock.parse(str(known)) == known
    assert lock.differences(known, known) == []


@given(some.text(max_size=200))
def test_what_is_no_lock_is_refused(text):
    with pytest.raises(ValueError, match="line|names no package"):
        lock.parse(text)


def test_every_difference_is_named():
    one = Lock((Package("bind9", "1:9.18", A), Package("curl", "7", A)), (Package("linux-image-1", "6.1", A),))
    other = Lock((Package("bind9", "1:9.20", B), Package("curl", "7", C)), (Package("linux-image-2", "7.3", B),))
    assert lock.differences(one, other) == [
        ("bind9", "1:9.18", "1:9.20"), ("curl", "7", "7"),  # another file of the same version
        ("linux-image-1", "6.1", ""), ("linux-image-2", "", "7.3")]


@pytest.mark.parametrize("name", MACHINES)
def test_what_each_machine_was_last_tried_with_is_known(name):
    assert "linux-image" in lock.known(name).versions
    assert lock.known("nowhere") is None


def test_older_versions_may_be_chosen():
    """Priorities above 1000 allow a downgrade (apt_preferences(5))."""
    assert lock.preferences((Package("curl", "7.1", A),)) == "Package: curl\nPin: version 7.1\nPin-Priority: 1001\n"
