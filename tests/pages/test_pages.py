"""What a reader does with a page: open it on any screen, follow a check to its frames, filter, go by keys, print."""

import re
import threading

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

from mnlab.checks.verdicts import FAILED, CheckResult, LabResult
from mnlab.evidence.run import Run
from mnlab.lab.lab import all_labs, find
from mnlab.report.page import page as pages
from mnlab.report.watching import serve

WIDTHS = (360, 1024, 1920)
SOME = ("arp", "handshake")
each_lab = pytest.mark.parametrize("name", [pytest.param(lab.name, marks=[] if lab.name in SOME else pytest.mark.slow)
                                            for lab in all_labs()])
#: Labs whose traffic each protocol's view is for, two at least.
VIEWS = {"dns": ("dns", "url", "browser", "layers"), "openflow": ("learning_switch", "programmable"),
         "http": ("http", "browser", "status"), "tls": ("tls", "https", "url"), "tcp": ("handshake", "congestion")}
MESSAGES = ".ladder tbody tr:not(.gap):not(.did)"


@each_lab
def test_a_page_opens_on_every_screen(opened, page_of, name):
    path = page_of(name)
    assert path.stat().st_size <= 400_000
    for width in WIDTHS:
        page = opened(path, width, "dark" if width == 1920 else "light")
        assert page.locator("main section").count() >= 3
        assert all(page.locator(f"#{view}").count() for view, labs in VIEWS.items() if name in labs)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@each_lab
@pytest.mark.slow
def test_nobody_is_shut_out(opened, page_of, axe, name):
    for scheme in ("light", "dark"):
        page = opened(page_of(name, answered=False), scheme=scheme)
        if page.locator(".ladder a[href]").count():
            page.locator(".ladder a[href]").first.click()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_frame_is_taken_apart_as_scapy_does(opened, page_of):
    path = page_of("handshake")
    page = opened(path)
    page.locator(f"{MESSAGES} a", has_text="SYN+ACK").first.click()
    page.mouse.move(5, 5)  # what lies under the mouse shows its bytes
    filter = page.locator("#frame .filter").inner_text()
    capture, number = re.match(r"scenes/(\S+)\.pcap frame\.number == (\d+)", filter).groups()
    scene, where = capture.split("/captures/")
    frame = Run(path.parent).scene(scene).captured()[where][int(number) - 1]
    packet = Ether(frame.data)
    fields = dict(row.split("\t") for row in page.locator("#frame table").nth(2).inner_text().split("\n"))
    assert {name: fields[name].split(" ")[0] for name in ("source port", "destination port", "sequence number",
                                                          "acknowledgment number", "window", "checksum")} == {
        "source port": str(packet[TCP].sport), "destination port": str(packet[TCP].dport),
        "sequence number": str(packet[TCP].seq), "acknowledgment number": str(packet[TCP].ack),
        "window": str(packet[TCP].window), "checksum": f"0x{packet[TCP].chksum:04x}"}
    assert fields["flags"] == "ACK, SYN" and f"MSS {dict(packet[TCP].options)['MSS']}" in fields["options"]
    row = page.locator("#frame table").nth(1).locator("tr", has_text="destination")
    assert packet[IP].dst in row.inner_text()
    row.focus()
    lit = page.locator("#frame .hex .on").all_inner_texts()
    assert [text for text in lit if re.fullmatch("[0-9a-f]{2}", text)][:4] == [f"{int(one):02x}" for one in
                                                                             packet[IP].dst.split(".")]
    page.keyboard.press("Escape")
    assert page.locator("#frame").is_hidden()
    assert "SYN+ACK" in page.evaluate("document.activeElement.innerText")


def test_a_check_leads_to_its_messages(opened, page_of):
    page = opened(page_of("arp"))
    check = page.locator("#c-check_nobody_answers")
    assert check.get_attribute("open") is None
    check.locator("summary").click()
    check.get_by_text("Mark in the ladder").click()
    marked = page.locator(f"{MESSAGES}.marked").all_inner_texts()
    assert marked and all("who has" in text for text in marked)
    assert page.locator(f"{MESSAGES}:visible").count() == len(marked)
    page.get_by_text("Show all").click()
    every = page.locator(MESSAGES).count()
    page.wait_for_function("([what, count]) => [...document.querySelectorAll(what)].filter(row => row.checkVisibility())"
                           ".length === count", arg=[MESSAGES, every])
    assert every > len(marked)


def test_a_wireshark_filter_is_copied(opened, page_of):
    page = opened(page_of("arp"))
    page.locator("#c-check_nobody_answers summary").click()
    button = page.locator("#c-check_nobody_answers .copy").first
    button.click()
    page.wait_for_function("button => button.textContent === 'Copied'", arg=button.element_handle())


def test_what_did_not_pass_is_open(opened, page_of):
    page = opened(page_of("arp", answered=False))
    failed = page.locator("details.check.failed")
    assert failed.count() > 0 and failed.locator(".inside:visible").count() == failed.count()


def test_a_host_filters_the_ladder(opened, page_of):
    page = opened(page_of("arp"))
    node = page.locator('.network [data-node="h3"]').first
    every = page.locator(f"{MESSAGES}:visible").count()
    node.click()
    ends = page.locator(f"{MESSAGES}:visible td:nth-child(2)").evaluate_all("all => all.map(one => one.textContent)")
    assert 0 < len(ends) < every and all("h3" in end or end.endswith("all") for end in ends)
    assert page.locator("#found").inner_text() == f"{len(ends)} of {every} messages"
    node.press("Enter")
    assert page.locator(f"{MESSAGES}:visible").count() == every


