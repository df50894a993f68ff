"""The views of protocols: what they show is what was sent, every link leads to a frame, and nobody's words are markup."""

import re
from itertools import accumulate

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from mnlab.lab.lab import find
from mnlab.report.page import dns, http, openflow, tcp, tls
from mnlab.report.page.view import Material

from .test_page import GOOD, MACS, Parsed, html, maker, result

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
ENDS = {"h1": ("10.0.0.1", 40000), "h2": ("10.0.0.2", 80)}


@pytest.fixture
def made(tmp_path, lay_out):
    return maker(tmp_path, lay_out)


def packet(source, above):
    target = "h2" if source == "h1" else "h1"
    return bytes(Ether(src=MACS[source], dst=MACS[target]) / IP(src=ENDS[source][0], dst=ENDS[target][0]) / above)


def segment(source, flags, seq, ack=0, data=b""):
    target = "h2" if source == "h1" else "h1"
    return packet(source, TCP(sport=ENDS[source][1], dport=ENDS[target][1], flags=flags, seq=seq, ack=ack, window=8000) / data)


def talk(asked=b"x" * 100, said=b"", again=False):
    """A connection as both ends see it at once: handshake, what the client sends (twice, if told so), the answer."""
    steps = [(0.0, segment("h1", "S", 0)), (0.01, segment("h2", "SA", 0, 1)), (0.02, segment("h1", "A", 1, 1)),
             (0.03, segment("h1", "PA", 1, 1, asked))]
    if again:
        steps.append((1.5, segment("h1", "PA", 1, 1, asked)))
    steps.append((1.6, segment("h2", "PA", 1, 1 + len(asked), said)))
    return steps


def view(maker, run):
    return maker(Material(find("arp"), run, result(run, GOOD)))


def test_without_any_of_them_there_is_no_view(made):
    assert [one.view(Material(find("arp"), run, result(run))) for run in [made()]
            for one in (tcp, dns, http, tls, openflow)] == [None] * 5


def test_tcp_draws_what_was_sent_and_marks_what_was_sent_again(made):
    run = made(talk(again=True))
    found = view(tcp.view, run)
    [connection] = found.data
    graph = connection["graphs"][0]
    times, firsts, lengths, kinds, _ = (list(accumulate(column)) for column in graph["bars"])
    assert (graph["of"], graph["where"], graph["own"]) == ("h1:40000", "h1-eth0", True)
    assert firsts == [0, 1, 1] and lengths == [1, 100, 100] and times == [0, 30_000, 1_500_000]
    assert [graph["kinds"][kind] for kind in kinds] == ["SYN", "new data", "timeout"]
    assert [spans["spans"][-1][2] for spans in connection["bands"]] == ["ESTABLISHED"] * 2
    assert "1 sent again" in found.body and "<td>timeout</td>" in found.body and "100 bytes out" in found.body


def test_each_link_and_each_bar_leads_to_a_frame_of_the_page(made):
    page = Parsed(html(made(talk(said=b"y" * 50, again=True)), GOOD))
    known = {before + there for before, theirs, *_ in page.data["frames"]["captures"].values()
             for there in accumulate(theirs)}
    links = [int(attributes["href"][2:]) for tag, attributes in page.elements
             if tag == "a" and re.fullmatch(r"#f\d+", attributes.get("href", ""))]
    bars = [number for connection in page.data["tcp"] for graph in connection["graphs"]
            for number in accumulate(graph["bars"][4])]
    assert links and bars and {*links, *bars} <= known


def test_http_shows_a_request_its_answer_and_how_long_it_took(made):
    asked = f"GET /{EVIL} HTTP/1.1\r\nHost: www.lab\r\n\r\n".replace(" src", "%20src").replace(" onerror", "%20onerror")
    run = made(talk(asked.encode(), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
    found = view(http.view, run)
    words = " ".join(Parsed(found.body).words)
    assert "200 OK" in words and "1570.000" in words and "20.000" in words  # wait, connect
    assert "<script>alert(1)</script>" in words and not [tag for tag, _ in Parsed(found.body).elements if tag in (
        "script", "img")]


def test_dns_shows_who_asked_whom_and_names_are_text(made):
    name = "<script>.evil.lab"
    question, answer = DNS(id=7, rd=1, qd=DNSQR(qname=name)), DNS(id=7, qr=1, qd=DNSQR(qname=name), an=DNSRR(
        rrname=name, type="A", ttl=1, rdata="192.0.2.7"))
    run = made([(0.1, packet("h1", UDP(sport=5353, dport=53) / question)),
                (0.125, packet("h2", UDP(sport=53, dport=5353) / answer))])
    found = view(dns.view, run)
    words = " ".join(Parsed(found.body).words)
    assert "h1 → h2" in words and "192.0.2.7" in words and "25.000 ms" in words
    assert "<script>.evil.lab" in words and not [tag for tag, _ in Parsed(found.body).elements if tag == "script"]


def test_flow_tables_are_shown_before_and_after_the_younger_first(made, lay_out):
    run = made()
    files = run.folder / "scenes/experiment/files"
    files.mkdir()
    flow = " cookie=0x0, duration={}s, table=0, n_packets={}, n_bytes=9, priority={},in_port={} actions=output:2\n"
    first = "OFPST_FLOW reply (OF1.3) (xid=0x2):\n" + flow.format(2.0, 5, 0, 1) + flow.format(1.0, 3, 9, 7)
    (files / "z-s1").write_text(first)
    (files / "a-s1").write_text("OFPST_FLOW reply (OF1.3) (xid=0x2):\n" + flow.format(30.0, 8, 0, 1) + flow.format(
        4.0, 1, 9, EVIL.replace(" ", "")))
    found = view(openflow.view, run)
    words = Parsed(found.body).words
    assert "s1: flows as the switch showed them, before (z) and after (a)" in words
    assert {"gone", "stays", "new"} <= {*words}
    assert not [tag for tag, _ in Parsed(found.body).elements if tag in ("script", "img")]


def test_a_page_of_protocols_allows_no_inline_style_and_no_handler(made):
    page = Parsed(html(made(talk(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")), GOOD))
    assert {"tcp", "http"} <= {attributes.get("id") for tag, attributes in page.elements if tag == "section"}
    assert not [(tag, attributes) for tag, attributes in page.elements
                if any(name == "style" or name.startswith("on") for name in attributes)]
