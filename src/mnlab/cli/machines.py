"""Commands about machines: doctor, and machine list|build|lock|diff|status|export|import|clean."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.labs import LabNames
from mnlab.cli.options import (
    CORE,
    DEFAULT_MACHINE,
    Clock,
    Collections,
    Image,
    Json,
    Machine,
    On,
    Place,
    Quiet,
    WrongUsage,
    a_new_file,
    a_path,
    machine_for,
    say,
)
from mnlab.lab import lab as labs
from mnlab.machine.machines import FULL, MACHINES, Named, find

MachineName = Annotated[str, typer.Argument(
    metavar="[NAME[:IMAGE]]", help=f"A machine: {', '.join(MACHINES)}; and which of its images.")]
MachineOrLock = Annotated[str, typer.Argument(
    metavar="NAME[:IMAGE]|FILE", help="A machine, say debian13 or debian13:full, or the file of a lock.")]
machine = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                      help="The lab machines: build, look at, carry, remove.")


def register(app: typer.Typer) -> None:
    app.command()(doctor)
    app.add_typer(machine, name="machine")


def doctor(lab: LabNames = None, collections: Collections = None, on: On = Place.vm, json: Json = False) -> None:
    """Show what this computer has, what is missing, and how to get it. With --on host: for each lab.

    Exit status: 0 if nothing is missing.

    Example: mnlab doctor --on host
    """
    from mnlab.machine.doctor import examine
    if on == Place.host:
        raise typer.Exit(_doctor_of_host([labs.find(name) for name in lab or ()] or labs.all_labs(), json))
    if lab:
        raise WrongUsage("in the lab machine every lab runs; name labs with --on host")
    findings = examine()
    if json:
        from mnlab.report.jsonout import document
        print(document("doctor", {"findings": [asdict(finding) for finding in findings]}))
    for finding in () if json else findings:
        print(f"{finding.mark}  {finding.subject:<18} {finding.seen}")
        if finding.advice:
            print(f"   {'':<18} -> {finding.advice}")
    raise typer.Exit(0 if all(finding.ok or finding.optional for finding in findings) else 1)


def _doctor_of_host(chosen: list[labs.Lab], json: bool) -> int:
    """A line for each lab: whether this computer can run it, and what it lacks; then what to do. The exit status."""
    from mnlab.lab.run import needs_of
    from mnlab.machine import capabilities
    from mnlab.machine.host import insist_on_root
    insist_on_root()
    lacking = {lab.name: capabilities.lacking(needs_of(lab)) for lab in chosen}
    if json:
        from mnlab.report.jsonout import document
        print(document("doctor_host", {"labs": [{"lab": name, "lacking": missing}
                                                   for name, missing in lacking.items()]}))
        return 1 if any(lacking.values()) else 0
    for name, missing in lacking.items():
        print(f"{'MISS' if missing else 'ok  '}  {name:<20} {', '.join(missing)}".rstrip())
    if trouble := capabilities.switch_trouble():
        print(f"      {'sudo mn':<20} {trouble}: sudo systemctl restart openvswitch-switch (labs bring their own)")
    everything = dict.fromkeys(part for missing in lacking.values() for part in missing)
    for line in capabilities.remedies(everything):
        print(line)
    able = sum(not missing for missing in lacking.values())
    print(f"this computer's kernel and programs can run {able} of {len(lacking)} labs"
          + ("" if able == len(lacking) else "; the lab machine (--on vm) can run all"))
    return 0 if able == len(lacking) else 1


@machine.command(name="list")
def list_(json: Json = False) -> None:
    """List the machines, and their images: kernel, the versions of what is used most, size, and age.

    Example: mnlab machine list
    """
    from mnlab.machine import image, overview
    known = image.known()
    rows = [overview.describe(named) for named in known if not named.layers or image.built(named)]
    if json:
        from mnlab.report.jsonout import document
        print(document("machines", {"machines": rows}))
        return
    for row in sorted(rows, key=lambda row: list(MACHINES).index(row["machine"])):
        told = f"image {row['image']}" if row["image"] != CORE else row["about"]
        print(f"{row['machine']:<10} {told}"
              + (" (the default)" if (row["machine"], row["image"]) == (DEFAULT_MACHINE, CORE) else ""))
        for line in overview.lines(row):
            print(f"{'':<10} {line}")
    if not any(named.layers for named in known):
        print(f"{'':<10} none has the image {FULL} yet: --image {FULL} builds it, in {overview.BUILDING_LAYER}")


@machine.command()
def build(machine: Machine = DEFAULT_MACHINE, image: Image = CORE,
          add: Annotated[list[str] | None, typer.Option(
              "--add", metavar="PACKAGE", help="This Debian package, too; may be repeated.")] = None,
          clock: Clock = None,
          lock: Annotated[Path | None, typer.Option(
              "--lock", parser=a_path, metavar="FILE", help="Of exactly these packages: what `lock` printed.")] = None,
          quiet: Quiet = False) -> None:
    """Build the image and take the snapshot now, instead of at the first run.

    Example: mnlab machine build --machine latest

    Example: mnlab machine build --image full --add jq --add tcpflow, and then: mnlab exec --image full,jq,tcpflow
    """
    from mnlab.machine import image as images
    image = ",".join([image, *(add or [])])
    place = machine_for(Place.vm, machine, clock, quiet, image)
    if lock:
        if not lock.is_file():
            raise WrongUsage(f"there is no file {lock}")
        packages = _lock_in(lock)
        _insist_on_release(packages, machine, lock)
        images.rebuild(place.named, packages, place.say)
    place.prepare()
    asked = f" (--image {place.named.image})" if place.named.layers else ""
    say(f"the lab machine {machine}{asked} is ready; its image is {place.image.digest[:12]}")


def _insist_on_release(lock, machine: str, file: Path) -> None:
    """WrongUsage if a lock is of another Debian release than the machine: nothing of it could be installed there."""
    from mnlab.machine import lock as locks
    own = locks.known(machine)
    if own and lock.release and own.release != lock.release:
        raise WrongUsage(f"{file} has packages of Debian {lock.release}, and {machine} is of Debian {own.release}: "
                         "name the machine that it was printed for (--machine)")


@machine.command()
def lock(name: MachineName = DEFAULT_MACHINE) -> None:
    """Print the exact packages of a machine's image, for `machine build --lock`.

    Example: mnlab machine lock debian13 > debian13.lock
    """
    print(lock_of(name), end="")


@machine.command()
def diff(one: MachineOrLock, other: MachineOrLock) -> None:
    """List the packages in which two machines differ; each is a name, or a file that `machine lock` wrote.

    Exit status: 0 if they are the same, 1 if they differ.

    Example: mnlab machine diff debian13 latest
    """
    from mnlab.machine import lock as locks
    rows = locks.differences(lock_of(one), lock_of(other))
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, ours, theirs in rows:
        print(f"{name:<{width}}  {ours or '-'}  {theirs or '-'}")
    print(f"{len(rows)} packages differ" if rows else "the same packages")
    raise typer.Exit(1 if rows else 0)


@machine.command()
def contents(of: Annotated[list[str] | None, typer.Argument(
        metavar="[NAME[:IMAGE]|FILE...]",
        help="Machines, or files of locks; what docs/machine.md shows unless given.")] = None) -> None:
    """Print what is in which image, with versions: the table of docs/machine.md.

    Example: mnlab machine contents debian13:full
    """
    from mnlab.machine import contents as table
    print(table.table({word: lock_of(word) for word in of} if of else table.known()), end="")


def lock_of(word: str):
    """The packages of a built machine (its image after a colon), or of a lock's file. WrongUsage if it is neither."""
    from mnlab.machine import image, overview
    if word not in MACHINES and Path(word).is_file():
        return _lock_in(Path(word))
    name, _, asked = word.partition(":")
    named = find(name).having(asked or CORE)
    if not image.built(named):
        option, took = ((f" --image {named.image}", overview.BUILDING_LAYER) if named.layers
                        else ("", overview.BUILDING))
        raise WrongUsage(f"{word} is not built: mnlab machine build --machine {name}{option} ({took})")
    return image.place(named).lock


