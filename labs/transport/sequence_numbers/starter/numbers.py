"""TCP's bookkeeping: which sequence and acknowledgement numbers go into each segment (RFC 9293, section 3.4).

Reads what happened to connections, a line each:

    connection NAME CLIENT_ISN SERVER_ISN      a new one begins; the ISNs are the numbers of the two SYNs
    send NUMBER SIDE FLAGS LENGTH              SIDE (client or server) sends a segment with LENGTH bytes of data
    send NUMBER SIDE FLAGS LENGTH again OLD    it sends the segment OLD once more
    arrive NUMBER                              that segment reaches the other side (a lost one never does)

Prints, for each segment that is sent: NAME NUMBER SEQ ACK, as they are on the wire; "-" for ACK without the flag.
"""

import sys


class Connection:
    def __init__(self, name: str, client_isn: int, server_isn: int):
        self.name = name
        # TODO: each side knows two numbers: that of what it sends next, and that of what it has to receive next.

    def send(self, number: int, sender: str, flags: set[str], length: int, again: int | None) -> str:
        # TODO: seq is the sender's next number, or that of the segment `again`; it has 32 bits.
        # TODO: what this segment uses moves the sender's next number on. What uses a number, and what does not?
        # TODO: ack tells what this side has to receive next, if the ACK flag is there.
        seq, ack = 0, "-"
        return f"{self.name} {number} {seq} {ack}"

    def arrive(self, number: int) -> None:
        # TODO: the other side has received this segment. Is there a gap before it? Does it fill one?
        pass


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
