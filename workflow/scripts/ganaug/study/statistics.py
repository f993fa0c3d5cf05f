"""Means, Student-t intervals over repeats, Holm's step-down procedure and sample sizes. Numbers in, numbers out."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_REPEATS = 10_000
# That the repeats said to be needed settle a comparison.
CHANCE = 0.8
QUANTILES = 16


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


def repeats_needed(mean: float, std: float, n: int, *, alpha: float, rope: float, least: int) -> int | None:
    """After how many repeats in all, from ``least`` on, a comparison is settled with a chance of `CHANCE`.

    The chance is over what ``n`` repeats leave open: the true mean and spread have their posterior under the flat prior
    1/sigma, and the repeats to come are drawn from it ("assurance": Spiegelhalter and Freedman, Statistics in Medicine
    5, 1986; O'Hagan, Stevens and Campbell, Pharmaceutical Statistics 4, 2005). To take ``mean`` and ``std`` for the
    truth instead would name far too few: half of all studies would not be settled then.

    Given sigma, the mean of N repeats of which n are known is normal about ``mean`` with variance
    sigma^2 (N - n) / (N n); it settles outside the region where it is beyond both the region and its half-width, and
    inside where region minus half-width is beyond it. Sigma is averaged over `QUANTILES` quantiles.

    Args:
        mean, std: of the n >= 2 differences so far.
        alpha: of the interval, two-sided.
        rope: half-width of the region of practical equivalence.

    Returns:
        The first that will do of every number up to 40 and then of steps of 5%, or None where `MOST_REPEATS` would not
        do: the true mean is then too close to the limit of the region. No rule can promise `CHANCE` for a mean
        that lies just there; the promise is for means as the n repeats leave them open.
    """
    import numpy as np
    from scipy.special import ndtr

    if std == 0:
        return least
    ladder, quantiles = _half_widths(alpha)
    start = bisect_left(ladder, max(n + 1, least))
    repeats = ladder[start:]
    squares = (n - 1) * std**2
    variances = squares / _chi_square(n - 1)
    half = quantiles[start:] * np.sqrt((squares + (repeats - n) * variances) / (repeats - 1))
    spread = np.sqrt(variances * (repeats - n) / (repeats * n))
    outside, inside = np.maximum(half, rope), np.maximum(rope - half, 0)
    settled = ndtr((mean - outside) / spread) + ndtr((-mean - outside) / spread)
    settled += ndtr((inside - mean) / spread) - ndtr((-inside - mean) / spread)
    enough = settled.mean(axis=0) >= CHANCE
    return int(repeats[enough.argmax()]) if enough.any() else None


@cache
def _half_widths(alpha: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The numbers of repeats that are tried, and half the interval of each for a standard deviation of 1."""
    import numpy as np
    from scipy.special import stdtrit

    ladder = np.array([*range(2, 41), *(round(40 * 1.05**step) for step in range(1, 114)), MOST_REPEATS])
    return ladder, stdtrit(ladder - 1, 1 - alpha / 2) / np.sqrt(ladder)


@cache
def _chi_square(freedom: int) -> NDArray[np.float64]:
    """Evenly spaced quantiles of the chi-square distribution, as a column."""
    import numpy as np
    from scipy.special import chdtri

    quantiles: NDArray[np.float64] = chdtri(freedom, (np.arange(QUANTILES)[:, None] + 0.5) / QUANTILES)
    return quantiles