def test_words_and_protocols_filter_the_ladder(opened, page_of):
    page = opened(page_of("arp"))
    page.locator("#find").fill("echo request")
    shown = page.locator(f"{MESSAGES}:visible").all_inner_texts()
    assert shown and all("echo request" in text for text in shown)
    page.locator('input[value="icmp"]').uncheck()
    assert page.locator(f"{MESSAGES}:visible").count() == 0
    page.locator("#find").fill("")
    assert page.locator(f"{MESSAGES}.arp:visible").count() == page.locator(f"{MESSAGES}:visible").count() > 0


def test_keys_go_from_message_to_message(opened, page_of):
    page = opened(page_of("arp"))
    links = page.locator(".ladder").first.locator("a[href]")
    assert links.evaluate_all("all => all.filter(one => one.tabIndex === 0).length") == 1
    links.first.focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.hash") == links.nth(1).get_attribute("href")
    page.keyboard.press("Enter")
    page.locator("#frame").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.hash") == links.last.get_attribute("href")


def test_a_link_from_outside_opens_a_frame(opened, page_of):
    path = page_of("arp")
    page = opened(path)
    number = page.locator(".ladder a[href]").nth(5).get_attribute("href")
    page.goto(f"{path.as_uri()}{number}")
    page.reload()
    assert page.locator("#frame").is_visible() and page.locator(".ladder tr.current").count() == 1


@pytest.mark.parametrize("part", ["ladder", "tcp", "timeline"])
def test_a_part_is_where_its_link_leads(opened, page_of, part):
    page = opened(page_of("handshake"))
    page.locator(f'nav a[href="#{part}"]').click()
    there = """name => { const { top } = document.getElementById(`${name}-title`).getBoundingClientRect();
        const atTheEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
        return 0 < top && (top < 150 || atTheEnd && top < innerHeight); }"""
    page.wait_for_function(there, arg=part)
    page.evaluate("new Promise(done => setTimeout(done, 500))")  # what is drawn late moves nothing
    assert page.evaluate(there, part)


def test_a_page_is_printed_with_all_that_is_folded(opened, page_of):
    page = opened(page_of("arp", answered=False))
    folded = page.locator("details:not([open])").count()
    assert page.pdf(format="A4").startswith(b"%PDF") and folded > 0
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0 and page.locator("nav").is_hidden()
    head = page.locator(".ladder thead").first  # stands on each sheet
    assert head.evaluate("head => getComputedStyle(head).display") == "table-header-group"
    assert page.locator(".ladder tbody").first.evaluate("part => getComputedStyle(part).contentVisibility") == "visible"


def test_what_is_not_printed_is_told(opened, page_of):
    page = opened(page_of("handshake"))
    page.emulate_media(media="print")
    said = page.evaluate("""() => { dispatchEvent(new Event("beforeprint"));  // a printer sees the page as it is then
        return [...document.querySelectorAll(".graphs:empty")].map(one => getComputedStyle(one, "::after").content); }""")
    assert said and all("in the page" in words for words in said)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024


def test_what_others_wrote_does_nothing(opened, lay_out, tmp_path):
    evil = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>]]>"
    run = Run(lay_out(tmp_path / "arp-1", {}, {"network": {evil: {"kind": "host", "interfaces": {}}}}, [
        {"name": "first", "kind": "student", "host": evil, "argv": [evil], "start": 0.0, "end": 1.0, "status": 0}]))
    result = LabResult("arp", 1, (CheckResult(evil, evil, (evil,), FAILED, 0, 1, f"seen: {evil}"),), reason=evil,
                       evidence=run.folder, work="student")
    page = opened(pages.write(find("arp"), run, result, evil))
    assert page.evaluate("window.evil") is None and page.locator("main img").count() == 0
    assert evil in page.locator("#verdict").inner_text()


@pytest.mark.slow
def test_a_long_transfer_opens_without_a_long_task(opened, page_of):
    path = page_of("congestion")
    worst = min(max(opened(path).evaluate("window.tasks"), default=0) for _ in range(3))  # other work goes on beside it
    assert worst <= 100  # ms


def test_a_watched_page_is_renewed_where_one_was(browser, page_of, tmp_path):
    made = page_of("arp").read_text()
    server = serve("arp", tmp_path)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    complaints = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    assert "mnlab check arp" in page.locator("body").inner_text()
    for number, words in ((1, "The first run"), (2, "The second run")):
        (tmp_path / f"arp-{number}").mkdir()
        (tmp_path / f"arp-{number}/report.html").write_text(made.replace("<h2 id=\"verdict-title\">Verdict",
                                                                         f"<h2 id=\"verdict-title\">{words}"))
        frame = page.frame_locator("iframe")
        frame.get_by_text(words).wait_for()
        if number == 1:
            frame.locator("#timeline").scroll_into_view_if_needed()
            place = page.frames[1].evaluate("scrollY")
    page.wait_for_function("place => document.querySelector('iframe').contentWindow.scrollY === place", arg=place)
    assert place > 0 and complaints == []
    server.shutdown()
    server.server_close()
    page.close()
