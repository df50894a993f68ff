"""Scenes of an experiment: which there are, what each is given, and which of the work's files it gets."""

from types import SimpleNamespace

import pytest

from mnlab.lab.scene import scene, scenes_of


def module(**things):
    return SimpleNamespace(**things)


def test_scenes_come_in_the_order_of_the_file_with_their_titles():
    @scene
    def kernel(net, rec):
        """What Linux does.

        More of it.
        """

    @scene(work=["*.py"])
    def your_resolver(net, rec, work): ...

    def helper(): ...

    found = scenes_of(module(kernel=kernel, your_resolver=your_resolver, helper=helper, number=5))
    assert [(one.name, one.title, one.work) for one in found] == [
        ("kernel", "What Linux does", ()), ("your_resolver", "your resolver", ("*.py",))]


def test_an_experiment_alone_is_one_scene_with_all_of_the_work():
    [only] = scenes_of(module(experiment=lambda net, rec, work: rec.append(work)))
    assert (only.name, only.files({"a.py": 1, "www/x": 2})) == ("experiment", {"a.py": 1, "www/x": 2})
    with pytest.raises(AttributeError):
        scenes_of(module())


@pytest.mark.parametrize("patterns, names", [
    (["*.py"], ["helper.py", "lib/more.py", "server.py"]), (["server.py"], ["server.py"]), (["www/*"], ["www/a/b", "www/x"]),
    (["*.conf", "server.py"], ["nginx.conf", "server.py"]), (["absent"], [])])
def test_a_scene_gets_the_files_that_it_names(patterns, names):
    @scene(work=patterns)
    def one(net, rec, work): ...

    work = dict.fromkeys(["server.py", "helper.py", "lib/more.py", "nginx.conf", "notes.txt", "www/x", "www/a/b"], b"")
    assert sorted(one.scene.files(work)) == names


def test_only_a_scene_with_work_is_given_the_folder():
    told = []

    @scene
    def without(net, rec):
        told.append((net, rec.work))

    @scene(work=["*"])
    def with_work(net, rec, work):
        told.append(work)

    rec = SimpleNamespace(work="folder")
    without.scene.play("net", rec)
    with_work.scene.play("net", rec)
    assert told == [("net", "folder"), "folder"]


def test_a_name_instead_of_a_list_is_refused():
    with pytest.raises(TypeError, match=r"the scene one names its files in a list: work=\['server.py'\]"):
        scene(work="server.py")(SimpleNamespace(__name__="one", __doc__=""))
