"""TCP's bookkeeping: which sequence and acknowledgement numbers go into each segment (RFC 9293, section 3.4).

Reads what happened to connections, a line each:

    connection NAME CLIENT_ISN SERVER_ISN      a new one begins; the ISNs are the numbers of the two SYNs
    send NUMBER SIDE FLAGS LENGTH              SIDE (client or server) sends a segment with LENGTH bytes of data
    send NUMBER SIDE FLAGS LENGTH again OLD    it sends the segment OLD once more
    arrive NUMBER                              that segment reaches the other side (a lost one never does)

Prints, for each segment that is sent: NAME NUMBER SEQ ACK, as they are on the wire; "-" for ACK without the flag.
"""

import sys
from dataclasses import dataclass, field

MODULUS = 2**32


@dataclass
class Segment:
    sender: str
    seq: int
    size: int  # how many sequence numbers it uses


@dataclass
class Side:
    """One end. Numbers go on beyond 2**32 in here; they are cut to 32 bits when they are printed."""

    next: int  # the number of what it sends next
    expected: int  # the number that it has to receive next
    waiting: list[Segment] = field(default_factory=list)  # arrived too early: something before them is missing

    def receive(self, segment: Segment) -> None:
        self.waiting.append(segment)
        while ready := [one for one in self.waiting if one.seq <= self.expected]:
            self.expected = max(self.expected, *(one.seq + one.size for one in ready))
            self.waiting = [one for one in self.waiting if one not in ready]


def size_of(flags: set[str], length: int) -> int:
    """Data uses a number a byte, SYN and FIN one each; an ACK uses none."""
    return length + ("SYN" in flags) + ("FIN" in flags)


class Connection:
    def __init__(self, name: str, client_isn: int, server_isn: int):
        self.name = name
        self.sides = {"client": Side(client_isn, server_isn), "server": Side(server_isn, client_isn)}
        self.segments: dict[int, Segment] = {}

    def other(self, side: str) -> Side:
        return self.sides["server" if side == "client" else "client"]

    def send(self, number: int, sender: str, flags: set[str], length: int, again: int | None) -> str:
        side = self.sides[sender]
        seq = self.segments[again].seq if again else side.next
        segment = self.segments[number] = Segment(sender, seq, size_of(flags, length))
        side.next = max(side.next, seq + segment.size)
        ack = side.expected % MODULUS if "ACK" in flags else "-"
        return f"{self.name} {number} {seq % MODULUS} {ack}"

    def arrive(self, number: int) -> None:
        segment = self.segments[number]
        self.other(segment.sender).receive(segment)


def main():
    connection = None
    for line in sys.stdin:
        match line.split():
            case ["connection", name, client_isn, server_isn]:
                connection = Connection(name, int(client_isn), int(server_isn))
            case ["send", number, sender, flags, length, *again]:
                old = int(again[1]) if again else None
                print(connection.send(int(number), sender, set(flags.split("+")), int(length), old))
            case ["arrive", number]:
                connection.arrive(int(number))


if __name__ == "__main__":
    main()
