"""Sixty hand-ins that are hostile or broken among forty good ones: a hundred rows, the good ones as if they were alone, and
nothing outside the results is touched. The payloads are harmless: they would write where this test looks."""

import csv
import io
import json
import os
import shutil
import tarfile
import zipfile

import pytest

from mnlab.lab.lab import find

ARP = find("arp")
GOOD = (ARP.solution / "resolver.py").read_bytes()
ROWS = 102
PATIENCE = 120  # s for the whole class
OUTSIDE = "climbed"  # what an archive that gets out of its place would write
TAR = {"gz": "w:gz", "bz2": "w:bz2", "xz": "w:xz", "": "w"}


def a_zip(*entries, compression=zipfile.ZIP_DEFLATED):
    """A zip of (name or ZipInfo, contents)."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return whole.getvalue()


def a_tar(*entries, form="gz"):
    """A tar of (name, contents), or of (TarInfo, None)."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode=TAR[form]) as archive:
        for name, data in entries:
            if data is None:
                archive.addfile(name)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return whole.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, 0o777
    return info, None


def a_zip_link(name, target):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info, target


def lies(data, size):
    """A zip whose directory says another size than what comes out."""
    at = data.rindex(b"PK\x01\x02") + 24
    return data[:at] + size.to_bytes(4, "little") + data[at + 4:]


