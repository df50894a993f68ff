"""The table of `mnlab verify` about rules: what is missing stands below it."""

from mnlab.report.rules import rules_table


def test_points_for_nothing_are_told_below_the_table():
    table = rules_table({"R1 Ask": [("asks nobody", 2)]}, {}, {}, {"the starter": "5 of 13 points"},
                        {"the starter": "5 of 13 points"}).text(80)
    assert "asks nobody (2)" in table and "the starter has points for nothing: 5 of 13 points" in table
    assert "each with a mutant" not in table
    assert "each with a mutant" in rules_table({"R1 Ask": [("asks nobody", 2)]}, {}, {}, {"the starter": "1 of 13"}).text(80)
