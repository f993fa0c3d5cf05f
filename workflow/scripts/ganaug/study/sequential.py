"""Adding repeats until a study is settled, looking after each: intervals and p values that allow for every look.

Student-t intervals hold for one look at a number of repeats fixed before. Looking after each repeat and stopping when
one pleases finds "effects" that are none far more often than 5%. Here a comparison has an e-value instead, whose chance
ever to reach 1/alpha is at most alpha if there is no difference (Ville 1939), after however many looks, so one
may stop at any time for any reason, and go on later.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ganaug.study.decision import ALPHA, LEAST_REPEATS, Decision, decided
from ganaug.study.statistics import Sample, describe, holm

# The prior spread of (true mean / standard deviation). The error rate holds for any value fixed in advance; 1 is the
# "unit information" of Rouder et al. (2009) and quickest for effects about as large as the spread of repeats.
SCALE = 1.0


@dataclass(frozen=True)
class Step:
    """What to do next, and what can be said by now.

    Attributes:
        action: ``add`` repeats until there are ``repeats``; or stop, since all comparisons are ``settled`` or since
            the budget of repeats is ``spent``.
        repeats: how many there should be in all; where it stops, how many there are.
        open: indices of the comparisons that are not settled.
        decisions: on each comparison; intervals hold for all looks together.
    """

    action: Literal["add", "settled", "spent"]
    repeats: int
    open: tuple[int, ...]
    decisions: tuple[Decision, ...]


def log_e_value(sample: Sample, *, null: float = 0.0) -> float:
    """Logarithm of the t-test e-value against a mean of ``null``; 0 below two values or where all equal ``null``.

    With t the statistic of n values, v = n - 1 and r = 1 + n SCALE^2 it is the Bayes factor
    r^(-1/2) [(1 + t^2 / v) / (1 + t^2 / (v r))]^(n / 2) of a normal prior on mean / sigma (Rouder, Speckman, Sun,
    Morey and Iverson, Psychonomic Bulletin & Review 16, 2009, the integrand of equation 1). Under the right Haar prior
    on sigma it is a test martingale whatever sigma is (Perez-Ortiz, Lardy, de Heide and Grunwald, Annals of Statistics
    52, 2024; Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
    variance", 2023). It assumes normal differences, as Student's t test does.
    """
    if sample.mean is None or sample.std is None:
        return 0.0
    n, r = sample.n, 1 + sample.n * SCALE**2
    away = n * (sample.mean - null) ** 2
    within = (n - 1) * sample.std**2
    if away + within == 0:
        return 0.0
    return n / 2 * (math.log(within + away) - math.log(within + away / r)) - math.log(r) / 2


def any_time_p(sample: Sample) -> float | None:
    """A p value of no difference that may be looked at after every repeat; None for fewer than two values."""
    return None if sample.std is None else math.exp(min(0.0, -log_e_value(sample)))


def any_time_interval(sample: Sample, alpha: float) -> tuple[float, float] | None:
    """The means with an e-value below 1 / ``alpha``; the truth is in the intervals of all looks with 1 - ``alpha``.

    With c = (sqrt(r) / alpha)^(2 / n) the half-width is sqrt((c - 1) / (1 - c / r)) times sqrt((n - 1) / n) times the
    standard deviation. None for fewer than two values, or so few (c >= r) that no mean could be excluded.
    """
    if sample.mean is None or sample.std is None:
        return None
    n, r = sample.n, 1 + sample.n * SCALE**2
    c = (math.sqrt(r) / alpha) ** (2 / n)
    if c >= r:
        return None
    half = math.sqrt((c - 1) / (1 - c / r) * (n - 1) / n) * sample.std
    return sample.mean - half, sample.mean + half


def decide_any_time(family: Sequence[Sequence[float]], *, rope: float) -> list[Decision]:
    """`verdict.decide` with p values and intervals that hold after every look; `repeats_needed` is left out.

    Holm's procedure on them keeps the chance that any comparison is ever wrongly said to differ at 0.05.
    """
    samples = [describe(differences) for differences in family]
    p_values = [any_time_p(sample) for sample in samples]
    decisions = []
    for sample, p, step in zip(samples, p_values, holm(p_values, ALPHA), strict=True):
        decision = decided(sample, p, step, any_time_interval(sample, step.level), rope=rope)
        decisions.append(replace(decision, any_time=True))
    return decisions


def next_step(differences: Sequence[Sequence[float]], *, done: int, most: int, rope: float) -> Step:
    """Whether to add a repeat or to stop.

    A study first gets `LEAST_REPEATS`, then one more at a time. It stops at the first look where every comparison is
    settled: the decisions returned are then those of the study. One that was settled may open again while repeats
    are added for another; what counts is what all repeats say together, and that the error rate covers every look.

    Args:
        differences: for each comparison of the family (no controls) its paired differences, one a repeat. Those of
            failed cells are missing, so there may be fewer than ``done``.
        done: how many repeats have been run.
        most: the budget of repeats.
        rope: half-width of the region of practical equivalence.
    """
    decisions = tuple(decide_any_time(differences, rope=rope))
    unsettled = tuple(index for index, decision in enumerate(decisions) if decision.verdict == "underpowered")
    action: Literal["add", "settled", "spent"] = "add" if done < most else "spent"
    if not unsettled:
        action = "settled"
    wanted = min(most, max(LEAST_REPEATS, done + 1)) if action == "add" else done
    return Step(action=action, repeats=wanted, open=unsettled, decisions=decisions)
