"""The archive that a snapshot's first file system ends with."""

import shutil
import subprocess

import pytest

from mnlab.machine import snapshot


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio, the reader, is not installed")
def test_cpio_reads_what_we_write(tmp_path):
    data = snapshot.cpio({"agent/agent.py": b"print()\n", "agent/mailbox.py": b"x" * 4097, "top": b""})
    subprocess.run(["cpio", "--extract", "--quiet", "--make-directories"], input=data, cwd=tmp_path, check=True)
    assert (tmp_path / "agent/agent.py").read_bytes() == b"print()\n"
    assert (tmp_path / "agent/mailbox.py").read_bytes() == b"x" * 4097
    assert (tmp_path / "top").read_bytes() == b""
    assert len(data) % 4 == 0
