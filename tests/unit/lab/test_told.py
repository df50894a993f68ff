"""What an author is told of a mistake in a lab's own code."""

import pytest

from mnlab.lab import inside


@pytest.mark.parametrize("mistake, words", [
    ("from topologies.nowhere import Net", "there is no such file"),
    ("import nothing_like_it", "there is no such file"),
    ("net['h9'].missing", "a scene takes (net, rec)")])
def test_a_missing_module_is_told_as_one(mistake, words):
    with pytest.raises(Exception) as problem:
        exec(compile(mistake, "lab/experiment.py", "exec"), {"net": {"h9": None}})
    told = inside.told(problem.value)
    assert told.startswith("experiment.py, line 1:\n  ") and words in told.splitlines()[2]
