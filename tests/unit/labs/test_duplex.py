"""The duplex lab's pure parts: reading a cable's description, and proving from arrivals what a wire can carry."""

import pytest

from mnlab.lab import lab as labs

folder = labs.find("duplex").folder
cable, checks = labs.load(folder / "cable.py"), labs.load(folder / "checks.py")


def flight(sender: str, sent: float, arrived: float, size: int = 1250):
    """1250 bytes take 10 ms at 1000 kbit/s."""
    return checks.Flight(sender, sent, arrived, size)


# --- cables ---

@pytest.mark.parametrize("kind", cable.KINDS)
def test_the_labs_own_cables_are_read_without_complaint(kind):
    text = cable.of_kind(kind, 600)
    lines, complaints = cable.read(text)
    assert [line.command for line in lines] == text.splitlines() and not complaints
    assert text.count("action drop") == (kind == "simplex")


@pytest.mark.parametrize("line", [
    "qdisc add dev eth0 root netem rate 600kbit", "qdisc add dev ifb0 root tbf rate 600kbit burst 1600 limit 9999",
    "exec bpf import /tmp/x", "filter add dev s1-eth1 ingress bpf obj /tmp/x.o", "qdisc del dev s1-eth1 ingress",
    "filter add dev s1-eth1 ingress matchall action mirred egress redirect dev s1-eth2", "\0", "-batch /etc/passwd",
    "qdisc add dev ifb0 root netem rate 600kbit; reboot", "qdisc add dev ifb0 root netem rate 600kbit limit 10 loss 5%",
])
def test_other_lines_are_left_out_and_named(line):
    lines, (complaint,) = cable.read(f"# mine\n{line}\nqdisc add dev ifb0   root netem rate 1.5mbit  # fast\n")
    assert [entry.command for entry in lines] == ["qdisc add dev ifb0 root netem rate 1.5mbit"]
    assert complaint.startswith("line 2: ") and "\n" not in complaint


@pytest.mark.parametrize("rate", ["600kbit", "600Kbit", "0.6mbit", "600000", "600000bit", "75kbps", "585.9375KiBit"])
def test_rates_may_be_written_in_all_ways_that_tc_reads(rate):
    assert cable.read(f"qdisc add dev ifb0 root netem rate {rate}")[1] == []


def test_a_file_without_end_is_read_so_far():
    lines, complaints = cable.read("qdisc add dev s1-eth1 ingress\n" * 9999)
    assert len(lines) == cable.LINES and len(complaints) == 1


def test_what_the_kernel_refuses_is_told_and_cutting_the_old_cable_is_not():
    lines, _ = cable.read("\nfilter add dev s1-eth1 ingress matchall action drop\n")
    errors = ("Error: Cannot find specified qdisc on specified device.\nCommand failed -:1\n"
              f"Error: Parent Qdisc doesn't exists.\nWe have an error talking to the kernel\n"
              f"Command failed -:{len(cable.CUT) + 1}\n")
    (complaint,) = cable.refusals(lines, errors)
    assert complaint.startswith("line 2: the kernel refuses") and "Parent Qdisc" in complaint


# --- wires ---

def test_frames_one_behind_the_other_do_not_overlap():
    arrivals = [flight("h1", 0, 0.010), flight("h2", 0, 0.020), flight("h1", 0, 0.035)]
    assert checks.overtime(arrivals, 1000) <= 1e-9
    assert checks.at_once(arrivals, {"h1": 1000, "h2": 1000}) == pytest.approx(0, abs=1e-9)


def test_frames_at_once_overlap_and_overlaps_add_up():
    arrivals = [flight(sender, 0, 0.010 * n) for n in range(1, 11) for sender in ("h1", "h2")]
    assert checks.overtime(arrivals, 1000) == pytest.approx(0.100)
    assert checks.at_once(arrivals, {"h1": 1000, "h2": 1000}) == pytest.approx(0.100)


def test_a_pause_does_not_make_up_for_an_overlap():
    arrivals = [flight("h1", 0, 0.010), flight("h2", 0, 0.015), flight("h1", 0, 9.0)]
    assert checks.overtime(arrivals, 1000) == pytest.approx(0.005)


def test_a_wire_serves_first_come_first_served():
    sent = [flight("h1", 0.0, 0.010), flight("h2", 0.001, 0.020), flight("h1", 0.100, 0.110)]
    assert checks.lateness(sent, 1000) == pytest.approx([0, 0, 0])
    assert checks.lateness([flight("h1", 0.0, 0.010), flight("h2", 0.001, 0.011)], 1000) == pytest.approx([0, -0.009])


def test_rates_add_up_over_the_whole_time():
    assert checks.sum_of_rates([flight("h1", 0, 0.010), flight("h2", 0, 0.020)]) == pytest.approx(1000)
