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


@pytest.mark.parametrize("mark", [
    lambda one: scene(work="server.py")(one), lambda one: scene(work=[1])(one), lambda one: scene(work=5)(one),
    lambda one: scene("server.py"), lambda one: scene(["server.py"])])
def test_it_is_said_how_a_scene_is_marked(mark):
    def one(net, rec): ...

    with pytest.raises(TypeError, match=r'@scene\(work=\["server.py", "\*.conf"\]\), with a list'):
        mark(one)


@pytest.mark.parametrize("name", ["evidence", "params", "answers", "größe", "_hidden", "<lambda>", 81 * "x"])
def test_names_that_mean_something_else_or_name_no_folder_are_refused(name):
    def one(net, rec): ...

    one.__name__ = name
    with pytest.raises(ValueError, match="cannot name a scene"):
        scene(one)


def test_no_scene_hides_another():
    """In Python a second function of a name takes the first one's place."""
    with pytest.raises(ValueError, match="there are two scenes 'kernel'"):
        exec("@scene\ndef kernel(net, rec): ...\n" * 2, {"scene": scene})

    def one(net, rec): ...

    def other(net, rec): ...

    other.__name__ = "one"
    with pytest.raises(ValueError, match="there are two scenes 'one'"):
        scenes_of(module(one=scene(one), other=scene(other)))
    with pytest.raises(ValueError, match="a function experiment that is none"):
        scenes_of(module(one=scene(one), experiment=lambda net, rec, work: None))
    assert len(scenes_of(module(one=scene(one), alias=one))) == 1
