"""Images that have more than labs need: what they are called, what they are made of, and what knows them."""

import tarfile
from dataclasses import replace

import pytest

from mnlab.machine import cache, capabilities, image, layers, lock, parcel, qemu, snapshot, wheels
from mnlab.machine.job import MIB, Executable, MachineError
from mnlab.machine.machines import CORE, FULL, MACHINES, UnknownMachine
from mnlab.machine.remembered import Remembering
from mnlab.machine.vm import VirtualMachine

DEBIAN13 = MACHINES["debian13"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of our own."""
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path))
    return tmp_path


def build(named, content: str = "") -> image.Image:
    """An image in the cache, a few bytes of it; its programs are `content`."""
    parts = [replace(named, layers=named.layers[:number]) for number in range(len(named.layers) + 1)]
    for part in parts:
        place = image.place(part)
        for number, layer in enumerate(place.folders):
            if layer.exists():
                continue
            layer.mkdir()
            names = [[image.ROOTFS], [image.KERNEL, image.INITRD, image.MODULES]][number] if number < 2 else [layers.FILES]
            for name in names:
                (layer / name).write_text(content or layer.name)
            (layer / image.PACKAGES).write_text(f"of-{layer.name} 1 {'a' * 64}\n")
            if number >= 2:
                (layer / layers.ASKED).write_text(part.image)
            cache.seal(layer)
    return image.place(named)


@pytest.mark.parametrize("asked, over, called", [
    ("core", (), "core"), ("full", (FULL,), "full"), ("full,jq", (FULL, "jq"), "full,jq"),
    ("core,tcpflow,jq,jq", ("jq,tcpflow",), "core,jq,tcpflow"), ("full,g++,libc6.1-x", (FULL, "g++,libc6.1-x"), "full,g++,libc6.1-x")])
def test_an_image_is_called_what_is_in_it(asked, over, called):
    named = DEBIAN13.having(asked)
    assert (named.layers, named.image) == (over, called)
    assert DEBIAN13.having(named.image) == named and named.having(CORE) == DEBIAN13
    assert str(named) == ("debian13" if asked == CORE else f"debian13:{called}")


@pytest.mark.parametrize("asked", ["", "Full", "jq", "full ", "full,", "full,,jq", "full,-jq", "full,Jq", "full,jq jc", "core,$(id)", "full,j/q", "full,j\nq"])
def test_what_is_no_image_is_refused(asked):
    with pytest.raises(UnknownMachine, match="no image|no name of a Debian package"):
        DEBIAN13.having(asked)


def test_core_is_what_it_is_without_layers():
    """The hardware, the kernel's command line and the first file system of a machine without layers have nothing new."""
    place = image.place(DEBIAN13)
    assert place == image.place(DEBIAN13.having(CORE)) and len(place.layers) == 2
    two = qemu.Hardware("virtual", "tcg", place.layers)
    assert snapshot.first_program(two) == {}
    assert snapshot.command_line([1, 2], place.options) == snapshot.CMDLINE.format(sizes=[1, 2])


def test_layers_are_shared_by_machines_with_the_same_programs():
    full, latest, former = (image.place(MACHINES[name].having(FULL)) for name in ("debian13", "latest", "debian12"))
    assert full.over == latest.over != former.over and full.kernel != latest.kernel


def test_a_layer_belongs_to_what_it_lies_on():
    """Other programs below are another layer, whatever they are called; and so on upwards."""
    first = build(DEBIAN13.having("full,jq"))
    assert image.built(DEBIAN13.having("full,jq"))
    (first.userland / image.ROOTFS).write_text("renewed, from a lock")
    cache.seal(first.userland)
    renewed = image.place(DEBIAN13.having("full,jq"))
    assert renewed.userland == first.userland and not set(renewed.over) & set(first.over)
    assert image.built(DEBIAN13) and not image.built(DEBIAN13.having(FULL))
    assert image.known() == list(MACHINES.values())


@pytest.mark.parametrize("script", layers.SCRIPTS)
def test_a_changed_recipe_is_another_layer_and_the_same_core(tmp_path, monkeypatch, script):
    before = image.place(DEBIAN13.having(FULL))
    recipe = tmp_path / "recipe"
    recipe.mkdir()
    for file in image.RECIPE.iterdir():
        if file.is_file():
            (recipe / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(image, "RECIPE", recipe)
    (recipe / script).write_text("another")
    after = image.place(DEBIAN13.having(FULL))
    assert after.folders[:2] == before.folders[:2] and after.over != before.over


def test_packages_are_listed_with_the_suites_that_have_them(tmp_path, monkeypatch):
    (tmp_path / "full.txt").write_text("# why\n\none\ntwo trixie\nthree trixie forky\n")
    monkeypatch.setattr(layers, "RECIPE", tmp_path)
    assert layers.packages(FULL, "bookworm") == ["one"]
    assert layers.packages(FULL, "trixie") == ["one", "two", "three"]
    assert layers.packages("jq,tcpflow", "trixie") == ["jq", "tcpflow"]


def test_the_digest_and_the_lock_are_of_all_layers():
    core, full = build(DEBIAN13), build(DEBIAN13.having("full,jq"))
    assert len({core.digest, full.digest, replace(full, over=full.over[:1]).digest}) == 3
    assert [package.name.split("-")[1] for package in (*full.lock.full, *full.lock.added)] == ["layer", "layer"]
    assert not core.lock.full and lock.parse(str(full.lock)) == full.lock
    assert [row[0] for row in lock.differences(core.lock, full.lock)] == [f"of-{layer.name}" for layer in full.over]


def test_a_lock_without_the_layer_that_is_asked_for_is_refused():
    core = build(DEBIAN13).lock
    with pytest.raises(MachineError, match="no package of 'full': .*machine lock debian13:full"):
        image.rebuild(DEBIAN13.having(FULL), core, lambda text: None)


def test_what_is_in_the_cache_is_known_and_what_is_damaged_is_not(folder):
    build(DEBIAN13.having("full,jq"))
    known = [str(named) for named in image.known() if named.layers]
    assert known == ["debian13:full", "latest:full", "debian13:full,jq", "latest:full,jq"] or sorted(known) == sorted(
        ["debian13:full", "latest:full", "debian13:full,jq", "latest:full,jq"])
    for asked in folder.glob("layer-*/image"):
        asked.write_bytes(b"\xff")
    assert image.known() == list(MACHINES.values())


def test_the_machine_tells_file_systems_apart_by_their_sizes(tmp_path):
    file, sizes = tmp_path / "layer", set()
    for _ in range(3):
        file.write_bytes(b"x")
        layers.fill_up(file, sizes)
        sizes.add(file.stat().st_size)
    assert sizes == {64 * MIB, 128 * MIB, 192 * MIB}
    file.write_bytes(b"x")
    layers.fill_up(file, {64 * MIB, 128 * MIB, 256 * MIB})
    assert file.stat().st_size == 192 * MIB and file.stat().st_blocks < 100  # a hole


def test_the_first_program_lays_the_layers_over_the_programs(tmp_path):
    """As recipe/init does without them, and the highest is above the others, below the kernel's modules."""
    place = image.place(DEBIAN13.having("full,jq"))
    program = snapshot.first_program(qemu.Hardware("virtual", "tcg", place.layers))["init"]
    assert isinstance(program, Executable)
    new = [line for line in program.decode().splitlines() if line not in (image.RECIPE / "init").read_text().splitlines()]
    assert [line.strip().split()[:2] for line in new if "mnlab" in line] == [["mnlab.layer0=*)", "mount"], ["mnlab.layer1=*)", "mount"]]
    assert sum("lowerdir=/modules.ro:/layer1:/layer0:/userland," in line for line in new) == 1
    assert sum("/layer0 /layer1" in line and "mkdir" in line for line in new) == 1 and len(new) == 4
    assert snapshot.command_line([1, 2, 3, 4]).endswith("mnlab.userland=1 mnlab.modules=2 mnlab.layer0=3 mnlab.layer1=4")


def test_what_may_be_run_is_so_in_the_first_file_system():
    data = snapshot.cpio({"init": Executable(b"x"), "other": b"y"})
    assert {name: int(data[data.index(name) - 110 + 14:][:8], 16) for name in (b"init\0", b"other\0")} == {
        b"init\0": 0o100755, b"other\0": 0o100644}


def test_cleaning_keeps_layers_that_fit_and_removes_one_image_by_name(folder):
    full, jq = build(DEBIAN13.having("full")), build(DEBIAN13.having("core,jq"))
    build(MACHINES["latest"])
    stale = folder / "layer-trixie-full-0123456789abcdef"
    stale.mkdir()
    assert [name for name, _ in parcel.clean()] == [stale.name]
    assert parcel.clean(only=lambda named: named == DEBIAN13.having(FULL)) == []  # `latest` has it, too
    assert [name for name, _ in parcel.clean(only=lambda named: named.image == FULL)] == [full.over[0].name]
    assert image.built(DEBIAN13) and image.built(DEBIAN13.having("core,jq"))
    parcel.clean(only=lambda named: named.name == "debian13")
    assert not image.built(DEBIAN13) and jq.over[0].is_dir() and jq.userland.is_dir()


def test_a_machine_with_layers_is_carried_and_a_layer_that_fits_nothing_is_refused(tmp_path, monkeypatch):
    place = build(DEBIAN13.having("full,jq"))
    file = tmp_path / "machine.tgz"
    def pack(folders):
        with tarfile.open(file, "w:gz") as archive:
            for entry in folders:
                archive.add(entry, entry.name)
    pack(place.folders)
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "other"))
    (tmp_path / "other").mkdir()
    assert parcel.import_(file, print) == sorted(folder.name for folder in place.folders)
    assert image.built(DEBIAN13.having("full,jq"))
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "third"))
    (tmp_path / "third").mkdir()
    for folders in ([*place.folders[:2], place.over[1]], place.folders[2:]):
        pack(folders)
        with pytest.raises(MachineError, match="another version of mnlab"):
            parcel.import_(file, print)
    assert not list((tmp_path / "third").glob("*-*"))


