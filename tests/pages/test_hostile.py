"""Everything that somebody else names, says or sends is made of markup, controls and lines without end: it is text."""

import json

import pytest
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from mnlab.checks.verdicts import FAILED, CheckResult, LabResult
from mnlab.evidence import layout
from mnlab.evidence.run import Run
from mnlab.lab.lab import find
from mnlab.report.page import compare_page
from mnlab.report.page import page as pages
from mnlab.report.page.view import Material

from ..unit.report.test_page import MACS, NETWORK, pcap

EVIL = "</script><script>window.evil=1</script><img src=x onerror='window.evil=1'>]]>-->\x1b]0;evil\x07\u202e\x00{{7*7}}"
SHOWN = "</script><script>window.evil=1</script>"
LABEL = "<img src=x onerror=window.evil=1>"  # of at most 63 bytes


def sent(number, above):
    source, target = ("h1", "h2") if number % 2 == 0 else ("h2", "h1")
    ends = {"h1": "10.0.0.1", "h2": "10.0.0.2"}
    return 0.1 + number / 100, bytes(Ether(src=MACS[source], dst=MACS[target]) / IP(src=ends[source], dst=ends[target]) / above)


def frames():
    asked, said = DNS(id=7, rd=1, qd=DNSQR(qname=f"{LABEL}.lab")), DNS(
        id=7, qr=1, qd=DNSQR(qname=f"{LABEL}.lab"), an=DNSRR(rrname=f"{LABEL}.lab", type="TXT", ttl=1, rdata=EVIL))
    request = f"GET /{SHOWN} HTTP/1.1\r\nHost: {LABEL}\r\nX: {LABEL}\r\n\r\n".encode()
    body = EVIL.encode() * 20
    answer = f"HTTP/1.1 200 {LABEL}\r\nContent-Type: {LABEL}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    steps = [(0, "S", 0, 0, b""), (1, "SA", 0, 1, b""), (2, "A", 1, 1, b""), (4, "PA", 1, 1, request),
             (5, "PA", 1, 1 + len(request), answer[:1400]), (7, "PA", 1401, 1 + len(request), answer[1400:])]
    return [*(sent(number, TCP(sport=40000 if number % 2 == 0 else 80, dport=80 if number % 2 == 0 else 40000, flags=flags,
                               seq=seq, ack=ack, window=8000) / data) for number, flags, seq, ack, data in steps),
            sent(10, UDP(sport=5353, dport=53) / asked), sent(11, UDP(sport=53, dport=5353) / said)]


@pytest.fixture
def run(lay_out, tmp_path):
    network = {**NETWORK, EVIL: {"kind": "host", "interfaces": {EVIL: {"mac": EVIL, "ip": EVIL, "prefix": 24, "peer": EVIL,
                                                                      "shape": {"bw": 1e6, "note": EVIL}}}}}
    lines = [{"name": name, "kind": kind, "host": host, "argv": [EVIL, "x" * 100_000], "start": 0.05, "end": 0.3,
              "status": 0} for name, kind, host in (("first", "student", "h1"), ("second", "command", EVIL))]
    folder = lay_out(tmp_path / "arp-1", {"scenes": [{"name": "experiment", "title": EVIL}]},
                     {"network": network, "reason": EVIL}, lines)
    scene = folder / "scenes/experiment"
    for part in ("captures", "output", "files"):
        (scene / part).mkdir()
    for where in ("h1-eth0", "h2-eth0", "<img src=x onerror=window.evil=1>-eth0"):
        (scene / f"captures/{where}.pcap").write_bytes(pcap(frames()))
    (scene / "output/first.out").write_bytes(EVIL.encode() + b"y" * 10_000_000 + b"\xff\xfe\x9b")
    (scene / "output/first.err").write_bytes(EVIL.encode() * 1000)
    (scene / "files/<img src=x onerror=window.evil=1>.keys").write_bytes(EVIL.encode() * 100)
    (folder / "answers.toml").write_text(f"evil = {json.dumps(EVIL.replace(chr(0), ''))}\n")
    lay_out.reseal(folder, json.loads((folder / layout.MANIFEST).read_text()))
    return Run(folder)


@pytest.fixture
def result(run):
    check = CheckResult("check_evil", EVIL, (EVIL,), FAILED, 0, 1, done=EVIL, expected=EVIL * 100, seen="z" * 10_000_000, hint=EVIL,
                        frames=(("experiment", "h1-eth0", 4),))
    return LabResult("arp", 1, (check,), reason=EVIL, evidence=run.folder, work="student", machine=EVIL)


def test_a_page_shows_it_and_does_nothing(opened, run, result):
    page = opened(pages.write(find("arp"), run, result, EVIL, {"check_evil": EVIL}))
    for part in ("verdict", "topology", "ladder", "tcp", "dns", "http", "timeline"):
        assert page.locator(f"#{part}").count() == 1, part
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for part in ("verdict", "topology", "timeline"):
        assert SHOWN in page.locator(f"#{part}").evaluate("part => part.textContent"), part
    assert SHOWN in page.locator("#dns").inner_text() and SHOWN in page.locator("#http").inner_text()
    for link in page.locator("#http a[href], #dns a[href]").all()[:4]:
        link.evaluate("link => link.click()")
        page.locator("#frame .hex").wait_for()
    page.evaluate("new Promise(done => setTimeout(done, 200))")
    assert page.evaluate("window.evil") is None and page.locator("main img, main script, aside img").count() == 0
    assert len(page.content()) < 1_500_000
    text = page.evaluate("document.documentElement.textContent")
    assert not {"\x1b", "\x00", "\u202e", "\x9b"} & {*text}


def test_two_of_them_side_by_side_do_nothing(opened, run, result, tmp_path):
    two = [Material(find("arp"), run, result) for _ in range(2)]
    (tmp_path / "compare.html").write_text(compare_page.html(
        compare_page.side(EVIL, two[0]), compare_page.side(f"{EVIL} 2", two[1]), *two))
    page = opened(tmp_path / "compare.html")
    assert page.evaluate("window.evil") is None and page.locator("main img, main script").count() == 0
    assert SHOWN in page.locator("h1").inner_text()
