"""The server of `mnlab watch`: the newest page, on this computer alone."""

import http.client
import os
import socket
import struct
import threading

import pytest

from mnlab.report.watching import newest, serve


@pytest.fixture
def runs(tmp_path):
    """runs(name, text, time): write a page as a run has it."""
    def write(name, text, time):
        (tmp_path / name).mkdir(exist_ok=True)
        page = tmp_path / name / "report.html"
        page.write_text(text)
        os.utime(page, (time, time))
        return page

    write.folder = tmp_path
    return write


@pytest.fixture
def ask(runs):
    """ask(path, host): status, body and headers."""
    server = serve("arp", runs.folder)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def get(path, host=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request(method, path, headers={"Host": host or f"127.0.0.1:{server.server_port}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())

    yield get
    server.shutdown()
    server.server_close()


def test_the_newest_page_is_that_of_the_lab_that_was_written_last(runs):
    runs("arp-2", "two", 100)
    page = runs("arp-10", "ten", 50)
    runs("arp-more-11", "another lab's", 200)
    assert newest("arp", runs.folder).parent.name == "arp-2"
    os.utime(page, (300, 300))
    assert newest("arp", runs.folder).parent.name == "arp-10"
    assert newest("dns", runs.folder) is None


def test_a_page_is_served_byte_for_byte(runs, ask):
    runs("arp-1", "<p>ä</p>", 100)
    status, body, headers = ask("/page")
    assert (status, body) == (200, "<p>ä</p>") and headers["Cache-Control"] == "no-store"


def test_news_are_told_as_soon_as_there_are_any(runs, ask):
    assert ask("/newest?other")[1] == ""
    runs("arp-1", "one", 100)
    known = ask("/newest?")[1]
    assert known.startswith("arp-1:")
    timer = threading.Timer(0.3, runs, ("arp-2", "two", 200))
    timer.start()
    assert ask(f"/newest?{known}")[1].startswith("arp-2:")


def test_around_it_is_a_page_that_says_what_to_do(ask):
    status, body, headers = ask("/")
    assert status == 200 and "mnlab check arp" in body and "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "", "192.0.2.1:80"])
def test_only_this_computer_is_served(runs, ask, host):
    runs("arp-1", "secret", 100)
    status, body, _ = ask("/page", host or " ")
    assert status == 403 and "secret" not in body


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/arp-1/manifest.json", "/page/x", "/favicon.ico"])
def test_nothing_else_is_served(runs, ask, path):
    runs("arp-1", "page", 100)
    assert ask(path)[0] == 404


def test_nothing_can_be_sent(ask):
    assert ask("/page", method="POST")[0] == 501


def test_what_vanishes_or_cannot_be_read_is_no_page(runs, ask, capfd):
    (runs.folder / "arp-1/report.html").mkdir(parents=True)
    assert ask("/page")[0] == 404 and ask("/newest?other")[1] == ""
    runs("arp-2", "two", 100)
    assert ask("/page")[:2] == (200, "two")
    runs.folder.rename(runs.folder.with_name("gone"))
    assert ask("/page")[0] == 404 and ask("/newest?other")[1] == ""
    assert capfd.readouterr().err == ""


def test_a_browser_that_goes_away_is_no_news(runs, capfd):
    server = serve("arp", runs.folder)
    with socket.create_connection(("127.0.0.1", server.server_port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closes with a reset
        connection.sendall(b"GET")
    server.daemon_threads = False
    server.handle_request()
    server.server_close()
    assert capfd.readouterr().err == ""
