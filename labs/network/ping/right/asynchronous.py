"""ping with asyncio."""

import asyncio
import random
import socket
import sys


def checksum(data):
    data = bytes(data) + bytes(len(data) % 2)
    words = sum(data[0::2]) * 256 + sum(data[1::2])
    while words > 0xFFFF:
        words = words % 0x10000 + words // 0x10000
    return 0xFFFF - words


def echo(ident, number):
    numbers = ident.to_bytes(2, "big") + number.to_bytes(2, "big")
    message = bytearray([8, 0, 0, 0]) + numbers + bytes(range(255, 154, -1))
    message[2:4] = checksum(message).to_bytes(2, "big")
    return bytes(message)


def meaning(packet, address, target, numbers):
    start = 4 * (packet[0] % 16)
    kind, code, rest = packet[start], packet[start + 1], packet[start + 4:start + 8]
    if kind == 0 and address == target and rest == numbers:
        return "reply", packet[8]
    if kind in {3, 11, 12}:
        about = packet[start + 8:]
        inner = about[4 * (about[0] % 16):]
        if about[9] == 1 and socket.inet_ntoa(about[16:20]) == target and inner[0] == 8 and inner[4:8] == numbers:
            return "error", (kind, code)
    return None


async def result(loop, raw, target, numbers, began):
    while True:
        packet, (address, _) = await loop.sock_recvfrom(raw, 4096)
        took = loop.time() - began
        match meaning(packet, address, target, numbers):
            case "reply", ttl:
                return f"reply from {address} ttl={ttl} time={took * 1000:.1f} ms"
            case "error", (kind, code):
                return f"error from {address} type={kind} code={code}"


async def ping(loop, raw, target, count, ttl):
    raw.setsockopt(socket.SOL_IP, socket.IP_TTL, ttl)
    ident, start = random.randrange(65536), loop.time()
    for number in range(1, count + 1):
        await asyncio.sleep(start + number - 1 - loop.time())
        began = loop.time()
        raw.sendto(echo(ident, number), (target, 0))
        numbers = ident.to_bytes(2, "big") + number.to_bytes(2, "big")
        try:
            text = await asyncio.wait_for(result(loop, raw, target, numbers, began), 1)
        except TimeoutError:
            text = "timeout"
        sys.stdout.write(f"seq={number} {text}\n")


async def main():
    loop = asyncio.get_running_loop()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.getprotobyname("icmp"))
    raw.setblocking(False)
    for line in sys.stdin.read().splitlines():
        target, count, ttl = line.split()[1:]
        await ping(loop, raw, target, int(count), int(ttl))


asyncio.run(main())
