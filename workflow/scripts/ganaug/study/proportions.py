"""What a limited number of test images can say of an accuracy."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson(accuracy: float, images: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """The two-sided 1 - ``alpha`` score interval of an accuracy in [0, 1] measured on ``images`` >= 1 images.

    Wilson, Journal of the American Statistical Association 22 (1927), 209-212. With z = Phi^-1(1 - alpha/2) its centre
    is (accuracy + z^2 / 2n) / (1 + z^2 / n). It stays in [0, 1] and has a width even where every image is right.
    It is about one trained classifier on new images of the same kind, not about other training sets.
    """
    z = NormalDist().inv_cdf(1 - alpha / 2)
    shrunk = 1 + z**2 / images
    centre = (accuracy + z**2 / (2 * images)) / shrunk
    half = z * math.sqrt(accuracy * (1 - accuracy) / images + z**2 / (4 * images**2)) / shrunk
    return max(0.0, centre - half), min(1.0, centre + half)


def widest(images: int) -> float:
    """Half the 95% `wilson` interval of an accuracy of one half, where it is widest."""
    low, high = wilson(0.5, images)
    return (high - low) / 2


def too_coarse(images: int, rope: float) -> str | None:
    """A warning where one test image moves the accuracy by more than the effect asked about; None where it does not.

    Args:
        images: of the smallest test set.
        rope: half-width of the region of practical equivalence, in units of accuracy.
    """
    if rope <= 0 or 1 / images <= rope * (1 + 1e-9):
        return None
    return (
        f"one of {images} test images is {100 / images:.2g} points of accuracy, more than the {100 * rope:.2g} points "
        f"asked about (study.rope): seal at least {math.ceil(1 / rope - 1e-9)} test images, or ask about larger effects"
    )
