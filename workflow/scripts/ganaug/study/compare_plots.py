"""The figure of gains in several experiments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.style import COLOURS, FAINT, INK, STYLE, save_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P")
SPREAD = 0.6  # of the height of a row, over all experiments of it


def draw_gains(rows: Sequence[dict[str, Any]], *, ropes: Sequence[float], path: Path) -> None:
    """Write `gains_figure` as PNG, SVG and PDF; ``path`` is that of the PNG."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        save_all(gains_figure(rows, ropes), path)


def gains_figure(rows: Sequence[dict[str, Any]], ropes: Sequence[float]) -> Figure:
    """A panel a classifier and a row an arm: its gain over real in each experiment, in percentage points.

    Args:
        rows: see `ganaug.study.compare.arm_rows`; those without a gain are left out.
        ropes: half-widths of the regions of practical equivalence; the band is drawn where all are the same.
    """
    from matplotlib.figure import Figure

    known = [row for row in rows if row["gain"] is not None]
    names = list(dict.fromkeys(row["experiment"] for row in rows))
    panels = {
        classifier: list(dict.fromkeys(row["arm"] for row in known if row["classifier"] == classifier))
        for classifier in dict.fromkeys(row["classifier"] for row in known)
    }
    heights = [len(arms) * (0.25 + 0.15 * len(names)) + 0.8 for arms in panels.values()] or [1.0]
    figure = Figure(figsize=(7.6, sum(heights) + 0.5), layout="constrained")
    if not panels:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", va="center")
        return figure
    grid = figure.add_gridspec(len(panels), 1, height_ratios=heights)
    for number, (classifier, arms) in enumerate(panels.items()):
        axes = figure.add_subplot(grid[number])
        if len(set(ropes)) == 1:
            axes.axvspan(-100 * ropes[0], 100 * ropes[0], color=FAINT, alpha=0.2, linewidth=0, zorder=0)
        axes.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        for row in known:
            if row["classifier"] == classifier:
                place = names.index(row["experiment"])
                shift = SPREAD * (place / max(1, len(names) - 1) - 0.5)
                _mark(axes, arms.index(row["arm"]) + shift, row, place)
        axes.set_yticks(range(len(arms)), arms)
        axes.set_ylim(len(arms) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
        axes.set_title(classifier)
        axes.set_xlabel("percentage points of test accuracy over real")
    _legend(figure, names)
    return figure


def look(place: int) -> tuple[str, str]:
    """Colour and marker of an experiment."""
    return COLOURS[place % len(COLOURS)], MARKERS[(place + place // len(COLOURS)) % len(MARKERS)]


def _mark(axes: Axes, height: float, row: dict[str, Any], place: int) -> None:
    colour, marker = look(place)
    if row["gain_low"] is not None and row["gain_high"] is not None:
        axes.plot([100 * row["gain_low"], 100 * row["gain_high"]], [height] * 2, color=colour, linewidth=2, zorder=2)
    axes.plot([100 * row["gain"]], [height], marker=marker, color=colour, markersize=6.5, linestyle="none", zorder=3)


def _legend(figure: Figure, names: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look(place)[0], marker=look(place)[1], linewidth=2, label=name)
        for place, name in enumerate(names)
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=min(4, len(handles)))
