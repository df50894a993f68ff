"""What is happening now, on standard error: a live bar on a terminal, plain lines otherwise, nothing if quiet."""

import sys
import threading
import time
from contextlib import contextmanager
from typing import TextIO

from rich.live import Live
from rich.progress import Progress as Bars
from rich.progress import ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from mnlab.checks.verdicts import LabResult
from mnlab.report.console import Console
from mnlab.report.drawing import counted, duration, one_line

BAR_WIDTH = 30  # columns
REFRESH = 8  # times a second


class _Activity(ProgressColumn):
    """What a lab is doing; for all labs together, the bar."""

    def render(self, task):
        if task.total is None:
            return Text(task.fields["step"], style="dim", no_wrap=True, overflow="ellipsis")
        return ProgressBar(task.total, task.completed, BAR_WIDTH, complete_style="green", finished_style="green")


class Progress:
    """Labs at work, several at once. A context manager; its methods may be called from any thread.

        with Progress(total=3) as progress:
            progress.start("arp")
            progress.step("arp", "starting the network")
            progress.finish("arp", result)          # a LabResult, or a few words
    """

    def __init__(self, total: int = 1, quiet: bool = False, stream: TextIO | None = None):
        self.total, self.quiet, self.done = total, quiet, 0
        self.console = Console(stream or sys.stderr)
        self._lock = threading.Lock()
        self._since: dict[str, float] = {}
        self._rows: dict[str, TaskID] = {}  # lab -> Rich's task
        self._bars = self._make_bars() if self.console.is_terminal and not quiet else None
        self._live: Live | None = None

    def __enter__(self) -> "Progress":
        self._show()
        return self

    def __exit__(self, *exc) -> None:
        self._hide()

    def start(self, lab: str, text: str = "waiting for a machine") -> None:
        """`lab` begins."""
        with self._lock:
            self._since[lab] = time.monotonic()
            if self._bars:
                self._rows[lab] = self._bars.add_task(one_line(lab), total=None, step=one_line(text))
            self._say(f"{lab}: started")

    def step(self, lab: str, text: str) -> None:
        """`lab` is now doing this. Shown on a terminal only: a log wants results."""
        with self._lock:
            if self._bars and lab in self._rows:
                self._bars.update(self._rows[lab], step=one_line(text))

    def finish(self, lab: str, result: LabResult | str = "done") -> None:
        """`lab` is done, with this result."""
        with self._lock:
            self.done += 1
            now = time.monotonic()
            seconds = now - self._since.pop(lab, now)
            if self._bars:
                self._bars.update(self._overall, completed=self.done, description=self._total())
                if lab in self._rows:
                    self._bars.remove_task(self._rows.pop(lab))
            self._say(f"{lab}: {_words(result)} ({duration(seconds)})")

    @contextmanager
    def paused(self):
        """Takes the bar away while something else is printed to the terminal."""
        with self._lock:
            shown = self._live is not None
            self._hide()
            try:
                yield
            finally:
                if shown:
                    self._show()

    def _say(self, line: str) -> None:
        """A plain line, where there is no live bar to look at."""
        if not self._bars and not self.quiet:
            encoding = self.console.encoding
            self.console.file.write(one_line(line).encode(encoding, "replace").decode(encoding) + "\n")
            self.console.file.flush()

    def _total(self) -> str:
        return f"{self.done} of {counted(self.total, 'lab')}"

    def _make_bars(self) -> Bars:
        """A row with the bar of labs done (if there are several), and a row for each lab at work."""
        spinner = SpinnerColumn("line" if self.console.options.ascii_only else "dots", finished_text=" ")
        name = TextColumn("{task.description}", style="bold", markup=False)
        bars = Bars(spinner, name, TimeElapsedColumn(), _Activity(), console=self.console)
        self._overall = bars.add_task(self._total(), total=self.total, visible=self.total > 1, step="")
        return bars

    def _show(self) -> None:
        """Starts drawing. Standard output is left alone, and nothing stays on the screen."""
        if self._bars:
            self._live = Live(
                get_renderable=self._bars.get_renderable, console=self.console, refresh_per_second=REFRESH,
                transient=True, redirect_stdout=False, redirect_stderr=False,
            )
            self._live.start()

    def _hide(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None


def _words(result: LabResult | str) -> str:
    if isinstance(result, str):
        return result
    return f"{result.status}, {result.points} of {counted(result.max_points, 'point')}"
