"""The reference answers, worked out from the variant's parameters; two are counted in the run's capture."""

import ipaddress

from mnlab.protocols import arp, icmp


def answers(params, evidence) -> dict:
    p = params
    left, right = (ipaddress.ip_network(p[f"{side}_block"]) for side in ("left", "right"))
    kernel = evidence.scene("kernel")
    changed = kernel.command("changed-ping")
    frames = [frame for frame in kernel.frames("h1") if changed.start <= frame.time <= changed.end]
    probes = [packet for packet in arp.packets(frames) if packet.target == p["h2_eth0_mac"]]
    return {
        "left_mask": str(left.netmask), "left_gateway": str(left[-2]), "left_broadcast": str(left[-1]),
        "left_hosts": left.num_addresses - 3, "right_gateway": str(right[-2]),
        "right_hosts": right.num_addresses - 3,
        "link_from_mac": p["r1_eth1_mac"], "link_to_mac": p["r2_eth1_mac"], "link_from_ip": p["h1"],
        "link_to_ip": p["h3"], "h3_from_mac": p["r2_eth0_mac"], "h3_from_ip": p["h1"], "h3_ttl": 62,
        "probes": len(probes), "lost": sum(not echo.replies for echo in icmp.echoes(frames)),
        "answers_from": p["new_mac"], "asked_on_left": p["h2"], "unreachable_from": p["r1_out"],
        "moved_mac": p["new_mac"],
    }
