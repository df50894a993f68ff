import pytest
from rich.cells import cell_len

from mnlab.report.curves import Frame, curves, event_letters, initials, spans

RISE = [(number / 10, number) for number in range(101)]  # 0 at 0 s to 100 at 10 s
WIDTHS = (60, 80, 140)


def test_a_rising_curve_rises_from_corner_to_corner():
    rows = [line[line.index("│" if "│" in line else "┤") + 1:] for line in curves({"reno": RISE}).text(60).split("\n")
            if "│" in line or "┤" in line]
    first = [min(column for column, char in enumerate(row) if char != " ") for row in rows if row.strip()]
    assert len(rows) == 8 and len(first) == 8
    assert first == sorted(first, reverse=True), "higher rows are reached later"
    assert first[-1] == 0 and rows[0].rstrip()[-1] != " "


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_everything_fits_and_is_named(width, ascii):
    drawing = curves(
        {"reno": RISE, "cubic": [(0, 5), (10, 50)]}, thresholds={"reno": [(0, 2**31), (5, 50)]},
        phases={"reno": [(0, "slow start"), (5, "congestion avoidance"), (5.2, "recovery")]},
        events={"reno": [(5, "three duplicate ACKs"), (7, "timeout")]}, title="Congestion window", ylabel="segments",
    )
    text = drawing.text(width, ascii=ascii)
    assert all(cell_len(line) <= width for line in text.split("\n"))
    assert text.isascii() or not ascii
    words = "Congestion window|segments|reno|cubic|slow start|three duplicate ACKs|timeout|10 s"
    assert all(word in text for word in words.split("|"))


def test_a_threshold_is_a_level_line_and_no_limit_is_not_drawn():
    plain = curves({"reno": [(0, 10), (10, 100)]}).text(80)
    assert "╌" not in plain
    assert curves({"reno": [(0, 10), (10, 100)]}, thresholds={"reno": [(0, 2**31 - 1)]}).text(80) == plain
    half = curves({"reno": [(0, 10), (10, 100)]}, thresholds={"reno": [(0, 2**31 - 1), (5, 50)]}).text(80)
    [row] = [line for line in half.split("\n") if "╌" in line]
    assert row.split("┤")[0].strip() == "50"
    assert abs(row.index("╌") - 40) < 4, "it begins in the middle of the time"


def test_a_step_holds_its_value_until_the_next_one():
    frame = Frame(0.0, 10.0, 100.0, 10, 10)
    assert spans([(0, 100), (5, 0)], frame, 10, 10) == [(0, 0)] * 5 + [(0, 9)] + [(9, 9)] * 4


def test_nothing_is_drawn_before_a_curve_begins():
    frame = Frame(0.0, 10.0, 100.0, 10, 10)
    assert spans([(8, 100)], frame, 10, 10)[:8] == [(None, None)] * 8


def test_events_stand_at_their_time():
    text = curves({"reno": RISE}, events={"reno": [(0, "loss"), (10, "timeout")]}).text(80)
    axis = next(line for line in text.split("\n") if "└" in line)
    marks = text.split("\n")[text.split("\n").index(axis) + 1]
    assert marks.index("L") == axis.index("└") + 1 and marks.index("T") == len(axis) - 1


def test_each_event_has_its_own_letter():
    letters = event_letters(["timeout", "three duplicate ACKs", "timeout", "tea", "123"])
    assert letters == {"timeout": "T", "three duplicate ACKs": "H", "tea": "E", "123": "A"}
    assert len(event_letters([f"event {number}" for number in range(40)])) == 40


def test_names_of_phases_are_shortened_to_different_initials():
    names = ["slow start", "steady state", "slow start"]
    assert initials(names) == {"slow start": "SS", "steady state": "steady state"}


@pytest.mark.parametrize("points", [[(0, 0)], [(1, 5)], [(0, 0), (1, 0)], [(0, 1e-6), (1, 2e9)]])
def test_odd_series_are_no_crash(points):
    assert "odd" in curves({"odd": points}).text(60)


def test_no_series_says_so():
    assert curves({}).text(60) == curves({"reno": []}).text(60) == "nothing was recorded"
