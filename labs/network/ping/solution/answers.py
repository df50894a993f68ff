"""The reference answers, worked out from the variant's parameters."""


def answers(params, evidence) -> dict:
    p = params
    room = (p["mtu"] - 20) // 8 * 8  # data bytes of a fragment, as many as fit, in multiples of 8 (RFC 791)
    total = p["size"] + 8  # with the ICMP header
    last = (total - 1) // room * room
    return {
        "network": p["left"], "arp_near": p["h2"], "arp_far": p["r1"], "far_frame_to": p["r1_mac"],
        "arp_wrong_mask": p["h3"],
        "ttl_at_h3": 62, "ttl1_from": p["r1"], "ttl2_from": p["r2_out"],
        "outside_code": 0, "outside_from": p["r2_out"], "absent_code": 1, "absent_from": p["r2_out"],
        "closed_port_code": 3, "closed_port_from": p["h3"],
        "fragments": last // room + 1, "last_offset": last, "last_size": total - last, "df_mtu": p["mtu"],
    }
