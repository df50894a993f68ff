"""Offloads off: an interface sends and shows the segments that a wire would carry, with real checksums.

Without it a veth pair passes on segments of up to 64 KiB whose checksums nobody has computed. Sizes and numbers are
those of include/uapi/linux/ethtool.h, names those of net/ethtool/common.c.
"""

import ctypes
import fcntl
import socket
import struct
from functools import cache

from mnlab.net.errors import NetworkError

SIOCETHTOOL = 0x8946  # include/uapi/linux/sockios.h
GET_STRINGS, COUNT_STRINGS, GET_FEATURES, SET_FEATURES = 0x1B, 0x37, 0x3A, 0x3B
FEATURES, LETTERS = 4, 32  # the set of strings that are names of features; bytes of a string

#: How the names of what has to be off begin; the others are fixed on some drivers, and harmless there.
OFF = ("tx-checksum-", "tx-tcp", "tx-generic-segmentation", "rx-gro")
OFF_IF_POSSIBLE = ("rx-checksum", "tx-scatter-gather")


def turn_off(interface: str) -> None:
    """Turn off the offloads of an interface of the namespace we are in, and read it back. NetworkError if one stays on.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        change, off = _masks()
        _ask(control, interface, SET_FEATURES, len(change), *(word for mask in change for word in (mask, 0)))
        states = _ask(control, interface, GET_FEATURES, len(off), *[0] * 4 * len(off))
        if any(active & mask for active, mask in zip(states[4::4], off, strict=True)):
            raise NetworkError(f"{interface}: asked the kernel for no offloads, it keeps some (ethtool -k {interface})")


@cache
def _masks() -> tuple[list[int], list[int]]:
    """The features to be turned off, and those that are then off, in words of 32 bits."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        count = _ask(control, "lo", COUNT_STRINGS, 0, 1 << FEATURES, 0, 0)[4]
        text = struct.pack(f"={3 + count * LETTERS // 4}I", *_ask(control, "lo", GET_STRINGS, FEATURES, count,
                                                                 *[0] * (count * LETTERS // 4)))[12:]
    names = [text[place:place + LETTERS].split(b"\0")[0].decode() for place in range(0, len(text), LETTERS)]
    return _words(names, (*OFF, *OFF_IF_POSSIBLE)), _words(names, OFF)


def _words(names: list[str], beginnings: tuple[str, ...]) -> list[int]:
    return [sum(name.startswith(beginnings) << bit for bit, name in enumerate(names[first:first + 32]))
            for first in range(0, len(names), 32)]


def _ask(control: socket.socket, interface: str, *words: int) -> tuple[int, ...]:
    """Have ethtool's part of the kernel answer a request, in place."""
    request = (ctypes.c_uint32 * len(words))(*words)
    try:
        fcntl.ioctl(control, SIOCETHTOOL, struct.pack("16sP8x", interface.encode(), ctypes.addressof(request)))
    except OSError as problem:
        raise NetworkError(f"{interface}: cannot turn off offloads: {problem.strerror}") from None
    return tuple(request)
