"""Hidden parameters: none that a search can find is in what a student reads."""

from mnlab.course import hidden


class Lab:
    name = "made up"

    def params(self, seed, key):
        assert (seed, key) == (7, b"key")
        return {"h1": "10.0.0.1", "_mac": "02:00:00:00:00:07", "_names": {"a": "orchard", "b": ["10.0.0.1", 12345]},
                "_port": 3}


def row(message):
    return {"reason": message, "notes": [message], "checks": [{"message": message}], "student": "4711"}


def test_what_is_hidden_is_drawn_with_the_courses_key_and_what_is_told_is_not_hidden():
    assert hidden.values(Lab(), 7, b"key") == ["02:00:00:00:00:07", "orchard", "12345"]


def test_no_text_that_a_student_reads_holds_it():
    values = hidden.values(Lab(), 7, b"key")
    clean = hidden.without(row("expected 02:00:00:00:00:07 of orchard on port 3, seen 10.0.0.1 and 123456"), values)
    wanted = "expected [hidden] of [hidden] on port 3, seen 10.0.0.1 and 123456"
    assert clean == row(wanted)


def test_nothing_hidden_nothing_changed():
    assert hidden.without(row("expected 10.0.0.1"), []) == row("expected 10.0.0.1")
