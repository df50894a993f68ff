"""Late work, and what it costs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mnlab.course.course import Course
from mnlab.course.late import days_late, factor

DUE = datetime(2027, 1, 15, 23, 59, tzinfo=UTC)
COURSE = Course(Path(), labs={"arp": 1}, due={"arp": DUE}, extensions={("4711", "arp"): DUE + timedelta(days=3)},
                per_day=10, most=35)


@pytest.mark.parametrize("student, after, days", [
    ("4712", timedelta(0), 0), ("4712", timedelta(seconds=1), 1), ("4712", timedelta(days=1), 1),
    ("4712", timedelta(days=1, seconds=1), 2), ("4711", timedelta(days=3), 0), ("4711", timedelta(days=3, seconds=1), 1),
    ("4712", -timedelta(days=9), 0)])
def test_a_day_counts_once_it_has_begun_and_an_extension_moves_the_date(student, after, days):
    assert days_late(COURSE.due_for(student, "arp"), DUE + after) == days


def test_without_a_date_or_a_platforms_time_nothing_is_late():
    assert days_late(COURSE.due_for("4712", "dns"), DUE + timedelta(days=9)) == days_late(DUE, None) == 0


def test_a_date_for_this_time_takes_the_courses_place_and_no_extensions():
    now = DUE - timedelta(days=1)
    assert (COURSE.due_for("4712", "arp", now), COURSE.due_for("4711", "arp", now)) == (now, DUE + timedelta(days=3))


@pytest.mark.parametrize("days, left", [(0, 1), (1, 0.9), (3, 0.7), (4, 0.65), (99, 0.65)])
def test_what_it_costs_has_an_end(days, left):
    assert factor(COURSE, days) == pytest.approx(left)
