"""Plots as files: SVG and PNG by Matplotlib, the same bytes for the same data and Matplotlib release.

Matplotlib is imported only when a plot is written: most runs need none, and it takes a while.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

from mnlab.report.curves import event_letters, initials

Points = Sequence[tuple[float, float]]  # (seconds, value)
Marks = Sequence[tuple[float, str]]  # (seconds, text)

#: Colours that colour-blind readers tell apart (Okabe and Ito, 2008); line styles tell curves apart in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LINES = ("-", "--", "-.", ":")
EVENT_LINES = ((0, (1, 1)), (0, (4, 2)), (0, (4, 2, 1, 2)), (0, (6, 1)))
SIZE = (9.0, 4.5)  # inches
PANEL_HEIGHT, PANELS_MARGIN = 2.3, 0.9  # inches: each panel's, and what title and legend take
SHADES = ("#f1f1f1", "#ffffff")  # phases alternate between these
LETTER_WIDTH = 0.016  # of the panel's width: events nearer than this have their letters on different levels
NAME_WIDTH = 0.011  # of the panel's width: room that a character of a phase's name takes
DPI = 120
#: What keeps files from saying when and by which release they were made.
METADATA = {".svg": {"Date": None, "Creator": None}, ".png": {"Software": None}}
SETTINGS = {"svg.hashsalt": "mnlab", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 10.0}


class PlotError(Exception):
    """The plot cannot be written; the message is one plain line that says what to do."""


def plot_series(
    series: Mapping[str, Points],
    path: Path,
    title: str = "",
    ylabel: str = "",
    events: Iterable[tuple[float, str]] = (),
    thresholds: Mapping[str, Points] | None = None,
    also: Sequence[Path] = (),
) -> Path:
    """Draws values over time (s) as steps, and writes them to `path` (.svg or .png). Returns the path.

    series      {label: [(seconds, value), ...]}
    events      (seconds, text): a vertical line each; equal texts share a line style and one entry of the legend
    thresholds  like series, under the same labels: a thin dotted companion of that curve (ssthresh)
    also        further files of the same picture, say the .png beside the .svg: half the price of two pictures
    """
    path = Path(path)
    _insist_on_kinds(path, *also)
    matplotlib, figure_class = import_matplotlib()
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **SETTINGS, "backend": "agg"}):
        figure = figure_class(figsize=SIZE, dpi=DPI, layout="constrained")
        axes = figure.add_subplot()
        top = _draw_series(axes, series, thresholds or {})
        _draw_events(axes, events)
        axes.set(title=title, xlabel="time (s)", ylabel=ylabel)
        axes.set_ylim(0, top * 1.05)
        axes.margins(x=0.01)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        _save(figure, path, *also)
    return path


def plot_panels(
    series: Mapping[str, Points],
    path: Path,
    title: str = "",
    ylabel: str = "",
    thresholds: Mapping[str, Points] | None = None,
    phases: Mapping[str, Marks] | None = None,
    events: Mapping[str, Marks] | None = None,
    also: Sequence[Path] = (),
) -> Path:
    """Like plot_series, but a panel for each of `series` on one scale, with its own marks, as in the terminal.

    phases      (seconds, name) under the labels of series: what begins then; shaded by turns, and named
    events      (seconds, text) likewise: a line with a letter, which the legend explains
    """
    path, thresholds, phases, events = Path(path), thresholds or {}, phases or {}, events or {}
    _insist_on_kinds(path, *also)
    matplotlib, figure_class = import_matplotlib()
    letters = event_letters(text for label in series for _, text in sorted(events.get(label, ())))
    short = initials(name for label in series for _, name in phases.get(label, ()))
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **SETTINGS, "backend": "agg"}):
        size = (SIZE[0], PANEL_HEIGHT * len(series) + PANELS_MARGIN)
        figure = figure_class(figsize=size, dpi=DPI, layout="constrained")
        panels = figure.subplots(len(series), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        end = max((time for points in series.values() for time, _ in points), default=1) or 1
        top = 1.0
        for axes, (label, points), colour in zip(panels, series.items(), cycle(COLOURS)):
            top = max(top, max((value for _, value in points), default=1))
            _draw_phases(axes, sorted(phases.get(label, ())), short, end)
            axes.step(*_columns(points), where="post", color=colour, linewidth=1.6)
            if thresholds.get(label):
                last = points[-1][0] if points else end
                level = [*thresholds[label], (last, thresholds[label][-1][1])]
                axes.step(*_columns(level), where="post", color=colour, linestyle="--", linewidth=1.0, alpha=0.7)
            _draw_letters(axes, sorted(events.get(label, ())), letters, end)
            axes.set_ylabel(ylabel)
            axes.set_title(label, loc="left", color=colour, fontweight="bold", fontsize=10)
            axes.grid(alpha=0.3)
            axes.spines[["top", "right"]].set_visible(False)
        panels[-1].set(xlabel="time (s)", xlim=(0, end), ylim=(0, top * 1.3))  # room for letters and names
        figure.suptitle(title, fontsize=12)
        _explain(figure, letters, short, any(thresholds.values()))
        _save(figure, path, *also)
    return path


def _insist_on_kinds(*paths: Path) -> None:
    for path in paths:
        if path.suffix not in METADATA:
            raise PlotError(f"{path.name}: plots are written as .svg or .png; choose a name that ends so.")


def _save(figure, *paths: Path) -> None:
    """Write a figure; it is laid out for the first file, and the others have the same layout."""
    for path in paths:
        figure.savefig(path, metadata=METADATA[path.suffix])
        figure.set_layout_engine("none")


def _draw_phases(axes, phases: Marks, short: Mapping[str, str], end: float) -> None:
    ends = [time for time, _ in phases[1:]] + [end]
    for number, ((start, name), stop) in enumerate(zip(phases, ends, strict=False)):
        axes.axvspan(start, stop, color=SHADES[number % len(SHADES)], linewidth=0, zorder=0)
        room = (stop - start) / end / NAME_WIDTH
        text = next((text for text in (name, short[name]) if len(text) <= room), short[name])
        axes.annotate(text, ((start + stop) / 2, 0.82), xycoords=("data", "axes fraction"), ha="center",
                      fontsize=8, fontstyle="italic", color="#666666")


def _draw_letters(axes, events: Marks, letters: Mapping[str, str], end: float) -> None:
    previous, level = None, 0
    for time, text in events:
        level = level + 1 if previous is not None and (time - previous) / end < LETTER_WIDTH else 0
        previous = time
        axes.axvline(time, ymax=0.92, color="#444444", linestyle=":", linewidth=0.9)
        axes.annotate(letters[text], (time, 0.94 + 0.09 * level), xycoords=("data", "axes fraction"), ha="center",
                      fontsize=9, fontweight="bold")


def _explain(figure, letters: Mapping[str, str], short: Mapping[str, str], dashed: bool) -> None:
    """What letters, initials and the dashed line mean, under the panels."""
    from matplotlib.lines import Line2D
    words = [f"{letter}  {text}" for text, letter in letters.items() if text != letter]
    words += [f"{few}  {name}" for name, few in short.items() if few != name]
    handles = [Line2D([], [], linestyle="") for _ in words]
    if dashed:
        handles.append(Line2D([], [], color="#444444", linestyle="--", linewidth=1.0))
        words.append("threshold")
    if words:
        figure.legend(handles, words, loc="outside lower center", ncols=min(4, len(words)), frameon=False,
                      fontsize=9, handlelength=1.6)


def import_matplotlib():
    """(matplotlib, its Figure). No matplotlibrc of the current folder is read, which may be a student's."""
    exists = os.path.exists
    # matplotlib_fname() tries this name first, before any variable. Other threads ask for no such file.
    os.path.exists = lambda path: path != "matplotlibrc" and exists(path)
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotError("Plots as SVG or PNG need Matplotlib: install it with 'pip install matplotlib'.") from error
    finally:
        os.path.exists = exists
    return matplotlib, Figure


def _draw_series(axes, series: Mapping[str, Points], thresholds: Mapping[str, Points]) -> float:
    """The curves; returns the largest value drawn. A threshold far above its curve is "no limit yet": it is cut off."""
    top = max((value for points in series.values() for _, value in points), default=1) or 1
    for (label, points), colour, line in zip(series.items(), cycle(COLOURS), cycle(LINES)):
        axes.step(*_columns(points), where="post", color=colour, linestyle=line, linewidth=1.4, label=label)
        if thresholds.get(label):
            axes.step(*_columns(thresholds[label]), where="post", color=colour, linestyle=":", linewidth=1.0,
                      alpha=0.8, label=f"{label} threshold")
    return top


def _draw_events(axes, events: Iterable[tuple[float, str]]) -> None:
    styles: dict[str, tuple] = {}
    for time, text in events:
        label = text if text not in styles else "_again"  # Matplotlib leaves labels with an underscore out
        style = styles.setdefault(text, EVENT_LINES[len(styles) % len(EVENT_LINES)])
        axes.axvline(time, color="#555555", linestyle=style, linewidth=0.8, alpha=0.7, label=label)


def _columns(points: Points) -> tuple[list[float], list[float]]:
    return [time for time, _ in points], [value for _, value in points]
