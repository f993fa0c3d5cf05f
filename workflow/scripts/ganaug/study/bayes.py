"""A Bayesian reading of paired differences: how likely worse, equivalent and better are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganaug.seeds import derive, numpy_generator

DRAWS = 10_000
# One imagined difference of exactly 0 with half the weight of a real one.
PRIOR = 0.5


@dataclass(frozen=True)
class Belief:
    """Probabilities in [0, 1]; the first three sum to 1.

    Attributes:
        worse, equivalent, better: that the typical difference lies below, in or above the region of equivalence.
        improvement: that the next repeat has a difference above 0, ties counting half.
    """

    worse: float
    equivalent: float
    better: float
    improvement: float


def signed_test(differences: Sequence[float], *, rope: float, seed: int, draws: int = DRAWS) -> Belief | None:
    """The Bayesian signed-rank test with a region of practical equivalence.

    Benavoli, Mangili, Corani, Zaffalon and Ruggeri, ICML 2014 (the Dirichlet process and its pseudo-observation at 0 of
    weight 1/2); Benavoli, Corani, Demsar and Zaffalon, JMLR 18 (2017), section 4.2 (the region, and the share of draws
    in which a part is the largest). With weights w from a Dirichlet distribution, the part of "better" in a draw is
    the sum of w_i w_j over all pairs with z_i + z_j > 2 rope; a pair on the limit counts half for each side.

    It assumes symmetric differences, as Wilcoxon's test does, and uses no family-wise correction: it is a
    reading beside the verdict, never the verdict. "Improvement" is the posterior mean of P(z > 0) + P(z = 0) / 2 of the
    same process, the probability of improvement of Agarwal et al. (NeurIPS 2021) for paired repeats.

    Args:
        differences: one a repeat, in units of accuracy.
        rope: half-width of the region, >= 0. At 0 nothing is equivalent: ties count half for each side.
        seed: the root of randomness of the experiment; the stream below it is ``"verdict", "signed"``.
        draws: from the posterior.

    Returns:
        None where there is no difference.
    """
    if not differences:
        return None
    z = np.array([0.0, *differences])
    weights = np.array([PRIOR, *np.ones(len(differences))])
    drawn = numpy_generator(derive(seed, "verdict", "signed")).dirichlet(weights, size=draws)
    sums = z[:, None] + z[None, :]
    # What is on the limit must not fall to a side by a rounding error.
    sums = np.where(np.isclose(np.abs(sums), 2 * rope, rtol=1e-9, atol=1e-12), np.sign(sums) * 2 * rope, sums)
    above, below = np.heaviside(sums - 2 * rope, 0.5), np.heaviside(-sums - 2 * rope, 0.5)
    better, worse = ((drawn @ side * drawn).sum(axis=1) for side in (above, below))
    parts = np.stack([worse, 1 - better - worse, better])
    largest = np.isclose(parts, parts.max(axis=0), rtol=0, atol=1e-12)
    worst, same, best = map(float, (largest / largest.sum(axis=0)).mean(axis=1))
    improvement = float(np.heaviside(z, 0.5) @ weights / weights.sum())
    return Belief(worse=worst, equivalent=same, better=best, improvement=improvement)
