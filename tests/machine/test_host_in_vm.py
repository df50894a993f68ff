"""The host machine on a kernel that has everything: the lab machine's, on which it runs as a job.

So any computer proves it, with netem, Open vSwitch and tracepoints, and virtual time makes it cheap.
"""

import ipaddress
import re

import pytest

from mnlab.checks.grade import grade
from mnlab.checks.session import reference_answers
from mnlab.evidence.run import Run
from mnlab.lab.lab import Lab, all_labs, find
from mnlab.machine.job import Job, Limits
from mnlab.machine.machines import DEFAULT, MACHINES
from mnlab.machine.vm import VirtualMachine

from .conftest import PACKAGE, ROOT, Done, make_lab

INSIDE = ROOT / "tests/machine/inside"
HOURS = Limits(virtual_seconds=4 * 3600, processor_seconds=3000)


@pytest.fixture
def inside(tmp_path):
    """Run a script of inside/ as a job with all of mnlab: inside("kills", *arguments) -> Done."""

    def run(script, *arguments, labs=ROOT / "labs", files=None, name="result", machine=DEFAULT) -> Done:
        contents = {f"src/{path.relative_to(PACKAGE.parent)}": path for path in PACKAGE.rglob("*.py")}
        contents |= {f"src/{path.name}": path for path in INSIDE.glob("*.py")}
        contents |= {"labs": labs, **{name: ROOT / name for name in ("controller", "topologies")}, **(files or {})}
        printed = []
        outcome = VirtualMachine(say=lambda text: None, named=MACHINES[machine]).run(
            Job(f"{script}:main", contents, tuple(map(str, arguments)), path=("src", "."), limits=HOURS),
            tmp_path / name, printed.append)
        return Done(outcome, tmp_path / name, b"".join(printed).decode(errors="replace"))

    return run


def graded(done: Done, number: int, lab: Lab):
    """The record of the run `number` of inside/together.py, which must have full marks."""
    assert done.outcome.status == 0 and not done.outcome.trouble, f"{done.outcome}\n{done.printed}"
    run = Run(done.folder / f"run{number}")
    result = grade(lab, run, reference_answers(lab, run))
    failures = [f"{check.name}: {check.message}" for check in result.checks if check.status != "passed"]
    assert result.status == "passed", f"{lab.name}: {result.reason}\n" + "\n".join(failures)
    return run


# --- killed -----------------------------------------------------------------------------------------------------------

def look_at(report: dict, count: int) -> None:
    """Nothing is left of `count` killed runs, and they were killed in all sorts of moments."""
    assert "Outcome(status=0, trouble=''" in report["whole"], report["whole"]
    assert len(report["kills"]) == count
    assert not [kill for kill in report["kills"] if kill["left"]] and not report["left"], report


#: On the newest kernel, too: since Linux 7 a dead process leaves its control group after its parent was told.
@pytest.mark.parametrize("count, seed, machine", [
    (5, 2, DEFAULT), pytest.param(5, 2, "latest", marks=pytest.mark.slow),
    pytest.param(50, 1, DEFAULT, marks=pytest.mark.slow)])
def test_killed_at_any_moment_a_run_leaves_nothing(inside, count, seed, machine):
    report = inside("kills", count, seed, machine=machine).json()
    look_at(report, count)
    for kind in ("processes", "namespaces", "trace instances", "control groups"):
        assert any(kind in kill["had"] for kill in report["kills"]), f"no run was killed when it had {kind}"


def test_a_keeper_that_does_not_clean_is_found_out(inside):
    """The test above can fail."""
    keeper = (PACKAGE / "machine/guest/keeper.py").read_text()
    broken = keeper.replace("        remove(lambda found: found[1] == name)\n", "        pass\n")
    assert broken != keeper
    report = inside("kills", 3, 2, files={"src/mnlab/machine/guest/keeper.py": broken.encode()}).json()
    left = [kill["left"] for kill in report["kills"] if kill["left"]]
    assert left and all({"trace instances", "control groups"} & set(kinds) for kinds in left)


