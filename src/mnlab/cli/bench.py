"""`mnlab bench`: what the project promises in numbers, measured (tests/benchmarks)."""

import importlib.util
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from mnlab.checks.verdicts import EXIT_STATUS, FAILED, INCONCLUSIVE, PASSED
from mnlab.cli.options import (
    DEFAULT_MACHINE,
    Json,
    Machine,
    Place,
    Quiet,
    WrongUsage,
    a_folder,
    a_new_file,
    insist_on_clone,
    machine_for,
    say,
)
from mnlab.cli.ownership import give_back, make_folder
from mnlab.lab.lab import ROOT, all_labs, find
from mnlab.report.jsonout import document

FOLDER = ROOT / "tests" / "benchmarks"
PACKAGE = "mnlab_benchmarks"  # the name under which the folder is imported; it is on no path


def register(app: typer.Typer) -> None:
    app.command()(bench)


Names = Annotated[list[str] | None, typer.Argument(
    metavar="NAME...", help="Some of them. None: all but grading (ten minutes) and real_time (a day).")]
Labs = Annotated[list[str] | None, typer.Option(
    "--lab", metavar="LAB", help="Only this lab, where labs are measured; may be repeated.")]


def bench(name: Names = None,
          lab: Labs = None,
          quick: Annotated[bool, typer.Option("--quick", help="Fewer repetitions.")] = False,
          build: Annotated[bool, typer.Option("--build", help="Also build the image, in a cache of its own.")] = False,
          machine: Machine = DEFAULT_MACHINE,
          json: Json = False,
          out: Annotated[Path | None, typer.Option(
              parser=a_new_file, metavar="FILE", help="Also write the JSON to this file.")] = None,
          other: Annotated[Path | None, typer.Option(
              "--with", parser=a_folder, metavar="DIR", help="compare, loop: another checkout of mnlab.")] = None,
          pairs: Annotated[int, typer.Option(min=1, help="compare: how often each of the two runs.")] = 5,
          quiet: Quiet = False) -> None:
    """Measure speed, fidelity, determinism and prices, and compare them with their targets.

    compare runs one command here and in another checkout by turns, and says what it costs in each.

    Wall times are of this computer: let it do nothing else meanwhile.

    Examples: mnlab bench speed --quick, mnlab bench real_time --lab arp

    Example: mnlab bench compare --with ../before --pairs 3 -- check arp
    """
    if (name or [])[:1] == ["compare"] or other and name != ["loop"]:
        return _compare(name or [], other, pairs, json, out, quiet)
    package = load_benchmarks()
    measures = chosen(package, name or [])
    labs = [find(one) for one in lab or []] or all_labs()
    place = machine_for(Place.vm, machine, None, quiet)
    place.prepare()
    tools = importlib.import_module(f"{PACKAGE}.tools")
    report = Report(computer(), quick, place.describe())
    benchmark = tools.Bench(place, quick, build, (lambda text: None) if quiet else say, labs, other)
    for measure in measures:
        carry_out(measure, benchmark, report)
    text = document("bench", report.as_dict())
    _write(text, out)
    if json:
        print(text)
    else:
        show(report)
    raise typer.Exit(report.exit_status)


def _write(text: str, out: Path | None) -> None:
    if out:
        make_folder(out.parent)
        out.write_text(text + "\n")
        give_back(out)


def _compare(words: list[str], other: Path | None, pairs: int, json: bool, out: Path | None, quiet: bool) -> None:
    from mnlab.cli import compare
    insist_on_clone("bench")
    if words[:1] != ["compare"] or not other:
        raise WrongUsage("compare takes another checkout: mnlab bench compare --with DIR -- check arp")
    costs = compare.measure(other, words[1:], pairs, (lambda text: None) if quiet else say)
    text = document("bench_compare", compare.as_dict(costs))
    _write(text, out)
    print(text if json else compare.table(costs))


@dataclass
class Report:
    """What was measured, where, and what could not be measured."""

    computer: dict
    quick: bool
    machine: dict
    rows: list = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if self.problems:
            return INCONCLUSIVE
        return FAILED if any(row.met is False for row in self.rows) else PASSED

    @property
    def exit_status(self) -> int:
        return EXIT_STATUS[self.verdict]

    def as_dict(self) -> dict:
        return {"computer": self.computer, "machine": self.machine, "quick": self.quick,
                "rows": [row.as_dict() for row in self.rows], "problems": self.problems, "met": self.verdict == PASSED}


def load_benchmarks() -> ModuleType:
    """tests/benchmarks as a package, found by its path."""
    if PACKAGE in sys.modules:
        return sys.modules[PACKAGE]
    insist_on_clone("bench")
    spec = importlib.util.spec_from_file_location(PACKAGE, FOLDER / "__init__.py",
                                                  submodule_search_locations=[str(FOLDER)])
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)
    return package


def chosen(package: ModuleType, names: list[str]) -> list[Callable]:
    """The measuring functions that `names` (of themes or of single functions) mean; if there are none, those of all
    themes that do not have to be asked for."""
    themes = {theme: importlib.import_module(f"{PACKAGE}.{theme}").MEASURES
              for theme in package.THEMES + package.ON_REQUEST}
    known = {measure.__name__: (measure,) for measures in themes.values() for measure in measures} | themes
    if unknown := [name for name in names if name not in known]:
        raise WrongUsage(f"there is no benchmark {unknown[0]!r}. There are: {', '.join(sorted(known))}.")
    return list(dict.fromkeys(measure for name in names or package.THEMES for measure in known[name]))


def carry_out(measure: Callable, benchmark, report: Report) -> None:
    """Run one measuring function; one that cannot measure does not keep the others from doing so."""
    from mnlab.machine.job import MachineError
    try:
        for row in measure(benchmark):
            benchmark.say(f"  {row.what}: {row.measured}")
            report.rows.append(row)
    except MachineError as problem:
        report.problems.append(f"{measure.__name__}: {problem}")


def computer() -> dict:
    """What the wall times depend on."""
    import platform
    models = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {"processors": os.cpu_count(), "model": models[0] if models else platform.processor(),
            "python": platform.python_version(), "load_before": round(os.getloadavg()[0], 2),
            "measured": time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC"}


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def show(report: Report) -> None:
    """The table, on standard output."""
    from rich.table import Table

    from mnlab.report.console import Console
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for heading, options in (("what", {}), ("measured", {"justify": "right", "no_wrap": True}), ("target", {}),
                             ("", {"no_wrap": True}), ("", {"style": "dim"})):
        table.add_column(heading, **options)
    for row in report.rows:
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        table.add_row(row.what, row.measured, row.figure.target, verdict, row.detail)
    console = Console()
    if not console.is_terminal:
        console.width = 160  # a file has room
    console.print(table)
    facts = report.computer
    console.print(f"\n{facts['processors']} processors, {facts['model']}; load before: {facts['load_before']}"
                  + ("; few repetitions (--quick)" if report.quick else ""), style="dim")
    for problem in report.problems:
        console.print(f"not measured: {problem}")
