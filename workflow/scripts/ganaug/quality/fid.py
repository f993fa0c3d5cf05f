"""Frechet inception distance: Heusel et al. (2017), equation 6.

At infinite N: Chong and Forsyth (2020), "Effectively unbiased FID and inception score and where to find them".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.quality.kid import Features

Numbers = NDArray[np.float64]

# Chong and Forsyth fit 15 sizes from a tenth of the images up.
SIZES = 15
SMALLEST = 10


@dataclass(frozen=True)
class Extrapolated:
    """FID at growing N and the straight line through it.

    Attributes:
        infinite: where the line meets 1/N = 0; as an estimate of a small distance it may be below 0.
        slope: by how much FID grows with 1/N, N being rows of the smaller set.
        sizes, values: N of each fitted point, and its FID.
    """

    infinite: float
    slope: float
    sizes: list[int]
    values: list[float]


def fid(one: Features, other: Features) -> float:
    """`frechet` of the means and covariances (divided by N - 1) of two sets of features.

    Args:
        one, other: float32, N x d and M x d.

    Raises:
        ValueError: fewer than d + 1 rows, with which a covariance is singular and the distance says nothing.
    """
    least = one.shape[1] + 1
    if min(len(one), len(other)) < least:
        raise ValueError(
            f"FID needs {least} images for {one.shape[1]} features, not {min(len(one), len(other))}; see KID"
        )
    x, y = one.astype(np.float64), other.astype(np.float64)
    return frechet(x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False))


def frechet(mean: Numbers, covariance: Numbers, other_mean: Numbers, other_covariance: Numbers) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)): the squared Frechet distance of two Gaussians.

    The trace of the root is the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric.

    Args:
        mean, other_mean: float64, d.
        covariance, other_covariance: float64, d x d, symmetric and with no negative eigenvalue; a number where d is 1.
    """
    first, second = np.atleast_2d(covariance), np.atleast_2d(other_covariance)
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    crossed = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    return float(np.square(mean - other_mean).sum() + np.trace(first + second) - 2 * crossed)


def fid_infinite(one: Features, other: Features, *, rng: np.random.Generator) -> Extrapolated:
    """FID without the bias of small N: the intercept of a least-squares line through FID against 1/N.

    FID of random subsets of 15 sizes, evenly spaced from a tenth of the rows (but no fewer than d + 1) to all of them.
    Chong and Forsyth draw subsets of the generated images only, since their real ones are many; here both sets shrink
    by the same factor, so that the bias of both goes and two halves of one set come out near 0.

    Args:
        one, other: float32, N x d and M x d.
        rng: draws the subsets.

    Raises:
        ValueError: fewer than 2 (d + 1) rows, with which the sizes are too near each other for a line.
    """
    least, few = one.shape[1] + 1, min(len(one), len(other))
    if few < 2 * least:
        raise ValueError(
            f"FID at infinite N needs {2 * least} images for {one.shape[1]} features, not {few}; see FID or KID"
        )
    sizes = np.unique(np.linspace(max(least, -(-few // SMALLEST)), few, SIZES).round().astype(int))
    values = [fid(*(_some(rows, size * len(rows) // few, rng) for rows in (one, other))) for size in sizes]
    slope, infinite = np.polyfit(1 / sizes, values, 1)
    return Extrapolated(float(infinite), float(slope), sizes.tolist(), values)


def _some(rows: Features, count: int, rng: np.random.Generator) -> Features:
    return rows[rng.permutation(len(rows))[:count]]
