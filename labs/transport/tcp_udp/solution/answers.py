"""The reference answers: what each check expects, worked out the way a student would."""

from mnlab.protocols import tcp, udp

FRAGMENT, SEGMENT, VOICE = 1480, 1448, 160  # bytes


def answers(params, evidence):
    total = params["large"] + 8  # the header of UDP belongs to what is fragmented
    fragments = -(-total // FRAGMENT)
    octets = [int(part) for part in params["group"].split(".")]
    here, there = (evidence.scene("kernel").frames(host) for host in ("h1", "h3"))
    hello = datagrams(here, params["hello_port"])[0]
    lose, copy = params["loss"] / 100, params["duplicate"] / 100
    waited, late = speech(params, here, there)
    return {
        "udp_first_ms": params["delay"], "tcp_first_ms": 3 * params["delay"],
        "group_mac": f"01:00:5e:{octets[1] % 128:02x}:{octets[2]:02x}:{octets[3]:02x}",
        "broadcast_packets": 1, "group_packets": 1, "tcp_packets": 3,
        "fragments": fragments, "last_offset": (fragments - 1) * FRAGMENT,
        "last_bytes": total - (fragments - 1) * FRAGMENT, "large_segments": -(-params["large"] // SEGMENT),
        "udp_header": " ".join(f"{field:04x}" for field in (hello.source.port, hello.target.port, hello.length,
                                                            hello.checksum)),
        "sacked": [number for number in range(params["holes"][0] + 1, 11) if number not in params["holes"]],
        # Missing: lost, and there was no copy (a copy stands in). Twice: original and copy come through.
        "expected_missing": round(params["chunks"] * lose * (1 - copy), 2),
        "expected_twice": round(params["chunks"] * copy * (1 - lose) ** 2, 2),
        "waited": waited, "lost_took_ms": round(late * 1e3, 1),
    }


def datagrams(frames, port):
    return [one for one in udp.datagrams(frames) if one.target.port == port]


def speech(params, here, there):
    """The messages that reached h3 between the lost one's first departure and its arrival; and the time between."""
    left, came = ([segment for one in tcp.connections(frames) if one.server.port == params["voice_port"]
                   for segment in one.data(tcp.CLIENT)] for frames in (here, there))
    lost = (params["voice_lost"] - 1) * VOICE + 1
    departure = next(segment.time for segment in left if segment.seq == lost)
    arrival = next(segment.time for segment in came if segment.seq == lost)
    waited = [segment.seq // VOICE + 1 for segment in came if departure < segment.time < arrival and segment.seq > lost]
    return waited, arrival - departure
