"""The steps of the scene "kernel", in order. Each writes into `stage.got` what the receiving sockets gave out."""

import hashlib
import json
import random
import socket
import struct
import time
from pathlib import Path

from lab.traffic import accepted, connected, error_of, everything, pair, said, udp
from mnlab.net.play import play
from mnlab.net.sockets import listen

HELLO = b"hello"
NUMBER = struct.Struct("!I")  # the number at the beginning of a chunk or a voice message
VOICE, VOICE_GAP = 160, 0.02  # bytes and seconds: telephone speech, 64 kbit/s (RFC 3551, PCMU)
CHUNK_GAP = 0.004  # s between datagrams of the file
FLOOD = 1000  # bytes in each datagram of the flood
FLOOD_SHARE = 1.0  # of the bottleneck's rate
CROWD = (2.0, 2.0, 3.0)  # s: TCP alone, the flood with it, TCP alone again
TO_H3 = "s1-eth3"  # where s1 sends to h3


class Stage:
    """What every step needs: hosts, recorder, parameters, and a place for what sockets gave out."""

    def __init__(self, net, rec):
        self.net, self.rec, self.params = net, rec, rec.params
        self.h1, self.h2, self.h3, self.h4 = self.hosts = [net[f"h{number}"] for number in range(1, 5)]
        self.trip = rec.params["delay"] / 1e3  # s, one way
        self.got: dict = {}

    def to(self, host, purpose: str) -> tuple[str, int]:
        return host.IP(), self.params[f"{purpose}_port"]

    def names(self, found) -> list[list[str]]:
        """[who sent it, what] of datagrams."""
        name = {host.IP(): host.name for host in self.hosts}
        return [[name.get(source[0], source[0]), data.decode()] for data, source in found]

    def settle(self, trips: float = 1.5):
        """Let what is on its way arrive."""
        self.rec.wait(trips * self.trip)


def meet(stage):
    """Fill the ARP caches for long, so that ARP delays nothing later: an empty datagram from each host to each."""
    for one in stage.hosts:
        one.sysctl(f"net.ipv4.neigh.{one.name}-eth0.base_reachable_time_ms", 3_600_000)
    for one in stage.hosts:
        with udp(one) as out:
            for other in stage.hosts:
                if other is not one:
                    out.sendto(b"", stage.to(other, "closed"))
    stage.settle(6)


# --- TVU-1 ------------------------------------------------------------------------------------------------------------

def connecting(stage):
    """The same five bytes, by UDP and by TCP; then to a port where nobody is."""
    rec, h1, h3, got = stage.rec, stage.h1, stage.h3, stage.got
    rec.progress("the first byte")
    ear, door = udp(h3, stage.params["hello_port"]), listen(h3, stage.params["hello_port"])
    rec.mark("first")
    out = udp(h1, stage.params["hello_from"])
    out.sendto(HELLO, stage.to(h3, "hello"))
    got["hello_udp"] = ear.recvfrom(65535)[0].decode()
    client = said(h1, stage.to(h3, "hello"), HELLO)
    server = accepted(door)
    got["hello_tcp"] = server.recv(65535).decode()
    for ends in (client, server, door, ear, out):
        ends.close()
    stage.settle(4)

    rec.mark("udp-connect")
    out = udp(h1)
    got["closed_udp_connect"] = error_of(lambda: out.connect(stage.to(h3, "closed")))
    stage.settle(4)
    rec.mark("udp-send")
    got["closed_udp_send"] = error_of(lambda: out.send(HELLO))
    stage.settle(3)
    got["closed_udp_next"] = error_of(lambda: out.send(HELLO))  # the kernel tells what the first one met
    got["closed_tcp"] = error_of(lambda: connected(h1, stage.to(h3, "closed")))
    out.close()
    stage.settle(3)


# --- TVU-2 ------------------------------------------------------------------------------------------------------------

def kinds(stage):
    """One to many, many to one, many to many."""
    stage.rec.progress("one to many, many to one")
    stage.rec.mark("kinds")
    broadcast(stage)
    groups(stage)
    many_to_one(stage)
    stage.rec.mark("kinds-end")
    tcp_to_many(stage)


def broadcast(stage):
    ears = [udp(host, stage.params["talk_port"]) for host in stage.hosts[1:]]
    with udp(stage.h1) as out:
        stage.got["broadcast_refused"] = error_of(
            lambda: out.sendto(b"all", (stage.params["broadcast"], stage.params["talk_port"])))
        out.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        out.sendto(b"to all", (stage.params["broadcast"], stage.params["talk_port"]))
    stage.settle()
    stage.got["broadcast"] = {host.name: stage.names(everything(ear)) for host, ear in zip(stage.hosts[1:], ears)}
    for ear in ears:
        ear.close()


