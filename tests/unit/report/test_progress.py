import io
import threading

from mnlab.report.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream, results, **options):
    with Progress(total=2, stream=stream, **options) as progress:
        progress.start("arp")
        progress.step("arp", "h1: ping [red] \x1b[31m")
        progress.finish("arp", results[0])
        with progress.paused():
            stream.write("<between>")
        progress.start("dns")
        progress.finish("dns", "could not start")
    return stream.getvalue()


def test_a_log_gets_a_line_at_the_start_and_one_at_the_end(results):
    lines = run(io.StringIO(), results).replace("<between>", "").split("\n")
    assert lines[0] == "arp: started"
    assert lines[1].startswith("arp: failed, 2 of 5 points (")
    assert lines[2] == "dns: started"
    assert lines[3].startswith("dns: could not start (")
    assert lines[4:] == [""]


def test_quiet_is_silent(results):
    assert run(io.StringIO(), results, quiet=True) == "<between>"
    assert run(Terminal(), results, quiet=True) == "<between>"


def test_a_terminal_gets_a_bar(results, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    text = run(Terminal(), results)
    assert "of 2 labs" in text and "started" not in text and "\x1b[31m[red]" not in text


def test_threads_may_report_at_once():
    stream = io.StringIO()
    with Progress(total=20, stream=stream) as progress:
        def work(name):
            progress.start(name)
            progress.finish(name)
        threads = [threading.Thread(target=work, args=(f"lab{number}",)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert progress.done == 20 and len(stream.getvalue().splitlines()) == 40


def test_a_stream_that_knows_no_unicode_is_no_crash():
    raw = io.BytesIO()
    with Progress(stream=io.TextIOWrapper(raw, encoding="ascii")) as progress:
        progress.finish("lab", "日本語 …")
        assert raw.getvalue().startswith(b"lab: ??? ? (")


def test_what_never_began_took_no_time():
    stream = io.StringIO()
    with Progress(stream=stream) as progress:
        progress.finish("lab", "nothing to run")
    assert stream.getvalue() == "lab: nothing to run (0 s)\n"
