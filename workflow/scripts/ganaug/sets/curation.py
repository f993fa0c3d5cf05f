"""Which samples of a pool are taken: from probabilities, scores and features, and never from a test image.

What may be tuned (how many, by what) is compared as arms are: chosen on validation, scored once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.arms import GanArm
from ganaug.seeds import numpy_generator

Numbers = NDArray[np.float64]
Features = NDArray[np.float32]

NEIGHBOURS = 5
# The share of unseen real images that lie nearer to a training image than what is taken for a copy.
COPY_SHARE = 0.05
DRS_EPSILON = 1e-8


class TooFewError(Exception):
    """Less is left of a pool than an arm takes; says how many."""


@dataclass(frozen=True)
class Evidence:
    """What is known of the N samples of one class.

    Attributes:
        probability: of their class, by the classifier of the real images (N, 0 to 1).
        logits: of the discriminator (N; above 0 it takes a sample for real), or None where nobody asked.
        features: of that classifier (N x d), scaled as those of the real images.
        train, held: such features of the real training and validation images of the class.
    """

    probability: Numbers
    logits: Numbers | None
    features: Features
    train: Features
    held: Features


def chosen(part: GanArm, known: Evidence, *, count: int, seed: int) -> NDArray[np.intp]:
    """The positions of ``count`` samples, ascending.

    Args:
        part: says by what.
        seed: of the draws of rejection sampling.

    Raises:
        TooFewError: fewer are left once the copies are out.
    """
    left = np.arange(len(known.probability))
    if part.drop_copies:
        left = left[originals(known.features, train=known.train, held=known.held)]
    if len(left) < count:
        raise TooFewError(f"{len(left)} of {len(known.probability)} samples are no copies, and {count} are asked for")
    if part.keep == "confidence":
        rank = -known.probability[left]
    elif part.keep == "density":
        rank = _mean_distance(known.features[left], known.train)
    elif part.keep == "discriminator":
        assert known.logits is not None
        return np.sort(left[rejection_sampled(known.logits[left], count=count, seed=seed)])
    else:
        rank = np.arange(len(left), dtype=np.float64)
    return np.sort(left[np.argsort(rank, kind="stable")[:count]])


def originals(features: Features, *, train: Features, held: Features) -> NDArray[np.bool_]:
    """Which samples (N x d) are no copy: of a training image, or of a sample before them.

    A copy lies nearer than all but `COPY_SHARE` of the held-out real images lie to their nearest training image;
    without held-out images the training images are measured against each other.
    """
    limit = float(np.quantile(_nearest(held, train) if len(held) else _nearest_other(train), COPY_SHARE))
    apart = _nearest(features, train) >= limit
    between = _distances(features, features)
    for k in range(1, len(features)):
        # Of two samples that are copies of each other the first stays, if it was kept itself.
        apart[k] &= not bool((between[k, :k][apart[:k]] < limit).any())
    kept: NDArray[np.bool_] = apart
    return kept


def rejection_sampled(logits: Numbers, *, count: int, seed: int) -> NDArray[np.intp]:
    """Positions of ``count`` samples by discriminator rejection sampling (Azadi et al. 2019, algorithm 1).

    A sample is accepted with the probability sigmoid(F), where F = D - max D - log(1 - exp(D - max D - epsilon)) -
    gamma (their equation 8) for its logit D. They set gamma to a percentile of F; here it is that for which as many
    are accepted on average as are taken. Should the draws accept fewer, those of the highest F come next.
    """
    below = logits - logits.max()
    raw = below - np.log1p(-np.exp(below - DRS_EPSILON))
    low, high = raw.min() - 50.0, raw.max() + 50.0
    for _ in range(100):
        gamma = (low + high) / 2
        low, high = (gamma, high) if _sigmoid(raw - gamma).sum() > count else (low, gamma)
    accepted = numpy_generator(seed).uniform(size=len(raw)) < _sigmoid(raw - gamma)
    order = np.lexsort((-raw, ~accepted))
    picked: NDArray[np.intp] = order[:count]
    return picked


def _sigmoid(values: Numbers) -> Numbers:
    from scipy.special import expit

    squashed: Numbers = expit(values)
    return squashed


def _distances(one: Features, other: Features) -> Numbers:
    from scipy.spatial.distance import cdist

    distances: Numbers = cdist(one, other)
    return distances


def _nearest(one: Features, other: Features) -> Numbers:
    nearest: Numbers = _distances(one, other).min(axis=1)
    return nearest


def _nearest_other(features: Features) -> Numbers:
    distances = _distances(features, features)
    np.fill_diagonal(distances, np.inf)
    nearest: Numbers = distances.min(axis=1)
    return nearest


def _mean_distance(features: Features, train: Features) -> Numbers:
    """To the `NEIGHBOURS` nearest training images, or all of fewer."""
    near = np.sort(_distances(features, train), axis=1)[:, :NEIGHBOURS]
    mean: Numbers = near.mean(axis=1)
    return mean