# --- what labs need ---------------------------------------------------------------------------------------------------

def test_what_a_lab_needs_chooses_the_image():
    assert capabilities.only_in_full(["netem", "nginx", "curl", "openvswitch"]) == ()
    assert capabilities.only_in_full(["curl", "vtysh", "numpy"]) == ("vtysh", "numpy")
    machine = VirtualMachine(named=DEBIAN13)
    assert machine.having(["curl"]) is machine
    full = machine.having(["vtysh"])
    assert full.named == DEBIAN13.having(FULL) and machine.having(["bird"]) is full and full.having(["bird"]) is full
    assert VirtualMachine(named=DEBIAN13.having("core,jq")).having(["wg"]).named.image == "full,jq"
    machine.abandon()
    assert full.abandoned


def test_who_remembers_does_so_for_each_image():
    remembering = Remembering(VirtualMachine(named=DEBIAN13), only_now=True)
    assert remembering.having(["curl"]) is remembering
    full = remembering.having(["vtysh"])
    assert full.machine.named.image == FULL and remembering.having(["wg"]) is full and full.own is not None


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_what_only_full_has_comes_from_packages_that_it_asks_for(suite):
    asked = layers.packages(FULL, suite)
    provided = {*capabilities.FULL_PROGRAMS.values(), *capabilities.FULL_MODULES.values()}
    newer = {"netperf", "python3-aioquic"} if suite == "bookworm" else set()
    assert provided - newer <= set(asked)
    core = {line for line in (image.RECIPE / "packages.txt").read_text().split() if line[0] != "#"}
    assert not core & set(asked)


def test_wheels_of_core_are_not_those_of_full():
    assert wheels.place() == wheels.place(wheels.WHEELS) != wheels.place(wheels.FULL)


def test_a_machines_own_options_end_the_kernels_command_line_and_make_another_snapshot():
    bare = build(DEBIAN13)
    own, hardware = replace(bare, options="quick=1"), qemu.Hardware("virtual", "tcg", bare.layers)
    assert snapshot.command_line([1, 2, 3], own.options).endswith(" mnlab.layer0=3 quick=1")
    assert snapshot.key(hardware, bare) != snapshot.key(hardware, own)
