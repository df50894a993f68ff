"""Beginning a lab of one's own."""

import pytest

from mnlab.lab import begin
from mnlab.lab.lab import Lab


def test_a_lab_is_written_whole_into_a_collection_that_becomes_one(tmp_path):
    made = begin.write(tmp_path / "own", "my_lab", "link")
    folder = tmp_path / "own/labs/link/my_lab"
    assert tmp_path / "own/collection.toml" in made and folder / "experiment.py" in made
    lab = Lab(folder)
    assert lab.title == "My lab" and "{{" not in lab.handout
    assert [scene.name for scene in lab.scenes] == ["kernel", "server"] and lab.params(1) != lab.params(2)
    before = (tmp_path / "own/collection.toml").read_text()
    begin.write(tmp_path / "own", "other", "link")
    assert (tmp_path / "own/collection.toml").read_text() == before


@pytest.mark.parametrize("name, layer, words", [
    ("My Lab", "link", "'My Lab' cannot be a lab's name"), ("", "link", "cannot be a lab's name"),
    ("../up", "link", "cannot be a lab's name"), ("nat", "../up", "cannot be a layer's name"),
    ("arp", "link", "there is a lab 'arp' already"), ("taken", "link", "is there already: nothing was changed")])
def test_what_cannot_be_begun_is_said_and_nothing_is_changed(tmp_path, name, layer, words):
    (tmp_path / "labs/link/taken").mkdir(parents=True)
    (tmp_path / "labs/link/taken/mine").write_text("mine")
    with pytest.raises(begin.CannotBegin, match=words):
        begin.write(tmp_path, name, layer)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "labs/link/taken/mine"]
