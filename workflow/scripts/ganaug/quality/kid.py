"""Kernel inception distance: Binkowski et al. (2018), "Demystifying MMD GANs", section 3."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]

# Beyond it the kernel matrices are large and the estimate no better than what a repeat varies by.
MOST = 5000

# Subsets of 1,000 are what Binkowski et al. use; 10 are the fewest whose interval is not mostly Student's factor.
SUBSET = 1000
SUBSETS = 10


@dataclass(frozen=True)
class KidInterval:
    """KID from subsets, and how sure it is.

    Attributes:
        kid: the mean over the subsets.
        low, high: ends of its 95% interval.
        subsets: how many subsets.
        sizes: rows of a subset of the first and of the second set.
    """

    kid: float
    low: float
    high: float
    subsets: int
    sizes: tuple[int, int]


def kid(one: Features, other: Features) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy under the kernel (x . y / d + 1)^3.

    Its expectation is 0 where both are from one distribution, so it may be below 0; it is unbiased at any N. Of more
    than 5,000 rows every so many are used.

    Args:
        one, other: float32, N x d and M x d, at least two rows each.

    Raises:
        ValueError: fewer than two rows.
    """
    x, y = (_thinned(rows).astype(np.float64) for rows in (one, other))
    if min(len(x), len(y)) < 2:
        raise ValueError("KID needs at least two images of each side")
    within = [
        (kernel.sum() - np.trace(kernel)) / (len(rows) * (len(rows) - 1))
        for rows in (x, y)
        for kernel in [_kernel(rows, rows)]
    ]
    return float(sum(within) - 2 * _kernel(x, y).mean())


def kid_interval(one: Features, other: Features, *, rng: np.random.Generator) -> KidInterval:
    """KID as the mean k of B subsets that share no row, with the interval k -+ t s / sqrt(B).

    s is the standard deviation of the B values (divided by B - 1), t the 97.5% quantile of Student's distribution with
    B - 1 degrees of freedom. With n rows in the smaller set B = max(10, n / 1000 rounded up); a subset is N / B rows of
    one set and M / B of the other, rounded down and at most 1,000. Since no row is used twice the values are
    independent and each is unbiased, so k is too: the block estimate of Zaremba et al. (2013), "B-test".
    Subsets that overlap, as they are often drawn, are not independent, and their spread is that of one subset, not of
    the mean. k varies more than `kid` of all rows does, most where both sets are alike.

    Args:
        one, other: float32, N x d and M x d, at least 20 rows each.
        rng: draws which rows make a subset.

    Raises:
        ValueError: fewer than 20 rows, which make no 10 subsets of two.
    """
    from scipy.special import stdtrit

    few = min(len(one), len(other))
    if few < 2 * SUBSETS:
        raise ValueError(f"an interval of KID needs {2 * SUBSETS} images of each side, not {few}")
    subsets = max(SUBSETS, -(-few // SUBSET))
    sizes = min(len(one) // subsets, SUBSET), min(len(other) // subsets, SUBSET)
    x, y = (
        rng.permutation(len(rows))[: subsets * size].reshape(subsets, size)
        for rows, size in zip((one, other), sizes, strict=True)
    )
    values = [kid(one[a], other[b]) for a, b in zip(x, y, strict=True)]
    mean = float(np.mean(values))
    reach = float(stdtrit(subsets - 1, 0.975) * np.std(values, ddof=1) / np.sqrt(subsets))
    return KidInterval(mean, mean - reach, mean + reach, subsets, sizes)


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = (x @ y.T / x.shape[1] + 1) ** 3
    return product


def _thinned(rows: Features) -> Features:
    return rows[:: -(-len(rows) // MOST)] if len(rows) > MOST else rows
