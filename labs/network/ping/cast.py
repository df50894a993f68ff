"""Who answers the student's ping besides h3: targets that h2 plays, with packets that no kernel would send.

h2 hears each echo request to a target of the cast and answers it by its script.
"""

import socket
import struct
import threading
from contextlib import suppress

ECHO_REPLY, UNREACHABLE, QUENCH, REDIRECT, ECHO_REQUEST, EXCEEDED, PARAMETER = 0, 3, 4, 5, 8, 11, 12  # RFC 792
TIMESTAMP_REPLY = 14
OPTIONS = b"\1\1\1\0"  # of the IP header: three times "no operation", "end of list" (RFC 791, section 3.1)


def commands(p) -> list[str]:
    """What the student's ping is told: target, how many, time to live."""
    cast = p["_cast"]
    return [f"ping {cast.get(target) or p[target]} {count} {ttl}" for target, count, ttl in (
        ("h3", p["count"], 64), ("mixed", 6, 33), ("slow", 2, 64), ("optioned", 2, 64), ("failing", 3, 64),
        ("about", 3, 64), ("no_error", 2, 64), ("h3", 1, 1), ("h3", 1, 2), ("outside", 1, 64))]


class Request:
    """An echo request to a target of the cast, as h2 hears it, and what may come back."""

    def __init__(self, p, packet: bytes):
        self.p, self.packet, self.header = p, packet, (packet[0] & 15) * 4
        self.target = socket.inet_ntoa(packet[16:20])
        self.ident, self.number = struct.unpack_from("!HH", packet, self.header + 4)
        self.data = packet[self.header + 8:]

    def reply(self, ttl: int, source: str = "", ident: int = 0, number: int = 0, kind: int = ECHO_REPLY,
              options: bytes = b"") -> bytes:
        """An echo reply: the true one, but for what is given. `ident` and `number` are added to the request's."""
        rest = struct.pack("!HH", (self.ident + ident) % 65536, (self.number + number) % 65536)
        return packet(self.p, source or self.target, self.p["h1"], ttl, kind, 0, rest + self.data, options)

    def error(self, source: str, kind: int, code: int, target: str = "", ident: int = 0, number: int = 0,
              options: bytes = b"") -> bytes:
        """An ICMP error that quotes the request's IP header and the 8 bytes behind it (RFC 792), but for what is given.
        """
        quoted = bytearray(self.packet[:self.header + 8])
        quoted[16:20] = socket.inet_aton(target or self.target)
        struct.pack_into("!HH", quoted, self.header + 4, (self.ident + ident) % 65536, (self.number + number) % 65536)
        return packet(self.p, source, self.p["h1"], 61, kind, code, bytes(4) + bytes(quoted), options)


def reporters(p) -> tuple[str, str, str]:
    """Who sends the errors about requests to `failing`."""
    return p["_cast"]["failing"], *p["_reporters"][1:]


def script(p) -> dict:
    """The cast's part -> for its first request, its second and so on: [(seconds after it, what is sent then)]."""
    ttl, others, stranger = p["_ttls"], p["_reporters"], p["h2"]

    def true(after, part, **changes):
        return after, lambda asked: asked.reply(ttl[part], **changes)

    def wrong(nth, after, **changes):
        return after, lambda asked: asked.reply(p["_false_ttl"] + nth, **changes)

    def error(after, source, kind, code, **changes):
        return after, lambda asked: asked.error(source, kind, code, **changes)

    noise = {"source": stranger, "ident": 0x1111, "number": 0x2222}
    return {
        "mixed": [
            [wrong(1, 0.2, ident=1), wrong(1, 0.25, ident=-256), true(0.6, "mixed")],
            [wrong(2, 0.2, number=-1), wrong(2, 0.25, number=1), wrong(2, 0.3, number=256), true(0.6, "mixed")],
            [wrong(3, 0.2, source=stranger), true(0.6, "mixed")],
            [wrong(4, 0.2, kind=ECHO_REQUEST), wrong(4, 0.25, kind=TIMESTAMP_REPLY), true(0.6, "mixed")],
            [wrong(5, 0.2, **noise), true(0.6, "mixed")],
            [wrong(6, 0.2, **noise), wrong(6, 0.8, **noise), true(1.3, "mixed")]],
        "slow": [[true(1.15, "slow")], [true(0.9, "slow")]],
        "optioned": [[true(0.1, "optioned", options=OPTIONS)],
                     [error(0.1, others[2], UNREACHABLE, p["_codes"]["3"], options=OPTIONS)]],
        # the first error is the target's own, the last one comes twice
        "failing": [[error(after, source, kind, p["_codes"][str(kind)]) for after in times] for source, kind, times
                    in zip(reporters(p), (UNREACHABLE, PARAMETER, EXCEEDED), ([0.1], [0.1], [0.1, 0.3]))],
        "about": [
            [error(0.2, others[0], EXCEEDED, 0, ident=1), error(0.25, others[0], EXCEEDED, 0, ident=-256),
             true(0.6, "about")],
            [error(0.2, others[0], EXCEEDED, 0, number=-1), error(0.25, others[0], EXCEEDED, 0, number=256),
             true(0.6, "about")],
            [error(0.2, others[0], UNREACHABLE, 1, target=p["_cast"]["slow"]), true(0.6, "about")]],
        "no_error": [[error(0.2, others[1], QUENCH, 0), true(0.6, "no_error")],
                     # the last reply comes twice
                     [error(0.2, others[1], REDIRECT, 0), true(0.6, "no_error"), true(0.8, "no_error")]],
    }


