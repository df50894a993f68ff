"""One arrow of a ladder diagram: who said what to whom, in words that a student knows."""

from dataclasses import dataclass

#: What `Message.style` may say. A renderer maps these words to colours or marks; it may ignore any of them.
STYLES = (
    "",  # nothing special
    "broadcast",  # sent to everyone on the LAN
    "answer",  # answers an earlier message
    "error",  # something went wrong: unreachable, reset, alert, no such name
    "again",  # said before: a retransmission, a copy, a duplicate ACK, a question asked once more
    "late",  # overtaken on the way by what was sent after it
    "probe",  # carries nothing, asks for a sign of life: keep-alive, zero-window probe
    "control",  # opens or closes: SYN, FIN
    "encrypted",  # contents cannot be read on the wire
)


@dataclass(frozen=True)
class Message:
    """An arrow from `source` to `target` at `time` (seconds of lab time), as seen by the capture `where`.

    Addresses are those on the wire: MAC addresses for ARP, IP addresses for everything else. `protocol` is the
    lower-case name under which the ladder table knows the message's module ("arp", "tcp", ...). `text` follows from the
    packet alone, so that two captures of one packet say the same; what depends on the place (is it a retransmission, as
    far as one can see from here?) goes into `style`, and in words into `note`. What a packet says may be anything:
    characters that a terminal would obey are written as escapes, and `text` is one line.

    brief       the same in fewer words, for where `text` has no room; "" if there are none
    note        what any capture of it can tell besides: "retransmission"
    cause       what only its sender's own capture can tell: "fast retransmission"
    identity    what tells this packet from others with the same words, equal wherever it is seen; () if nothing does
    content     what is equal also behind an address translator (transit.content); () if it is not known
    """

    time: float
    source: str
    target: str
    text: str
    protocol: str
    where: str = ""
    style: str = ""
    brief: str = ""
    note: str = ""
    cause: str = ""
    identity: tuple = ()
    content: tuple = ()

    def __post_init__(self):
        if not self.text.isprintable():
            object.__setattr__(self, "text", printable(self.text))


def printable(text: str) -> str:
    """The text with every character that is not printable written as Python writes it (\\n, \\x1b)."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
