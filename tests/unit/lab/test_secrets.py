"""Parameters that prove work: drawn with a key, told to nobody."""

import re
import tomllib

import pytest

from mnlab.lab import lab as labs
from mnlab.lab import work

KEYS = (b"one key for a try", b"and another for it")
WITH_SECRETS = [lab for lab in labs.all_labs() if hasattr(lab.experiment, "secret")]


def drawn(lab, seed, key=b"") -> dict:
    """The secret parameters alone."""
    open_ones = lab.experiment.variant(labs.random.Random(f"{lab.name}/{seed}"))
    return {name: value for name, value in lab.params(seed, key).items() if name not in open_ones}


def one(tmp_path, text) -> labs.Lab:
    (tmp_path / "experiment.py").write_text(text)
    return labs.Lab(tmp_path)


def test_a_lab_without_secrets_has_the_same_parameters_with_every_key(tmp_path):
    lab = one(tmp_path, "def variant(rng): return {'n': rng.randrange(10**9)}")
    assert lab.params(1) == lab.params(1, KEYS[0])


def test_the_key_draws_the_secrets_and_nothing_else(tmp_path):
    lab = one(tmp_path, "def variant(rng): return {'n': rng.randrange(10**9)}\n"
                        "def secret(rng, params): return {'_s': rng.randrange(10**9), '_n': params['n']}")
    local, first, second = (lab.params(1, key) for key in (b"", *KEYS))
    assert local["n"] == first["n"] == second["n"] == first["_n"]
    assert len({params["_s"] for params in (local, first, second, lab.params(2, KEYS[0]))}) == 4
    assert lab.params(1, KEYS[0]) == first


def test_the_secrets_of_two_labs_have_nothing_in_common(tmp_path):
    text = "def variant(rng): return {}\ndef secret(rng, params): return {'_s': rng.randrange(10**9)}"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (one(tmp_path / name, text) for name in ("a", "b"))
    assert first.params(1, KEYS[0]) != second.params(1, KEYS[0])


@pytest.mark.parametrize("secrets", ["{'s': 1}", "{'_n': 1}"])
def test_a_secret_that_would_be_shown_or_replaces_another_parameter_is_refused(tmp_path, secrets):
    lab = one(tmp_path, f"def variant(rng): return {{'_n': 1}}\ndef secret(rng, params): return {secrets}")
    with pytest.raises(ValueError, match="begins with _"):
        lab.params(1)


def test_there_are_labs_with_secrets():
    assert {"signatures", "flow_vs_congestion"} <= {lab.name for lab in WITH_SECRETS}


@pytest.mark.parametrize("lab", WITH_SECRETS, ids=lambda lab: lab.name)
def test_every_key_draws_others(lab):
    """A single secret may come out alike (which of four requests is lost), but not for many seeds."""
    draws = [[drawn(lab, seed, key) for seed in range(20)] for key in (b"", *KEYS)]
    for name in draws[0][0]:
        columns = [[draw[name] for draw in seeds] for seeds in draws]
        assert all(columns[i] != columns[j] for i, j in ((0, 1), (0, 2), (1, 2))), name


@pytest.mark.parametrize("lab", WITH_SECRETS, ids=lambda lab: lab.name)
def test_students_are_told_none(lab, tmp_path):
    secrets = drawn(lab, 3)
    assert secrets and not secrets.keys() & work.shown(lab.params(3)).keys()
    work.start(lab, tmp_path / "work", 3)
    assert not secrets.keys() & tomllib.loads((tmp_path / "work/variant.toml").read_text())["network"].keys()


@pytest.mark.parametrize("lab", WITH_SECRETS, ids=lambda lab: lab.name)
def test_no_secret_is_written_into_a_work_folder_or_asked_for_in_an_answer(lab):
    """What a student writes at home, from a run of their own, must be right in a run with the course's key."""
    names = "|".join(drawn(lab, 3))
    for path in [*lab.starter.rglob("*"), *lab.solution.rglob("*")]:
        if path.is_file() and "__pycache__" not in path.parts:
            assert not re.search(rf"\{{\{{({names})\}}\}}|[\"']({names})[\"']", path.read_text()), path


@pytest.mark.parametrize("lab", WITH_SECRETS, ids=lambda lab: lab.name)
def test_no_check_compares_an_answer_with_a_secret(lab):
    names = "|".join(drawn(lab, 3))
    for check in re.split(r"^(?=@points|def |# ---)", lab.checks.read_text(), flags=re.M):
        if re.match(r"def check_\w+\([^)]*\banswers\b", check):
            assert not re.search(rf"[\"']({names})[\"']", check), check.split("(")[0]
