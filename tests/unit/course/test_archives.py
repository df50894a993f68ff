"""Archives that lie: nothing outside the folder, nothing without end, and what was left out is said. The payloads are
harmless."""

import bz2
import io
import os
import shutil
import stat
import subprocess
import tarfile
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnlab.course import archives
from mnlab.course.archives import BadArchive, readable, unpack


@pytest.fixture
def zipped(tmp_path):
    """zipped({name: bytes or ZipInfo's external_attr}): the path of a zip."""
    def make(entries, **options):
        path = tmp_path / "in.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as whole:
            for name, data in entries.items():
                info = zipfile.ZipInfo(name)
                if isinstance(data, tuple):
                    info.external_attr, data = data
                whole.writestr(info, data)
        return path
    return make


@pytest.fixture
def tarred(tmp_path):
    """tarred({name: bytes, or [type]}, ending): the path of a tar."""
    def make(entries, ending=".tar.gz"):
        path = tmp_path / f"in{ending}"
        with tarfile.open(path, {".tar": "w", ".tar.gz": "w:gz", ".tar.xz": "w:xz", ".tar.bz2": "w:bz2"}[ending]) as whole:
            for name, data in entries.items():
                info = tarfile.TarInfo(name)
                if isinstance(data, bytes):
                    info.size = len(data)
                    whole.addfile(info, io.BytesIO(data))
                else:
                    [info.type], info.linkname = data, "/etc/hostname"
                    whole.addfile(info)
        return path
    return make


@pytest.fixture
def sevened(tmp_path):
    """sevened({name: bytes, or a link's target}): the path of a 7z archive."""
    if not shutil.which(archives.BSDTAR):
        pytest.skip("libarchive-tools is not installed")  # the launcher installs it for tests

    def make(entries):
        for name, data in entries.items():
            path = tmp_path / "source" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(data) if isinstance(data, str) else path.write_bytes(data)
        subprocess.run([archives.BSDTAR, "--format=7zip", "-cf", str(tmp_path / "in.7z"), "-C", str(tmp_path / "source"),
                        *sorted({name.split("/")[0] for name in entries})], check=True)
        return tmp_path / "in.7z"
    return make


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


GOOD = {"arp/resolver.py": b"print()", "arp/answers.toml": b"a = 1", "arp/deep/er/x": b""}


