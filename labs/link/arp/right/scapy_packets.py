"""An ARP resolver with scapy."""

import sys
import time

from scapy.config import conf
from scapy.layers.l2 import ARP, Ether


def ours(packet, ip, me, mac):
    return (packet is not None and ARP in packet and packet[ARP].op == 2 and packet[ARP].psrc == ip
            and packet[ARP].pdst == me and packet[ARP].hwdst.lower() == mac)


def resolve(wire, ip, me, mac):
    question = Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / ARP(op="who-has", hwsrc=mac, psrc=me, pdst=ip)
    for _ in range(3):
        end = time.time() + 1
        wire.send(question)
        while True:
            left = end - time.time()
            if left <= 0 or not wire.select([wire], left):
                break
            packet = wire.recv()
            if ours(packet, ip, me, mac):
                return packet[ARP].hwsrc
    return None


def main():
    interface, me, lifetime = sys.argv[1], sys.argv[2], int(sys.argv[3])
    wire = conf.L2socket(iface=interface, filter=None, type=0x0806)
    with open(f"/sys/class/net/{interface}/address") as file:
        mac = file.read().strip()
    known = {}
    for line in sys.stdin.read().splitlines():
        if line.startswith("wait "):
            time.sleep(float(line[5:]))
            continue
        ip = line.split(" ")[1]
        known = {key: value for key, value in known.items() if time.time() - value[1] < lifetime}
        if ip not in known:
            found = resolve(wire, ip, me, mac)
            if found is None:
                print(f"{ip} unreachable", flush=True)
                continue
            known[ip] = (found, time.time())
        print(f"{ip} {known[ip][0]}", flush=True)


main()
