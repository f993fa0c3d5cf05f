"""Frechet inception distance: Heusel et al. (2017), equation 6."""

from __future__ import annotations

import numpy as np

from ganaug.quality.kid import Features


def fid(one: Features, other: Features) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of the means and covariances of two sets of features.

    The trace of the root is the sum of the roots of the eigenvalues of C1^(1/2) C2 C1^(1/2), which is symmetric.

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
    first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    values, vectors = np.linalg.eigh(np.atleast_2d(first))
    root = vectors * np.sqrt(values.clip(0)) @ vectors.T
    crossed = np.sqrt(np.linalg.eigvalsh(root @ np.atleast_2d(second) @ root).clip(0)).sum()
    return float(np.square(x.mean(0) - y.mean(0)).sum() + np.trace(np.atleast_2d(first + second)) - 2 * crossed)