def _lock_in(file: Path):
    """The lock in a file. WrongUsage if it is none."""
    from mnlab.machine import lock as locks
    try:
        return locks.parse(file.read_text(encoding="utf-8-sig", errors="replace"))
    except ValueError as problem:
        raise WrongUsage(f"{file} is no lock of an image (`mnlab machine lock NAME` prints one): {problem}") from None


@machine.command()
def status(thorough: Annotated[bool, typer.Option(help="Hash every file.")] = False) -> None:
    """Show what is in the cache, and whether it is whole.

    Example: mnlab machine status
    """
    from mnlab.machine import cache, image, parcel, remembered
    from mnlab.machine.job import MIB
    print(f"cache: {cache.cache_folder()}")
    found = parcel.entries()
    used = set().union(*map(parcel.of, image.known()))
    for entry in found:
        whole = "whole" if cache.is_whole(entry, thorough) else "DAMAGED: it is built again at the next run"
        print(f"  {entry.name:<48} {parcel.size_on_disk(entry) / MIB:6.0f} MiB  {whole}"
              + ("" if entry in used or entry.name.startswith(parcel.HELPING) else "; out of date (machine clean)"))
    if kept := remembered.runs():
        size = sum(run.stat().st_size for run in kept) / MIB
        print(f"  {f'{len(kept)} remembered runs':<48} {size:6.0f} MiB")
    if not found:
        print("  nothing yet: `mnlab machine build` builds the lab machine")


