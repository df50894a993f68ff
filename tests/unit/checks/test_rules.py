"""How a handout numbers the rules of its task."""

import pytest

from mnlab.checks.rules import rules_of


@pytest.mark.parametrize("line, words", [
    ("- **R1 Ask.** An unknown address is asked for.", "Ask"), ("**R1.** It asks. And more.", "It asks"),
    ("1. **R1** asks `h2`", "asks h2"), ("| **R1** | asks | twice |", "asks  twice"), ("* **R1: Ask**", "Ask"),
    ("- **R1 " + "word " * 30 + ".**", "word " * 11 + "word ...")])
def test_a_rule_begins_a_line_an_item_or_a_row(line, words):
    assert rules_of(f"# Lab\n\n{line}\n\nsee **R9** and R1.\n") == {"R1": words}


def test_rules_keep_the_order_of_the_handout_and_one_number_is_one_rule():
    assert list(rules_of("- **R2 B.** b\n- **R10 C.** c\n- **R1 A.** a\n")) == ["R2", "R10", "R1"]
    with pytest.raises(ValueError, match="two rules R1"):
        rules_of("- **R1 A.** a\n- **R1 B.** b\n")
