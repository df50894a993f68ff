"""The reference answers: times and rates from the variant's parameters; what got through to whom, from the run."""

from mnlab.protocols import arp, ip


def answers(params, evidence) -> dict:
    p, kernel = params, evidence.scene("kernel")
    begin, end = kernel.mark("no-way-back"), kernel.mark("flows")
    at = {host: [frame for frame in kernel.frames(host) if begin <= frame.time < end] for host in ("h1", "h2")}
    asked, answered = ([packet for packet in arp.packets(at[here]) if packet.sender_ip == p[there]]
                       for here, there in (("h2", "h1"), ("h1", "h2")))
    bits = {host: p[f"{host}_frames"] * p[f"{host}_frame"] * 8 for host in ("h1", "h2")}
    rate = p["rate"] * 1000  # bit/s
    return {
        "frame_ms": round(p["h1_frame"] * 8 / p["rate"], 3),
        "half_seconds": round(sum(bits.values()) / rate, 3), "full_seconds": round(max(bits.values()) / rate, 3),
        "simplex_sum": p["rate"], "half_sum": p["rate"], "full_sum": 2 * p["rate"], "half_h1": p["rate"] / 2,
        "arp_requests_at_h2": len(asked), "arp_replies_at_h1": len(answered),
        "syns_at_h2": sum(packet.source == p["h1"] for _, packet in ip.packets(at["h2"], ip.TCP)),
        "unreachable_from": p["h1"],
        "h2_frames_at_h1": 0,
    }
