"""Figures in panels: files that repeat to the byte, and marks that only their own panel has."""

import pytest

from mnlab.report.plot import PlotError, plot_panels

SERIES = {"reno": [(0, 10), (1, 20), (2, 10)], "cubic": [(0, 10), (2, 30)]}
MARKS = {"thresholds": {"reno": [(0, 2**31), (1, 10)]}, "phases": {"reno": [(0, "slow start"), (1.0, "avoidance")]},
         "events": {"reno": [(1.0, "timeout"), (1.01, "T")], "cubic": [(2.0, "timeout")]}}


@pytest.fixture
def draw(tmp_path):
    pytest.importorskip("matplotlib")

    def drawn(name, series=SERIES, **marks):
        return plot_panels(series, tmp_path / name, "Window", "segments", **marks).read_bytes()

    return drawn


@pytest.mark.parametrize("suffix, magic", [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_same_data_gives_the_same_bytes(draw, suffix, magic):
    once = draw(f"a.{suffix}", **MARKS)
    assert once.startswith(magic)
    assert once == draw(f"b.{suffix}", **MARKS)


@pytest.mark.parametrize("kind", MARKS)
def test_every_kind_of_mark_is_drawn(draw, kind):
    assert draw("a.svg", **MARKS) != draw("b.svg", **{other: MARKS[other] for other in MARKS if other != kind})


@pytest.mark.parametrize("series", [{"reno": [(0, 10)]}, {"reno": []}, {"reno": [(0, 0), (0, 0)]}])
def test_next_to_nothing_can_be_drawn(draw, series):
    assert draw("a.png", series)


def test_a_threshold_without_a_curve_is_no_trouble(draw):
    assert draw("a.png", {"reno": []}, thresholds={"reno": [(0, 5)]})


def test_other_suffixes_are_refused(draw):
    with pytest.raises(PlotError, match="svg or .png"):
        draw("a.jpg")
