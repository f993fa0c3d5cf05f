"""GAN-test: Shmelkov et al. (2018), "How good is my GAN?", section 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GanTest:
    """Accuracy on samples of a classifier that was trained on real images.

    Attributes:
        n: samples.
        accuracy: share of them that it takes for the class that the GAN was asked for.
        per_class: by class its samples, and the share that is taken for it; a class without samples is left out.
    """

    n: int
    accuracy: float
    per_class: dict[str, tuple[int, float]]


def gan_test(probabilities: NDArray[np.float32], labels: Sequence[str], classes: Sequence[str]) -> GanTest:
    """How often the most probable class of a sample is its own; of equal ones the first counts.

    It is high where samples look like their class, also where they are copies of few images: read it beside recall,
    coverage and memorisation.

    Args:
        probabilities: float32, N x K, of each of ``classes``, in their order, for each sample.
        labels: N, the class of each sample.
        classes: K names.

    Raises:
        ValueError: no samples, or not a row and a column for each.
    """
    if not len(labels):
        raise ValueError("GAN-test needs samples, and there are none")
    if probabilities.shape != (len(labels), len(classes)):
        raise ValueError(
            f"GAN-test needs probabilities of {len(classes)} classes for each of {len(labels)} samples, not "
            f"{' x '.join(map(str, probabilities.shape))} of them"
        )
    places = {name: place for place, name in enumerate(classes)}
    truth = np.array([places[label] for label in labels])
    right = probabilities.argmax(axis=1) == truth
    found = {name: right[truth == place] for name, place in places.items()}
    return GanTest(
        len(labels),
        float(right.mean()),
        {name: (len(own), float(own.mean())) for name, own in found.items() if len(own)},
    )
