"""The curves of the grid of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganaug.config import Study
from ganaug.study.decision import ALPHA
from ganaug.study.grid import GridFindings, Point
from ganaug.study.statistics import t_interval
from ganaug.style import COLOURS, FAINT, INK, STYLE, save_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DASHES = ("-", "--", ":")
MARKERS = ("o", "s", "^", "D", "v", "P")
# Intervals are drawn beside each other, so far apart in all: a share of the axis, and of the place of a ratio.
SPREAD_SIZES, SPREAD_RATIOS = 0.05, 0.3


def draw(findings: Sequence[GridFindings], study: Study, path: Path) -> None:
    """Write `grid_figure` as PNG, SVG and PDF; ``path`` is that of the PNG."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        save_all(grid_figure(findings, study), path)


def grid_figure(findings: Sequence[GridFindings], study: Study) -> Figure:
    """Of every classifier accuracy against real images, a line a ratio, and gain against ratio, a line a size.

    All with 95% Student-t intervals over repeats, each on its own.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.4, 3.9 * len(findings)), layout="constrained")
    for place, one in enumerate(findings):
        left, right = (figure.add_subplot(len(findings), 2, 2 * place + column) for column in (1, 2))
        _accuracies(left, one)
        _gains(right, one, study)
    return figure


def _accuracies(axes: Axes, findings: GridFindings) -> None:
    ratios, sizes = _values(findings, "ratio"), _values(findings, "per_class")
    for place, ratio in enumerate(ratios):
        colour, dash, marker = (INK, "-", "o") if ratio == 0 else _look(place - 1)
        shift = (sizes[-1] / sizes[0]) ** (SPREAD_SIZES * (place / (len(ratios) - 1) - 0.5))
        found = [(point.per_class * shift, point.accuracy.mean, t_interval(point.accuracy.values, ALPHA))
                 for point in findings.points if point.ratio == ratio]  # fmt: skip
        label = "real images alone" if ratio == 0 else f"{ratio:g} GAN images to a real one"
        _line(axes, found, colour=colour, dash=dash, marker=marker, label=label)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:g}" for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_title(f"{findings.classifier}: test accuracy")
    axes.set_xlabel("real images a class")
    axes.legend(loc="best", fontsize=8.5)


def _gains(axes: Axes, findings: GridFindings, study: Study) -> None:
    ratios = [ratio for ratio in _values(findings, "ratio") if ratio]
    sizes = _values(findings, "per_class")
    axes.axhspan(-100 * study.rope, 100 * study.rope, color=FAINT, alpha=0.16, linewidth=0, zorder=0)
    axes.axhline(0, color=FAINT, linewidth=0.9, zorder=1)
    for place, size in enumerate(sizes):
        colour, dash, marker = _look(place)
        shift = SPREAD_RATIOS * (place / max(1, len(sizes) - 1) - 0.5)
        found = [
            (ratios.index(point.ratio) + shift, _percent(point.gain.mean), _interval(point))
            for point in findings.points
            if point.per_class == size and point.gain
        ]
        _line(axes, found, colour=colour, dash=dash, marker=marker, label=f"{size:g} real images a class")
    axes.set_xticks(range(len(ratios)), [f"{ratio:g}" for ratio in ratios])
    axes.set_xlim(-0.5, len(ratios) - 0.5)
    axes.set_title(f"{findings.classifier}: gain over real images alone")
    axes.set_xlabel("GAN images to a real one")
    axes.set_ylabel("percentage points")
    axes.legend(loc="best", fontsize=8.5)


def _line(
    axes: Axes,
    found: Sequence[tuple[float, float | None, tuple[float, float] | None]],
    *,
    colour: str,
    dash: str,
    marker: str,
    label: str,
) -> None:
    """A line through means, with an upright bar where there is an interval; what has no scores is left out."""
    known = [(x, mean) for x, mean, _ in found if mean is not None]
    for x, _, interval in found:
        if interval:
            axes.plot([x, x], interval, color=colour, alpha=0.55, linewidth=1.4, solid_capstyle="butt", zorder=2)
    axes.plot(
        [x for x, _ in known],
        [mean for _, mean in known],
        color=colour,
        linestyle=dash,
        linewidth=1.6,
        marker=marker,
        markersize=5,
        markeredgecolor="white",
        markeredgewidth=0.7,
        label=label,
        zorder=3,
    )


def _values(findings: GridFindings, name: str) -> list[float]:
    return sorted({getattr(point, name) for point in findings.points})


def _look(place: int) -> tuple[str, str, str]:
    return COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)], MARKERS[place % len(MARKERS)]


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _interval(point: Point) -> tuple[float, float] | None:
    return None if point.low is None or point.high is None else (100 * point.low, 100 * point.high)
