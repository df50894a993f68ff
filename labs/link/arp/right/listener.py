"""An ARP resolver: one thread listens, the other one asks."""

import socket
import sys
import threading
from time import monotonic, sleep

WIRE, MINE = None, None
CHANGED = threading.Condition()
WANTED, FOUND = None, None  # bytes of an IP address; its MAC address and when it was heard


def listen():
    global FOUND
    while True:
        frame = WIRE.recv(1600)
        if len(frame) < 42 or frame[14:22] != bytes.fromhex("0001080006040002") or frame[32:42] != MINE:
            continue
        with CHANGED:
            if frame[28:32] == WANTED and FOUND is None:
                FOUND = frame[22:28], monotonic()
                CHANGED.notify()


def ask(ip):
    global WANTED, FOUND
    with CHANGED:
        WANTED, FOUND = ip, None
        request = (b"\xff" * 6 + MINE[:6] + bytes.fromhex("08060001080006040001") + MINE + bytes(6) + ip)
        for _ in range(3):
            WIRE.send(request)
            if CHANGED.wait_for(lambda: FOUND, timeout=1):
                break
        WANTED = None
        return FOUND


def main():
    global WIRE, MINE
    WIRE = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(0x0806))
    WIRE.bind((sys.argv[1], 0x0806))
    MINE = WIRE.getsockname()[4] + bytes(int(part) for part in sys.argv[2].split("."))
    threading.Thread(target=listen, daemon=True).start()
    lifetime, cache = float(sys.argv[3]), {}
    while line := sys.stdin.readline():
        match line.split():
            case ["wait", seconds]:
                sleep(float(seconds))
            case ["resolve", address]:
                mac, until = cache.get(address, (b"", 0.0))
                if monotonic() >= until:
                    cache.pop(address, None)
                    if found := ask(socket.inet_aton(address)):
                        mac, until = cache[address] = found[0], found[1] + lifetime
                    else:
                        mac = b""
                print(address, mac.hex(":").upper() if mac else "unreachable")


main()
