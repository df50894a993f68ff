"""The student's handshake, and whom it meets. Runs inside the machine.

A server on h2 (s1 loses the first SYN to it), an address where nobody is, closed ports; and a peer that h3 makes up.
The peer answers one SYN with everything but the truth. To another it speaks the truth, with the largest number that
there is, and then, among false words, its reply. To the last one it replies with data that passes this number.
"""

import threading
from contextlib import suppress
from functools import partial

from lab.crafted import ACK, MSS, PSH, RST, SYN, Ears, number, payload, segment
from lab.experiment import MADE_UP, PORTS, SERVER, STUDENTS
from mnlab.net import sockets

NAMES = ("first", "nowhere", "closed", "shut", "barred", "doubted", "made-up", "wrapping")
AGAIN = ("closed", "shut", "barred")  # what the program is told when it is started once more
OTHERS = 50  # from a port of the student's to one that the student never named
LAST = 2**32 - 1  # the peer's initial number: its SYN is acknowledged with 0
BEFORE_LAST = LAST - 7  # and that of its last connection: its data passes the largest number
THINKS = 2.5  # seconds that the peer takes for its reply
LATE = 0.35  # seconds after which the peer sends some of it once more: not yet a second after the SYN
NO_OPERATION = b"\1\1\1\1"  # options that say nothing, of TCP and of IP: what follows begins behind them
#: What keeps the kernel of h1 out of the student's connections: it does not know them, and would reset them.
SILENCE = """table ip lab {
  chain output {
    type filter hook output priority 0
    tcp sport %d-%d tcp flags rst drop
  }
}
"""


