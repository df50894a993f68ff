"""The page of a run: one file that asks nothing of anybody, and shows what others wrote as text."""

import base64
import hashlib
import json
import re
import shutil
import struct
from dataclasses import replace
from html.parser import HTMLParser
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether

from mnlab.checks.verdicts import FAILED, PASSED, CheckResult, LabResult
from mnlab.evidence import layout
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab, find
from mnlab.machine.plain import plain
from mnlab.report.page import page
from mnlab.report.page.render import TEMPLATES

MACS = {"h1": "02:00:00:00:00:01", "h2": "02:00:00:00:00:02"}
NETWORK = {name: {"kind": "host", "interfaces": {f"{name}-eth0": {
    "mac": mac, "ip": f"10.0.0.{number}", "prefix": 24, "peer": f"s1-eth{number}",
    "shape": {"bw": 8e6, "delay": [0.02, 0.0, 0.0], "loss": [0.015, 0.0]}}}}
    for number, (name, mac) in enumerate(MACS.items(), start=1)}
NETWORK["s1"] = {"kind": "switch", "interfaces": {f"s1-eth{number}": {
    "mac": f"02:00:00:00:01:0{number}", "ip": None, "prefix": None, "peer": f"h{number}-eth0"} for number in (1, 2)}}

QUESTION = bytes(Ether(src=MACS["h1"], dst="ff:ff:ff:ff:ff:ff") / ARP(
    hwsrc=MACS["h1"], psrc="10.0.0.1", hwdst="00:00:00:00:00:00", pdst="10.0.0.2"))
ANSWER = bytes(Ether(src=MACS["h2"], dst=MACS["h1"]) / ARP(
    op=2, hwsrc=MACS["h2"], psrc="10.0.0.2", hwdst=MACS["h1"], pdst="10.0.0.1"))


HEADERS = bytes(Ether(src=MACS["h1"], dst=MACS["h2"]) / IP(src="10.0.0.1", dst="10.0.0.2", len=40) / TCP(
    sport=40000, dport=80, flags="PA", ack=1))


def said(payload: bytes, seq: int = 1000) -> bytes:
    """A segment from h1 to h2. Thousands are made, so by hand: total length and sequence number put into the headers."""
    return (HEADERS[:16] + struct.pack(">H", 40 + len(payload)) + HEADERS[18:38] + struct.pack(">I", seq)
            + HEADERS[42:] + payload)


def pcap(frames) -> bytes:
    """(seconds, bytes) pairs as a capture file, in nanoseconds."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    for time, data in frames:
        whole, part = divmod(round(time * 1e9), 10**9)
        parts.append(struct.pack("<IIII", whole, part, len(data), len(data)) + data)
    return b"".join(parts)


def maker(place, lay_out):
    """make(frames, output, network, lines): a run whose h1 and h2 have captured these frames."""
    def make(frames=((0.1, QUESTION), (0.2, ANSWER)), output=None, network=NETWORK, lines=None):
        lines = [{"name": "first", "kind": "command", "host": "h1", "argv": ["ping", "10.0.0.2"], "start": 0.05,
                  "end": 0.3, "status": 0}] if lines is None else lines
        folder = lay_out(place / f"arp-{len(list(place.iterdir())) + 1}", {}, {"network": network}, lines)
        scene = folder / "scenes/experiment"
        for part in ("captures", "output"):
            (scene / part).mkdir()
        for host in ("h1", "h2"):
            (scene / f"captures/{host}-eth0.pcap").write_bytes(pcap(frames))
        for name, text in (output or {}).items():
            (scene / f"output/{name}").write_bytes(text.encode(errors="surrogatepass"))
        lay_out.reseal(folder, json.loads((folder / layout.MANIFEST).read_text()))
        return Run(folder)

    return make


@pytest.fixture
def made(tmp_path, lay_out):
    return maker(tmp_path, lay_out)


def result(run, *checks, **more) -> LabResult:
    return LabResult("arp", 1, checks, evidence=run.folder, evidence_sha256=run.manifest["evidence_sha256"],
                     work="student", **more)


GOOD = CheckResult("check_good", "It is `good`", ("ARP-1",), PASSED, 1, 1, frames=(("experiment", "h1-eth0", 2),))
BAD = CheckResult("check_bad", "It is not", ("ARP-2",), FAILED, 0, 2,
                  done="h1 asked", expected="an answer", seen="none", hint="look",
                  frames=(("experiment", "h1-eth0", 1), ("experiment", "h2-eth0", 1)))


def html(run, *checks, since="", **more) -> str:
    return page.html(find("arp"), run, result(run, *checks, **more), since)


class Parsed(HTMLParser):
    """Every element with its attributes, the text outside scripts, and what the scripts hold."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.words, self.styles, self.within = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.within = tag

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        {"script": self.scripts, "style": self.styles}.get(self.within, self.words).append(data)

    @property
    def data(self):
        return json.loads(self.scripts[0])

    @property
    def text(self):
        return "".join(self.words)


