"""What a snapshot is made with: the archive its first file system ends with, the clock it goes on from."""

import shutil
import struct
import subprocess

import pytest

from mnlab.machine import snapshot
from mnlab.machine.job import MachineError


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio, the reader, is not installed")
def test_cpio_reads_what_we_write(tmp_path):
    data = snapshot.cpio({"agent/agent.py": b"print()\n", "agent/mailbox.py": b"x" * 4097, "top": b""})
    subprocess.run(["cpio", "--extract", "--quiet", "--make-directories"], input=data, cwd=tmp_path, check=True)
    assert (tmp_path / "agent/agent.py").read_bytes() == b"print()\n"
    assert (tmp_path / "agent/mailbox.py").read_bytes() == b"x" * 4097
    assert (tmp_path / "top").read_bytes() == b""
    assert len(data) % 4 == 0


def test_the_clock_goes_on_from_where_the_guest_saw_it():
    before = b"head" + snapshot.COUNTER + struct.pack(">qq", 5_000, 7_000_000_000) + b"tail"
    assert snapshot.with_clock(before, 12_345) == b"head" + snapshot.COUNTER + struct.pack(">qq", 12_345, 0) + b"tail"


@pytest.mark.parametrize("state", [b"", b"no counter", snapshot.COUNTER * 2 + bytes(16)])
def test_a_snapshot_of_another_make_is_refused(state, monkeypatch):
    monkeypatch.setattr(snapshot.tools, "qemu_version", lambda: "99.0.1")
    with pytest.raises(MachineError, match=r"not known to mnlab.*was tried with QEMU 7.2, .*this is 99.0.1\)"):
        snapshot.with_clock(state, 0)
