"""A command that hangs is named, with what it said last; one that takes long is told about."""

import pytest

from . import limits


def test_a_command_that_hangs_is_ended_and_named():
    with pytest.raises(limits.Hangs) as problem:
        limits.run(["sh", "-c", "echo waiting for the moon; exec sleep 1000"], 0.5)
    assert "still running after 0.5 s: sh -c" in str(problem.value)
    assert str(problem.value).endswith("Its last lines:\nwaiting for the moon")


def test_what_a_long_command_is_at_is_told(monkeypatch):
    monkeypatch.setattr(limits, "TELL", 0.3)
    said = []
    done = limits.run(["sh", "-c", "echo one; sleep 1; printf 'two\\nhalf\\rthree'; exit 3"], 20,
                      lambda words, **options: said.append(words))
    assert (done.returncode, done.stdout) == (3, "one\ntwo\nhalf\rthree")
    assert said and all("s, and says: one" in words for words in said)
