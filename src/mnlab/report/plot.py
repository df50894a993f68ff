"""Plots as files: SVG and PNG by Matplotlib, the same bytes for the same data and Matplotlib release.

Matplotlib is imported only when a plot is written: most runs need none, and it takes a while.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

Points = Sequence[tuple[float, float]]  # (seconds, value)

#: Colours that colour-blind readers tell apart (Okabe and Ito, 2008); line styles tell curves apart in print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
LINES = ("-", "--", "-.", ":")
EVENT_LINES = ((0, (1, 1)), (0, (4, 2)), (0, (4, 2, 1, 2)), (0, (6, 1)))
SIZE = (9.0, 4.5)  # inches
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
) -> Path:
    """Draws values over time (s) as steps, and writes them to `path` (.svg or .png). Returns the path.

    series      {label: [(seconds, value), ...]}
    events      (seconds, text): a vertical line each; equal texts share a line style and one entry of the legend
    thresholds  like series, under the same labels: a thin dotted companion of that curve (ssthresh)
    """
    path = Path(path)
    if path.suffix not in METADATA:
        raise PlotError(f"{path.name}: plots are written as .svg or .png; choose a name that ends so.")
    matplotlib, figure_class = _matplotlib()
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
        figure.savefig(path, metadata=METADATA[path.suffix])
    return path


def _matplotlib():
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotError("Plots as SVG or PNG need Matplotlib: install it with 'pip install matplotlib'.") from error
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
