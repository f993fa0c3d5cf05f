"""Means, Student-t intervals over repeats, Holm's step-down procedure and sample sizes. Numbers in, numbers out."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

MOST_REPEATS = 10_000


@dataclass(frozen=True)
class Sample:
    """Values with their number, mean and standard deviation (n - 1 in the denominator); None where undefined."""

    n: int
    mean: float | None
    std: float | None
    values: tuple[float, ...]


@dataclass(frozen=True)
class HolmStep:
    """What Holm's procedure says of one hypothesis.

    Attributes:
        p_adjusted: rejected at a family-wise level alpha if and only if this is at most alpha.
        level: the level its own two-sided interval gets, so that the interval excludes 0 exactly where it is rejected.
        rejected: whether it is.
    """

    p_adjusted: float
    level: float
    rejected: bool


def describe(values: Sequence[float]) -> Sample:
    """Number, mean and standard deviation of ``values``, which may be empty."""
    return Sample(
        n=len(values),
        mean=fmean(values) if values else None,
        std=stdev(values) if len(values) > 1 else None,
        values=tuple(values),
    )


def half_width(std: float, n: int, alpha: float) -> float:
    """Half the two-sided 1 - ``alpha`` Student-t interval of a mean: t(1 - alpha/2, n - 1) std / sqrt(n)."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 1 - alpha / 2)) * std / math.sqrt(n)


def t_interval(values: Sequence[float], alpha: float) -> tuple[float, float] | None:
    """The two-sided 1 - ``alpha`` Student-t interval of the mean; None for fewer than two values."""
    sample = describe(values)
    if sample.mean is None or sample.std is None:
        return None
    half = half_width(sample.std, sample.n, alpha)
    return sample.mean - half, sample.mean + half


def p_value(values: Sequence[float]) -> float | None:
    """Two-sided p of Student's one-sample t test that the mean is 0; None for fewer than two values.

    Equal values have p = 0, or 1 when they are all 0.
    """
    from scipy.special import stdtr

    sample = describe(values)
    if sample.mean is None or sample.std is None:
        return None
    if sample.std == 0:
        return float(sample.mean == 0)
    t = sample.mean / (sample.std / math.sqrt(sample.n))
    return 2 * float(stdtr(sample.n - 1, -abs(t)))


def holm(p_values: Sequence[float | None], alpha: float) -> list[HolmStep]:
    """Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979, 65-70), in the order given.

    The k-th smallest of m p values is held against alpha / (m - k + 1). After the first that is not rejected
    none is, and all later ones keep its level. None counts as 1: the hypothesis stays in the family.
    """
    known = [1.0 if p is None else p for p in p_values]
    steps: dict[int, HolmStep] = {}
    level, p_adjusted, rejecting = alpha, 0.0, True
    for k, index in enumerate(sorted(range(len(known)), key=known.__getitem__)):
        left = len(known) - k
        p_adjusted = max(p_adjusted, min(1.0, left * known[index]))
        if rejecting:
            level = alpha / left
            rejecting = known[index] <= level
        steps[index] = HolmStep(p_adjusted=p_adjusted, level=level, rejected=rejecting)
    return [steps[index] for index in range(len(known))]


def repeats_needed(mean: float, std: float, *, alpha: float, rope: float, least: int) -> int | None:
    """The smallest number of repeats, from ``least`` on, that settles a comparison if mean and std stay as they are.

    Outside the region of practical equivalence the half-width must be below ``|mean|``, inside it at most
    ``rope - |mean|``. None where `MOST_REPEATS` would not do.
    """
    size = abs(mean)

    def settled(n: int) -> bool:
        half = half_width(std, n, alpha)
        return half < size if size > rope else half <= rope - size

    choices = range(max(least, 2), MOST_REPEATS + 1)
    place = bisect_left(choices, True, key=settled)
    return choices[place] if place < len(choices) else None
