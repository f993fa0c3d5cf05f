"""What GAN images are worth, from the scores of a grid of real images times ratios. Scores in, numbers out.

Accuracy is taken to change linearly in the logarithm of the number of real images between neighbouring sizes. Intervals
that are drawn come from a percentile bootstrap over repeats (Efron 1979), which is too narrow for few repeats: below
`LEAST_REPEATS` there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from ganaug.config import Grid, GridCell
from ganaug.seeds import derive, numpy_generator
from ganaug.study.decision import ALPHA, LEAST_REPEATS
from ganaug.study.scores import Scores
from ganaug.study.statistics import Sample, describe, t_interval

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DRAWS = 4000
# Means of equal accuracies differ by rounding alone.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Worth:
    """How many real images a cell's GAN images stand for.

    Attributes:
        answer: ``some``; ``none`` where real images alone reach the accuracy with no more of them; ``more`` where they
            never do, at any size measured; ``unknown`` without scores.
        n: the repeats that have all scores that it takes.
        size: with so many real images a class, real images alone are as accurate; None unless ``some``.
        exchange: so many GAN images are worth one real image; with ``more`` at most so many; None where that is no
            number.
        low, high: the 95% interval of ``size``, cut off at the cell's own number of real images and at the largest
            size; None below `LEAST_REPEATS`.
    """

    answer: Literal["some", "none", "more", "unknown"]
    n: int
    size: float | None = None
    exchange: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Point:
    """One cell of the grid with one classifier.

    Attributes:
        arm, per_class, ratio, images: see `ganaug.config.GridCell`.
        accuracy: on the test set, over repeats.
        gain: its difference to ratio 0 at the same size, paired within repeats; None for ratio 0.
        dropped: (repeat, fit) pairs lost to failed cells.
        low, high: the 95% Student-t interval of the mean gain, on its own.
        worth: None for ratio 0.
    """

    arm: str
    per_class: int
    ratio: float
    images: int
    accuracy: Sample
    gain: Sample | None
    dropped: int
    low: float | None
    high: float | None
    worth: Worth | None


@dataclass(frozen=True)
class BreakEven:
    """Up to which number of real images the best ratio has a gain.

    Attributes:
        answer: the mean gain is above 0 at ``all`` sizes measured, at ``none``, at those ``below`` or ``above`` a size,
            or changes sign at ``several`` sizes; ``unknown`` without scores.
        n: the repeats that have all scores that it takes.
        sizes: where the gain is 0, interpolated in the logarithm of the size.
        low, high: the 95% interval of the size up to which, from the smallest on, the gain is above 0, cut off at the
            smallest and the largest; None below `LEAST_REPEATS`, with ``above`` and with ``several``. The choice of
            the ratios is not drawn anew.
    """

    answer: Literal["all", "none", "below", "above", "several", "unknown"]
    n: int
    sizes: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class GridFindings:
    """All that the grid says of one classifier.

    Attributes:
        rising: whether real images alone never lose accuracy from one size to the next, on average. Where they do,
            the highest accuracy of any smaller size stands in.
        best: the best ratio above 0 of each size, by mean validation accuracy.
        validated: whether there were validation images; else ``best`` is the largest ratio.
    """

    classifier: str
    points: tuple[Point, ...]
    rising: bool
    best: Mapping[int, float]
    validated: bool
    break_even: BreakEven

    def point(self, per_class: int, ratio: float) -> Point:
        """One cell."""
        return next(point for point in self.points if (point.per_class, point.ratio) == (per_class, ratio))


def analyse(scores: Scores, *, grid: Grid, classifier: str, seed: int) -> GridFindings:
    """What a grid says of a classifier; ``seed`` is the root of all randomness."""
    sizes = sorted(grid.per_class)
    cells = {(cell.per_class, cell.ratio): cell for cell in grid.cells}
    real = [scores.by_repeat(cells[size, 0].arm, classifier, "test", "accuracy") for size in sizes]
    drawn = derive(seed, "grid")
    points = tuple(_point(scores, cell, cells, classifier, sizes, real, drawn) for cell in grid.cells)
    means = [fmean(one.values()) for one in real if one]
    best, validated = _best(scores, cells, classifier)
    gains = [
        scores.paired(cells[size, best[size]].arm, cells[size, 0].arm, classifier)[0] if size in best else {}
        for size in sizes
    ]
    return GridFindings(
        classifier=classifier,
        points=points,
        rising=all(after >= before - ROUNDING for before, after in pairwise(means)),
        best=best,
        validated=validated,
        break_even=break_even(sizes, gains, seed=drawn),
    )


def _point(
    scores: Scores,
    cell: GridCell,
    cells: Mapping[tuple[int, float], GridCell],
    classifier: str,
    sizes: Sequence[int],
    real: Sequence[Mapping[int, float]],
    seed: int,
) -> Point:
    own = scores.by_repeat(cell.arm, classifier, "test", "accuracy")
    differences, dropped = scores.paired(cell.arm, cells[cell.per_class, 0].arm, classifier)
    interval = t_interval(list(differences.values()), ALPHA) if cell.images else None
    return Point(
        arm=cell.arm,
        per_class=cell.per_class,
        ratio=cell.ratio,
        images=cell.images,
        accuracy=describe(list(own.values())),
        gain=describe(list(differences.values())) if cell.images else None,
        dropped=dropped,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        worth=worth(sizes, real, own, per_class=cell.per_class, images=cell.images, seed=seed) if cell.images else None,
    )


def _best(
    scores: Scores, cells: Mapping[tuple[int, float], GridCell], classifier: str
) -> tuple[dict[int, float], bool]:
    """The ratio above 0 of the highest mean validation accuracy, by size, the smaller of equal ones."""
    found: dict[int, dict[float, float]] = {}
    for (size, ratio), cell in cells.items():
        values = scores.by_repeat(cell.arm, classifier, "validation", "accuracy")
        if ratio and values:
            found.setdefault(size, {})[ratio] = fmean(values.values())
    if found:
        return {size: max(means, key=means.__getitem__) for size, means in found.items()}, True
    return {size: ratio for size, ratio in cells if ratio}, False


def worth(
    sizes: Sequence[int],
    real: Sequence[Mapping[int, float]],
    own: Mapping[int, float],
    *,
    per_class: int,
    images: int,
    seed: int,
) -> Worth:
    """How many real images ``images`` GAN images beside ``per_class`` real ones stand for.

    Args:
        sizes: numbers of real images of a class, rising.
        real: accuracy with real images alone by repeat, of each size.
        own: accuracy with the GAN images by repeat.
        seed: of the draws.
    """
    import numpy as np

    table = _complete([*real, own])
    if not len(table):
        return Worth("unknown", 0)
    mean = table.mean(axis=0, keepdims=True)
    size = float(equal_size(sizes, mean[:, :-1], mean[:, -1])[0])
    low = high = None
    if len(table) >= LEAST_REPEATS:
        drawn = _drawn(table, seed)
        found = np.clip(equal_size(sizes, drawn[:, :-1], drawn[:, -1]), per_class, sizes[-1])
        low, high = map(float, np.quantile(found, [ALPHA / 2, 1 - ALPHA / 2]))
    if size == float("inf"):
        room = sizes[-1] - per_class
        return Worth("more", len(table), exchange=images / room if room else None, low=low, high=high)
    if size <= per_class * (1 + 1e-9):
        return Worth("none", len(table), low=low, high=high)
    return Worth("some", len(table), size=size, exchange=images / (size - per_class), low=low, high=high)


def equal_size(sizes: Sequence[int], curves: Numbers, accuracies: Numbers) -> Numbers:
    """The smallest size at which each curve reaches an accuracy, interpolated in the logarithm of the size.

    A curve that falls stays at the highest accuracy it had.

    Args:
        sizes: K numbers of images, rising.
        curves: D x K accuracies.
        accuracies: D of them.

    Returns:
        D sizes; the smallest where that reaches it already, and infinity where none does.
    """
    import numpy as np

    logs = np.log(np.asarray(sizes, dtype=np.float64))
    highest = np.maximum.accumulate(curves, axis=1)
    reached = highest >= accuracies[:, None] - ROUNDING
    first = reached.argmax(axis=1)
    before = np.maximum(first - 1, 0)
    rows = np.arange(len(highest))
    start, step = highest[rows, before], highest[rows, first] - highest[rows, before]
    share = np.clip((accuracies - start) / np.where(step > 0, step, 1), 0, 1)
    found: Numbers = np.exp(logs[before] + share * (logs[first] - logs[before]))
    return np.where(reached.any(axis=1), found, np.inf)


def break_even(sizes: Sequence[int], gains: Sequence[Mapping[int, float]], *, seed: int) -> BreakEven:
    """Up to which size there is a gain.

    Args:
        sizes: numbers of real images of a class, rising.
        gains: paired differences by repeat, of each size.
        seed: of the draws.
    """
    import numpy as np

    table = _complete(gains)
    if not len(table):
        return BreakEven("unknown", 0)
    mean = table.mean(axis=0)
    helped = [bool(gain > ROUNDING) for gain in mean]
    turns = [k for k in range(1, len(sizes)) if helped[k] != helped[k - 1]]
    crossings = tuple(float(_zero(sizes, mean[None], np.array([k]))[0]) for k in turns)
    if len(turns) > 1:
        return BreakEven("several", len(table), crossings)
    if turns and helped[-1]:
        return BreakEven("above", len(table), crossings)
    low = high = None
    if len(table) >= LEAST_REPEATS:
        low, high = map(float, np.quantile(helped_up_to(sizes, _drawn(table, seed)), [ALPHA / 2, 1 - ALPHA / 2]))
    return BreakEven("below" if turns else "all" if helped[0] else "none", len(table), crossings, low, high)


def helped_up_to(sizes: Sequence[int], gains: Numbers) -> Numbers:
    """Up to which size, from the smallest on, each row of ``gains`` (D x K) is above 0; the smallest where it never is.

    Returns:
        D sizes, the largest where the gain stays above 0.
    """
    import numpy as np

    if len(sizes) == 1:
        return np.full(len(gains), float(sizes[0]))
    ended = gains <= ROUNDING
    first = ended.argmax(axis=1)
    found = np.where(first == 0, float(sizes[0]), _zero(sizes, gains, np.maximum(first, 1)))
    return np.where(ended.any(axis=1), found, float(sizes[-1]))


def _zero(sizes: Sequence[int], gains: Numbers, turns: NDArray[np.intp]) -> Numbers:
    """Where each row of ``gains`` (D x K) is 0 on the way from size ``turns - 1`` to size ``turns``."""
    import numpy as np

    logs, rows = np.log(np.asarray(sizes, dtype=np.float64)), np.arange(len(gains))
    start, end = gains[rows, turns - 1], gains[rows, turns]
    share = np.clip(start / np.where(start != end, start - end, 1), 0, 1)
    zero: Numbers = np.exp(logs[turns - 1] + share * (logs[turns] - logs[turns - 1]))
    return zero


def _complete(columns: Sequence[Mapping[int, float]]) -> Numbers:
    """A row for each repeat that every column has: repeats x columns."""
    import numpy as np

    shared = sorted(set.intersection(*(set(column) for column in columns)))
    return np.array([[column[repeat] for column in columns] for repeat in shared], dtype=np.float64)


def _drawn(table: Numbers, seed: int) -> Numbers:
    """Means of `DRAWS` draws of repeats with replacement, whole rows each: draws x columns."""
    drawn: Numbers = table[numpy_generator(seed).integers(len(table), size=(DRAWS, len(table)))].mean(axis=1)
    return drawn
