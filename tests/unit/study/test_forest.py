"""The forest plot: what it draws, in which panel, and the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import ganaug
from ganaug.study.forest import LOOKS, draw_forest, forest_figure, reach
from ganaug.study.scores import read_scores
from ganaug.study.verdict import MINUS, compare

from .conftest import ARMS, Write, cell, full_study, make_study, score_file


def drawn(write: Write) -> Figure:
    return forest_figure(compare(read_scores(write(full_study())), study=make_study(), arms=ARMS), make_study())


def test_a_panel_a_reference_and_a_row_an_arm(write: Write) -> None:
    real, classic = drawn(write).axes
    assert real.get_title() == "lenet5: against real images alone"
    assert classic.get_title() == "lenet5: against classic, the best classic arm"
    names = [[label.get_text() for label in axes.get_yticklabels()] for axes in (real, classic)]
    assert names[0] == ["duplicate (control)", "classic", "gan", "mixed", "synthetic"]
    assert names[1] == ["duplicate", "gan", "mixed", "synthetic"]


def test_means_stand_at_their_place_with_the_marker_of_their_verdict(write: Write) -> None:
    real = drawn(write).axes[0]
    markers = {
        float(line.get_ydata()[0]): (float(line.get_xdata()[0]), line.get_marker())
        for line in real.lines
        if line.get_marker() in {look[0] for look in LOOKS.values()}
    }
    # gan gains 4, 5, 6, 4, 5, 6 points, so it helps; synthetic loses 21 and is off the scale
    assert markers[2] == (pytest.approx(5.0), "^")
    assert any(line.get_marker() == "<" and line.get_ydata()[0] == 4 for line in real.lines)
    assert "+5.0" in real.texts[2].get_text()
    assert f"{MINUS}21.0" in real.texts[4].get_text()


def test_the_scale_ends_at_twice_the_median_reach(write: Write) -> None:
    family = [
        one
        for one in compare(read_scores(write(full_study())), study=make_study(), arms=ARMS).comparisons
        if one.reference == "real"
    ]
    reaches = sorted(max(abs(one.decision.low or 0), abs(one.decision.high or 0)) for one in family)
    assert reach(family, 0.005) == pytest.approx(min(reaches[-1], 2 * reaches[2]))
    assert reach(family, 1.0) == 4.0
    assert reach([], 0.0) == 0.01


def test_nothing_to_compare_and_failed_cells_are_drawn_too(write: Write, tmp_path: Path) -> None:
    scores = read_scores(write([score_file(0, [cell("real", 0.8), cell("gan", None)])]))
    for arms in (("real",), ("real", "gan")):
        draw_forest(scores, tmp_path / "forest.png", study=make_study(arms=arms), arms=ARMS)
    assert {path.suffix for path in tmp_path.glob("forest.*")} == {".png", ".svg", ".pdf"}


def test_other_processes_write_the_same_bytes(tmp_path: Path) -> None:
    """Python shuffles its hashes anew in every process; nothing in a figure may follow them."""
    code = (
        "import sys; from pathlib import Path; from matplotlib import rc_context; from matplotlib.figure import Figure;"
        "from ganaug.style import STYLE, save_all\n"
        "with rc_context(STYLE):\n"
        "    figure = Figure(layout='constrained'); axes = figure.add_subplot(); axes.set_title('Aé±')\n"
        "    axes.plot([1, 2], label='x'); axes.fill_between([0, 1], [0, 1], alpha=0.2); axes.legend()\n"
        "    save_all(figure, Path(sys.argv[1]))\n"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(ganaug.__file__).parents[1])}
        subprocess.run([sys.executable, "-c", code, tmp_path / seed / "x.png"], env=environment, check=True)
    for kind in ("png", "svg", "pdf"):
        one, other = (tmp_path / seed / f"x.{kind}" for seed in ("1", "2"))
        assert one.read_bytes() == other.read_bytes(), kind
