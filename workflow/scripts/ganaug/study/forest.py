"""The forest plot: every arm's difference in test accuracy with its interval, against `real` and the classic arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from ganaug.arms import Arm
from ganaug.config import Study
from ganaug.study.scores import Scores
from ganaug.study.verdict import REAL, Comparison, Findings, compare, points
from ganaug.style import COLOURS, FAINT, INK, STYLE, save_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN = COLOURS[:3]
# A verdict is told by its marker too, for print in grey and for eyes that do not tell the colours apart.
LOOKS = {
    "helps": ("^", GREEN),
    "hurts": ("v", VERMILION),
    "no practical difference": ("s", BLUE),
    "underpowered": ("o", INK),
}
CONTROL = ("D", FAINT)


def draw_forest(scores: Scores, path: Path, *, study: Study, arms: Mapping[str, Arm]) -> None:
    """Write `forest_figure` as PNG, SVG and PDF; ``path`` is that of the PNG."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        save_all(forest_figure(compare(scores, study=study, arms=arms), study), path)


def forest_figure(findings: Findings, study: Study) -> Figure:
    """A panel a classifier and reference, a row an arm, all on one scale in percentage points.

    Intervals are those that the verdicts rest on: of Holm's level for the family, 95% for the control. One that is
    much longer than the others is cut at the edge, with an arrow.
    """
    from matplotlib.figure import Figure

    panels = _panels(findings, study)
    heights = [len(rows) + 1.8 for _, rows in panels] or [2.0]
    figure = Figure(figsize=(7.6, 0.36 * sum(heights) + 0.5), layout="constrained")
    if not panels:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", va="center")
        return figure
    grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    span = reach([one for _, rows in panels for one in rows], study.rope)
    for number, (title, rows) in enumerate(panels):
        axes = figure.add_subplot(grid[number])
        _panel(axes, rows, study.rope, span)
        axes.set_title(title)
    axes.set_xlabel(f"percentage points of test accuracy (band: ±{100 * study.rope:g}, of no practical interest)")
    _legend(figure, [one for _, rows in panels for one in rows])
    return figure


def _panels(findings: Findings, study: Study) -> list[tuple[str, list[Comparison]]]:
    panels = []
    for classifier in study.classifiers:
        own = [one for one in findings.comparisons if one.classifier == classifier]
        for reference in dict.fromkeys(one.reference for one in own):
            rows = [one for one in own if one.reference == reference]
            what = "real images alone" if reference == REAL else f"{reference}, the best classic arm"
            panels.append((f"{classifier}: against {what}", rows))
    return panels


def reach(comparisons: Sequence[Comparison], rope: float) -> float:
    """Half the width of the scale, in units of accuracy: the longest interval, but at most twice the median one."""
    ends = [
        max(abs(one.decision.low), abs(one.decision.high))
        for one in comparisons
        if one.decision.low is not None and one.decision.high is not None
    ]
    means = [abs(one.decision.sample.mean) for one in comparisons if one.decision.sample.mean is not None]
    reaches = ends or means
    return max(4 * rope, min(max(reaches), 2 * median(reaches)) if reaches else 0.0) or 0.01


def _panel(axes: Axes, rows: Sequence[Comparison], rope: float, span: float) -> None:
    axes.axvspan(-100 * rope, 100 * rope, color=FAINT, alpha=0.2, linewidth=0, zorder=0)
    axes.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    for place, one in enumerate(rows):
        _row(axes, place, one, span)
    axes.set_yticks(range(len(rows)), [f"{one.arm} (control)" if one.control else one.arm for one in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-105 * span, 105 * span)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)


def _row(axes: Axes, place: int, one: Comparison, span: float) -> None:
    decision = one.decision
    marker, colour = CONTROL if one.control else LOOKS[decision.verdict]
    if decision.sample.mean is None:
        _beside(axes, place, "no scores")
        return
    told = points(decision.sample.mean)
    if decision.low is not None and decision.high is not None:
        told += f"  ({points(decision.low)} to {points(decision.high)})"
        low, high = max(decision.low, -span), min(decision.high, span)
        if low < high:
            axes.plot([100 * low, 100 * high], [place] * 2, color=colour, linewidth=2, solid_capstyle="butt", zorder=2)
        for beyond, edge, arrow in ((decision.low < -span, -span, "<"), (decision.high > span, span, ">")):
            if beyond:
                axes.plot([100 * edge], [place], marker=arrow, color=colour, markersize=6, zorder=3)
    _beside(axes, place, told)
    if abs(decision.sample.mean) <= span:
        face = "white" if decision.verdict == "underpowered" else colour
        axes.plot(
            [100 * decision.sample.mean], [place], marker=marker, color=colour, markerfacecolor=face, markersize=7,
            markeredgewidth=1.6, linestyle="none", zorder=4,
        )  # fmt: skip


def _beside(axes: Axes, place: int, text: str) -> None:
    axes.text(1.02, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)


def _legend(figure: Figure, rows: Sequence[Comparison]) -> None:
    from matplotlib.lines import Line2D

    found = [verdict for verdict in LOOKS if any(one.decision.verdict == verdict for one in rows)]
    looks = [(verdict, *LOOKS[verdict]) for verdict in found]
    if any(one.control for one in rows):
        looks.append(("control", *CONTROL))
    handles = [
        Line2D(
            [], [], marker=marker, color=colour, linewidth=2, markersize=7, markeredgewidth=1.6,
            markerfacecolor="white" if verdict == "underpowered" else colour, label=verdict,
        )
        for verdict, marker, colour in looks
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
