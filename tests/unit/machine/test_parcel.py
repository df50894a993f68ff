"""Importing a machine: what is damaged, cut short or foreign is refused plainly, and changes nothing."""

import gzip
import io
import os
import tarfile

import pytest

from mnlab.machine import cache, image, parcel
from mnlab.machine.job import MachineError
from mnlab.machine.machines import MACHINES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))
    return tmp_path


def entry(folder, name, size=300_000):
    """An entry as the cache would have it."""
    place = folder / name
    place.mkdir()
    (place / "data").write_bytes(os.urandom(size) + bytes(size))
    cache.seal(place)
    return place


def pack(folder, *entries):
    file = folder / "machine.tgz"
    with tarfile.open(file, "w:gz") as archive:
        for place in entries:
            archive.add(place, place.name)
    return file


def import_(file):
    return parcel.import_(file, lambda text: None)


def refused(folder, file, match):
    with pytest.raises(MachineError, match=match) as problem:
        import_(file)
    assert len(str(problem.value).splitlines()) == 1
    assert {path.name for path in (folder / "cache").iterdir()} <= {"import.lock"}


PLACE = image.place(MACHINES["debian12"])
LAYERS = sorted([PLACE.userland.name, PLACE.kernel.name])
IMAGE = PLACE.kernel.name


def test_a_whole_parcel_is_imported(folder):
    places = [entry(folder, name) for name in LAYERS]
    assert import_(pack(folder, *places)) == LAYERS
    for place in places:
        assert cache.is_whole(folder / "cache" / place.name, thorough=True)
        assert (folder / "cache" / place.name / "data").read_bytes() == (place / "data").read_bytes()
    assert import_(folder / "machine.tgz") == LAYERS  # once more does no harm


@pytest.mark.parametrize("harm", ["cut", "flip", "seal"])
def test_a_damaged_parcel_is_refused(folder, harm):
    places = [entry(folder, name) for name in LAYERS]
    if harm == "seal":
        (places[0] / "data").write_bytes(bytes(600_000))
    file = pack(folder, *places)
    data = bytearray(file.read_bytes())
    if harm == "cut":
        data = data[:len(data) // 2]
    if harm == "flip":
        data[len(data) // 2] ^= 1
    file.write_bytes(data)
    refused(folder, file, "damaged")


@pytest.mark.parametrize("where", [0, 100, 148], ids=["name", "mode", "checksum"])
def test_damage_between_the_files_is_damage_too(folder, where):
    """A changed bit in a later header or in what fills up a block changes no file: gzip's own checksum tells it."""
    file = pack(folder, *(entry(folder, name) for name in LAYERS))
    whole, packed = gzip.decompress(file.read_bytes()), file.read_bytes()
    with tarfile.open(file) as archive:
        header = archive.getmembers()[2].offset
    for place in (header + where, header - 1):
        data = bytearray(whole)
        data[place] ^= 1
        file.write_bytes(gzip.compress(bytes(data), 1)[:-8] + packed[-8:])
        refused(folder, file, "damaged")


@pytest.mark.parametrize("data", [b"", b"hello", gzip.compress(b"hello"), gzip.compress(bytes(2000)), os.urandom(5000)],
                         ids=["empty", "text", "gzip of text", "gzip of zeros", "noise"])
def test_what_is_no_parcel_is_refused(folder, data):
    file = folder / "other.tgz"
    file.write_bytes(data)
    refused(folder, file, "not an exported machine|could not be read|another version")


def test_a_parcel_of_another_version_is_refused(folder):
    refused(folder, pack(folder, entry(folder, "kernel-trixie-0123456789abcdef")), "another version of mnlab")


def test_half_a_machine_is_refused(folder):
    """Debian 13's programs without a kernel, or with Debian 12's."""
    others = image.place(MACHINES["debian13"])
    refused(folder, pack(folder, entry(folder, others.userland.name), entry(folder, IMAGE)), "another version of mnlab")


def test_a_parcel_from_before_machines_had_names_is_refused_in_words(folder):
    refused(folder, pack(folder, entry(folder, "image-0123456789abcdef")), "before machines had names")


def test_a_parcel_with_something_else_besides_is_refused(folder):
    refused(folder, pack(folder, *[entry(folder, name) for name in LAYERS], entry(folder, "venv-1")), "not an exported machine: it holds 'venv-1'")


@pytest.mark.parametrize("name", ["../outside", "/etc/outside", "a/b/c", "a/../../outside"])
def test_a_parcel_that_reaches_outside_is_refused(folder, name):
    file = folder / "evil.tgz"
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    refused(folder, file, "unexpected member")


def test_a_parcel_with_a_link_is_refused(folder):
    file = folder / "evil.tgz"
    with tarfile.open(file, "w:gz") as archive:
        member = tarfile.TarInfo(f"{IMAGE}/data")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    refused(folder, file, "unexpected member")


def test_cleaning_removes_leftovers_of_killed_builds_and_keeps_what_is_not_ours(folder):
    for name in ("kernel.building-x", "import.building-y", "venv-1", "image-old", "snapshot-old"):
        (folder / "cache" / name).mkdir(parents=True)
    assert [name for name, _ in parcel.clean(everything=False)] == ["image-old", "snapshot-old"]
    assert {path.name for path in (folder / "cache").iterdir() if path.is_dir()} == {"venv-1"}


@pytest.fixture
def three(folder):
    """A cache with the images of all three machines, a few bytes each."""
    for named in MACHINES.values():
        place = image.place(named)
        for layer, names in ((place.userland, [image.ROOTFS, image.PACKAGES]),
                             (place.kernel, [image.KERNEL, image.INITRD, image.MODULES, image.PACKAGES])):
            layer.mkdir(parents=True, exist_ok=True)
            for name in names:
                (layer / name).write_text(layer.name)
            cache.seal(layer)
    return folder / "cache"


def test_cleaning_keeps_every_machine_and_counts_shared_programs_once(three):
    assert parcel.clean() == []
    assert len([path for path in three.iterdir() if path.is_dir()]) == 5  # debian13 and latest share their programs


def test_one_machine_is_cleaned_without_what_others_share(three):
    assert [name for name, _ in parcel.clean(only=MACHINES["latest"].__eq__)] == [image.place(MACHINES["latest"]).kernel.name]
    assert [name for name, named in MACHINES.items() if image.built(named)] == ["debian12", "debian13"]
    parcel.clean(only=MACHINES["debian12"].__eq__)
    assert [name for name, named in MACHINES.items() if image.built(named)] == ["debian13"]
