"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

from mnlab.net.errors import NetworkError


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 10.0, pause: float = 0.01) -> None:
    """Return as soon as `condition()` is true. NetworkError saying `what` did not happen after `timeout` seconds.

    `pause` grows, so that a long wait costs few looks.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            raise NetworkError(f"{what}: not after {timeout:g} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)