def test_the_next_keeper_cleans_for_one_that_was_killed_itself(inside):
    report = inside("kills", 3, 5, "keeper").json()
    for kill in report["kills"]:
        assert not {"processes", "namespaces", "interfaces", "mounts", "files"} & set(kill["left"]), kill
    assert any(kill["left"] for kill in report["kills"]) and not report["left"], report


# --- at once ----------------------------------------------------------------------------------------------------------

TRACED = """
from mnlab.lab import Diagram
needs = ("trace", "nc")
diagram = Diagram(captures=("h1",), protocols=("tcp",))
def variant(rng):
    return {"net": f"10.{rng.randrange(1, 200)}.{rng.randrange(1, 200)}"}
def topology(params):
    from topologies.lan import Lan
    return Lan(hosts=2, addresses=[f"{params['net']}.{host}/24" for host in (1, 2)])
def experiment(net, rec, work):
"""

CONVERSE = '''
with rec.trace(), rec.trace_neighbours(), rec.capture("h1"):
    rec.wait(5)  # both record at once, if anything lets them
    for number in range(20):
        server = rec.service(f"server{number}", h2, "nc -l 5001", tcp=5001)
        rec.run(f"client{number}", h1, "echo hello | nc -N 10.0.0.2 5001".replace("10.0.0.2", h2.IP()))
        server.stop()
    rec.wait(5)
rec.run("probe", h1, "true")
'''


@pytest.mark.parametrize("seeds", [(1, 1), (1, 2)], ids=["the same lab", "different ones"])
def test_two_runs_at_once_do_not_meet(inside, tmp_path, seeds):
    lab = make_lab(tmp_path, CONVERSE, head=TRACED)
    done = inside("together", *(f"probe/{seed}" for seed in seeds), labs=tmp_path / "labs")
    for number in range(len(seeds)):
        record = graded(done, number, lab).scene("experiment")
        net = ipaddress.ip_network(f"{record.params['net']}.0/24")
        trace, neighbours = ((record.folder / f"kernel/{name}.trace").read_text() for name in ("tcp", "neighbours"))
        # Each connection is opened once, at one end: more would be the other run's.
        assert trace.count("newstate=TCP_SYN_SENT") == 20 and trace.count("oldstate=TCP_SYN_RECV") == 20
        seen = set(re.findall(r"(?:saddr|primary_key)[= ](\d+\.\d+\.\d+\.\d+)", trace + neighbours))
        assert len(seen) == 2 and all(ipaddress.ip_address(address) in net for address in seen)


@pytest.mark.slow
@pytest.mark.parametrize("pair", ["congestion/1 congestion/1", "congestion/1 flow_vs_congestion/1",
                                  "learning_switch/1 learning_switch/1", "arp/1 time_wait/1"])
def test_two_labs_at_once_both_pass(inside, pair):
    done = inside("together", *pair.split())
    for number, name in enumerate(pair.split()):
        graded(done, number, find(name.split("/")[0]))


WHERE = """
from mnlab.checks import points
@points(1, where="classic_recovery")
def check_probe(evidence): pass
"""


def test_what_the_computers_own_kernel_shows_is_tried_in_namespaces_of_its_own(inside, tmp_path):
    lab = make_lab(tmp_path, 'rec.save("recovery", h1, "sysctl -n net.ipv4.tcp_recovery")')
    lab.checks.write_text(WHERE)
    run = graded(inside("together", "probe/1", labs=tmp_path / "labs"), 0, lab)
    assert run.manifest["features"] == {"classic_recovery": ""}


# --- every lab --------------------------------------------------------------------------------------------------------

@pytest.mark.slow
@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_every_lab_passes_on_a_kernel_of_the_computers_own(inside, lab):
    graded(inside("together", f"{lab.name}/1"), 0, lab)
