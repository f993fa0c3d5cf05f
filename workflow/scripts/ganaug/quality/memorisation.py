"""Samples that are copies of training images: nearest neighbours, with held-out real images as the measure.

The comparison with held-out images is that of Meehan et al. (2020), "A non-parametric test to detect data-copying in
generative models".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from ganaug.quality.kid import Features
from ganaug.quality.neighbours import Numbers, nearest, radii

# Of the median distance of held-out images.
EQUAL = 0.01


@dataclass(frozen=True)
class Pair:
    """A sample and the training image nearest to it.

    Attributes:
        sample, train: their rows.
        distance: between them.
        rank: share of the held-out images that are at least as near to a training image; 0: none is.
    """

    sample: int
    train: int
    distance: float
    rank: float


@dataclass(frozen=True)
class Memorisation:
    """How near samples are to training images, against how near real images are that the GAN never saw.

    Attributes:
        distances: float64, S: of each sample to its nearest training image.
        train: int64, S: which that is.
        ranks: float64, S: share of the held-out images whose distance is no larger.
        held: float64, H, rising: of each held-out image to its nearest training image.
    """

    distances: Numbers
    train: NDArray[np.int64]
    ranks: Numbers
    held: Numbers

    @property
    def closer(self) -> float:
        """Share of the samples that are nearer to a training image than any held-out image is."""
        return float((self.ranks == 0).mean())

    @property
    def expected(self) -> float:
        """What `closer` is on average where samples are like held-out images: 1 / (H + 1)."""
        return 1 / (len(self.held) + 1)

    @property
    def copying(self) -> float:
        """Probability that a sample is nearer to train than a held-out image is; ties count half.

        The U statistic of Meehan et al. divided by its largest value: 0.5 where samples are like held-out images, 1
        where all are nearer, 0 where all are farther.
        """
        before = np.searchsorted(self.held, self.distances, side="left") / len(self.held)
        return float(1 - (before + self.ranks).mean() / 2)

    @property
    def chance(self) -> float:
        """Probability that so many samples or more are nearer than all held-out images, were they like these.

        With k of S samples nearer than all of H held-out images, all S + H distances in an order that is as likely as
        any other, it is the product over i = 0, ..., k - 1 of (S - i) / (S + H - i).
        """
        nearer, samples, held = int((self.ranks == 0).sum()), len(self.ranks), len(self.held)
        return prod((samples - i) / (samples + held - i) for i in range(nearer))

    @property
    def nearer(self) -> float:
        """One-sided p of Mann and Whitney's rank test (1947, normal approximation) that `copying` is above one half."""
        samples, held = len(self.ranks), len(self.held)
        deviation = sqrt((samples + held + 1) / (12 * samples * held))
        return NormalDist().cdf((0.5 - self.copying) / deviation)

    @property
    def suspicion(self) -> float:
        """p that samples copy, by `chance` or by `nearer`, whichever is smaller, and twice that for there being two.

        A few copies among good samples are found by the first alone, many near-copies by the second, even where a
        held-out image has a twin in train, nearer than which nothing is.
        """
        return min(1.0, 2 * min(self.chance, self.nearer))

    @property
    def equal(self) -> int:
        """How many samples are as good as equal to a training image.

        They are nearer than a hundredth of the median held-out distance, which leaves room for what a network rounds.
        """
        return int((self.distances <= EQUAL * np.median(self.held)).sum())

    def closest(self, most: int) -> list[Pair]:
        """The ``most`` nearest pairs, nearest first, equal ones in the order of samples."""
        first = np.argsort(self.distances, kind="stable")[:most]
        return [
            Pair(int(row), int(self.train[row]), float(self.distances[row]), float(self.ranks[row])) for row in first
        ]


def memorisation(*, train: Features, held: Features, samples: Features) -> Memorisation:
    """Distance of each sample to the nearest training image, calibrated by that of held-out real images.

    Every image is compared with all of ``train``, so sets of any size may be held against each other, but the features
    must be of one network and scale. Held-out images are a fair measure where they are like the training images: see
    `within` where they are of other groups. A copy that is mirrored is found if the network does not mind
    mirroring, or if mirrored images stand in ``train`` too.

    Args:
        train, held, samples: float32, N x d, H x d and S x d.

    Raises:
        ValueError: an empty set.
    """
    for name, rows in (("training", train), ("held-out", held), ("generated", samples)):
        if not len(rows):
            raise ValueError(f"memorisation cannot be measured without {name} images")
    unseen = np.sort(nearest(held, train)[0])
    distances, which = nearest(samples, train)
    return Memorisation(distances, which, np.searchsorted(unseen, distances, side="right") / len(unseen), unseen)


def within(found: Memorisation, *, train: Features) -> Memorisation:
    """The same samples, calibrated by the distance of each training image to the nearest other one.

    Where validation holds other objects or patients than train, everything that looks like the training objects is
    nearer to them than held-out images are, copied or not; it is no nearer than they are to each other.

    Args:
        found: by held-out images.
        train: float32, N x d, as ``found`` was made with.

    Raises:
        ValueError: fewer than two training images.
    """
    others = np.sort(np.sqrt(radii(train, k=1)))
    return replace(found, held=others, ranks=np.searchsorted(others, found.distances, side="right") / len(others))
