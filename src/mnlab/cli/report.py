"""Commands about pages: report, watch; and the page that every run leaves behind."""

import os
import subprocess
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mnlab.cli.options import Collections, WrongUsage, a_folder, a_path, say
from mnlab.cli.ownership import give_back
from mnlab.lab import lab as labs

#: Programs that print a page, by the names that distributions give them.
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
PATIENCE = 120  # s, for a browser on a busy computer

Open = Annotated[bool, typer.Option("--open", help="Show the page of each run in a browser.")]
Runs = Annotated[list[Path], typer.Argument(parser=a_path, metavar="RUN...", help="Folders of saved runs.")]


def register(app: typer.Typer) -> None:
    app.command()(report)
    app.command()(watch)


def report(run: Runs, collections: Collections = None, open: Open = False,
           pdf: Annotated[bool, typer.Option("--pdf", help="Also report.pdf, printed by Chromium.")] = False) -> None:
    """Write the page of saved runs, report.html: verdicts, network, every message, what was run.

    Example: mnlab report --open runs/arp-1
    """
    from mnlab.checks.session import recheck
    from mnlab.evidence.record import Unreadable
    browser = _chromium() if pdf else ""
    for folder in run:
        try:
            page = page_of(recheck(folder))
        except Unreadable as problem:
            raise WrongUsage(str(problem)) from None
        print(page)
        if pdf:
            print(_print(page, browser))
        if open:
            show(page)


def page_of(result) -> Path:
    """Write the page of a result into its run's folder; the path. OSError."""
    from mnlab.evidence.layout import LADDER, STUDENT
    from mnlab.evidence.run import Run
    from mnlab.report import history
    from mnlab.report.page.page import write
    known = (history.since(result), history.changes(result)) if result.work == STUDENT else ()
    page = write(labs.find(result.lab), Run(result.evidence), result, *known)
    give_back(page, page.with_name(LADDER))
    return page


def leave_pages(results, open: bool) -> None:
    """Write the pages of results that have evidence. What goes wrong with a page is said, and costs no verdict."""
    for result in results:
        if result.evidence:
            try:
                page = page_of(result)
            except Exception as problem:
                say(f"{result.lab}: its page could not be made: {type(problem).__name__}: {problem}")
            else:
                if open:
                    show(page)


def show(page: Path) -> None:
    """Open a page in the user's browser; where there is none, say so."""
    if not webbrowser.open(page.resolve().as_uri()):
        say(f"there is no browser to open; the page is {page}")


def _chromium() -> str:
    from shutil import which
    if found := next(filter(None, map(which, CHROMIUM)), None):
        return found
    raise WrongUsage("a PDF is printed by Chromium, which is not here: sudo apt install chromium; or open the page in "
                     "any browser, and print it into a file")


def _print(page: Path, browser: str) -> Path:
    """A page as a PDF beside it."""
    from mnlab.evidence.layout import PDF
    target = page.with_name(PDF)
    with tempfile.TemporaryDirectory(prefix="mnlab-print-") as profile:
        command = [browser, "--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
                   f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else []),
                   f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired:
            raise WrongUsage(f"{browser} did not print {page} within {PATIENCE} s") from None
    if done.returncode or not target.is_file():
        words = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise WrongUsage(f"{browser} could not print {page}: {words}")
    give_back(target)
    return target


def watch(lab: Annotated[str, typer.Argument(metavar="LAB", help="The name of a lab, as `list` shows.")],
          collections: Collections = None,
          out: Annotated[Path, typer.Option("--out", parser=a_folder, metavar="FOLDER", help="Where its runs are.")
                         ] = Path("runs"),
          port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; any that is free unless given.")] = 0,
          open: Open = False) -> None:
    """Show the page of a lab's newest run in a browser, and renew it whenever `check` has run again.

    It serves this computer alone, until Ctrl-C.

    Example: mnlab watch arp
    """
    from mnlab.report.watching import serve
    one = labs.find(lab)
    try:
        server = serve(one.name, out, port)
    except OSError as problem:
        raise WrongUsage(f"nothing can be served on port {port}: {problem.strerror}") from None
    print(f"http://127.0.0.1:{server.server_port}/ shows the newest run of {one.name} in {out}; Ctrl-C ends it")
    sys.stdout.flush()
    if open and not webbrowser.open(f"http://127.0.0.1:{server.server_port}/"):
        say("there is no browser to open")
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
