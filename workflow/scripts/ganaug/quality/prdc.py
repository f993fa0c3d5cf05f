"""Precision, recall, density and coverage.

The first two are those of Kynkaanniemi et al. (2019), "Improved precision and recall metric for assessing generative
models"; the others are by Naeem et al. (2020), "Reliable fidelity and diversity metrics for generative models".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganaug.quality.kid import Features
from ganaug.quality.neighbours import blocks, radii


@dataclass(frozen=True)
class Prdc:
    """How much of the samples is real-like, and how much of the real images is reached.

    Attributes:
        precision: share of the samples that lie in the ball of some real image (Kynkaanniemi, equation 2).
        recall: share of the real images that lie in the ball of some sample (the same, sides exchanged).
        density: in how many balls of real images a sample lies on average, divided by k. Not bounded
            by 1; 1 is expected where both sets are from one distribution.
        coverage: share of the real images whose ball holds some sample. Where both sets have N
            images of one distribution 1 - 1 / 2^k is expected as N grows.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: Features, made: Features, *, k: int) -> Prdc:
    """The four from balls around each image that reach to its k-th nearest neighbour in its own set.

    The border belongs to a ball, as Kynkaanniemi et al. write (equation 1). All but density change with N: compare
    only at equal N, and with the floor of real against real images. The authors take k = 3 for the first two, 5 for the
    others.

    Args:
        real, made: float32, N x d and M x d, more than k rows each.
        k: which neighbour.

    Raises:
        ValueError: k below 1, or a set of no more than k rows.
    """
    real_radii, made_radii = radii(real, k=k), radii(made, k=k)
    balls = np.zeros(len(made), dtype=np.int64)
    reached, covered = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    for here, there, squared in blocks(real, made):
        inside = squared <= real_radii[here, None]
        balls[there] += inside.sum(axis=0)
        covered[here] |= inside.any(axis=1)
        reached[here] |= (squared <= made_radii[there]).any(axis=1)
    return Prdc(
        precision=float((balls > 0).mean()),
        recall=float(reached.mean()),
        density=float(balls.mean() / k),
        coverage=float(covered.mean()),
    )
