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


def test_instructions_before_the_snapshot_become_time_that_has_passed():
    before = b"head" + snapshot.COUNTER + struct.pack(">qq", 5_000, 7_000_000_000) + b"tail"
    after = snapshot.count_from_zero(before)
    assert after == b"head" + snapshot.COUNTER + struct.pack(">qq", 7_000_005_000, 0) + b"tail"


@pytest.mark.parametrize("state", [b"", b"no counter", snapshot.COUNTER * 2 + bytes(16)])
def test_a_snapshot_of_another_make_is_refused(state):
    with pytest.raises(MachineError, match="not known"):
        snapshot.count_from_zero(state)
