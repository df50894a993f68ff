"""The lab machine sent to computers of a cluster that lack it: once each, in blocks, and told by its checksum.

A block goes to all of them at a time. What a computer has put together is taken for a parcel only if it is the same to
the byte, and the parcel's own checksums hold (machine/parcel.py).
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from mnlab.machine import cache, image, parcel
from mnlab.machine.job import MIB, MachineError
from mnlab.machine.machines import find

BLOCK = 4 * MIB
LINE = 10  # seconds between two lines about the progress
PARCEL = "machine.tgz"


def lacks(named: str) -> bool:
    """Whether this computer has no image of a machine."""
    return not image.built(find(named))


def words(named: str) -> str:
    """What to do on a computer that lacks a machine."""
    return (f"it has no machine {named}: run `mnlab machine import FILE` there, with a file that `mnlab machine export "
            f"FILE --machine {named}` has written")


def send(client, addresses: list[str], named: str, say: Callable[[str], None]) -> dict[str, str]:
    """Send a machine of this computer to Dask workers, one of each computer; in words why, for each that has not got
    it. MachineError if it cannot be exported."""
    with tempfile.TemporaryDirectory(prefix="mnlab-send-") as scratch:
        file, token = Path(scratch, PARCEL), uuid4().hex
        parcel.export(file, find(named), say)
        size, told = file.stat().st_size, time.monotonic()
        digest, failed = cache.sha256(file), dict[str, str]()
        say(f"sending the machine {named}, {size // MIB} MiB, to {len(addresses)} computers that lack it")
        with open(file, "rb") as source:
            for sent in range(0, size, BLOCK):
                there = [address for address in addresses if address not in failed]
                if not there:
                    return failed
                failed |= _told(client.run(_take, token, source.read(BLOCK), workers=there, on_error="return"))
                if time.monotonic() - told > LINE:
                    told = time.monotonic()
                    say(f"sending the machine {named}: {100 * sent // size} %")
        there = [address for address in addresses if address not in failed]
        futures = {address: client.submit(_import, token, digest, workers=[address], pure=False) for address in there}
        return failed | _told({address: future.exception() or future.result() for address, future in futures.items()})


def _told(answers: dict) -> dict[str, str]:
    """Of those that something went wrong with, what."""
    return {address: str(answer) for address, answer in answers.items() if answer}


# --- on a worker's computer ---

_coming: dict[str, Path] = {}


def _take(token: str, block: bytes) -> str:
    """Another block of a parcel; in words what is wrong, if something is."""
    try:
        if token not in _coming:
            folder = cache.cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            _coming[token] = Path(tempfile.mkdtemp(prefix="import.building-", dir=folder), PARCEL)
        with open(_coming[token], "ab") as file:
            file.write(block)
    except (OSError, cache.WrongCache) as problem:
        _forget(token)
        return f"the machine could not be put into its cache: {getattr(problem, 'strerror', '') or problem}"
    return ""


def _import(token: str, digest: str) -> str:
    """Take the parcel into the cache, now that it is there; in words what is wrong, if something is."""
    try:
        if cache.sha256(_coming[token]) != digest:
            return "the machine that was sent is not what came: another checksum"
        parcel.import_(_coming[token], lambda text: None)
    except MachineError as problem:
        return f"the machine that was sent could not be imported: {problem}"
    finally:
        _forget(token)
    return ""


def _forget(token: str) -> None:
    if token in _coming:
        shutil.rmtree(_coming.pop(token).parent, ignore_errors=True)
