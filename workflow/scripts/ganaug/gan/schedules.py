"""Learning rates over a training, as factors of the rate that the config gives."""

from __future__ import annotations

import math

LEAST = 0.01

# The discriminator wins too often where it tells more than this share of images.
WINNING = 0.8
SLOWER, FASTER = 0.8, 1.25


def factor(schedule: str, done: float) -> float:
    """The factor after the share ``done`` (0 to 1) of the steps.

    ``cosine`` falls to 0 (Loshchilov and Hutter 2017, equation 5 without restarts), ``exponential`` to a hundredth;
    ``constant`` and ``adaptive`` stay.
    """
    if schedule == "cosine":
        return (1 + math.cos(math.pi * done)) / 2
    return LEAST**done if schedule == "exponential" else 1.0


def adapted(current: float, d_accuracy: float) -> float:
    """The discriminator's factor of the next epoch: lower while it tells more than 80% of the images, back up else."""
    return max(LEAST, current * SLOWER) if d_accuracy > WINNING else min(1.0, current * FASTER)