ZEROS = bytes(70 << 20)  # more than comes out of an archive
QUINE = a_zip(("in.zip", a_zip(("in.zip", a_zip(("in.zip", b"PK"))))))
#: What is handed in, as a file's ending and its contents; and what its row says.
ARCHIVES = {
    "climbs": ("zip", a_zip((f"../{OUTSIDE}", b"x"), ("resolver.py", GOOD)), "leads out of the archive"),
    "climbs-far": ("zip", a_zip((f"a/../../../{OUTSIDE}", b"x")), "leads out of the archive"),
    "absolute": ("zip", a_zip((f"/tmp/{OUTSIDE}-mnlab", b"x")), "leads out of the archive"),
    "drive": ("zip", a_zip((f"C:\\{OUTSIDE}", b"x")), "leads out of the archive"),
    "backslashes": ("zip", a_zip((f"..\\..\\{OUTSIDE}", b"x")), "leads out of the archive"),
    "tar-climbs": ("tar.gz", a_tar((f"../../{OUTSIDE}", b"x")), "leads out of the archive"),
    "tar-absolute": ("tgz", a_tar((f"/{OUTSIDE}", b"x")), "leads out of the archive"),
    "link": ("zip", a_zip(a_zip_link("resolver.py", "/etc/passwd")), "link or a device"),
    "tar-link": ("tar.gz", a_tar(special("resolver.py", tarfile.SYMTYPE, "/etc/passwd")), "link or a device"),
    "tar-link-up": ("tar", a_tar(special("up", tarfile.SYMTYPE, ".."), (f"up/{OUTSIDE}", b"x"), form=""), "link or a device"),
    "tar-hard-link": ("tar.gz", a_tar(special("resolver.py", tarfile.LNKTYPE, "/etc/passwd")), "link or a device"),
    "tar-device": ("tar.gz", a_tar(special("resolver.py", tarfile.CHRTYPE)), "link or a device"),
    "tar-pipe": ("tar.gz", a_tar(special("resolver.py", tarfile.FIFOTYPE)), "link or a device"),
    "bomb": ("zip", a_zip(("resolver.py", ZEROS)), "more than 64 MiB"),
    "bomb-of-parts": ("zip", a_zip(*((f"{n}.py", ZEROS[:8 << 20]) for n in range(9))), "more than 64 MiB"),
    "tar-bomb": ("tar.gz", a_tar(("resolver.py", ZEROS)), "more than 64 MiB"),
    "tar-bomb-bz2": ("tar.bz2", a_tar(("resolver.py", ZEROS), form="bz2"), "more than 64 MiB"),
    "tar-bomb-xz": ("tar.xz", a_tar(("resolver.py", ZEROS), form="xz"), "more than 64 MiB"),
    "bomb-of-archives": ("zip", a_zip(*((f"{n}.zip", a_zip(("a.py", ZEROS[:40 << 20]))) for n in range(3))), "more than 64 MiB"),
    "many": ("zip", a_zip(*((f"f{n}", b"") for n in range(5001)), compression=zipfile.ZIP_STORED), "more than 5,000 files"),
    "deep": ("zip", a_zip(("/".join("d" * 40) + "/x", b"x")), "folders deep"),
    "within-itself": ("zip", QUINE, "no file of this lab"),
    "says-less": ("zip", lies(a_zip(("resolver.py", GOOD)), 10), "cannot be unpacked"),
    "says-huge": ("zip", lies(a_zip(("resolver.py", GOOD)), 0xfffffff0), "missing: answers.toml"),
    "cut": ("zip", a_zip(("resolver.py", GOOD))[:400], "cannot be unpacked"),
    "tar-cut": ("tar.gz", a_tar(("resolver.py", os.urandom(5000)))[:2000], "cannot be unpacked"),
    "no-zip": ("zip", b"PK\x03\x04 not at all", "cannot be unpacked"),
    "no-tar": ("tar.gz", b"\x1f\x8b not at all", "cannot be unpacked"),
    "empty-file": ("zip", b"", "cannot be unpacked"),
    "empty-zip": ("zip", a_zip(), "there is no file in it"),
    "only-folders": ("zip", a_zip(("a/", b""), ("a/b/", b"")), "there is no file in it"),
    "only-rubbish": ("zip", a_zip(("__MACOSX/._x", b"x"), (".DS_Store", b"x")), "there is no file in it"),
    "encrypted": ("zip", a_zip(("resolver.py", GOOD)).replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
                  .replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01"), "encrypted"),
    "seven": ("7z", b"7z\xbc\xaf\x27\x1c" + bytes(26), "there is no file in it"),
    "seven-that-is-rar": ("7z", b"Rar!\x1a\x07\x01\x00", "it is no 7z archive"),
    "rar": ("rar", b"Rar!\x1a\x07\x01\x00", "pack the folder again as .zip"),
    "executable": ("exe", b"MZ" + bytes(200), "no file of this lab"),
    "huge-file": ("py", bytes((64 << 20) + 1), "larger than 64 MiB"),
    "binary": ("bin", os.urandom(4096), "no file of this lab"),
    "nothing-in-it": ("txt", b"", "no file of this lab"),
    "file-and-folder": ("zip", a_zip(("a", b"x"), ("a/b", b"x")), "cannot be unpacked: File exists"),
    "two-of-a-name": ("zip", a_zip(("resolver.py", GOOD), ("./resolver.py", b"x")), "two of this name"),
    "names": ("zip", a_zip(("\x1b[2J\x07.py", b"x"), ("a" * 300, b"x"), ("\u202egnp.py", b"x"), ("con", b"x")),
              "no file of this lab"),
}
#: What lies in a folder of work, by file, besides the rest of the starter; and what its row says ("": it is run).
WORKS = {
    "dies": ({"resolver.py": b"# DIE\n"}, "3 workers died of it"),
    "binary-program": ({"resolver.py": os.urandom(2000)}, ""),
    "empty-program": ({"resolver.py": b""}, ""),
    "nul": ({"resolver.py": b"\0" * 1000}, ""),
    "answers-binary": ({"answers.toml": os.urandom(300)}, ""),
    "answers-deep": ({"answers.toml": b"a = " + b"[" * 10000}, ""),
    "answers-huge": ({"answers.toml": b"a = 1\n" * 100_000}, ""),
    "variant-broken": ({"variant.toml": b"seed = = 1\n"}, "variant.toml"),
    "variant-word": ({"variant.toml": b'seed = "one"\n'}, "seed"),
    "variant-huge": ({"variant.toml": b"seed = 99999999999999999999999\n"}, "seed"),
    "variant-negative": ({"variant.toml": b"seed = -1\n"}, "seed"),
    "wrong-lab": ({"variant.toml": b'lab = "dns"\nseed = 1\n'}, "dns"),
    "markup": ({"variant.toml": b'lab = "<script>"\nseed = 1\n'}, "it is for"),
    "too-many": ({f"f{n}": b"" for n in range(600)}, "too large"),
    "too-large": ({"large": bytes(17 << 20)}, "too large"),
    "deeper": ({"/".join("d" * 20) + "/x": b"x"}, "deep"),
}


@pytest.fixture
def a_class(tmp_path, handed):
    """Forty good hand-ins, and all those above."""
    for number in range(40):
        shutil.copytree(handed(f"good{number:02}", f"work {number}"), tmp_path / "alone" / f"good{number:02}/arp")
    for name, (ending, data, _) in ARCHIVES.items():
        (tmp_path / "in" / f"{name}.{ending}").write_bytes(data)
    for name, (files, _) in WORKS.items():
        folder = handed(name)
        for file, data in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
    linked = handed("linked")
    (linked / "resolver.py").unlink()
    (linked / "resolver.py").symlink_to("/etc/passwd")
    (tmp_path / "in/loop").mkdir()
    (tmp_path / "in/loop/round").symlink_to("..")
    (tmp_path / "in/to-root").symlink_to("/")
    return ["linked", "loop", "to-root"]


def told(row):
    return " ".join([*row["notes"], row["reason"], row["kind"]])


def test_forty_good_ones_among_sixty_others(a_class, command, tmp_path):
    assert len(ARCHIVES) + len(WORKS) + len(a_class) == ROWS - 40 >= 60
    alone = command("grade", "arp", "alone", "--out", "calm", "--workers", "2", "--json", "--audit", "0")
    calm = {row["student"]: row for row in json.loads(alone.communicate(timeout=PATIENCE)[0])["results"]}
    outside = sorted(path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "in"))
    process = command("grade", "arp", "in", "--workers", "2", "--json", "--audit", "0")
    output, words = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3 and "Traceback" not in words, words  # one kills its workers: inconclusive
    rows = {row["student"].removeprefix("?"): row for row in json.loads(output)["results"]}
    assert len(rows) == len(json.loads(output)["results"]) == ROWS
    for name, row in calm.items():
        of_it = [part for part in row if part not in ("worker", "group", "notes")]
        assert {part: row[part] for part in of_it} == {part: rows[name.removeprefix("?")][part] for part in of_it}
        assert row["status"] == "failed" and row["notes"] == ["the work was found in arp/"] and len(calm) == 40
    for name, (_, wanted) in WORKS.items():
        assert wanted in told(rows[name]), (name, told(rows[name]))
        assert (rows[name]["evidence"] != "") == (wanted == ""), name
    for name, (_, _, wanted) in ARCHIVES.items():
        assert wanted in told(rows[name]), (name, told(rows[name]))
    assert rows["linked"]["evidence"] == "" or "link" in told(rows["linked"])
    with open(tmp_path / "grades/grades.csv", encoding="utf-8-sig", newline="") as file:
        assert len({row["id"] for row in csv.DictReader(file)}) == ROWS
    there = sorted(path for path in tmp_path.rglob("*") if not path.is_relative_to(tmp_path / "in")
                   and not path.is_relative_to(tmp_path / "grades") and not path.is_relative_to(tmp_path / "cache"))
    assert there == outside and not os.path.exists(f"/tmp/{OUTSIDE}-mnlab")
    assert not [path for path in (tmp_path / "grades").rglob("*") if path.is_symlink() or path.name == OUTSIDE]
    pages = list((tmp_path / "grades/feedback").iterdir())
    assert len(pages) == 2 * ROWS and not any("root:x:" in page.read_text() or "\x1b" in page.read_text() for page in pages)
