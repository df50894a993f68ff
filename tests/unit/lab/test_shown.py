"""What a student is told of a variant's parameters."""

from mnlab.lab.work import fill_in, shown


def test_nested_and_underscored_parameters_are_not_told():
    params = {"rate": 600, "host": "10.0.0.1", "_gateway": "10.0.0.254", "plan": [1, 2], "nested": {"a": 1}}
    assert shown(params) == {"rate": 600, "host": "10.0.0.1"}


def test_underscored_parameters_are_filled_in_all_the_same():
    assert fill_in("via {{_gateway}}", {"_gateway": "10.0.0.254"}) == "via 10.0.0.254"
