"""TCP sockets of a node's kernel, held by the experiment itself.

For experiments in which the calls are the lesson (shutdown, close, bind) and no program around them matters. A socket
belongs to the network namespace it was made in for as long as it lives.
"""

import socket
import struct
from pathlib import Path

from mnlab.net import namespace

#: include/net/tcp_states.h, named as in RFC 9293.
STATES = ("", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED",
          "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING", "SYN-RECEIVED")
TIMER_UNITS = 100  # USER_HZ: what /proc/net/tcp counts a second in


def tcp(node, timeout: float = 10) -> socket.socket:
    """A new TCP socket of `node`; whatever it waits for, it waits `timeout` seconds at most."""
    with namespace.inside(node.pid):
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(timeout)
    return made


def listen(node, port: int, reuse: bool = False) -> socket.socket:
    """A socket of `node` that listens on `port`; `reuse` sets SO_REUSEADDR."""
    listener = tcp(node)
    if reuse:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", port))
    except OSError:
        listener.close()
        raise
    listener.listen()
    return listener


def connect(node, target: tuple[str, int], port: int = 0, reuse: bool = False, buffer: int = 0) -> socket.socket:
    """A socket of `node` connected to `target`; from its own `port`, with a receive `buffer` (bytes), if not 0."""
    client = tcp(node)
    if reuse:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    try:
        if port:
            client.bind(("", port))
        client.connect(target)
    except OSError:
        client.close()
        raise
    return client


def read_to_end(connection: socket.socket, limit: int = 1 << 24) -> tuple[bytes, str]:
    """What arrives until the stream ends, and how it ended: "end" (a FIN), "reset", "silence" (its timeout passed)."""
    data = bytearray()
    try:
        while len(data) < limit:
            part = connection.recv(65536)
            if not part:
                return bytes(data), "end"
            data += part
    except TimeoutError:
        return bytes(data), "silence"
    except ConnectionError:
        return bytes(data), "reset"
    return bytes(data), "too much"


def table(node) -> list[dict]:
    """The TCP sockets of `node`, as its kernel lists them; see `rows`."""
    return rows(Path(f"/proc/{node.pid}/net/tcp").read_text())


def rows(text: str) -> list[dict]:
    """The sockets in the text of /proc/net/tcp (proc(5)): the ends `local` and `remote` of each as [address, port], its
    `state`, and the seconds that its timer has `left` (None if no timer runs)."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        timer, left = fields[5].split(":")
        found.append({"local": _end(fields[1]), "remote": _end(fields[2]), "state": STATES[int(fields[3], 16)],
                      "left": int(left, 16) / TIMER_UNITS if timer != "00" else None})
    return found


def _end(text: str) -> list:
    """"0100000A:0050": the address as this processor's memory holds it, and the port."""
    address, port = text.split(":")
    return [socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)]
