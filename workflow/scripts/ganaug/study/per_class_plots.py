"""The figure of gains and losses by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganaug.config import Study
from ganaug.study.per_class import ClassGain, class_gains
from ganaug.study.scores import Scores
from ganaug.style import COLOURS, FAINT, INK, STYLE, save_all

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREEN, VERMILION = COLOURS[2], COLOURS[1]
# So many classes are all shown; of more the largest gains and the largest losses, half of these each.
MOST_CLASSES = 12
COLUMNS = 3


def draw_gains(scores: Scores, path: Path, *, study: Study) -> None:
    """Write `gains_figure` as PNG, SVG and PDF; ``path`` is that of the PNG."""
    from matplotlib import rc_context

    with rc_context(STYLE):
        save_all(gains_figure(class_gains(scores, study)), path)


def gains_figure(gains: Sequence[ClassGain]) -> Figure:
    """A panel an arm and classifier: each class's gain in test recall, with its 95% interval, on one scale.

    A triangle points up for a gain and down for a loss; it is filled where the interval leaves out 0.
    """
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[ClassGain]] = {}
    for one in gains:
        panels.setdefault((one.arm, one.classifier), []).append(one)
    shown = {key: chosen(own) for key, own in panels.items()}
    columns = max(1, min(COLUMNS, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    most = max((len(own) for own in shown.values()), default=1)
    figure = Figure(figsize=(3.1 * columns + 0.4, (0.24 * max(most, 2) + 1.0) * rows), layout="constrained")
    if not shown:
        axes = figure.add_subplot()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing to compare", transform=axes.transAxes, ha="center", va="center")
    several = len({classifier for _, classifier in shown}) > 1
    reach = 100 * _reach([one for own in shown.values() for one in own])
    for place, ((arm, classifier), own) in enumerate(shown.items()):
        axes = figure.add_subplot(rows, columns, place + 1)
        _panel(axes, own)
        axes.set_xlim(-1.05 * reach, 1.05 * reach)
        axes.set_title(f"{arm}, {classifier}" if several else arm)
        if place >= len(shown) - columns:
            axes.set_xlabel("points of recall over real")
    return figure


def chosen(gains: Sequence[ClassGain]) -> list[ClassGain]:
    """The classes that have scores, the largest gain in recall first; of many the ends of the list alone."""
    known = [one for one in gains if one.gains["recall"].sample.mean is not None]
    ordered = sorted(known, key=lambda one: -(one.gains["recall"].sample.mean or 0.0))
    half = MOST_CLASSES // 2
    return ordered if len(ordered) <= MOST_CLASSES else [*ordered[:half], *ordered[-half:]]


def _reach(gains: Sequence[ClassGain]) -> float:
    """Half the width of the scale: the longest interval, but recall itself changes by 1 at most."""
    ends = [abs(end) for one in gains for end in (one.gains["recall"].low, one.gains["recall"].high) if end is not None]
    means = [abs(one.gains["recall"].sample.mean or 0.0) for one in gains]
    return min(1.0, max([*ends, *means], default=0.0)) or 0.01


def _panel(axes: Axes, gains: Sequence[ClassGain]) -> None:
    axes.axvline(0, color=INK, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    for place, one in enumerate(gains):
        gain = one.gains["recall"]
        mean = gain.sample.mean or 0.0
        colour = GREEN if mean > 0 else VERMILION if mean < 0 else FAINT
        if gain.low is not None and gain.high is not None:
            axes.plot([100 * gain.low, 100 * gain.high], [place] * 2, color=colour, linewidth=1.6, zorder=2)
        axes.plot(
            [100 * mean], [place], marker="^" if mean > 0 else "v" if mean < 0 else "o", color=colour, markersize=6,
            markerfacecolor=colour if gain.is_clear else "white", markeredgewidth=1.4, linestyle="none", zorder=3,
        )  # fmt: skip
    names = [one.name if len(one.name) <= 14 else f"{one.name[:13]}…" for one in gains]
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    if not gains:
        axes.text(0.5, 0.5, "no scores", transform=axes.transAxes, ha="center", va="center")
