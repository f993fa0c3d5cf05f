"""Which samples of a pool are taken: from probabilities, scores and features, and never from a test image.

What may be tuned (how many, by what) is compared as arms are: chosen on validation, scored once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ganaug.arms import GanArm
from ganaug.seeds import numpy_generator

Numbers = NDArray[np.float64]
Features = NDArray[np.floating]

NEIGHBOURS = 5
# The share of unseen real images that lie nearer to a training image than what is taken for a copy.
COPY_SHARE = 0.05
# Of the length of features: what batches of different sizes may change by rounding is the same image.
SAME = 1e-5
DRS_EPSILON = 1e-8
# Rows whose distances to all others are held at a time.
BLOCK = 1024


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
    if not count:
        return left[:0]
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
    """Which samples (N x d) are no copy: of a training image, or of a sample before them that is none.

    A copy lies nearer than all but `COPY_SHARE` of the held-out real images lie to their nearest training image: of
    20 or fewer, nearer than any. Without held-out images the training images are measured against each other. What
    differs by rounding alone is always a copy.
    """
    real = _nearest(held, train) if len(held) else _nearest_other(train)
    same = SAME * float(np.linalg.norm(train, axis=1).mean())
    limit = max(same, float(np.quantile(real, COPY_SHARE, method="lower"))) if len(real) else same
    apart = _nearest(features, train) >= limit
    kept = np.empty((0, features.shape[1]))
    for first in range(0, len(features), BLOCK):
        # Of two samples that are copies of each other the first stays, if it was kept itself.
        block, own = features[first : first + BLOCK], apart[first : first + BLOCK]
        own &= _nearest(block, kept) >= limit
        between = _distances(block, block)
        for k in np.flatnonzero(own):
            own[k] = bool((between[k, :k][own[:k]] >= limit).all())
        kept = np.concatenate([kept, block[own]])
    return apart


def rejection_sampled(logits: Numbers, *, count: int, seed: int) -> NDArray[np.intp]:
    """Positions of ``count`` samples by discriminator rejection sampling (Azadi et al. 2019, algorithm 1).

    They are the first that are accepted; should too few be, those of the most probable ones that were not come next.
    """
    probable = acceptance(logits, count=count)
    accepted = numpy_generator(seed).uniform(size=len(probable)) < probable
    order = np.lexsort((np.where(accepted, 0.0, -probable), ~accepted))
    picked: NDArray[np.intp] = order[:count]
    return picked


def acceptance(logits: Numbers, *, count: int) -> Numbers:
    """The probability with which each sample is accepted (N, 0 to 1), for its logit D.

    It is sigmoid(F), where F = D - max D - log(1 - exp(D - max D - epsilon)) - gamma (Azadi et al. 2019, equation 8).
    They set gamma to a percentile of F; here it is that for which ``count`` are accepted on average.
    """
    below = logits - logits.max()
    raw = below - np.log1p(-np.exp(below - DRS_EPSILON))
    low, high = raw.min() - 50.0, raw.max() + 50.0
    for _ in range(100):
        gamma = (low + high) / 2
        low, high = (gamma, high) if _sigmoid(raw - gamma).sum() > count else (low, gamma)
    return _sigmoid(raw - high)


def _sigmoid(values: Numbers) -> Numbers:
    # Where exp would overflow the result is 0 to the last bit anyway.
    squashed: Numbers = 1 / (1 + np.exp(-np.clip(values, -700, None)))
    return squashed


def _distances(one: Features, other: Features) -> Numbers:
    """Euclidean, N x M. Of features of length L they are right to about 1e-7 L, well below `SAME`."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    distances: Numbers = np.sqrt(np.maximum(squares, 0))
    return distances


def _blocks(one: Features, other: Features) -> Iterator[Numbers]:
    """`_distances`, some rows at a time."""
    for first in range(0, len(one), BLOCK):
        yield _distances(one[first : first + BLOCK], other)


def _nearest(one: Features, other: Features) -> Numbers:
    """Of each of N the distance to the nearest of M; infinite where there are none."""
    return np.concatenate([np.empty(0), *(block.min(axis=1, initial=np.inf) for block in _blocks(one, other))])


def _nearest_other(features: Features) -> Numbers:
    """Of each of N the distance to the nearest other; of one alone none."""
    if len(features) < 2:
        return np.empty(0)
    # Each is the nearest to itself.
    return np.concatenate([np.partition(block, 1, axis=1)[:, 1] for block in _blocks(features, features)])


def _mean_distance(features: Features, train: Features) -> Numbers:
    """To the `NEIGHBOURS` nearest training images, or all of fewer."""
    most = min(NEIGHBOURS, len(train))
    near = [np.partition(block, most - 1, axis=1)[:, :most].mean(axis=1) for block in _blocks(features, train)]
    return np.concatenate([np.empty(0), *near])
