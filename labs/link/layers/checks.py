"""What must be true of layers: every byte of a frame belongs to one of them, and each header names what it carries.

Nothing here depends on how long anything takes, so real time makes no difference.
"""

from mnlab.checks import expect, near, observation, points, same, saw
from mnlab.evidence.record import Missing
from mnlab.protocols import arp, dns, icmp, ip, layers, tcp, tls

TLS_HEADER, TLS_EXTRA = 5, 17  # bytes of a record: type, version, length; content type and authentication tag (TLS 1.3)
TIMESTAMPS = 12  # bytes of options in each segment, which the MSS does not count (RFC 6691; RFC 7323)
FULL_FRAME = 1514  # bytes: an Ethernet header and the MTU of 1500


# --- reading the evidence ---

def connection(evidence, name: str, port: int) -> tcp.Connection:
    """The TCP connection to `port` of h2 that the command `name` made, as h1 saw it."""
    found = [one for one in tcp.connections(evidence.during(name, "h1")) if one.server.port == port]
    expect(found, done=evidence.command(name).line, expected=f"a TCP connection to port {port}", seen="none")
    return found[0]


def nests(frames) -> list[layers.Nest]:
    return [layers.nest(frame.data) for frame in frames]


def frames_of(one: tcp.Connection) -> list:
    return [segment.frame for segment in one.segments]


def question(evidence, name: str) -> dns.Transaction:
    """The DNS question that the command `name` asked first."""
    found = dns.transactions(evidence.during(name, "h1"))
    expect(found, done=evidence.command(name).line, expected="a DNS query", seen="none")
    return found[0]


def request(evidence, place: str = "h1") -> icmp.Icmp:
    """The echo request through the VLAN, as it was captured at `place`."""
    found = [packet for packet in icmp.packets(evidence.during("vlan-ping", place))
             if packet.type == icmp.ECHO_REQUEST and packet.source == evidence.params["h1_tagged"]]
    expect(found, done="h1 pinged h3 through the VLAN", expected=f"the echo request at {place}", seen="none")
    return found[0]


def hello(evidence):
    """The frame with the ClientHello of the HTTPS exchange."""
    found = connection(evidence, "https", 443).data(tcp.CLIENT)
    expect(found, done="h1 fetched the page by HTTPS", expected="a ClientHello", seen="no data")
    return found[0].frame


def spelled(names) -> str:
    return " > ".join(names) or "nothing"


# --- LAY-1: layers of headers ---

@observation(1, claim="LAY-1", hint="Add up the headers and what they carry.")
def check_every_byte_belongs_to_a_layer(evidence):
    """Frames of the HTTPS exchange are headers of link, network and transport, the application's bytes, and no more."""
    one = connection(evidence, "https", 443)
    for frame in frames_of(one):
        apart, done = layers.nest(frame.data), f"frame {frame.number} of {frame.where}.pcap, of the HTTPS exchange"
        expect(apart.names == ("ethernet", "ipv4", "tcp"), done=done, expected="ethernet > ipv4 > tcp",
               seen=spelled(apart.names))
        total = sum(header.size for header in apart.headers) + apart.data_size
        expect(total == frame.length, done=done, expected=f"headers and data to make up its {frame.length} bytes",
               seen=f"{total} bytes")


@observation(1, claim="LAY-1", hint="EtherType, protocol number, port.")
def check_each_header_names_the_next(evidence):
    """Ethernet says 0x0800, IP says 6, TCP says 443: each layer names the one above it, and knows no more of it."""
    for apart in nests(frames_of(connection(evidence, "https", 443))):
        seen = tuple(header.next for header in apart.headers)
        expect(seen == (0x0800, 6, 443), done="h1 fetched the page by HTTPS", expected="0x0800 > 6 > 443",
               seen=f"{seen[0]:#06x} > {' > '.join(str(number) for number in seen[1:])}")
    at_server = [one for one in tcp.connections(evidence.during("https", "h2")) if one.server.port == 443]
    expect(at_server, done="h1 fetched the page by HTTPS", expected="port 443 at h2, too", seen="another port")


@observation(1, claim="LAY-1", hint="What are the first bytes behind the TCP header?")
def check_http_needs_no_layer_in_between(evidence):
    """Plain HTTP stands right behind the TCP header: session and presentation have no header of their own."""
    one, p = connection(evidence, "http", 80), evidence.params
    for side, first in ((tcp.CLIENT, f"GET /{p['page']} HTTP/1.1\r\n"), (tcp.SERVER, "HTTP/1.1 200 OK\r\n")):
        sent = one.data(side)
        expect(sent, done="h1 fetched the page by HTTP", expected=f"data from the {side}", seen="none")
        apart = layers.nest(sent[0].frame.data)
        seen = sent[0].frame.data[apart.start:apart.start + len(first)]
        expect(seen == first.encode(), done="h1 fetched the page by HTTP",
               expected=f"{first.strip()!r} at byte {apart.start} of a frame", seen=seen)


