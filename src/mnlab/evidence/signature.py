"""Signing evidence: proof, to whoever has the key, that it was recorded by whoever has the key.

The digest in a manifest is a checksum: anybody can change evidence and make a new one. A signature is an HMAC-SHA256
(RFC 2104) over that digest, the lab, the seed, the machine, whose work it was, and the answers; it lies beside the
evidence and is no part of its digest. What is drawn from the evidence (figures/) and wall times are not signed.
"""

import hashlib
import hmac
import json
from pathlib import Path

from mnlab.evidence import layout, manifest
from mnlab.evidence.manifest import Unreadable

SHORTEST = 16  # bytes of a key
SIGNED = ("evidence_sha256", "lab", "seed", "machine", "work")

#: What can be said of a signature.
VERIFIED, UNSIGNED, UNVERIFIED = "verified", "unsigned", "unverified"


def sign(folder: Path, found: dict, answers: bytes, key: bytes) -> None:
    """Write the signature of a run whose manifest is `found`, with the answers that were graded."""
    words = {"algorithm": "HMAC-SHA256", "signature": _signature(found, answers, key)}
    (folder / layout.SIGNATURE).write_text(json.dumps(words, indent=1) + "\n")


def verify(folder: Path, found: dict, answers: bytes, key: bytes | None) -> str:
    """VERIFIED, UNSIGNED, or UNVERIFIED where there is no key to verify it with. Unreadable if the signature is wrong,
    or if there is a key and no signature."""
    given = _read(folder / layout.SIGNATURE)
    if key is None:
        return UNSIGNED if given is None else UNVERIFIED
    if given is None:
        raise Unreadable(f"{folder} is not signed; with a key, only signed evidence is graded")
    if not hmac.compare_digest(given, _signature(found, answers, key).encode()):
        raise Unreadable(f"{folder} was not signed with this key, or has been changed since: its signature is wrong")
    return VERIFIED


def _signature(found: dict, answers: bytes, key: bytes) -> str:
    said = {name: found.get(name) for name in SIGNED} | {"answers_sha256": hashlib.sha256(answers).hexdigest()}
    return hmac.new(key, layout.canonical(said), hashlib.sha256).hexdigest()


def _read(path: Path) -> bytes | None:
    """The signature in a file, whatever it is; None if there is no file."""
    try:
        with open(path, "rb") as file:
            found = manifest.loads(file.read(1000))
    except FileNotFoundError:
        return None
    except OSError:
        return b""
    given = found.get("signature") if isinstance(found, dict) else None
    return given.encode(errors="replace") if isinstance(given, str) else b""