def groups(stage):
    """h2 and h3 are members of the group, h4 is not; then h3 leaves, and in the end h1, h2, h3 all talk to it."""
    ends = {host.name: udp(host, stage.params["group_port"]) for host in stage.hosts}
    for name, one in ends.items():
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(stage.params[name]))
        one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)  # a sender need not hear itself

    def change(name, option):
        ends[name].setsockopt(socket.IPPROTO_IP, option, socket.inet_aton(stage.params["group"])
                              + socket.inet_aton(stage.params[name]))

    def say(name, text):
        ends[name].sendto(text.encode(), (stage.params["group"], stage.params["group_port"]))

    def heard(what):
        stage.settle()
        stage.got[what] = {name: stage.names(everything(one)) for name, one in ends.items()}

    for name in ("h2", "h3"):
        change(name, socket.IP_ADD_MEMBERSHIP)
    stage.rec.wait(2.5)  # a report is sent twice, at random times within a second each (RFC 3376, section 8.11)
    stage.rec.mark("group-of-two")
    say("h1", "to the group")
    heard("group_of_two")
    change("h3", socket.IP_DROP_MEMBERSHIP)
    stage.rec.wait(2.5)
    stage.rec.mark("group-of-one")
    say("h1", "to the rest")
    heard("group_of_one")
    for name in ("h1", "h3"):
        change(name, socket.IP_ADD_MEMBERSHIP)
    stage.rec.wait(2.5)
    stage.rec.mark("group-talk")
    for name in ("h1", "h2", "h3"):
        say(name, f"{name} here")
    heard("group_talk")
    for one in ends.values():
        one.close()
    stage.rec.wait(2.5)


def many_to_one(stage):
    """h2, h3 and h4 talk to h1: with UDP all of them to one socket, with TCP each to one of its own."""
    rec, h1, got = stage.rec, stage.h1, stage.got
    with udp(h1, stage.params["talk_port"]) as ear:
        for host in stage.hosts[1:]:
            with udp(host) as out:
                out.sendto(f"{host.name} to one".encode(), stage.to(h1, "talk"))
        stage.settle()
        got["many_to_one_udp"] = stage.names(everything(ear))
    with listen(h1, stage.params["talk_port"], reuse=True) as door:
        clients = [connected(host, stage.to(h1, "talk")) for host in stage.hosts[1:]]
        servers = [accepted(door) for _ in clients]
        for host, client in zip(stage.hosts[1:], clients):
            client.sendall(f"{host.name} to one".encode())
        stage.settle()
        got["many_to_one_tcp"] = [stage.names([(one.recv(65535), one.getpeername())]) for one in servers]
        rec.save("tcp-sockets", h1, "ss -Hatn")
        # The same to all of them: one copy for each connection.
        rec.mark("tcp-copies")
        for one in servers:
            one.sendall(b"to all")
        got["tcp_copies"] = [client.recv(65535).decode() for client in clients]
        for one in (*clients, *servers):
            one.close()
        stage.settle(4)


def tcp_to_many(stage):
    """TCP has no way to say "all": not by its calls, and not by a SYN made by hand."""
    h1, h4, p = stage.h1, stage.h4, stage.params
    stage.rec.mark("tcp-to-many")
    for where in ("broadcast", "group"):
        stage.got[f"tcp_to_{where}"] = error_of(lambda where=where: connected(h1, (p[where], p["talk_port"])))
    with listen(h1, p["talk_port"], reuse=True):
        for number, (link, ip) in enumerate(((b"\xff" * 6, p["broadcast"]), (mac(h1), p["h1"]))):
            send_frame(h4, syn_frame(link, mac(h4), p["h4"], ip, 40001 + number, p["talk_port"]))
            stage.settle(4)


def mac(host) -> bytes:
    return bytes.fromhex(host.MAC().replace(":", ""))


def syn_frame(target_mac: bytes, source_mac: bytes, source: str, target: str, source_port: int, port: int) -> bytes:
    """A frame with a SYN that no kernel would send."""
    from scapy.layers.inet import IP, TCP
    return target_mac + source_mac + b"\x08\x00" + bytes(
        IP(src=source, dst=target) / TCP(sport=source_port, dport=port, flags="S", seq=1000))


def send_frame(host, frame: bytes) -> None:
    from mnlab.net import namespace
    with namespace.inside(host.pid):
        out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with out:
        out.bind((f"{host.name}-eth0", 0))
        out.send(frame)


# --- TVU-5, TVU-6 -----------------------------------------------------------------------------------------------------

