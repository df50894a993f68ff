"""Reading captures: a pcap file in, a list of frames out.

The file is cut into frames with `struct`; scapy dissects a frame only when its `.packet` is first asked for. A capture
of a congested link has 10,000 frames, and dissecting all of them takes seconds that most readers do not need.

A capture that tcpdump began and was killed in is good up to its last whole frame. A file that is not a capture at all
raises `BadCapture`, and so does an empty one: "nothing was captured" and "capturing did not work" must never look
alike, or a check that expects silence would pass on a broken lab.

File format: https://www.tcpdump.org/manpages/pcap-savefile.5.txt
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from pathlib import Path

LINKTYPE_ETHERNET = 1

#: First four bytes of the file -> (byte order for struct, nanoseconds in one unit of a timestamp's fraction).
MAGIC = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"

FILE_HEADER = 24  # bytes
RECORD_HEADER = 16  # bytes
ETHERNET_HEADER = 14  # bytes
LARGEST_FRAME = 262144  # bytes: libpcap's MAXIMUM_SNAPLEN; a longer "frame" means that the file is damaged
NS_PER_S = 1_000_000_000


class BadCapture(Exception):
    """The file is not a capture that can be read; the message is one plain line."""


@dataclass(frozen=True)
class Frame:
    """One Ethernet frame as it was captured.

    number  1 for the first frame of its file, as Wireshark counts
    time    seconds since the start that the reader was given (lab time)
    data    the bytes captured
    where   the capture's name: the interface, such as "h1-eth0"
    length  bytes on the wire; more than len(data) if tcpdump was told to keep only the beginning
    """

    number: int
    time: float
    data: bytes
    where: str = ""
    length: int = -1

    def __post_init__(self):
        if self.length < 0:
            object.__setattr__(self, "length", len(self.data))

    @cached_property
    def packet(self):
        """The frame dissected by scapy, made on first use and kept: an `Ether`; a `Raw` if it is too short for one."""
        # Imported here and not at the top, because it costs seconds under emulation; `inet` for its bindings: with it
        # Ether knows IP, and IP knows TCP, UDP and ICMP.
        import scapy.layers.inet  # noqa: F401
        from scapy.layers.l2 import Ether
        from scapy.packet import Raw

        return Ether(self.data) if len(self.data) >= ETHERNET_HEADER else Raw(self.data)


def read_capture(path, start_ns: int = 0, where: str | None = None) -> list[Frame]:
    """The frames of a pcap file, in file order, with times in seconds since `start_ns` (nanoseconds of the epoch).

    `where` is the capture's name; by default the file's name without its suffix. Times are computed from whole
    nanoseconds, so none of the capture's precision is lost.
    """
    path = Path(path)
    where = path.stem if where is None else where
    try:
        contents = path.read_bytes()
    except OSError as fault:
        raise BadCapture(f"{path}: cannot be read: {fault.strerror}") from None
    return parse_capture(contents, start_ns, where, name=str(path))


def parse_capture(contents: bytes, start_ns: int = 0, where: str = "", name: str = "capture") -> list[Frame]:
    """Like `read_capture`, from the bytes of a file; `name` is what messages of failure call it."""
    order, unit_ns = _check_file_header(contents, name)
    record = struct.Struct(order + "IIII")
    frames: list[Frame] = []
    position, end = FILE_HEADER, len(contents)
    while position + RECORD_HEADER <= end:
        seconds, fraction, kept, length = record.unpack_from(contents, position)
        position += RECORD_HEADER
        if kept > LARGEST_FRAME or fraction * unit_ns >= NS_PER_S:
            raise BadCapture(f"{name}: damaged at frame {len(frames) + 1} (byte {position - RECORD_HEADER})")
        if position + kept > end:
            break  # tcpdump was stopped while it wrote this frame
        time = (seconds * NS_PER_S + fraction * unit_ns - start_ns) / NS_PER_S
        frames.append(Frame(len(frames) + 1, time, contents[position:position + kept], where, length))
        position += kept
    return frames


def merge(*captures: Iterable[Frame]) -> list[Frame]:
    """The frames of several captures in order of time; frames of the same instant stay in the order given."""
    return sorted(chain.from_iterable(captures), key=attrgetter("time"))


def _check_file_header(contents: bytes, name: str) -> tuple[str, int]:
    """(byte order, nanoseconds in a unit of the fraction); raises BadCapture if these frames cannot be read."""
    if not contents:
        raise BadCapture(f"{name}: the capture is empty: tcpdump did not start, or was killed before it wrote anything")
    if contents[:4] == PCAPNG_MAGIC:
        raise BadCapture(f"{name}: this is a pcapng file; save it as pcap (in Wireshark: File, Save As)")
    if contents[:4] not in MAGIC or len(contents) < FILE_HEADER:
        raise BadCapture(f"{name}: this is not a pcap file")
    order, unit_ns = MAGIC[contents[:4]]
    (link_type,) = struct.unpack_from(order + "I", contents, 20)
    link_type &= 0x0FFFFFFF  # the high bits tell about frame check sequences
    if link_type != LINKTYPE_ETHERNET:
        raise BadCapture(f"{name}: link type {link_type} is not Ethernet; capture on one interface, not on 'any'")
    return order, unit_ns