@observation(1, claim="LAY-1", hint="Compare the request over HTTP with the record that carries it over HTTPS.")
def check_tls_slips_in_between(evidence):
    """TLS adds a layer inside the application: the same request, in a record, with 5 bytes before it and 17 behind."""
    plain = len(connection(evidence, "http", 80).stream(tcp.CLIENT))
    sealed = [record.length for record in sessions(evidence)[0].records
              if record.sender == tcp.CLIENT and record.type == 23]
    expect(plain + TLS_EXTRA in sealed, done=f"h1 sent the same request, {plain} bytes, by HTTP and by HTTPS",
           expected=f"a TLS record of {TLS_HEADER} and {plain + TLS_EXTRA} bytes",
           seen=f"application data records of {sealed} bytes")


def record_size(data: bytes) -> int:
    """Bytes of the TLS record at the beginning of `data`, its header included."""
    return TLS_HEADER + number(data, 3, 2)


def hello_segments(evidence) -> list[int]:
    """Bytes of data in each segment that holds a part of the ClientHello's record."""
    one = connection(evidence, "https", 443)
    size = record_size(one.stream(tcp.CLIENT))
    return [segment.length for segment in one.data(tcp.CLIENT) if segment.seq <= size]  # the first byte's is 1


@observation(1, claim="LAY-3", hint="The record says how long it is. How much of that is in its first segment?")
def check_a_record_takes_the_segments_it_needs(evidence):
    """TLS counts in records, TCP in segments: the ClientHello's record takes as many segments as its bytes need."""
    one = connection(evidence, "https", 443)
    size = record_size(one.stream(tcp.CLIENT))
    room = min(one.syn_option(side, "mss") for side in (tcp.CLIENT, tcp.SERVER)) - TIMESTAMPS
    needed = [min(room, size - start) for start in range(0, size, room)]
    seen = hello_segments(evidence)
    saw("bytes of the ClientHello, by segment", seen)
    expect(seen == needed, done=f"h1 said hello in a record of {size} bytes; a segment has room for {room}",
           expected=f"segments of {' + '.join(map(str, needed))} bytes", seen=" + ".join(map(str, seen)) or "none")


def sessions(evidence) -> list[tls.Session]:
    found = tls.sessions(evidence.during("https", "h1"))
    expect(found, done="h1 fetched the page by HTTPS", expected="TLS records", seen="none")
    return found


def efficiency(evidence, name: str, port: int) -> float:
    """Bytes of the page, of all bytes in the frames of the connection, in both directions."""
    wire = sum(frame.length for frame in frames_of(connection(evidence, name, port)))
    return evidence.params["page_size"] / wire


@observation(1, claim="LAY-1", hint="What does each frame carry besides the page?")
def check_each_layer_costs_bytes(evidence):
    """A full frame carries 1448 bytes of 1514; a whole exchange does worse, and HTTPS worse than HTTP."""
    page = evidence.text("page")
    for name in ("http", "https"):
        expect(evidence.command(name).stdout == page, done=evidence.command(name).line, expected="the whole page",
               seen=f"{len(evidence.command(name).stdout)} of {len(page)} characters")
    full = [apart for apart in nests(frames_of(connection(evidence, "http", 80))) if apart.length == FULL_FRAME]
    expect(full, done="h1 fetched the page by HTTP", expected=f"full frames, of {FULL_FRAME} bytes", seen="none")
    for apart in full:
        headers = sum(header.size for header in apart.headers)
        expect((headers, apart.data_size) == (66, 1448), done="h1 fetched the page by HTTP",
               expected="14 + 20 + 32 bytes of headers and 1448 of data in a full frame",
               seen=f"{headers} and {apart.data_size}")
    plain, sealed = efficiency(evidence, "http", 80), efficiency(evidence, "https", 443)
    expect(sealed < plain < 1448 / FULL_FRAME, done="h1 fetched the page twice",
           expected="an efficiency below that of a full frame by HTTP, and lower still by HTTPS",
           seen=f"{plain:.1%} by HTTP, {sealed:.1%} by HTTPS")


# --- LAY-2: which protocol lives where ---