def cuts(stage):
    """The same writes by UDP and by TCP, and what one read gets."""
    stage.rec.progress("messages and bytes")
    h1, h3, p, got = stage.h1, stage.h3, stage.params, stage.got
    with udp(h1) as out, udp(h3, p["cuts_port"]) as ear:
        for size in p["sizes"]:
            out.sendto(bytes(size), stage.to(h3, "cuts"))
        stage.settle()
        got["cuts_udp"] = [len(data) for data, _ in everything(ear)]
        for size in p["sizes"][:2]:
            out.sendto(bytes(size), stage.to(h3, "cuts"))
        stage.settle()
        got["cuts_udp_short"] = [len(ear.recv(100)), len(ear.recv(65535))]  # the first read has too little room
    client, server = pair(h1, h3, p["cuts_port"])
    for size in p["sizes"]:
        client.sendall(bytes(size))
    stage.settle(5)
    got["cuts_tcp"] = [len(server.recv(65535))]
    client.close(), server.close()
    stage.settle(4)


def fragments(stage):
    """A datagram over the MTU, whole and with a fragment lost; the same bytes by TCP."""
    rec, h1, h3, p, got = stage.rec, stage.h1, stage.h3, stage.params, stage.got
    rec.progress("a large datagram")
    data = bytes(p["large"])
    with udp(h1) as out, udp(h3, p["large_port"]) as ear:
        rec.mark("large")
        out.sendto(data, stage.to(h3, "large"))
        got["large"] = len(ear.recv(65535))
        rec.mark("large-refused")
        out.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER, IP_PMTUDISC_DO (ip(7)): never fragment
        got["large_refused"] = error_of(lambda: out.sendto(data, stage.to(h3, "large")))
        out.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_PMTUDISC_DONT
        rec.mark("large-lost")
        with rec.lose("fragment", "s1-eth1", f"ip daddr {p['h3']} ip protocol udp ip frag-off & 0x1fff != 0", nth=[1]):
            out.sendto(data, stage.to(h3, "large"))
            rec.wait(35)  # the receiver keeps the others for 30 s (net.ipv4.ipfrag_time) and an eighth more
        got["large_lost"] = len(everything(ear))
    rec.keep("ip-counters", Path(f"/proc/{h3.pid}/net/snmp").read_text())
    rec.mark("large-tcp")
    client, server = pair(h1, h3, p["large_port"])
    client.sendall(data)
    stage.settle(5)
    got["large_tcp"] = len(server.recv(65535))
    client.close(), server.close()
    stage.settle(4)


def headers(stage):
    """The shortest header that TCP has, and the longest."""
    h1, h3, p = stage.h1, stage.h3, stage.params
    stage.rec.progress("headers")
    h1.sysctl("net.ipv4.tcp_timestamps", 0)
    client, server = pair(h1, h3, p["bare_port"])
    client.sendall(HELLO)
    server.recv(65535)
    client.close(), server.close()
    stage.settle(4)
    h1.sysctl("net.ipv4.tcp_timestamps", 1)
    client, server = pair(h1, h3, p["full_port"])
    with stage.rec.lose("holes", "s1-eth1", f"tcp dport {p['full_port']} ip length > 1000", nth=p["holes"]):
        client.sendall(bytes(10 * 1448))
        left = 10 * 1448
        while left:
            left -= len(server.recv(65535))
    client.close(), server.close()
    stage.settle(4)


# --- TVU-3, TVU-4, TVU-7 ----------------------------------------------------------------------------------------------

