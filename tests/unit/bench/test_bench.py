"""`mnlab bench` without a machine: choosing, reporting, and the tools of the benchmarks."""

import importlib
import os
import time
from pathlib import Path

import pytest

from mnlab.checks.verdicts import FAILED, PASSED, CheckResult, LabResult
from mnlab.cli import bench
from mnlab.cli.options import WrongUsage
from mnlab.lab.lab import find
from mnlab.machine.job import MachineError

package = bench.load_benchmarks()
figures, tools, prices, real_time = (
    importlib.import_module(f"{bench.PACKAGE}.{name}") for name in ("figures", "tools", "prices", "real_time"))


class Silent:
    quick, build = True, False

    def say(self, text):
        pass


def names(chosen):
    return [measure.__name__ for measure in chosen]


def test_everything_unless_named():
    everything = bench.chosen(package, [])
    assert {"restore", "commands", "shaping", "digests", "starts"} <= set(names(everything))


def test_what_takes_a_day_runs_only_if_it_is_named():
    assert "repeats" not in names(bench.chosen(package, []))
    assert names(bench.chosen(package, ["real_time"])) == names(bench.chosen(package, ["repeats"])) == ["repeats"]


def test_themes_and_single_measures_have_names_and_none_runs_twice():
    assert names(bench.chosen(package, ["restore", "speed"]))[0] == "restore"
    assert names(bench.chosen(package, ["restore", "speed"])).count("restore") == 1
    assert names(bench.chosen(package, ["fidelity"])) == ["shaping"]


def test_an_unknown_name_is_wrong_usage_and_lists_the_known():
    with pytest.raises(WrongUsage, match="restore"):
        bench.chosen(package, ["nothing"])


def report_of(measure):
    report = bench.Report({}, True, {})
    bench.carry_out(measure, Silent(), report)
    return report


def test_exit_status_says_whether_targets_were_met():
    assert report_of(lambda _: [figures.Row("run", 2.9)]).exit_status == 0
    assert report_of(lambda _: [figures.Row("run", 3.1)]).exit_status == 1
    assert report_of(lambda _: [figures.Row("first", 99.0)]).exit_status == 0


def test_what_cannot_be_measured_is_reported_and_keeps_what_was():
    def measure(_):
        yield figures.Row("run", 2.9)
        raise MachineError("QEMU is gone")

    report = report_of(measure)
    assert report.exit_status == 3 and len(report.rows) == 1 and report.problems == ["measure: QEMU is gone"]
    assert report.as_dict()["met"] is False


def test_the_table_shows_a_miss(capsys):
    report = report_of(lambda _: [figures.Row("run", 3.1, detail="10 times")])
    report.computer |= {"processors": 2, "model": "some", "load_before": 0.0}
    bench.show(report)
    assert "MISSED" in capsys.readouterr().out


class Runs:
    """In place of run_tasks: the run of seed 2 fails."""

    def __init__(self):
        self.folders = []

    def __call__(self, tasks, machine, progress):
        task, = tasks
        assert machine.clock == "real" and task.out.is_dir()
        self.folders.append(task.out)
        status = FAILED if task.seed == 2 else PASSED
        return [LabResult(task.lab.name, task.seed, (CheckResult("check_it", "", (), status, 0, 1, "because\nof it"),))]


def test_runs_in_real_time_that_do_not_pass_are_counted_and_their_evidence_is_kept(monkeypatch):
    said, runs = [], Runs()
    monkeypatch.setattr(real_time, "run_tasks", runs)
    row, = real_time.repeats(tools.Bench(None, quick=True, say=said.append, labs=[find("arp")]))
    first, second = runs.folders
    assert (row.key, row.value, row.case, row.met) == ("repeats", 1, "arp", False) and "seed 2" in row.detail
    assert not first.exists() and second.is_dir()
    assert f"check_it failed: because\n  its evidence: {second}" in said[-1]
    second.rmdir()


def test_a_run_that_could_not_be_made_says_why():
    assert real_time.why(LabResult("arp", 1, (), reason="QEMU is gone")) == ["QEMU is gone"]


def test_busy_processors_are_busy_and_end():
    def children():
        return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}

    before = children()
    with tools.busy_processors():
        started = children() - before
        assert len(started) == os.cpu_count()
    assert not children() & started


def test_spans_of_printed_stamps():
    lines = [(10.0, "start a 1000000000"), (10.5, "start b 2000000000"), (11.0, "end b 2500000000"),
             (12.0, "end a 4000000000")]
    assert prices.read(lines) == {"a": (3.0, 2.0), "b": (0.5, 0.5)}


def test_memory_of_a_process_that_has_ended_is_nothing(tmp_path):
    assert tools.kilobytes(tmp_path / "status", "VmHWM:") == 0
    assert tools.kilobytes(Path("/proc/self/status"), "VmHWM:") > 1 << 20


def test_peak_memory_sees_a_running_process():
    class Process:
        pid = os.getpid()

    class Qemu:
        process = Process()

    class Machine:
        running = {Qemu()}

    with tools.PeakMemory(Machine()) as peak:
        deadline = time.monotonic() + 30
        while not peak.resident and time.monotonic() < deadline:
            time.sleep(0.01)
    assert peak.resident > 1 << 20
