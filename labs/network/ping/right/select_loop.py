"""ping with a new socket for each request."""

import secrets
import select
import socket
import sys
import time


def ones_complement(message: bytes) -> int:
    total = 0
    for at in range(0, len(message), 2):
        total += int.from_bytes(message[at:at + 2].ljust(2, b"\0"), "big")
        if total > 0xFFFF:
            total -= 0xFFFF
    return total ^ 0xFFFF


def trial(target: str, ttl: int, numbers: bytes) -> str:
    head, data = b"\x08\x00", numbers[::-1] * 5
    message = head + ones_complement(head + b"\0\0" + numbers + data).to_bytes(2, "big") + numbers + data
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        clock = time.time_ns()
        raw.sendto(message, (target, 0))
        while (left := clock + 10**9 - time.time_ns()) > 0:
            if not select.select([raw], [], [], left / 1e9)[0]:
                break
            packet = raw.recv(2000)
            ms = (time.time_ns() - clock) / 1e6
            source, size = socket.inet_ntoa(packet[12:16]), packet[0] % 16 * 4
            icmp = packet[size:]
            if icmp[0] == 0 and source == target and icmp[4:8] == numbers:
                return f"reply from {source} ttl={packet[8]} time={ms:.3f} ms"
            quoted = icmp[8:]
            if icmp[0] in (3, 11, 12) and quoted[16:20] == socket.inet_aton(target) and len(quoted) >= 28:
                if quoted[20] == 8 and quoted[24:28] == numbers:
                    return f"error from {source} type={icmp[0]} code={icmp[1]}"
    return "timeout"


while command := sys.stdin.readline().split():
    ident, begin = secrets.token_bytes(2), time.monotonic()
    for number in range(1, int(command[2]) + 1):
        time.sleep(max(0, begin + number - 1 - time.monotonic()))
        print(f"seq={number}", trial(command[1], int(command[3]), ident + number.to_bytes(2, "big")))
