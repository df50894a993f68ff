"""Captures with TLS secrets inside: the frames of a pcap file in a pcapng file that also holds a key log.

Wireshark then shows the plain text with nothing to configure. A Decryption Secrets Block must come ahead of the frames
that it opens (draft-ietf-opsawg-pcapng, section 4.7). Times stay nanoseconds (option if_tsresol).
"""

import struct
from pathlib import Path

from mnlab.protocols.capture import parse_capture

SECTION, INTERFACE, FRAME, SECRETS = 0x0A0D0D0A, 1, 6, 10
TLS_KEY_LOG = 0x544C534B
ETHERNET, SNAPLEN = 1, 262144
IF_TSRESOL, NANOSECONDS = 9, 9  # the option, and its value: 10^-9 s


def with_key_log(pcap: bytes, key_log: str, start_ns: int) -> bytes:
    """The bytes of a pcapng file with the frames of `pcap` (bytes of a pcap file) and the key log.

    `start_ns` (nanoseconds of the epoch) is a moment near the frames': so their times lose nothing on the way.
    """
    text = key_log.encode()
    resolution = struct.pack("<HHB3xHH", IF_TSRESOL, 1, NANOSECONDS, 0, 0)
    blocks = [_block(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
              _block(INTERFACE, struct.pack("<HHI", ETHERNET, 0, SNAPLEN) + resolution),
              _block(SECRETS, struct.pack("<II", TLS_KEY_LOG, len(text)) + text)]
    for frame in parse_capture(pcap, start_ns):
        ns = start_ns + round(frame.time * 10**9)
        head = struct.pack("<IIIII", 0, ns >> 32, ns & 0xFFFFFFFF, len(frame.data), frame.length)
        blocks.append(_block(FRAME, head + frame.data))
    return b"".join(blocks)


def write_beside(captures: Path, key_log: str, start_ns: int) -> None:
    """For each NAME.pcap of a folder, a NAME.pcapng."""
    for path in sorted(captures.glob("*.pcap")):
        path.with_suffix(".pcapng").write_bytes(with_key_log(path.read_bytes(), key_log, start_ns))


def _block(kind: int, body: bytes) -> bytes:
    """A block: type, length, body filled up to whole words, length again."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