@observation(1, claim="LAY-2", hint="The first 14 bytes.")
def check_mac_lives_in_the_frame(evidence):
    """Link: every frame begins with 14 bytes of Ethernet, from one adapter to another."""
    macs = {evidence.params[f"{name}_mac"] for name in ("h1", "h2", "h3")} | {ip.BROADCAST}
    for frame in evidence.frames("h1"):
        link = ip.ethernet(frame.data)
        expect({link.source, link.target} <= macs, done=f"frame {frame.number} of h1-eth0.pcap",
               expected="the addresses of two of the hosts' adapters", seen=f"{link.source} to {link.target}")


@observation(1, claim="LAY-2", hint="Compare the same frame at h1 and at h3, byte by byte.")
def check_vlan_is_a_tag_in_the_frame(evidence):
    """Link: at h1 the frame has a tag of 4 bytes (0x8100, priority, VLAN) before the EtherType; s1 takes it off."""
    p = evidence.params
    tagged, plain = request(evidence, "h1").frame.data, request(evidence, "h3").frame.data
    tag = (p["_priority"] << 13 | p["vlan"]).to_bytes(2, "big")
    expect(tagged[12:16] == b"\x81\x00" + tag, done=f"h1 pinged h3 through VLAN {p['vlan']}",
           expected=f"81 00 {tag.hex(' ')} at bytes 12 to 15 of the frame (priority {p['_priority']})",
           seen=tagged[12:16].hex(" "))
    expect(tagged[:12] + tagged[16:] == plain, done="the same frame at h3, at an untagged port",
           expected="the same bytes without the tag", seen=plain[:20].hex(" "))


@observation(1, claim="LAY-2", hint="Who hears a broadcast?")
def check_vlan_separates(evidence):
    """Link: a broadcast in the VLAN reaches h3 and not h2, though both are on one switch; another reaches h2 only."""
    p = evidence.params
    asked = {place: [packet for packet in arp.packets(evidence.frames(place)) if packet.target_ip == p["h3"]]
             for place in ("h1", "h2", "h3")}
    expect(asked["h1"] and asked["h3"] and not asked["h2"], done="h1 asked for h3 by ARP, in the VLAN, by broadcast",
           expected="the question at h3, and not at h2", seen=counted(asked))
    asked = {place: [packet for packet in arp.packets(evidence.frames(place)) if packet.target_ip == p["h2"]]
             for place in ("h1", "h2", "h3")}
    expect(asked["h1"] and asked["h2"] and not asked["h3"], done="h1 asked for h2 by ARP, outside the VLAN",
           expected="the question at h2, and not at h3", seen=counted(asked))


def counted(found: dict[str, list]) -> str:
    return ", ".join(f"{len(packets)} at {place}" for place, packets in found.items())


@observation(1, claim="LAY-2", hint="Is there an IP header in an ARP frame?")
def check_arp_rides_in_the_frame_itself(evidence):
    """Counted among the network layer's, yet ARP has no IP header around it: EtherType 0x0806, then its 28 bytes."""
    found = [one for one in arp.exchanges(evidence.during("ping", "h1")) if one.asker_ip == evidence.params["h1"]]
    expect(found and found[0].reply, done="h1 pinged h2 with an empty ARP cache",
           expected="an ARP request of h1's and a reply", seen=f"{len(found)} questions by ARP")
    for frame in (found[0].request.frame, found[0].reply.frame):
        apart = layers.nest(frame.data)
        expect(apart.names == ("ethernet", "arp") and apart.headers[0].next == 0x0806, done=f"frame {frame.number}",
               expected="ethernet, which says 0x0806, then arp", seen=spelled(apart.names))
        expect(frame.data[14:16] == b"\0\1", done=f"frame {frame.number}, byte 14",
               expected="00 01, ARP's own first field (the kind of hardware), and no IP version",
               seen=frame.data[14:16].hex(" "))


def rides(evidence, frame, expected: tuple[tuple[str, int | None], ...], done: str) -> None:
    """Fail unless a frame is nested like this: (header, the number by which it names the next)."""
    seen = tuple((header.name, header.next) for header in layers.nest(frame.data).headers)
    expect(seen == expected, done=done, expected=told(expected), seen=told(seen))


def told(chain) -> str:
    return " > ".join(name if number is None else f"{name} ({number:#06x})" if name in ("ethernet", "vlan")
                      else f"{name} ({number})" for name, number in chain)


IP_OVER_ETHERNET = ("ethernet", 0x0800)


@observation(1, claim="LAY-2", hint="Which protocol number does the IP header have?")
def check_icmp_rides_in_ip(evidence):
    """Network: ICMP is on IP's layer by its task, and yet inside an IP packet, as protocol 1."""
    found = icmp.echoes(evidence.during("ping", "h1"))
    expect(found and found[0].reply, done="h1 pinged h2", expected="an echo request and a reply", seen="none")
    for packet in (found[0].request, found[0].reply):
        rides(evidence, packet.frame, (IP_OVER_ETHERNET, ("ipv4", 1), ("icmp", None)), "h1 pinged h2")


