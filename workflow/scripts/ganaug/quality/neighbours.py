"""Euclidean distances between sets of features, in blocks: memory does not grow with the number of pairs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ganaug.quality.kid import Features

Numbers = NDArray[np.float64]

# Rows of a block: 1024 x 1024 distances take 8 MiB.
BLOCK = 1024

# A squared distance below this part of the rows' squared lengths is lost in rounding, and counts as 0.
LOST = 1e-12


def blocks(one: Features, other: Features) -> Iterator[tuple[slice, slice, Numbers]]:
    """Squared distances of all pairs, 1,024 x 1,024 at a time, all of one stretch of ``one`` before the next.

    They are |x|^2 + |y|^2 - 2 x . y in float64. Rows nearer than a millionth of their lengths count as equal.

    Args:
        one, other: float32, N x d and M x d; may be mapped from files.

    Yields:
        The rows of ``one``, the rows of ``other``, and their squared distances (float64).
    """
    for i in range(0, len(one), BLOCK):
        x = one[i : i + BLOCK].astype(np.float64)
        for j in range(0, len(other), BLOCK):
            y = other[j : j + BLOCK].astype(np.float64)
            lengths = np.square(x).sum(axis=1)[:, None] + np.square(y).sum(axis=1)
            squared = lengths - 2 * (x @ y.T)
            squared[squared < LOST * lengths] = 0
            yield slice(i, i + len(x)), slice(j, j + len(y)), squared


def radii(rows: Features, *, k: int) -> Numbers:
    """Squared distance of each row to its k-th nearest other row of the same set.

    Args:
        rows: float32, N x d.
        k: which neighbour, from 1.

    Returns:
        float64, N.

    Raises:
        ValueError: k below 1, or no more than k rows.
    """
    if not 1 <= k < len(rows):
        raise ValueError(f"the neighbour number {k} of each image needs {k + 1} images, not {len(rows)}")
    kept = np.full((len(rows), k), np.inf)
    for here, there, squared in blocks(rows, rows):
        if here == there:
            np.fill_diagonal(squared, np.inf)
        found = np.concatenate([kept[here], squared], axis=1)
        kept[here] = np.partition(found, k - 1, axis=1)[:, :k]
    farthest: Numbers = kept.max(axis=1)
    return farthest


def nearest(rows: Features, among: Features) -> tuple[Numbers, NDArray[np.int64]]:
    """Distance of each row to the nearest of another set, and which that is (the first where several are as near).

    The distance of the pair that is found is computed anew from the difference, so that of equal rows is exactly 0.

    Args:
        rows, among: float32, N x d and M x d.

    Returns:
        float64, N, and int64, N.

    Raises:
        ValueError: nothing to be near to.
    """
    if not len(among):
        raise ValueError("there are no images to be near to")
    least, which = np.full(len(rows), np.inf), np.zeros(len(rows), dtype=np.int64)
    for here, there, squared in blocks(rows, among):
        best = squared.argmin(axis=1)
        value = squared[np.arange(len(best)), best]
        nearer = value < least[here]
        which[here] = np.where(nearer, there.start + best, which[here])
        least[here] = np.where(nearer, value, least[here])
    distances = np.empty(len(rows))
    for i in range(0, len(rows), BLOCK):
        difference = rows[i : i + BLOCK].astype(np.float64) - among[which[i : i + BLOCK]]
        distances[i : i + BLOCK] = np.sqrt(np.square(difference).sum(axis=1))
    return distances, which