def test_a_page_has_all_of_its_parts(made):
    parsed = Parsed(html(made(output={"first.out": "64 bytes from"}), BAD, GOOD, since="+1 since arp-1"))
    for words in ("It is not", "h1 asked", "an answer", "none", "look", "+1 since arp-1", "who has 10.0.0.2? tell 10.0.0.1",
                  "10.0.0.2 is at 02:00:00:00:00:02", "64 bytes from", "ping 10.0.0.2", "8 Mbit/s, 20 ms, 1.5 % lost"):
        assert words in parsed.text, words
    assert {attributes["id"] for tag, attributes in parsed.elements if tag == "section"} == {
        "verdict", "topology", "ladder", "timeline"}


def test_a_check_that_failed_is_open_and_one_that_passed_is_not(made):
    parsed = Parsed(html(made(), BAD, GOOD))
    assert {attributes["id"]: "open" in attributes for tag, attributes in parsed.elements if tag == "details"
            and attributes.get("id")} == {"c-check_bad": True, "c-check_good": False}


def test_a_check_says_what_has_become_of_it(made):
    run = made()
    text = page.html(find("arp"), run, result(run, BAD, GOOD), changes={"check_good": "passes now"})
    assert "passes now" in text[text.index('id="c-check_good"'):] and text.count("passes now") == 1


def test_a_check_leads_to_its_frames_and_to_wireshark(made):
    text = html(made(), BAD, GOOD)
    numbers = {before + there: (place, there) for place, (before, theirs, *_) in Parsed(text).data["frames"][
        "captures"].items() for there in accumulate(theirs)}
    section = text[text.index('id="c-check_bad"'):text.index('id="c-check_good"')]
    linked = [int(number) for number in re.findall(r'href="#f(\d+)"', section)]
    assert [numbers[number] for number in linked] == [("experiment/h1-eth0", 1), ("experiment/h2-eth0", 1)]
    assert "frame.number in {1}" in section and "scenes/experiment/captures/h1-eth0.pcap" in section


def test_the_same_evidence_gives_the_same_bytes(made):
    run = made()
    one = html(run, BAD, GOOD, seconds=1.0)
    assert one == html(Run(run.folder), BAD, GOOD, seconds=2.0, signature="verified", notes=("signed",))
    assert one != html(run, BAD, replace(GOOD, title="other"))


def test_nobody_is_asked_for_anything(made):
    text = html(made(), BAD, GOOD)
    parsed = Parsed(text)
    for tag, attributes in parsed.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        assert attributes.get("href", "#").startswith("#") and not {"src", "srcset", "action"} & {*attributes}
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org)", "".join(parsed.styles))


