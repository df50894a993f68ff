"""An experiment that misbehaves is inconclusive, within its limits, and what it had recorded is kept."""

import pytest

from mnlab.checks.answers import Answers
from mnlab.checks.grade import grade
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab
from mnlab.machine.job import Limits
from mnlab.protocols import icmp

FIRST = 'rec.run("first", h1, "echo recorded")\nrec.run("probe", h1, "true")\n'

CASES = {
    "raises": ("1 / 0", "ZeroDivisionError"),
    "exits": ("raise SystemExit(7)", "ended with status 7"),
    "dies": ("import os; os.kill(os.getpid(), 9)", "status -9"),
    "sleeps": ("rec.wait(10**6)", "still running after 60 s of lab time"),
    "hangs on a command": ('rec.run("hang", h1, "sleep 1000 & sleep 1000", timeout=5)', "timed out"),
    "hangs on a detached command": ('rec.run("hang", h1, "setsid sleep 1000 & sleep 1000", timeout=5)', "timed out"),
    "waits in vain": ('rec.wait_until(lambda: False, "the moon is full", 5)', "the moon is full: not after 5 s"),
    "a failed command": ('rec.run("bad", h1, "echo why >&2; exit 3")', "failed (status 3): why"),
    "a server that never listens": ('rec.service("mute", h1, "sleep 100", tcp=80, timeout=3)', "did not start"),
    "a server that ends": ('rec.service("short", h1, ["bash", "-c", "echo no config >&2; exit 1"], tcp=80)', "no config"),
    "fills the disk": ('open("/result/files/full", "wb").write(bytes(10**9))', "files/full is left out"),
    "eats memory": ('x = []\nwhile True: x.append(bytearray(1 << 20))', "ran out of memory"),
    "one name twice": ('rec.run("first", h1, "true")', "uses the name 'first' twice"),
    "an unknown node": ('with rec.capture("h9"): pass', "h9"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_experiment_is_inconclusive_with_its_reason(run_lab, tmp_path, case):
    body, reason = CASES[case]
    record = run_lab(FIRST + body, limits=Limits(virtual_seconds=60, processor_seconds=120))
    assert record.manifest["outcome"] == "inconclusive"
    assert reason in record.manifest["reason"]
    assert record.command("first").stdout == "recorded\n"
    assert Run(tmp_path / "evidence").is_untouched()


@pytest.mark.parametrize("body", ["while True: print('x' * 10**5)", "import os\nwhile True: os.fork()", "while True: pass"],
                         ids=["prints", "forks", "burns"])
def test_an_experiment_without_end_is_stopped(run_lab, body):
    record = run_lab(FIRST + body, limits=Limits(virtual_seconds=900, processor_seconds=12))
    assert "the job took more than 12 s of this computer's processor time" in record.manifest["reason"]
    assert record.command("first").stdout == "recorded\n"


def test_every_check_of_an_inconclusive_run_is_inconclusive_and_costs_no_points(run_lab, tmp_path):
    run_lab(FIRST + "1 / 0")
    result = grade(Lab(tmp_path / "evidence-lab/labs/link/probe"), Run(tmp_path / "evidence"), Answers({}))
    assert [check.status for check in result.checks] == ["inconclusive"] and result.status == "inconclusive"
    assert "ZeroDivisionError" in result.checks[0].message


def test_a_network_that_cannot_be_built_is_inconclusive(run_lab):
    head = """
from mnlab.lab import Diagram
diagram = Diagram(captures=("h1",), protocols=())
def variant(rng): return {}
def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, link={"bw": 99999})
def experiment(net, rec, work):
"""
    record = run_lab("pass", head=head)
    assert record.manifest["outcome"] == "inconclusive" and "is not a rate: in Mbit/s" in record.manifest["reason"]


def test_exact_frames_are_lost_and_accounted_for(run_lab):
    record = run_lab("""
        with rec.capture("h1", "h2"):
            with rec.lose("requests", "s1-eth1", "icmp type echo-request", nth=[2, 4]):
                rec.run("five", h1, f"ping -c5 -i 0.2 -W 1 {h2.IP()}", check=False)
            with rec.lose("everything", "s1-eth1", "icmp type echo-request"):
                rec.run("gone", h1, f"ping -c1 -W 1 {h2.IP()}", check=False)
            rec.run("after", h1, f"ping -c1 {h2.IP()}")
    """)
    assert record.manifest["outcome"] == "ok", record.manifest["reason"]
    sent, arrived = (sorted(echo.seq for echo in icmp.echoes(record.frames(host))) for host in ("h1", "h2"))
    assert record.json("requests") == {"place": "s1-eth1", "match": "icmp type echo-request", "nth": [2, 4],
                                       "matched": 5, "dropped": 2}
    assert record.json("everything")["dropped"] == 1
    assert sent == [1, 1, 1, 2, 3, 4, 5] and arrived == [1, 1, 3, 5]


def test_a_loss_that_nft_refuses_is_inconclusive(run_lab):
    record = run_lab("""
        with rec.lose("nonsense", "s1-eth1", "no such match"):
            pass
    """)
    assert record.manifest["outcome"] == "inconclusive"
    assert "cannot lose frames at s1-eth1" in record.manifest["reason"]


def test_what_a_command_is_told_is_recorded_before_it_runs(run_lab):
    record = run_lab("""
        rec.run("counted", h1, "wc -l", input="one\\ntwo\\n")
        rec.student("yours", h1, "cat", input="hello")
        rec.run("silent", h1, "true")
        rec.run("stuck", h1, "sleep 100", input="wake up", timeout=3)
    """)
    assert [record.command(name).stdin for name in ("counted", "yours", "silent")] == ["one\ntwo\n", "hello", ""]
    assert (record.command("counted").stdout.strip(), record.command("yours").stdout) == ("2", "hello")
    assert (record.folder / "output/stuck.in").read_text() == "wake up"
    assert not (record.folder / "output/silent.in").exists()
