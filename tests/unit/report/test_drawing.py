import pytest
from rich.cells import cell_len

from mnlab.report.drawing import ASCII, UNICODE, clean, duration, one_line, shorten, wrap


@pytest.mark.parametrize("hostile, harmless", [
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07text", "text"),
    ("\x1b]8;;http://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
    ("\x1bcreset", "reset"),
    ("bell\x07 null\x00 c1\x9b31m", "bell? null? c1?31m"),
    ("turned \u202e round", "turned  round"),
    ("lone \udc80 surrogate", "lone ? surrogate"),
    ("a\r\nb\rc", "a\nb\nc"),
    ("日本語 é", "日本語 é"),
])
def test_text_that_a_terminal_would_obey_is_made_harmless(hostile, harmless):
    assert clean(hostile) == harmless


def test_ascii_spells_what_it_can():
    assert clean("a → b … 20 µs ≥ 1 日", ASCII) == "a -> b ... 20 us >= 1 ?"
    assert clean("a → b … 日", ASCII).isascii()


def test_one_line_has_no_line_breaks():
    assert one_line(" GET /\r\n\r\n Host: a\t b ") == "GET / Host: a b"


@pytest.mark.parametrize("width", [1, 7, 20, 60])
@pytest.mark.parametrize("text", ["", "one two three " * 9, "x" * 100, "  indented words", "日本語" * 20, "a\n\nb"])
def test_wrapped_lines_are_never_wider_and_lose_no_character(text, width):
    lines = wrap(text, width)
    if width > 1:  # a wide character does not fit into one column
        assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrapping_keeps_line_breaks_and_indentation():
    assert wrap("first\n  1. a list goes on here", 14) == ["first", "  1. a list", "  goes on here"]


@pytest.mark.parametrize("text, width, short", [
    ("short", 5, "short"), ("longer", 5, "long…"), ("日本語", 5, "日本…"), ("longer", 1, "…"), ("longer", 0, ""),
])
def test_shortened_text_fits(text, width, short):
    assert shorten(text, width, UNICODE) == short


@pytest.mark.parametrize("seconds, words", [
    (0, "0 s"), (0.0000123, "0.01 ms"), (0.02003, "20.0 ms"), (0.254, "254 ms"), (0.99949, "999 ms"),
    (0.9996, "1.00 s"), (1.02, "1.02 s"), (59.96, "60.0 s"), (99.94, "99.9 s"), (99.96, "1 min 40 s"), (240, "4 min"),
    (250.4, "4 min 10 s"),
])
def test_durations_have_the_unit_a_reader_would_choose(seconds, words):
    assert duration(seconds) == words