@machine.command()
def export(file: Annotated[Path, typer.Argument(
               parser=a_new_file, metavar="FILE", help="The file to write, say lab-machine.tgz.")],
           machine: Machine = DEFAULT_MACHINE, image: Image = CORE, quiet: Quiet = False) -> None:
    """Write a lab machine into one file, for computers that shall not build it.

    Example: mnlab machine export lab-machine.tgz
    """
    from mnlab.cli.ownership import give_back, make_folder
    from mnlab.machine import cache, parcel
    make_folder(file.parent)
    parcel.export(file, find(machine).having(image), (lambda text: None) if quiet else say)
    give_back(file)
    print(f"{cache.sha256(file)}  {file}")


@machine.command(name="import")
def import_(file: Annotated[Path, typer.Argument(
                parser=a_path, metavar="FILE", help="A file that `machine export` wrote.")],
            quiet: Quiet = False) -> None:
    """Take the lab machine from a file, after checking every byte.

    Example: mnlab machine import lab-machine.tgz
    """
    from mnlab.machine import parcel
    if not file.is_file():
        raise WrongUsage(f"there is no file {file}")
    for name in parcel.import_(file, (lambda text: None) if quiet else say):
        print(f"imported {name}")


@machine.command()
def clean(machine: Annotated[str | None, typer.Option("--machine", metavar="NAME",
                                                      help="This machine, wanted or not.")] = None,
          image: Annotated[str | None, typer.Option("--image", metavar="full[,PACKAGE...]",
                                                    help="This image, wanted or not.")] = None,
          all: Annotated[bool, typer.Option("--all", help="Everything, not only what is out of date.")] = False,
          runs: Annotated[bool, typer.Option("--runs", help="Also the scenes that are remembered.")] = False) -> None:
    """Remove images and snapshots that no run would use any more.

    Example: mnlab machine clean
    """
    from mnlab.machine import parcel, remembered
    removed = parcel.clean(everything=all, only=None if machine is image is None else _named(machine, image))
    if all or runs:
        removed += remembered.forget()
    for name, size in removed:
        print(f"removed {name} ({size} MiB)")
    if not removed:
        print("nothing to remove")


def _named(machine: str | None, image: str | None) -> Callable[[Named], bool]:
    """Whether a machine is of this name, and its image this one or a layer over it; None is any.

    UnknownMachine if there is no such machine, or image; WrongUsage for the one that is every machine's."""
    layers = () if image is None else MACHINES[DEFAULT_MACHINE].having(image).layers
    if image is not None and not layers:
        raise WrongUsage(f"the image {CORE} is what all others lie on: name the machine (--machine)")
    name = None if machine is None else find(machine).name
    return lambda named: (name is None or named.name == name) and named.layers[:len(layers)] == layers
