"""Who answers the student's resolver, and who only seems to: frames made by hand, which no kernel would send.

h3 plays hosts that are not there. It hears each question about one of them, and answers after its script.
"""

import socket
import struct
import threading
import time
from contextlib import suppress

REQUEST, REPLY, REVERSE_REPLY, INVERSE_REPLY = 1, 2, 4, 9  # RFC 826; RFC 903; RFC 2390
OTHER_REPLY = 0x0102  # of no protocol; its last byte is that of a reply
LOCAL = 0x88B5  # EtherType for local experiments (IEEE 802)
AT_ONCE = 0.1  # s: what is asked twice so soon is one question
FRACTIONS = 0.25, 0.3, 0.45  # s that the resolver is told to wait: a second in all, and none if each is rounded
UNASKED = 2.0  # s after a question: what nobody asks for comes while the resolver waits, as it is told


def commands(p) -> list[str]:
    """What the resolver is told.

    After the first five answers it asks for 20.5 s; LIFETIME - 0.5 s after them `fresh` is asked for, and a second
    later `later`. These two tell the time.
    """
    cast = p["_cast"]
    steps = ["late", "h2", "h2", "proxied", "gone", "moving", "open", "slow", "quizzed", "mistaken", "aside", "decoy",
             "nobody", "back", "back", "h3", "h2", p["lifetime"] - 21, "fresh", "h2", "late", *FRACTIONS,
             "later", "h2", "late", "fresh", p["lifetime"] + 1, "moving", "gone", "moving", "crowded", "decoy"]
    return [f"resolve {cast.get(step) or p[step]}" if isinstance(step, str) else f"wait {step}" for step in steps]


def arp_frame(link_source, link_target, operation, sender, target, ethertype=0x0806) -> bytes:
    """An Ethernet frame with an ARP packet (RFC 826); `sender` and `target` are (MAC address, IP address)."""
    def mac(text):
        return bytes.fromhex(text.replace(":", ""))

    return struct.pack("!6s6sHHHBBH6s4s6s4s", mac(link_target), mac(link_source), ethertype, 1, 0x0800, 6, 4,
                       operation, mac(sender[0]), socket.inet_aton(sender[1]), mac(target[0]),
                       socket.inet_aton(target[1]))


def wire(net, host) -> socket.socket:
    """A socket that sends and receives whole ARP frames on a host's first interface (packet(7))."""
    from mnlab.net import namespace
    with namespace.inside(host.pid):
        ends = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
        ends.bind((f"{host.name}-eth0", 0x0806))
    return ends


def script(p) -> dict[str, list[tuple[float, list[bytes]]]]:
    """IP address -> for its first question, its second and so on (what is not told of: nothing): seconds to wait, the
    frames to send then, and those to send UNASKED seconds later."""
    cast, macs = p["_cast"], p["_macs"]
    h1, h2 = (p["h1_mac"], p["h1"]), (p["_mac"], p["h2"])

    def told(part, name="", adapter="", link_to=p["h1_mac"], padding=0):
        mac = macs[name or part]
        return [arp_frame(adapter or mac, link_to, REPLY, (mac, cast[part]), h1) + bytes(padding)]

    def false(address, target=h1, operation=REPLY, link_to=p["h1_mac"], **other):
        return arp_frame(p["h3_mac"], link_to, operation, (p["h3_mac"], address), target, **other)

    everybody, nobody, silence = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", (0.0, [])
    # it ends within its third address; who has kept the rest of the packet before it would read h2's here
    cut_short = arp_frame(p["h3_mac"], p["h1_mac"], REPLY, (p["_mac"], cast["crowded"]), h1)[:30]
    # false frames of few kinds for each question: who is taken in by one gets no more of them
    no_replies = [[false(cast["quizzed"], operation=REQUEST), false(cast["quizzed"], ethertype=LOCAL)],
                  [false(cast["quizzed"], operation=REVERSE_REPLY), false(cast["quizzed"], operation=OTHER_REPLY)],
                  [false(cast["quizzed"], operation=INVERSE_REPLY), false(cast["decoy"], operation=REQUEST),
                   false(p["h2"], operation=REQUEST)]]
    of_others = [[false(cast["decoy"])], [false(p["h2"])], [false(cast["decoy"])]]
    to_others = [[false(cast["aside"], h2, link_to=everybody), false(cast["aside"], (everybody, p["h1"]))],
                 [false(cast["aside"], (p["h1_mac"], p["h2"])), false(cast["aside"], (nobody, p["h1"]))],
                 [false(cast["aside"], (p["_mac"], p["h1"])), false(cast["decoy"], h2, link_to=everybody)]]
    return {
        cast["late"]: [(0.8, told("late")), (0.0, told("late"), told("moving", "moved"))],
        cast["proxied"]: [(0.0, told("proxied", adapter=p["h3_mac"], padding=18))],  # to 60 bytes (IEEE 802.3)
        cast["open"]: [(0.0, told("open", link_to=everybody))],
        cast["gone"]: [(0.0, told("gone"))],
        cast["moving"]: [(0.0, told("moving")), (0.0, told("moving", "moved"))],
        cast["slow"]: [silence, silence, (0.5, told("slow"))],
        cast["crowded"]: [(0.3, [false(cast["crowded"], operation=REQUEST), cut_short, *told("crowded")])],
        cast["quizzed"]: [(0.4, frames) for frames in no_replies],
        cast["mistaken"]: [(0.4, frames) for frames in of_others],
        cast["aside"]: [(0.4, frames) for frames in to_others],
        cast["back"]: [silence, silence, silence, (0.0, told("back"))],
        cast["fresh"]: [(0.0, told("fresh"))],
        cast["later"]: [(0.0, told("later"))],
    }


class Actor:
    """h3 acts by its script while the block runs."""

    def __init__(self, net, p):
        self.ends, self.script = wire(net, net["h3"]), script(p)

    def __enter__(self):
        threading.Thread(target=self._act, daemon=True).start()

    def _act(self):
        asked, last = dict.fromkeys(self.script, 0), dict.fromkeys(self.script, 0.0)
        while True:
            try:
                frame = self.ends.recv(2048)
                # RFC 826: operation at byte 20 of the frame, target protocol address at byte 38
                address = socket.inet_ntoa(frame[38:42]) if len(frame) >= 42 and frame[20:22] == b"\0\1" else ""
                again = time.monotonic() - last.get(address, 0.0) < AT_ONCE
                last[address] = time.monotonic()
                if not again and asked.get(address, 0) < len(self.script.get(address, ())):
                    pause, frames, *unasked = self.script[address][asked[address]]
                    asked[address] += 1
                    time.sleep(pause)
                    self._send(frames)
                    for more in unasked:
                        timer = threading.Timer(UNASKED, self._send, [more])
                        timer.daemon = True
                        timer.start()
            except OSError:
                return

    def _send(self, frames):
        with suppress(OSError):  # the block has ended
            for one in frames:
                self.ends.send(one)

    def __exit__(self, *_):
        self.ends.close()
