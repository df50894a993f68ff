"""What `mnlab grade` makes of the results: a student's pages as each result comes, the tables when all are there."""

import io
import re
import time
import zipfile

from mnlab.course import grading, hidden
from mnlab.course.grading import Grading
from mnlab.course.handins import NOBODY
from mnlab.course.look_alike import look_alike, print_kept
from mnlab.course.results import Results, Row, replace
from mnlab.course.roster import MOODLE, Student
from mnlab.course.similar import Print
from mnlab.lab.lab import Lab
from mnlab.report import feedback, gradebook
from mnlab.report.jsonout import document

#: Seconds between two times that the tables are written while machines are at work, or so many times what that takes.
TABLES, SHARE = 30, 20


class GradesFolder:
    """Tables and pages of `task` in its folder. While machines are at work there is time for what would else be waited
    for at the end: pages, and fingerprints of work."""

    def __init__(self, task: Grading, kept: Results, hand: dict, comma: bool):
        self.task, self.kept, self.hand, self.comma = task, kept, hand, comma
        self.every = sorted({name for _, name in kept.rows} | {lab.name for lab in task.labs})
        self.labs = {lab.name: lab for lab in task.every_lab}
        self.names = {student.id: student.name or student.id for student in task.roster}
        self.prints: dict[str, Print] = {}
        self.written: set[str] = set()
        self.tables_written, self.tables_took = time.monotonic(), 0.0

    def add(self, row: Row) -> None:
        """A row is new, or has changed."""
        self._pages(row["student"])
        print_kept(row, self.task.out, self.prints)
        if time.monotonic() - self.tables_written >= max(TABLES, SHARE * self.tables_took):
            self._tables({})  # what looks alike is known at the end

    def finish(self) -> dict[tuple[str, str], list[str]]:
        """The tables; and pages of whom no row came this time. Whose work looks like whose."""
        from mnlab.report.page import class_page  # loads what makes pages: not before the first hand-in is at work

        graded = {name for _, name in self.kept.rows}
        flags = look_alike(self.kept, [one for one in self.task.every_lab if one.name in graded], self.prints,
                           self._seed, self.names)
        people, weights = self._tables(flags)
        replace(self.task.out / "flags.json", document("flags", {"flags": [
            {"student": student, "lab": name, "words": words} for (student, name), words in sorted(flags.items())]}))
        for student in sorted({student for student, _ in self.kept.rows} - self.written):
            self._pages(student)
        made = class_page.Made(self.kept, people, weights, self.hand, flags, grading.place)
        replace(self.task.out / class_page.NAME, class_page.html(made))
        replace(self.task.out / class_page.PROJECTED, class_page.html(made, names=False))
        self._feedback_for_moodle()
        return flags

    def _feedback_for_moodle(self) -> None:
        """The feedback of whose number there Moodle's worksheet tells, in a zip that an assignment takes as feedback
        files: Full name_NUMBER_plugin_file (mod/assign/feedback/file/importziplib.php)."""
        people = [student for student in self.task.roster if student.lms and student.platform == MOODLE]
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
            for student in people:
                page = self.task.out / "feedback" / f"{grading.place(student.id)}.html"
                if page.is_file():
                    title = re.sub(r"[^\w .,'-]|_", "", student.name) or "student"
                    archive.write(page, f"{title}_{student.lms}_assignsubmission_file_feedback.html")
        if people:
            replace(self.task.out / "moodle-feedback.zip", whole.getvalue())

    def _seed(self, student: str, lab: Lab) -> int | None:
        """Of which variant a student's network is; None if nobody knows."""
        row = self.kept.rows.get((student, lab.name))
        if row and row["seed"] is not None:
            return row["seed"]
        return self.task.course.seed(student, lab.name) if self.task.course and student in self.names else None

    def _tables(self, flags: dict[tuple[str, str], list[str]]) -> tuple[list[Student], dict[str, float]]:
        """Write the tables; who is in them, and the labs with their weights."""
        began, kept, weights_of = time.monotonic(), self.kept, self.task.course.labs if self.task.course else {}
        strangers = {student for student, _ in kept.rows} - self.names.keys()
        people = [*self.task.roster, *(Student(key) for key in sorted(strangers))]
        graded = {name: None for _, name in kept.rows}
        usual = [*weights_of, *self.labs, *graded]  # the course's order, and never that in which results came
        weights = {name: weights_of.get(name, 1) for name in dict.fromkeys(usual) if name in graded}
        # An import stops at somebody whom the platform does not know.
        listed = [one for one in people if not one.id.startswith(NOBODY)] or people
        tables = {
            "grades.csv": gradebook.whole(kept, people, weights, self.hand, flags),
            "canvas.csv": gradebook.canvas(kept, listed, weights, self.hand, self.task.canvas_columns),
            "moodle.csv": gradebook.moodle(kept, listed, weights, self.hand),
        }
        for name, rows in tables.items():
            replace(self.task.out / name, "\ufeff" + gradebook.written(rows, self.comma))
        self.tables_written = time.monotonic()
        self.tables_took = self.tables_written - began
        return people, weights

    def _pages(self, student: str) -> None:
        """What a student is told of all labs."""
        rows = [self._told(self.kept.rows[student, name]) for name in self.every if (student, name) in self.kept.rows]
        title, path = self.names.get(student, student), self.task.out / "feedback" / f"{grading.place(student)}.md"
        replace(path, feedback.page(title, rows, self.hand))
        replace(path.with_suffix(".html"), feedback.html(title, rows, self.hand))
        self.written.add(student)

    def _told(self, row: Row) -> Row:
        """A row without what students are not told of their own variant."""
        lab, course = self.labs.get(row["lab"]), self.task.course
        if lab is None or course is None or row["seed"] is None:
            return row
        return hidden.without(row, hidden.values(lab, row["seed"], course.secret))
