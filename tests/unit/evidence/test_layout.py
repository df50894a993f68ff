"""The digest of evidence, and names of records."""

import json

import pytest

from mnlab.evidence import layout

MANIFEST = {"lab": "x", "seed": 1, "scenes": [{"name": "one", "title": ""}, {"name": "two", "title": ""}]}


@pytest.fixture
def folder(tmp_path):
    for scene in ("one", "two"):
        (tmp_path / "scenes" / scene / "files").mkdir(parents=True)
        (tmp_path / "scenes" / scene / "files/a").write_bytes(b"a")
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    return tmp_path


def test_what_the_outside_adds_does_not_count(folder):
    before = layout.digest(folder)
    manifest = {"machine": {"qemu": "9"}, "seconds": {"wall": 3}, "evidence_sha256": before, **MANIFEST}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=3))
    (folder / "answers.toml").write_text("a = 1")
    (folder / "figures").mkdir()
    (folder / "figures/a.png").write_bytes(b"x")
    assert layout.digest(folder) == before


@pytest.mark.parametrize("change", [
    lambda folder: (folder / "scenes/one/files/a").write_bytes(b"b"),
    lambda folder: (folder / "scenes/one/files/a").rename(folder / "scenes/one/files/b"),
    lambda folder: (folder / "scenes/one/files/a").rename(folder / "scenes/two/files/b"),
    lambda folder: (folder / "scenes/two/files/b").write_bytes(b""),
    lambda folder: (folder / "scenes/two/files/a").unlink(),
    lambda folder: (folder / "stranger").write_bytes(b""),
    lambda folder: (folder / "scenes/stranger").write_bytes(b""),
    lambda folder: (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"seed": 2})),
    lambda folder: (folder / "manifest.json").write_text(json.dumps(MANIFEST | {"scenes": MANIFEST["scenes"][::-1]})),
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
