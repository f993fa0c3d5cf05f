"""Inception score: Salimans et al. (2016), "Improved techniques for training GANs", section 4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class InceptionScore:
    """The score over splits.

    Attributes:
        mean: mean of the splits' scores, from 1 to the number of classes.
        deviation: their standard deviation (divided by the number of splits, as in the authors' code); None of one.
        rows: images in the smallest split, which no score can exceed.
    """

    mean: float
    deviation: float | None
    rows: int


def inception_score(probabilities: NDArray[np.float32], *, splits: int, rng: np.random.Generator) -> InceptionScore:
    """exp of the mean over images of KL(p(y|x) || p(y)), p(y) being the mean of p(y|x) over the images of a split.

    0 log 0 is 0. Rows are dealt to the splits at random, since in an image set they stand in the order of classes. The
    authors take 10 splits of 5,000; the score grows with the rows of a split, so compare only where they are equal.

    Args:
        probabilities: float32, N x K, of each class for each image: at least 0, sums 1.
        splits: into how many parts of N / splits rows.
        rng: draws the parts.

    Raises:
        ValueError: fewer rows than splits, or rows that are no probabilities.
    """
    if not 1 <= splits <= len(probabilities):
        raise ValueError(f"Inception Score over {splits} splits needs that many images, not {len(probabilities)}")
    p = probabilities.astype(np.float64)
    # float32 softmax leaves sums off by some 1e-6.
    if not ((p >= 0).all() and np.allclose(p.sum(axis=1), 1, atol=1e-4)):
        raise ValueError("Inception Score needs probabilities: every row at least 0 and of sum 1")
    parts = np.array_split(p[rng.permutation(len(p))], splits)
    scores = [_score(part) for part in parts]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)) if splits > 1 else None, len(parts[-1]))


def _score(p: NDArray[np.float64]) -> float:
    # Where p(y|x) is above 0 so is p(y), its mean.
    ratio = np.divide(p, p.mean(axis=0), out=np.ones_like(p), where=p > 0)
    return float(np.exp((p * np.log(ratio)).sum(axis=1).mean()))
