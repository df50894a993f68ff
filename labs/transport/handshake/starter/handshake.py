"""A TCP handshake by hand, on a raw socket (RFC 9293).

    python3 handshake.py

Reads commands from standard input, one a line:  connect OWN_IP OWN_PORT IP PORT TEXT
Opens a connection from OWN_IP and OWN_PORT, sends TEXT, and prints one line:
    reply TEXT    what the server answered (it has been acknowledged)
    refused       the server reset the attempt
    timeout       nobody answered
"""

import socket
import struct
import sys

SYN, RST, PSH, ACK = 0x02, 0x04, 0x08, 0x10
HEADER = struct.Struct("!HHIIBBHHH")  # ports, seq, ack, offset, flags, window, checksum, urgent pointer
WAITS = (1, 2, 4)  # seconds to wait for an answer to the first, second and third SYN
PATIENCE = 5  # seconds to wait for the server's words
WINDOW = 65535


def checksum(source: str, target: str, segment: bytes) -> int:
    """The one's complement sum over pseudo-header and segment (RFC 9293, section 3.1); 0 if a received one is whole."""
    # TODO. The pseudo-header: both addresses, a zero byte, the protocol (6), the segment's length in 16 bits.
    return 0


class Connection:
    def __init__(self, raw: socket.socket, own: tuple[str, int], peer: tuple[str, int]):
        self.raw, self.own, self.peer = raw, own, peer
        self.next = self.isn = 0  # TODO: must not be guessable (RFC 6528)
        self.expected = 0  # what we acknowledge: the number that we want next

    def send(self, flags: int, data: bytes = b"") -> None:
        fields = [self.own[1], self.peer[1], self.next, self.expected if flags & ACK else 0, 5 << 4, flags, WINDOW]
        total = checksum(self.own[0], self.peer[0], HEADER.pack(*fields, 0, 0) + data)
        self.raw.sendto(HEADER.pack(*fields, total, 0) + data, (self.peer[0], 0))

    def open(self) -> str:
        """"open", "refused" or "timeout"."""
        self.send(SYN)
        # TODO: wait for the answer. self.raw.recv(65535) gives a whole IP packet, header first; settimeout() limits it.
        #       Every TCP segment for this host comes here, damaged ones as well. Which one answers your SYN?
        # TODO: no answer in time: the same SYN again, and longer patience (WAITS).
        # TODO: a SYN+ACK is answered with the third segment, a reset means that we are refused.
        return "timeout"

    def ask(self, text: bytes) -> bytes | None:
        """Send `text`; the first words that come back, acknowledged."""
        # TODO
        return None


def main():
    # A raw socket needs CAP_NET_RAW, which the lab grants. The kernel adds the IP header; the segment is ours.
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    for line in sys.stdin:
        _, own_ip, own_port, ip, port, text = line.rstrip("\n").split(" ", 5)
        connection = Connection(raw, (own_ip, int(own_port)), (ip, int(port)))
        result = connection.open()
        if result == "open":
            reply = connection.ask(text.encode())
            result = f"reply {reply.decode()}" if reply else "timeout"
        print(result)


if __name__ == "__main__":
    main()