def test_the_policy_allows_the_script_and_the_style_that_are_there(made):
    parsed = Parsed(html(made(), GOOD))
    [policy] = [attributes["content"] for _, attributes in parsed.elements
                if attributes.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for name, texts in (("script-src", parsed.scripts[-1:]), ("style-src", parsed.styles)):
        digest = base64.b64encode(hashlib.sha256("".join(texts).encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == rules["form-action"] == rules["base-uri"] == "'none'"


EVIL = ("<evil-x>", "</script><evil-x>", "]]><evil-x>", "</pre></textarea></style><evil-x>", '"><evil-x onload=x>',
        "'><evil-x>", "<!--<evil-x>", "&lt;evil-x&gt;<evil-x>", "{{ 7 * 7 }}<evil-x>", "<evil-x>\x00\x1b[2J\u202e",
        "\ud800<evil-x>", "${`<evil-x>`}")


def shows_no_evil(text):
    parsed = Parsed(text)
    assert not any("evil" in tag or any("evil" in name for name in attributes) for tag, attributes in parsed.elements)
    assert len([tag for tag, _ in parsed.elements if tag == "script"]) == 2 and len(parsed.scripts) == 2
    assert not any(char in text for char in "\x00\x1b\u202e")
    text.encode()
    return parsed


@pytest.mark.parametrize("evil", EVIL)
def test_what_others_wrote_is_text(made, evil):
    network = {evil: NETWORK["h1"], "h2": NETWORK["h2"]}
    lines = [{"name": "first", "kind": "student", "host": evil, "argv": ["sh", evil], "start": 0.05, "end": 0.3,
              "status": None, "stopped": evil}]
    frames = [(0.1, QUESTION), (0.2, said(b"GET /" + evil.encode(errors="replace") + b" HTTP/1.1\r\nHost: <evil-x>\r\n\r\n"))]
    run = made(frames, {"first.out": evil, "first.err": evil, "first.in": evil}, network, lines)
    check = CheckResult(evil, evil, (evil,), FAILED, 0, 1, done=evil, seen=evil, frames=GOOD.frames)
    parsed = shows_no_evil(html(run, check, reason=evil, since=evil))
    assert plain(evil) in parsed.text


nasty = st.text(st.sampled_from("<>&\"'`{}%$/!-]=x \n\r\t\x00\x1b\u2028\u202e\ud800e") | st.characters(), max_size=60)


@given(output=nasty, name=nasty, told=nasty)
@settings(deadline=None, max_examples=40)
def test_no_text_becomes_markup(tmp_path_factory, lay_out, output, name, told):
    run = maker(tmp_path_factory.mktemp("nasty"), lay_out)(output={"first.out": output, "first.in": told})
    check = replace(BAD, title=name, done=told, seen=output)
    assert [tag for tag, _ in shows_no_evil(html(run, check)).elements].count("section") == 4


def test_a_line_of_ten_megabytes_is_cut(made):
    long = "x" * 10_000_000
    text = html(made(output={"first.out": long, "first.err": long}), replace(BAD, message="seen: " + long), reason=long)
    assert len(text) < 120_000 and "10,000,000 characters" in text


def test_long_transfers_are_thinned_and_the_page_says_so(made):
    frames = [(0.1 + number / 1e4, said(b"x" * 1000, 1000 + 1000 * number)) for number in range(2500)]
    text = html(made(frames), GOOD)
    assert len(text.encode()) < 400_000 and "in the midst of long transfers are left out" in text


def test_a_ladder_takes_the_room_that_the_other_views_leave(made):
    frames = [(0.1 + number / 1e4, said(b"x" * 1000, 1000 + 1000 * number)) for number in range(1200)]
    sizes, shown = [], []
    for many in (0, 12):
        lines = [{"name": f"c{number}", "kind": "command", "host": "h1", "argv": ["cat", "file"], "start": 0.05,
                  "end": 0.3, "status": 0} for number in range(many)]
        run = made(frames, {f"c{number}.out": "line\n" * 10_000 for number in range(many)}, lines=lines)
        text = html(run, GOOD)
        sizes.append(len(text.encode()))
        shown.append(text.count("<tr class=\"tcp"))
        [ladder] = re.findall(r'<section id="ladder".*?</section>', text, re.S)
        assert ("are left out" in ladder) == (shown[-1] < 1200)
    assert max(sizes) <= 400_000 and 100 < shown[1] < shown[0] == 1200


def test_a_frame_that_a_check_decided_by_is_kept_however_many_there_are(made):
    frames = [(0.1 + number / 1e4, said(b"%04d" % number * 100, 1000 + 400 * number)) for number in range(2500)]
    text = html(made(frames), replace(GOOD, frames=(("experiment", "h1-eth0", 1250),)))
    data = Parsed(text).data["frames"]
    _, *columns = data["captures"]["experiment/h1-eth0"]
    [packet] = [packet for number, _, packet in zip(*map(accumulate, columns)) if number == 1250]
    assert base64.b64decode(data["packets"][packet][0]) == frames[1249][1][:512]


def test_damaged_captures_are_told(made):
    run = made()
    (run.folder / "scenes/experiment/captures/h1-eth0.pcap").write_bytes(b"no capture")
    assert "this is not a pcap file" in html(run, replace(GOOD, frames=()))


def test_a_run_that_got_nowhere_has_a_page(made):
    run = made(frames=(), network={}, lines=[])
    assert "it broke" in html(run, reason="it broke")


def test_a_lab_has_views_of_its_own(made, tmp_path):
    folder = tmp_path / "labs/link/arp"
    shutil.copytree(find("arp").folder, folder)
    (folder / "views.py").write_text("""
from markupsafe import Markup
from mnlab.report.page.view import View

def wanted(material):
    return View("wanted", "Wanted", Markup("<p>{}</p>").format(f"<{material.lab.name}>"))

def wrong(material):
    return 1 / 0

VIEWS = (wanted, wrong)
""")
    run = made()
    text = page.html(Lab(folder), run, result(run, GOOD))
    assert "<h2 id=\"wanted-title\">Wanted</h2>\n<p>&lt;arp&gt;</p>" in text
    assert "This cannot be drawn" in text and "ZeroDivisionError" in text


def test_a_page_and_a_ladder_are_written_beside_the_evidence(made):
    run = made()
    assert page.write(find("arp"), run, result(run, GOOD)) == run.folder / "report.html"
    assert "who has 10.0.0.2? tell 10.0.0.1" in (run.folder / "ladder.txt").read_text()
    assert Run(run.folder).is_untouched()


def test_vendored_files_are_those_that_were_pinned():
    folder = TEMPLATES.parent / "vendored/uPlot"
    pinned = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert pinned == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in pinned}
    assert {*pinned} == {path.name for path in folder.iterdir()} - {"SHA256SUMS", "README.md"}


def test_a_datagram_to_nobody_known_has_a_lifeline(made):
    stranger = bytes(Ether(src=MACS["h1"], dst=MACS["h2"]) / IP(src="10.0.0.1", dst="192.0.2.9") / UDP(dport=9) / b"hi")
    assert "192.0.2.9" in Parsed(html(made([(0.1, stranger)]), replace(GOOD, frames=()))).text
