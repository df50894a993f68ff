"""Labs of one's own: further collections, and what happens where two have the same names."""

import os
from pathlib import Path

import pytest

from mnlab import __version__
from mnlab.lab import collection, lab


@pytest.fixture
def own(tmp_path, monkeypatch):
    """own(place, ...): a project with the lab arp, and a collection with labs in these places, named by MNLAB_LABS."""
    def make(*places):
        for root, some in ((tmp_path / "project", ["link/arp"]), (tmp_path / "own", places)):
            for place in some:
                (root / "labs" / place).mkdir(parents=True)
                (root / "labs" / place / "experiment.py").touch()
        monkeypatch.setattr(lab, "ROOT", tmp_path / "project")
        monkeypatch.setenv(collection.VARIABLE, str(tmp_path / "own"))
        return tmp_path / "own"
    return make


def test_labs_of_all_collections_are_found_layer_by_layer(own):
    root = own("link/vlan", "network/nat", "exotic/ring")
    assert [one.name for one in lab.all_labs()] == ["arp", "vlan", "nat", "ring"]
    assert lab.find("nat").collection == root and lab.find("arp").collection != root


def test_a_collection_that_is_named_twice_is_one(own, monkeypatch):
    root = own("network/nat")
    monkeypatch.setenv(collection.VARIABLE, os.pathsep.join([str(root), f"{root}/labs/..", "", str(root)]))
    assert [one.name for one in lab.all_labs()] == ["arp", "nat"]


def test_two_labs_of_one_name_are_refused_and_the_others_found(own):
    own("transport/arp", "network/nat")
    with pytest.raises(lab.UnknownLab, match="two labs are called 'arp': .*/project/labs/link/arp and .*/own/labs"):
        lab.find("arp")
    assert lab.find("nat").name == "nat"
    with pytest.raises(lab.UnknownLab, match="two labs are called 'arp'"):
        lab.no_two_of_one_name(lab.all_labs())


@pytest.mark.parametrize("make, words", [
    (lambda root: None, "is no collection of labs: there is no folder"),
    (lambda root: (root / "labs").write_text(""), "is no collection"),
    (lambda root: ((root / "labs").mkdir(), (root / "collection.toml").write_text('mnlab = "99.1"')),
     f"were made for mnlab 99.1; this is {__version__}"),
    (lambda root: ((root / "labs").mkdir(), (root / "collection.toml").write_text("mnlab = ")), "cannot be read"),
    (lambda root: ((root / "labs").mkdir(), (root / "collection.toml").write_text("mnlab = 1")), "the version that"),
    (lambda root: ((root / "labs").mkdir(), (root / "collection.toml").write_text('mnlab = "new"')), "the version that")])
def test_what_is_no_collection_is_refused_in_words(tmp_path, monkeypatch, make, words):
    make(tmp_path)
    monkeypatch.setenv(collection.VARIABLE, str(tmp_path))
    with pytest.raises(collection.NoCollection, match=words):
        lab.all_labs()


@pytest.mark.parametrize("text", ["", 'title = "Mine"', f'mnlab = "{__version__}"', 'mnlab = "0.0.9"'])
def test_a_collection_for_this_mnlab_or_an_earlier_one_is_taken(tmp_path, monkeypatch, text):
    (tmp_path / "labs").mkdir()
    (tmp_path / "collection.toml").write_text(text)
    monkeypatch.setenv(collection.VARIABLE, str(tmp_path))
    assert collection.named() == [tmp_path.resolve()]


def test_a_lab_uses_the_topologies_of_its_collection_and_the_projects(tmp_path):
    for root, name in (("project", "lan.py"), ("own", "campus.py"), ("own", "notes.txt")):
        (tmp_path / root / "topologies").mkdir(parents=True, exist_ok=True)
        (tmp_path / root / "topologies" / name).touch()
    found = collection.files(tmp_path / "project", tmp_path / "own", "topologies", "*.py")
    assert found == {"topologies/lan.py": tmp_path / "project/topologies/lan.py",
                     "topologies/campus.py": tmp_path / "own/topologies/campus.py"}
    (tmp_path / "own/topologies/lan.py").touch()
    assert len(collection.files(tmp_path / "project", tmp_path / "own", "topologies", "*.py")) == 2  # a copy is the same
    (tmp_path / "own/topologies/lan.py").write_text("other = 1")
    with pytest.raises(collection.TwoOfOneName, match="own/topologies/lan.py: the project's own topologies/ has another"):
        collection.files(tmp_path / "project", tmp_path / "own", "topologies", "*.py")
    assert collection.files(tmp_path / "own", tmp_path / "own", "topologies", "*.py")  # the project itself


def test_collections_that_an_option_names_come_first_and_are_handed_on(monkeypatch):
    monkeypatch.setenv(collection.VARIABLE, "/there")
    collection.add([Path("/here")])
    assert os.environ[collection.VARIABLE] == f"/here{os.pathsep}/there"