@observation(1, claim="LAY-2", hint="Port 53 of what?")
def check_dns_rides_in_udp(evidence):
    """Transport and application: a DNS question and its answer, each in one UDP datagram, of port 53, protocol 17."""
    asked, p = question(evidence, "http"), evidence.params
    rides(evidence, asked.query.frame, (IP_OVER_ETHERNET, ("ipv4", 17), ("udp", 53)), "h1 asked for the web server")
    expect(asked.response and list(asked.addresses) == [p["h2"]], done=f"h1 asked for {asked.name}",
           expected=f"the answer {p['h2']}", seen=asked.kind)


@observation(1, claim="LAY-2", hint="Port 80 of what?")
def check_http_rides_in_tcp(evidence):
    """Transport and application: HTTP in a TCP connection to port 80, protocol 6."""
    one = connection(evidence, "http", 80)
    for segment in one.data(tcp.CLIENT)[:1] + one.data(tcp.SERVER)[:1]:
        rides(evidence, segment.frame, (IP_OVER_ETHERNET, ("ipv4", 6), ("tcp", 80)), "h1 fetched the page by HTTP")
    expect(one.stream(tcp.SERVER).endswith(evidence.text("page").encode()), done="h1 fetched the page by HTTP",
           expected="the page at the end of what the server sent", seen="something else")


@observation(1, claim="LAY-2", hint="How many TCP connections does one download take?")
def check_ftp_rides_in_two_connections(evidence):
    """Application: FTP talks on port 21 and sends the file over a second TCP connection, which holds nothing else."""
    p, control = evidence.params, connection(evidence, "ftp", 21)
    said = control.stream(tcp.SERVER).decode(errors="replace")
    codes = [line[:3] for line in said.splitlines()]
    expect({"220", "230", "229", "226"} <= set(codes), done="h1 fetched the page by FTP",
           expected="replies 220 (ready), 230 (logged in), 229 (passive mode) and 226 (sent) on port 21", seen=codes)
    data = connection(evidence, "ftp", p["_ftp_port"])
    expect(f"|{p['_ftp_port']}|" in said, done="the server said where to fetch the file (RFC 2428)",
           expected=f"port {p['_ftp_port']}", seen=said[:300])
    expect(data.stream(tcp.SERVER) == evidence.text("page").encode() and not data.stream(tcp.CLIENT),
           done="h1 fetched the page by FTP", expected="the page's bytes alone on the second connection",
           seen=f"{len(data.stream(tcp.SERVER))} bytes from the server, {len(data.stream(tcp.CLIENT))} from h1")


# --- the student's answers ---

def field(answers, key: str, offset: int, size: int, value) -> None:
    """Grade one annotation: [offset in the frame, bytes, value]. A value is a number, or an address as text."""
    given = answers.items(key)
    expect(len(given) == 3, done=f"answers.toml: {key}", expected="[offset, bytes, value]", seen=given)
    for what, answer, right in zip(("offset in the frame", "size in bytes", "value"), given, (offset, size, value),
                                   strict=True):
        answer = answer.lower().replace("-", ":") if isinstance(answer, str) else answer
        expect(answer == right, done=f"answers.toml: {key}, {what}", expected="what stands in your own capture",
               seen=repr(answer))


@points(2, claim="LAY-2", hint="A tag of four bytes stands behind the source address; then comes the EtherType.")
def check_annotation_of_the_tagged_frame(evidence, answers):
    """Your annotation of the tagged frame's link headers."""
    data = request(evidence).frame.data
    field(answers, "vlan_target_mac", 0, 6, data[0:6].hex(":"))
    field(answers, "vlan_source_mac", 6, 6, data[6:12].hex(":"))
    field(answers, "vlan_tpid", 12, 2, number(data, 12, 2))
    field(answers, "vlan_tci", 14, 2, number(data, 14, 2))
    field(answers, "vlan_ethertype", 16, 2, number(data, 16, 2))
    same(answers.integer("vlan_priority"), number(data, 14, 2) >> 13, "vlan_priority")


