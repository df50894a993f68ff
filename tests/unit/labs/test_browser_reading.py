"""The browser lab's reading: what documents name, and how long a browser waited for names."""

from types import SimpleNamespace

import pytest

from mnlab.lab.lab import find, load


@pytest.fixture(scope="module")
def reading():
    return load(find("browser").folder / "reading.py")


def test_resources_are_found_in_their_order(reading):
    page = b'<link href="/a.css"><script src=b.js></script><frame src="c.html"><a href="/no.html">no</a><img alt=x>'
    assert reading.named(page) == [("link", "/a.css"), ("script", "b.js"), ("frame", "c.html")]


def test_questions_side_by_side_are_waited_for_once(reading):
    def question(start, end):
        return SimpleNamespace(time=start, response=SimpleNamespace(time=end) if end else None)

    questions = [question(1.0, 1.2), question(1.1, 1.25), question(2.0, 2.1), question(3.0, None)]
    assert reading.waited_for_dns(SimpleNamespace(questions=questions)) == pytest.approx(0.35)


def test_every_event_has_a_letter(reading):
    lab = find("browser")
    events = lab.experiment.EVENTS
    for seed in range(5):
        params = lab.params(seed)
        given = {params[f"event_{letter}"] for letter in lab.experiment.LETTERS}
        assert given == set(events.values()) and len(lab.experiment.LETTERS) == len(events)
