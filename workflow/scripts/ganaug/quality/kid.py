"""Kernel inception distance: Binkowski et al. (2018), "Demystifying MMD GANs", section 3."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]

# Beyond it the kernel matrices are large and the estimate no better than what a repeat varies by.
MOST = 5000


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


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    product: NDArray[np.float64] = (x @ y.T / x.shape[1] + 1) ** 3
    return product


def _thinned(rows: Features) -> Features:
    return rows[:: -(-len(rows) // MOST)] if len(rows) > MOST else rows