def test_a_zip_and_every_kind_of_tar_give_the_same_files(tmp_path, zipped, tarred):
    made = [unpack(zipped(GOOD), tmp_path / "zip")]
    made += [unpack(tarred(GOOD, ending), tmp_path / ending) for ending in (".tar", ".tar.gz", ".tar.xz", ".tar.bz2")]
    assert all(one.files == 3 and not one.refused for one in made)
    assert all(files(tmp_path / place) == GOOD for place in ("zip", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2"))


def test_so_does_7z(tmp_path, sevened):
    done = unpack(sevened(GOOD | {"Übung 1.py": b"x", "link": "/etc/hostname"}), tmp_path / "out")
    assert files(tmp_path / "out") == GOOD | {"Übung 1.py": b"x"} and done.refused == ["link: it is a link or a device"]


def test_a_7z_whose_checksum_does_not_fit_is_damaged(tmp_path, sevened):
    """A bit in what was compressed: often something comes out of it, and bsdtar copies that without a word."""
    path = sevened({"a": b"".join(b"print(%d)\n" % (number * 7919 % 1000) for number in range(200))})
    whole = path.read_bytes()
    for number in range(24):
        changed = bytearray(whole)
        changed[33 + number // 8] ^= 1 << number % 8
        path.write_bytes(changed)
        with pytest.raises(BadArchive, match="it is damaged"):
            unpack(path, tmp_path / f"out{number}")


def test_7z_is_bounded_and_what_is_wrong_with_it_is_told(tmp_path, sevened, monkeypatch):
    path = sevened({"a": os.urandom(1 << 20)})
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(BadArchive, match="it is damaged"):
        unpack(path, tmp_path / "cut")
    path.write_bytes(whole)
    monkeypatch.setattr(archives, "BYTES", 1 << 19)
    with pytest.raises(BadArchive, match="come out of it"):
        unpack(path, tmp_path / "large")
    path.write_bytes(b"Rar!" + whole)  # bsdtar knows more kinds than are meant
    with pytest.raises(BadArchive, match="no 7z archive"):
        unpack(path, tmp_path / "other")
    monkeypatch.setattr(archives, "BSDTAR", "bsdtar-that-is-not-there")
    path.write_bytes(whole)
    with pytest.raises(BadArchive, match="install Debian's libarchive-tools"):
        unpack(path, tmp_path / "none")


@pytest.mark.parametrize("name", ["../up", "a/../../up", "/abs", "\\abs", "..\\up", "C:\\up", "c:up", "a/" * 40 + "x"])
def test_what_leads_out_is_refused_and_the_rest_kept(tmp_path, zipped, tarred, name):
    for number, path in enumerate((zipped({name: b"x", "good": b"y"}), tarred({name: b"x", "good": b"y"}))):
        place = tmp_path / f"in/side/{number}"
        done = unpack(path, place)
        assert files(place) == {"good": b"y"} and len(done.refused) == 1
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"in.zip", "in.tar.gz", "good"}


def test_links_and_devices_are_refused(tmp_path, zipped, tarred):
    done = unpack(zipped({"link": ((stat.S_IFLNK | 0o777) << 16, b"/etc/hostname"), "good": b"y"}), tmp_path / "zip")
    assert done.refused == ["link: it is a link or a device"] and not (tmp_path / "zip/link").is_symlink()
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE)
    done = unpack(tarred({**{f"e{number}": [kind] for number, kind in enumerate(kinds)}, "good": b"y"}), tmp_path / "tar")
    assert len(done.refused) == 4 and files(tmp_path / "tar") == {"good": b"y"}


def test_what_comes_out_is_bounded_whatever_the_archive_says(tmp_path, zipped, tarred, monkeypatch):
    monkeypatch.setattr(archives, "BYTES", 1 << 20)
    for path in (zipped({"a": bytes(2 << 20)}), tarred({"a": bytes(2 << 20)})):
        with pytest.raises(BadArchive, match="more than 1 MiB come out"):
            unpack(path, tmp_path / path.suffix)
    assert sum(path.stat().st_size for path in tmp_path.rglob("a")) <= 2 * ((1 << 20) + archives.CHUNK)
    monkeypatch.setattr(archives, "FILES", 3)
    with pytest.raises(BadArchive, match="more than 3 files and folders"):
        unpack(zipped({str(number): b"" for number in range(9)}), tmp_path / "many")


def test_a_size_that_is_a_lie_is_noticed(tmp_path, zipped):
    path = zipped({"a": bytes(100_000)})
    data = path.read_bytes()
    size = (100_000).to_bytes(4, "little")
    assert data.count(size) >= 2
    path.write_bytes(data.replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(BadArchive, match="cannot be unpacked"):
        unpack(path, tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"\x1f\x8b\x08" + b"\0" * 20, zlib.compress(b"x")])
@pytest.mark.parametrize("ending", archives.ENDINGS)
def test_what_is_no_archive_is_told(tmp_path, data, ending):
    path = tmp_path / f"x{ending}"
    path.write_bytes(data)
    with pytest.raises(BadArchive):
        unpack(path, tmp_path / "out")


def test_an_empty_or_encrypted_one_is_told(tmp_path, zipped):
    with pytest.raises(BadArchive, match="there is no file in it"):
        unpack(zipped({}), tmp_path / "none")
    path = zipped({"secret": b"x"})
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    path.write_bytes(bytes(data))
    assert unpack(path, tmp_path / "out").refused == ["secret: it is encrypted"]


def test_what_computers_leave_for_themselves_is_no_work(tmp_path, zipped):
    done = unpack(zipped({"__MACOSX/._a.py": b"x", "a.py": b"y", ".DS_Store": b"z", "sub/._b": b""}), tmp_path / "out")
    assert files(tmp_path / "out") == {"a.py": b"y"} and not done.refused


def test_two_of_one_name_are_one(tmp_path):
    path = tmp_path / "in.tar"
    with tarfile.open(path, "w") as whole:
        for data in (b"first", b"second"):
            info = tarfile.TarInfo("a")
            info.size = len(data)
            whole.addfile(info, io.BytesIO(data))
    done = unpack(path, tmp_path / "out")
    assert files(tmp_path / "out") == {"a": b"first"} and "two of this name" in done.refused[0]


@pytest.mark.parametrize("name, kept", [("Übung 1.py", "Übung 1.py"), ("a\x1b[31m.py", "a?[31m.py"), ("a\nb", "a?b"),
                                        ("\udc80", "?"), ("x" * 300 + ".py", "x" * 143 + "....py")])
def test_odd_names_are_kept_readable(name, kept):
    assert readable(name) == kept


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=400), ending=st.sampled_from(archives.ENDINGS), head=st.sampled_from(
    [b"", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), b"\x1f\x8b\x08\x00", b"BZh9", b"\xfd7zXZ\x00", archives.SEVEN_ZIPS]))
def test_whatever_the_bytes_it_is_unpacked_or_told(tmp_path_factory, data, ending, head):
    folder = tmp_path_factory.mktemp("any")
    (folder / f"x{ending}").write_bytes(head + data)
    try:
        unpack(folder / f"x{ending}", folder / "out")
    except BadArchive as problem:
        assert str(problem) and len(str(problem).splitlines()) == 1
    assert set(os.listdir(folder)) <= {f"x{ending}", "out"}


def test_what_a_header_claims_takes_no_memory_and_what_is_skipped_counts(tmp_path, monkeypatch):
    """A long name, and a link with contents, of more than an archive may have."""
    monkeypatch.setattr(archives, "BYTES", 1 << 20)
    monkeypatch.setattr(archives, "HEADERS", 1 << 16)
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.CONTTYPE):
        info = tarfile.TarInfo("x")
        info.type, info.size = kind, 64 << 20
        path = tmp_path / f"{ord(kind)}.tar.bz2"
        with bz2.open(path, "wb") as file:
            file.write(info.tobuf(tarfile.GNU_FORMAT) + bytes(64 << 20))
        tracemalloc.start()
        with pytest.raises(BadArchive, match="more than 1 MiB come out of it"):
            unpack(path, tmp_path / "out")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 << 20


def test_folders_count_too(tmp_path, zipped, tarred, monkeypatch):
    monkeypatch.setattr(archives, "FILES", 50)
    many = {f"{number}/": b"" for number in range(60)}
    with pytest.raises(BadArchive, match="more than 50 files and folders"):
        unpack(zipped(many), tmp_path / "zip")


@pytest.mark.parametrize("number", archives.OURS)
def test_a_full_disk_is_no_fault_of_an_archive(tmp_path, zipped, monkeypatch, number):
    def full(*_, **__):
        raise OSError(number, os.strerror(number))
    path = zipped(GOOD)
    monkeypatch.setattr(archives.zipfile.ZipFile, "open", full)
    with pytest.raises(OSError) as raised:
        unpack(path, tmp_path / "out")
    assert raised.value.errno == number