class Trial:
    """One run of the student's program, and a second, shorter one."""

    def __init__(self, stage):
        self.stage, self.rec, self.p = stage, stage.rec, stage.p
        self.h1, self.h2, self.mouth = stage.h1, stage.h2, stage.mouth
        self.peer = self.p["outside"], MADE_UP
        self.kept = []  # connections that are to stay open

    def run(self):
        ports = [PORTS[name] for name in NAMES]
        self.h1.run(["nft", "-f", "-"], input=SILENCE % (min(ports), max(ports)))
        listener, heard = sockets.listen(self.h2, STUDENTS), []
        listener.settimeout(60)
        for work in (partial(self.serve, listener, heard), partial(self.deceive, Ears(self.stage.h3)),
                     partial(self.reply, Ears(self.stage.h3)), partial(self.wrap, Ears(self.stage.h3))):
            threading.Thread(target=work, daemon=True).start()
        with self.rec.lose("lost-syn", "s1-eth1", f"tcp sport {PORTS['first']} tcp flags & (syn|ack) == syn", nth=[1]):
            self.start("your-handshake", NAMES)
        self.rec.keep("heard", heard)
        self.start("once-more", AGAIN)

    def start(self, name: str, connections) -> None:
        self.rec.student(name, self.h1, "python3 -S handshake.py", caps=["NET_RAW"], timeout=60,
                         input="".join(map(self.command, connections)))
        self.rec.wait(4 * self.stage.way)

    def command(self, name: str) -> str:
        closed = self.h2.IP(), self.p["closed_port"]
        ip, port = {"first": (self.h2.IP(), STUDENTS), "nowhere": (self.p["outside"], STUDENTS),
                    "doubted": self.peer, "made-up": self.peer, "wrapping": self.peer}.get(name, closed)
        text = self.p[{"made-up": "more_text", "wrapping": "last_text"}.get(name, "text")]
        return f"connect {self.h1.IP()} {PORTS[name]} {ip} {port} {text}\n"

    def serve(self, listener, heard):
        """h2's program: reads what the client has to say, and answers. All in one go, to keep it simple."""
        with suppress(OSError):
            connection = listener.accept()[0]
            self.kept.append(connection)
            connection.settimeout(2)
            text = b""
            with suppress(TimeoutError):
                while len(text) < len(self.p["text"]) and (part := connection.recv(1000)):
                    text += part
            heard.append(text.decode(errors="replace"))
            connection.sendall(self.p["_reply"].encode())

    def me(self, name: str) -> tuple[str, int]:
        return self.h1.IP(), PORTS[name]

    # --- the peer that h3 makes up ---

    def deceive(self, ears):
        """No answer to the first SYN from this port; to the second one, that the port is closed."""
        if syn := ears.wait_for_syn(PORTS["doubted"], timeout=120):
            false = self.false_answers(number(syn))
            for packet in false:
                self.mouth.send(packet)
            self.rec.wait(LATE)
            for packet in false[:2]:  # a second that is counted from these would be far too long
                self.mouth.send(packet)
        if again := ears.wait_for_syn(PORTS["doubted"], timeout=120):
            self.mouth.send(segment(self.peer, self.me("doubted"), RST | ACK, 0, number(again) + 1))

    def false_answers(self, isn: int) -> list[bytes]:
        """Segments of both kinds that would answer a SYN with that number, but for one thing."""
        me, right, false = self.me("doubted"), isn + 1, []
        for flags in (SYN | ACK, RST | ACK):
            options = MSS if flags & SYN else b""
            false += [segment(self.peer, me, flags, 1_000_000, ack, options)
                      for ack in (isn, isn + 2, isn + 100, right + 2**16, right + 2**31)]
            false += [segment(source, me, flags, 2_000_000, right, options)
                      for source in ((self.peer[0], SERVER), (self.h2.IP(), MADE_UP), (self.stage.h3.IP(), MADE_UP))]
            false += [segment(self.peer, (me[0], me[1] + OTHERS), flags, 3_000_000, right, options),
                      segment(self.peer, me, flags & ~ACK, 4_000_000, right, options),
                      segment(self.peer, me, flags, 5_000_000, right, options, damaged=True),
                      segment(self.peer, me, flags, 5_000_000, right, options, unsummed=True)]
        return [*false, segment(self.peer, me, ACK, 6_000_000, right),
                segment(self.peer, me, PSH | ACK, 7_000_000, right, data=b"false")]

    def reply(self, ears):
        """Open the connection, and answer its words, among much else."""
        if ack := self.opened(ears, "made-up", LAST):
            me, data = self.me("made-up"), self.p["_more_reply"].encode()
            say = partial(segment, flags=PSH | ACK, seq=LAST + 1, ack=ack)
            for packet in (
                    segment(self.peer, me, ACK, LAST + 1, ack),  # heard, and no reply yet
                    say(self.peer, me, seq=LAST - 2000, data=b"before"), say(self.peer, me, seq=LAST + 2, data=b"x"),
                    say(self.peer, me, seq=LAST, data=b"overlapping"),
                    say(self.peer, me, seq=LAST + 1001, data=b"behind"),
                    say((self.peer[0], SERVER), me, data=b"port"), say((self.h2.IP(), MADE_UP), me, data=b"host"),
                    say(self.peer, (me[0], me[1] + OTHERS), data=b"another's"),
                    say(self.peer, me, data=b"damaged", damaged=True),
                    say(self.peer, me, data=b"unsummed", unsummed=True)):
                self.mouth.send(packet)
            self.rec.wait(THINKS)
            self.mouth.send(say(self.peer, me, flags=ACK, data=data, options=NO_OPERATION, ip_options=NO_OPERATION))

    def wrap(self, ears):
        """Open the last connection, and answer its words."""
        if ack := self.opened(ears, "wrapping", BEFORE_LAST):
            self.mouth.send(segment(self.peer, self.me("wrapping"), PSH | ACK, BEFORE_LAST + 1, ack,
                                    data=self.p["_last_reply"].encode()))

    def opened(self, ears, name: str, first: int) -> int | None:
        """Open that connection with the initial number `first`; the number after the program's text, if it has one."""
        if not (syn := ears.wait_for_syn(PORTS[name], timeout=120)):
            return None
        self.mouth.send(segment(self.peer, self.me(name), SYN | ACK, first, number(syn) + 1, MSS))
        words = ears.wait_for_data(PORTS[name], timeout=20)
        return words and number(words) + len(payload(words))
