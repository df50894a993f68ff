"""The configuration file of the addresses lab: what is read from it, and what is said of what cannot be."""

import pytest

from mnlab.lab import lab as labs

plan = labs.load(labs.find("addresses").folder / "plan.py")
INTERFACES = {"h1": ["h1-eth0"], "r1": ["r1-eth0", "r1-eth1"]}


def commands(text: str) -> list[tuple[str, str]]:
    settings, complaints = plan.read(text, INTERFACES)
    assert not complaints
    return [(setting.node, setting.command) for setting in settings]


def test_addresses_and_routes_become_commands_on_their_nodes():
    text = "# mine\n\nr1-eth1 address 10.0.0.1/30   # towards r2\nr1 route 10.1.0.64/26 via 10.0.0.2\n" \
           "h1 route default via 10.1.0.1\n"
    assert commands(text) == [("r1", "address add 10.0.0.1/30 dev r1-eth1"),
                              ("r1", "route add 10.1.0.64/26 via 10.0.0.2"), ("h1", "route add default via 10.1.0.1")]


@pytest.mark.parametrize(("line", "word"), [
    ("h1-eth0 address 10.1.2.3", "prefix"), ("h1-eth0 address 10.1.2.300/24", "not an IPv4 address"),
    ("h1-eth0 address 10.1.2.3/33", "not an IPv4 address"), ("h9-eth0 address 10.1.2.3/24", "no interface"),
    ("h1 address 10.1.2.3/24", "no interface"), ("h9 route default via 10.1.2.1", "no node"),
    ("h1 route 10.1.2.3/24 via 10.1.2.1", "is an address in 10.1.2.0/24"),
    ("h1 route here via 10.1.2.1", "not a network"),
    ("h1 route default via r1", "gateway"), ("h1 route default", "a line is"), ("ip link set lo down", "a line is"),
    ("h1-eth0 address 10.1.2.3/24;reboot", "not an IPv4 address"), ("\0\ufffd", "a line is"),
])
def test_what_makes_no_sense_is_said_in_a_line(line, word):
    settings, (complaint,) = plan.read(f"h1-eth0 address 10.1.2.3/24\n{line}\n", INTERFACES)
    assert len(settings) == 1
    assert complaint.startswith("line 2: ") and word in complaint and "\n" not in complaint


def test_a_file_without_end_is_read_so_far():
    settings, complaints = plan.read("h1-eth0 address 10.1.2.3/24\n" * 5000, INTERFACES)
    assert len(settings) == plan.LINES and "5000 lines" in complaints[0]


def test_all_addresses_are_given_before_any_route():
    settings, _ = plan.read("h1 route default via 10.1.2.1\nh1-eth0 address 10.1.2.3/24\n", INTERFACES)
    lines = [line for line, _ in plan.batch(settings, "h1", ["h1-eth0"])]
    assert lines[-2:] == ["address add 10.1.2.3/24 dev h1-eth0", "route add default via 10.1.2.1"]
    assert lines[0] == "address flush dev h1-eth0"


def test_what_the_kernel_refuses_is_told_with_the_students_line():
    settings, _ = plan.read("h1-eth0 address 10.1.2.3/24\nh1 route default via 10.9.9.9\n", INTERFACES)
    lines = plan.batch(settings, "h1", ["h1-eth0"])
    errors = f"Error: Nexthop has invalid gateway.\nCommand failed -:{len(lines)}\n"
    assert plan.refusals(lines, errors) == [
        "line 2: h1's kernel refuses 'route add default via 10.9.9.9': Nexthop has invalid gateway."]
