"""Learning rates over a training."""

from __future__ import annotations

from math import cos, pi

from ganaug.config import Classifier


def factor(classifier: Classifier, done: float) -> float:
    """What the learning rate is multiplied by after the share ``done`` (0 to below 1) of the steps.

    It rises from 0 in the share ``warmup``, and falls in the rest: not at all, along half a cosine to 0 (Loshchilov
    and Hutter 2017, equation 5, without restarts), or along a line to 0.
    """
    if done < classifier.warmup:
        return done / classifier.warmup
    rest = (done - classifier.warmup) / (1 - classifier.warmup)
    match classifier.schedule:
        case "cosine":
            return (1 + cos(pi * rest)) / 2
        case "linear":
            return 1 - rest
        case "constant":
            return 1.0