def packet(p, source, target, ttl, kind, code, rest: bytes, options: bytes = b"") -> bytes:
    """An Ethernet frame from h2 to h1 with an IPv4 packet (RFC 791) with an ICMP message (RFC 792)."""
    return icmp_frame(p["h2_mac"], p["h1_mac"], source, target, ttl, kind, code, rest, options)


def icmp_frame(link_source, link_target, source, target, ttl, kind, code, rest: bytes, options: bytes = b"") -> bytes:
    """An Ethernet frame with an IPv4 packet with an ICMP message; `rest` is what follows the checksum."""
    from mnlab.protocols.ip import internet_checksum
    message = struct.pack("!BBH", kind, code, 0) + rest
    message = message[:2] + internet_checksum(message).to_bytes(2, "big") + message[4:]
    words = 5 + len(options) // 4
    header = struct.pack("!BBHHHBBH4s4s", 0x40 + words, 0, 4 * words + len(message), 1, 0, ttl, socket.IPPROTO_ICMP, 0,
                         socket.inet_aton(source), socket.inet_aton(target)) + options
    header = header[:10] + internet_checksum(header).to_bytes(2, "big") + header[12:]
    macs = (bytes.fromhex(mac.replace(":", "")) for mac in (link_target, link_source))
    return b"".join(macs) + b"\x08\x00" + header + message


def wire(net, name: str) -> socket.socket:
    """A socket that sends and receives whole IPv4 frames on a host's first interface (packet(7))."""
    from mnlab.net import namespace
    with namespace.inside(net[name].pid):
        ends = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        ends.bind((f"{name}-eth0", 0x0800))
    return ends


class Actor:
    """h2 acts by its script while the block runs; h1 takes the targets of the cast to be at h2's MAC address."""

    def __init__(self, net, p):
        self.ends, self.p, self.script = wire(net, "h2"), p, script(p)
        self.parts = {address: part for part, address in p["_cast"].items()}
        net["h1"].run(["ip", "-batch", "-"], input="".join(
            f"neigh replace {address} lladdr {p['h2_mac']} dev h1-eth0 nud permanent\n" for address in self.parts))

    def __enter__(self):
        threading.Thread(target=self._act, daemon=True).start()

    def _act(self):
        heard = dict.fromkeys(self.script, 0)
        with suppress(OSError):  # the block has ended
            while True:
                frame = self.ends.recv(2048)
                part = self.parts.get(socket.inet_ntoa(frame[30:34])) if len(frame) >= 42 else None
                # byte 23 of the frame is IP's protocol number; without options ICMP begins at byte 34
                if part is None or frame[23] != 1 or frame[34] != ECHO_REQUEST or heard[part] == len(self.script[part]):
                    continue
                asked = Request(self.p, frame[14:])
                for after, made in self.script[part][heard[part]]:
                    timer = threading.Timer(after, self._send, [made(asked)])
                    timer.daemon = True
                    timer.start()
                heard[part] += 1

    def _send(self, frame: bytes):
        with suppress(OSError):
            self.ends.send(frame)

    def __exit__(self, *_):
        self.ends.close()
