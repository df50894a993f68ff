"""The TLS secrets that a scene saved: key logs among its files."""

from mnlab.evidence import layout
from mnlab.evidence.record import Record
from mnlab.protocols.tls.opening import Secrets, read_key_log

LARGEST = 1 << 20  # bytes: larger files are no key logs
SUFFIX = ".keys"


def secrets_of(record: Record) -> Secrets:
    """What the files *.keys of a scene hold; {} without any."""
    found: Secrets = {}
    for path in sorted((record.folder / layout.FILES).glob(f"*{SUFFIX}")):
        if path.is_file() and path.stat().st_size <= LARGEST:
            for name, secrets in read_key_log(path.read_text(errors="replace")).items():
                found.setdefault(name, {}).update(secrets)
    return found
