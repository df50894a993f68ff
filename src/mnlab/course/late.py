"""What handing in late costs."""

import math
from datetime import datetime, timedelta

from mnlab.course.course import Course


def days_late(due: datetime | None, received: datetime | None) -> int:
    """Days, each counted whole once begun, that a hand-in came after its date; 0 if it came in time or nobody says
    when. Only a platform's time counts: what a student's files say of themselves is the student's word."""
    if due is None or received is None or received <= due:
        return 0
    return math.ceil((received - due) / timedelta(days=1))


def factor(course: Course, days: int) -> float:
    """What remains of the points, from 1 down."""
    return 1 - min(course.per_day * days, course.most) / 100
