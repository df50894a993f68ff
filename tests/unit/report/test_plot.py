import os
import sys

import pytest

from mnlab.report.plot import PlotError, plot_series

SERIES = {"reno": [(0, 10), (1, 20), (2, 10)], "cubic": [(0, 10), (2, 30)]}
EVENTS = [(1.0, "three duplicate ACKs"), (1.5, "three duplicate ACKs"), (2.0, "timeout")]


@pytest.fixture
def draw(tmp_path):
    pytest.importorskip("matplotlib")

    def drawn(name, series=SERIES, **options):
        return plot_series(series, tmp_path / name, "Window", "segments", EVENTS, **options).read_bytes()

    return drawn


@pytest.mark.parametrize("suffix, magic", [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_the_same_data_gives_the_same_bytes(draw, suffix, magic):
    once = draw(f"a.{suffix}", thresholds={"reno": [(0, 2**31), (1, 10)]})
    assert once.startswith(magic)
    assert once == draw(f"b.{suffix}", thresholds={"reno": [(0, 2**31), (1, 10)]})
    assert once != draw(f"c.{suffix}")


def test_no_date_is_in_the_file(draw):
    assert b"<dc:date>" not in draw("a.svg")
    assert b"tIME" not in draw("a.png") and b"Software" not in draw("a.png")


def test_settings_of_the_user_do_not_matter_and_are_left_alone(draw):
    import matplotlib

    once = draw("a.svg")
    with matplotlib.rc_context({"lines.linewidth": 7, "figure.facecolor": "red"}):
        assert draw("b.svg") == once
        assert matplotlib.rcParams["lines.linewidth"] == 7


def test_no_data_is_no_crash(draw):
    assert draw("a.svg", series={})


def test_other_formats_are_refused_in_one_line(tmp_path):
    with pytest.raises(PlotError, match="a.gif: plots are written as .svg or .png"):
        plot_series(SERIES, tmp_path / "a.gif")


def test_missing_matplotlib_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotError, match="pip install matplotlib"):
        plot_series(SERIES, tmp_path / "a.svg")


def test_matplotlib_is_imported_only_when_a_plot_is_written():
    import subprocess

    program = "import sys, mnlab.report.plot, mnlab.report.terminal; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-Pc", program], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


def test_a_matplotlibrc_in_the_current_folder_is_not_read(tmp_path):
    import subprocess

    pytest.importorskip("matplotlib")
    (tmp_path / "matplotlibrc").write_text("evil: true\nlines.linewidth: 7\n")
    for program, read in (("import matplotlib", True), ("from mnlab.report.plot import import_matplotlib as get; "
                                                        "matplotlib, _ = get()", False)):
        done = subprocess.run([sys.executable, "-Pc", f"{program}; print(matplotlib.rcParams['lines.linewidth'])"],
                              cwd=tmp_path, env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
                              capture_output=True, text=True)
        assert ("Bad key evil" in done.stderr, done.stdout == "7.0\n") == (read, read), done.stderr
