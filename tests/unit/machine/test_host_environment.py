"""What a job on this computer's own kernel gets to see of the environment: a course's key is not for it."""

import socket
import subprocess

from mnlab.machine import host
from mnlab.machine.job import Job


def test_a_job_gets_no_secret(tmp_path, monkeypatch):
    for name in ("MNLAB_SECRET", "MNLAB_SIGNING_KEY"):
        monkeypatch.setenv(name, "a key of many bytes")
    seen = {}
    monkeypatch.setattr(subprocess, "Popen", lambda argv, **options: seen.update(options))
    near, far = socket.socketpair()
    with near:
        host._start_keeper(Job("module:main", {}), tmp_path, far, None)
    assert "PATH" in seen["env"] and not [name for name, value in seen["env"].items() if "a key" in value]
