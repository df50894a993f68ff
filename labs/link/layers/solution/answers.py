"""The reference answers: worked out from the variant's parameters, and counted in the run's capture."""

from mnlab.protocols import ip, tcp


def answers(params, evidence) -> dict:
    p = params
    tci = p["_priority"] << 13 | p["vlan"]
    wire, first = {}, {}  # bytes of each connection's frames; its first segment with data
    for name, port in (("http", 80), ("https", 443)):
        command = evidence.command(name)
        frames = [frame for frame in evidence.frames("h1") if command.start <= frame.time <= command.end]
        one = next(found for found in tcp.connections(frames) if found.server.port == port)
        wire[name] = sum(segment.frame.length for segment in one.segments)
        first[name] = one.data(tcp.CLIENT)
    hello = first["https"][0].frame.data  # its record may be longer than this segment
    length = int.from_bytes(hello[69:71], "big")
    return {
        "vlan_target_mac": [0, 6, p["h3_mac"]], "vlan_source_mac": [6, 6, p["h1_mac"]], "vlan_tpid": [12, 2, 0x8100],
        "vlan_tci": [14, 2, tci], "vlan_ethertype": [16, 2, ip.ETHERTYPE_IPV4], "vlan_priority": p["_priority"],
        "packet_length": [20, 2, 28 + p["_size"]], "packet_ttl": [26, 1, p["_ttl"]], "packet_protocol": [27, 1, 1],
        "packet_source": [30, 4, p["h1_tagged"]], "packet_target": [34, 4, p["h3"]],
        "icmp_type": [38, 1, 8], "icmp_ident": [42, 2, p["_ident"]],
        "segment_source_port": [34, 2, p["_port"]], "segment_target_port": [36, 2, 443],
        "segment_flags": [47, 1, hello[47]], "segment_data_offset": 8, "segment_header_bytes": 32,
        "record_type": [66, 1, 22], "record_version": [67, 2, 0x0301],
        "record_length": [69, 2, length], "handshake_type": [71, 1, 1],
        "hello_segments": sum(segment.seq <= 5 + length for segment in first["https"]),
        "arp_in": "ethernet", "arp_number": 0x0806, "icmp_in": "ipv4", "icmp_number": 1, "dns_in": "udp",
        "dns_number": 53, "ftp_in": "tcp", "ftp_number": 21, "http_in": "tcp", "http_number": 80,
        "osi_ethernet": 2, "osi_ipv4": 3, "osi_tcp": 4, "osi_of_application": [5, 6, 7], "osi_of_link": [1, 2],
        "headers_before_http": 3,
        "full_frame_percent": 100 * 1448 / 1514,
        "http_percent": round(100 * p["page_size"] / wire["http"], 2),
        "https_percent": round(100 * p["page_size"] / wire["https"], 2),
        "record_of_request": first["http"][0].length + 17,
    }
