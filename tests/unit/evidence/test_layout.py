"""The digest of evidence, and names of records."""

import json

import pytest

from mnlab.evidence import layout


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a").write_bytes(b"a")
    (tmp_path / "manifest.json").write_text(json.dumps({"lab": "x", "seed": 1}))
    return tmp_path


def test_what_the_outside_adds_does_not_count(folder):
    before = layout.digest(folder)
    manifest = {"seed": 1, "lab": "x", "machine": {"qemu": "9"}, "seconds": {"wall": 3}, "evidence_sha256": before}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=3))
    (folder / "answers.toml").write_text("a = 1")
    (folder / "figures").mkdir()
    (folder / "figures/a.png").write_bytes(b"x")
    assert layout.digest(folder) == before


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "files/a").write_bytes(b"b"),
    lambda folder: (folder / "files/a").rename(folder / "files/b"),
    lambda folder: (folder / "files/b").write_bytes(b""),
    lambda folder: (folder / "files/a").unlink(),
    lambda folder: (folder / "manifest.json").write_text('{"lab": "x", "seed": 2}'),
])
def test_every_change_counts(folder, change):
    before = layout.digest(folder)
    change(folder)
    assert layout.digest(folder) != before


@pytest.mark.parametrize("name", ["first-ping", "a.b_c-1", "9", "x" * 80])
def test_names_that_will_do(name):
    assert layout.safe_name(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "-x", "a b", "x" * 81, "é", "a\n"])
def test_names_that_will_not(name):
    with pytest.raises(ValueError, match="cannot name a record"):
        layout.safe_name(name)