def voice(stage):
    """A message every 20 ms, by UDP and by TCP; the same one is lost."""
    rec, h1, h3, p, got = stage.rec, stage.h1, stage.h3, stage.params, stage.got
    rec.progress("speech")
    messages = [NUMBER.pack(number) + bytes(VOICE - NUMBER.size) for number in range(1, p["voices"] + 1)]

    def speak(send, ears, listen):
        begin = time.monotonic()
        schedule = ((begin + number * VOICE_GAP, lambda message=message: send(message))
                    for number, message in enumerate(messages))
        play(begin + len(messages) * VOICE_GAP + 12 * stage.trip, schedule, {ears: listen})

    stream, ready, heard = bytearray(), [], []

    def read():
        before = len(stream) // VOICE
        stream.extend(server.recv(65535))
        now = round(rec.now(), 6)
        ready.extend([number, now] for number in range(before + 1, len(stream) // VOICE + 1))

    client, server = pair(h1, h3, p["voice_port"])
    # First 60 datagrams pass s1, then 60 segments: the same message is lost of both.
    with rec.lose("voice", "s1-eth1", f"ip daddr {p['h3']} th dport {p['voice_port']} ip length > 100",
                  nth=[p["voice_lost"], p["voices"] + p["voice_lost"]]):
        with udp(h1) as out, udp(h3, p["voice_port"]) as ear:
            speak(lambda message: out.sendto(message, stage.to(h3, "voice")), ear,
                  lambda: heard.append(NUMBER.unpack_from(ear.recv(65535))[0]))
        speak(client.sendall, server, read)
    got["voice_udp"], got["voice_tcp"] = heard, ready
    got["voice_tcp_order"] = [NUMBER.unpack_from(stream, at)[0] for at in range(0, len(stream), VOICE)]
    client.close(), server.close()
    stage.settle(4)


def file(stage):
    """A file over a path that loses, copies and reorders: a datagram for each chunk, then the same bytes by TCP."""
    rec, h1, h3, p, got = stage.rec, stage.h1, stage.h3, stage.params, stage.got
    rec.progress("a file over a bad path")
    rec.run("bad-path", stage.net["s1"], f"tc qdisc change dev {TO_H3} root handle 1: netem limit 1000 "
            f"delay {p['delay']}ms reorder {p['reorder']}% loss {p['loss']}% duplicate {p['duplicate']}%")
    data = random.Random(p["content"]).randbytes(p["chunks"] * p["chunk"])
    chunks = [data[at:at + p["chunk"]] for at in range(0, len(data), p["chunk"])]
    numbers: list[int] = []
    with udp(h1) as out, udp(h3, p["file_port"]) as ear:
        begin = time.monotonic()
        schedule = ((begin + number * CHUNK_GAP, lambda number=number, chunk=chunk: out.sendto(
            NUMBER.pack(number) + chunk, stage.to(h3, "file"))) for number, chunk in enumerate(chunks, start=1))
        play(begin + p["chunks"] * CHUNK_GAP + 3 * stage.trip, schedule,
             {ear: lambda: numbers.append(NUMBER.unpack_from(ear.recv(65535))[0])})
    got["file_udp"] = numbers

    client, server = pair(h1, h3, p["file_port"])
    digest, left, received = hashlib.sha256(), memoryview(data), 0
    client.setblocking(False)

    def write():
        nonlocal left
        left = left[client.send(left[:16384]):]
        if not left:
            room.clear()

    def read():
        nonlocal received
        part = server.recv(65535)
        digest.update(part)
        received += len(part)

    room = {client: write}
    got["file_error"] = error_of(lambda: play(time.monotonic() + 120, (), {server: read}, room,
                                              done=lambda: received == len(data)))
    client.close(), server.close()
    got["file_tcp"] = {"bytes": received, "sha256": digest.hexdigest()}
    stage.settle(10)


def crowd(stage):
    """TCP alone on a slow link; then a flood of datagrams beside it; then alone again."""
    rec, h1, h3, p = stage.rec, stage.h1, stage.h3, stage.params
    rec.progress("a crowded link")
    rec.run("narrow-path", stage.net["s1"], ["tc", "-batch", "-"], input=(
        f"qdisc del dev {TO_H3} root\n"
        f"qdisc add dev {TO_H3} root handle 1: netem limit 1000 delay {p['delay']}ms\n"
        f"qdisc add dev {TO_H3} parent 1:1 handle 2: tbf rate {p['rate'] * 1e6:.0f}bit burst 1600 "
        f"limit {p['queue'] * 1514}\n"))
    client, server = pair(h1, h3, p["bulk_port"])
    client.setblocking(False)
    block = bytes(16384)
    with udp(h1) as out, udp(h3, p["flood_port"]) as ear:
        rec.mark("crowd")
        begin = time.monotonic()
        first, last = begin + CROWD[0], begin + CROWD[0] + CROWD[1]
        gap = (FLOOD + 42) * 8 / (FLOOD_SHARE * p["rate"] * 1e6)  # 42: the headers of Ethernet, IP, UDP
        flood = ((first + number * gap, lambda: out.sendto(bytes(FLOOD), stage.to(h3, "flood")))
                 for number in range(int((last - first) / gap)))
        play(begin + sum(CROWD), flood, {server: lambda: server.recv(65535), ear: lambda: ear.recv(65535)},
             {client: lambda: client.send(block)})
    rec.mark("crowd-end")
    for ends in (client, server):  # with a reset: what waits to be sent is of no more use
        ends.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        ends.close()

    def still_queued():
        qdiscs = rec.save("narrow-link", stage.net["s1"], f"tc -s -j qdisc show dev {TO_H3}")
        return any(qdisc["qlen"] for qdisc in json.loads(qdiscs))

    rec.wait_until(lambda: not still_queued(), "the slow link has sent what was queued")