@points(3, claim="LAY-2", hint="RFC 791 draws the IP header in rows of four bytes. It begins after the tag.")
def check_annotation_of_the_packet(evidence, answers):
    """Your annotation of the IP header in the tagged frame, and of the ICMP header behind it."""
    data = request(evidence).frame.data
    at = layers.nest(data).header("ipv4").start
    behind = layers.nest(data).header("icmp").start
    for key, offset, size in (("packet_length", at + 2, 2), ("packet_ttl", at + 8, 1), ("packet_protocol", at + 9, 1),
                              ("icmp_type", behind, 1), ("icmp_ident", behind + 4, 2)):
        field(answers, key, offset, size, number(data, offset, size))
    for key, offset in (("packet_source", at + 12), ("packet_target", at + 16)):
        field(answers, key, offset, 4, ip.ip_text(data[offset:offset + 4]))


@points(2, claim="LAY-1", hint="The data offset counts words of four bytes. Options make a header longer than 20.")
def check_annotation_of_the_segment(evidence, answers):
    """Your annotation of the TCP header of the ClientHello."""
    data = hello(evidence).data
    at = layers.nest(data).header("tcp").start
    field(answers, "segment_source_port", at, 2, number(data, at, 2))
    field(answers, "segment_target_port", at + 2, 2, number(data, at + 2, 2))
    field(answers, "segment_flags", at + 13, 1, number(data, at + 13, 1))
    same(answers.integer("segment_data_offset"), data[at + 12] >> 4, "segment_data_offset")
    same(answers.integer("segment_header_bytes"), (data[at + 12] >> 4) * 4, "segment_header_bytes")


@points(2, claim=("LAY-1", "LAY-3"),
        hint="The record begins where the TCP header ends, the handshake message 5 bytes later.")
def check_annotation_of_the_record(evidence, answers):
    """Your annotation of the TLS record in that segment, and of the handshake message in it."""
    data = hello(evidence).data
    at = layers.nest(data).start
    for key, offset, size in (("record_type", at, 1), ("record_version", at + 1, 2), ("record_length", at + 3, 2),
                              ("handshake_type", at + TLS_HEADER, 1)):
        field(answers, key, offset, size, number(data, offset, size))
    same(answers.integer("hello_segments"), len(hello_segments(evidence)), "hello_segments")


def number(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset:offset + size], "big")


@points(2, claim="LAY-2", hint="Go from the payload outwards: which header stands right before it?")
def check_answers_carriers(evidence, answers):
    """Your answers on what carries what, and by which number."""
    carried = {"arp": first(arp.packets(evidence.during("ping", "h1"))).frame,
               "icmp": first(icmp.packets(evidence.during("ping", "h1"))).frame,
               "dns": question(evidence, "http").query.frame, "ftp": connection(evidence, "ftp", 21).segments[0].frame,
               "http": connection(evidence, "http", 80).segments[0].frame}
    options = ("ethernet", "ipv4", "tcp", "udp")
    for name, frame in carried.items():
        headers = layers.nest(frame.data).headers
        outer = headers[-2] if headers[-1].name == name else headers[-1]
        same(answers.choice(f"{name}_in", options), outer.name, f"{name}_in")
        same(answers.integer(f"{name}_number"), outer.next, f"{name}_number")


def first(found: list):
    if not found:
        raise Missing("the run has no packet of this kind")
    return found[0]


@points(2, claim="LAY-1", hint="OSI's lowest two, and its highest three.")
def check_answers_models(evidence, answers):
    """Your answers on seven layers and four, each read off this run."""
    osi = {"ethernet": 2, "ipv4": 3, "tcp": 4}
    nested = layers.nest(hello(evidence).data).names
    for name in nested:
        same(answers.integer(f"osi_{name}"), osi[name], f"osi_{name}")
    same(sorted(answers.items("osi_of_application"), key=str), [5, 6, 7], "osi_of_application")
    same(sorted(answers.items("osi_of_link"), key=str), [1, 2], "osi_of_link")
    same(answers.integer("headers_before_http"), len(layers.nest(
        connection(evidence, "http", 80).data(tcp.CLIENT)[0].frame.data).headers), "headers_before_http")


@points(2, claim="LAY-1", hint="Wireshark: Statistics, Conversations has the bytes of a connection, both ways.")
def check_answers_efficiency(evidence, answers):
    """Your answers on what the headers cost."""
    full = max(nests(frames_of(connection(evidence, "http", 80))), key=lambda apart: apart.length)
    near(answers.number("full_frame_percent"), 100 * full.data_size / full.length, "full_frame_percent", 0.002)
    # 2 %: an ACK more or less, in real time
    for name, port in (("http", 80), ("https", 443)):
        near(answers.number(f"{name}_percent"), 100 * efficiency(evidence, name, port), f"{name}_percent", 0.02)
    same(answers.integer("record_of_request"), len(connection(evidence, "http", 80).stream(tcp.CLIENT)) + TLS_EXTRA,
         "record_of_request")
