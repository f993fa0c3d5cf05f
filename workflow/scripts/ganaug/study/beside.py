"""What stands beside a verdict and never makes it: another interval, a Bayesian reading, how coarse the test is."""

from __future__ import annotations

from typing import Any

from ganaug.study.bayes import signed_test
from ganaug.study.bootstrap import bootstrap_t
from ganaug.study.proportions import wilson
from ganaug.study.scores import Scores
from ganaug.study.verdict import Comparison

BESIDE_FIELDS = ("boot_low", "boot_high", "p_worse", "p_equivalent", "p_better", "improvement")


def beside(comparison: Comparison, *, rope: float, seed: int) -> dict[str, Any]:
    """Of one comparison `BESIDE_FIELDS`; None where too few repeats tell.

    The bootstrap-t interval is of the level of the comparison's own. The probabilities are those of
    `ganaug.study.bayes.Belief`.

    Args:
        comparison: with its paired differences.
        rope: half-width of the region of practical equivalence.
        seed: the root of randomness of the experiment.
    """
    decision = comparison.decision
    differences = decision.sample.values
    interval = bootstrap_t([[one] for one in differences], 1 - decision.level, seed=seed)
    belief = signed_test(differences, rope=rope, seed=seed) if len(differences) > 1 else None
    found = (
        *(interval or (None, None)),
        *((belief.worse, belief.equivalent, belief.better, belief.improvement) if belief else (None,) * 4),
    )
    return dict(zip(BESIDE_FIELDS, found, strict=True))


def accuracy_interval(mean: float | None, scores: Scores) -> tuple[float, float] | None:
    """The 95% Wilson interval of an accuracy measured once, on a test set of the study's smallest size.

    It tells what one test set of that size can say of one classifier of this accuracy: that repeats with other test
    sets tell more of the mean is left out, since how much they share differs from study to study.
    """
    return None if mean is None else wilson(mean, min(scores.test_images))
