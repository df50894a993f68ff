"""The reference answers, read from the run itself."""

from mnlab.protocols import arp, icmp, ip


def answers(params, evidence) -> dict:
    kernel = evidence.scene("kernel")
    frames = kernel.frames("h1")
    mine = [packet for packet in arp.packets(frames) if packet.source == params["h1_mac"] and packet.kind == "request"]
    stale = kernel.command("stale-ping").start
    probe = next((packet for packet in mine if packet.time > stale), None)
    asked = [packet for packet in mine if packet.target_ip == params["h3"]]
    sent = [packet for packet in icmp.packets(frames) if packet.target == params["h3"] and packet.type == 8]
    return {
        "request_to": ip.BROADCAST,
        "request_target_mac": "00:00:00:00:00:00",
        "reply_to": params["h1_mac"],
        "seen_by_h3": 1,
        "probe_after": params["delay"],
        "probe_to": probe.target if probe else params["h2_mac"],
        "states": ["STALE", "DELAY", "PROBE", "REACHABLE"],
        "tries": 3,
        "left_together": params["waiting"],
        "waited": round(sent[0].time - asked[0].time, 2) if sent and asked else 2.0,
        "announced_ping_to": params["new_mac"],
        "spoofed_ping_to": params["h3_mac"],
        "stranger_cached": False,
    }
