"""The verdict on paired differences, as members of a family of comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ganaug.study.sequential import any_time_interval, any_time_p
from ganaug.study.statistics import HolmStep, Sample, describe, holm, p_value, repeats_needed, t_interval

ALPHA = 0.05
LEAST_REPEATS = 6

Verdict = Literal[
    "helps",
    "hurts",
    "no practical difference",
    "underpowered",
    "control: no difference seen",
    "control: differs",
    "control: too few repeats",
]


@dataclass(frozen=True)
class Decision:
    """The verdict on one list of paired differences, as a member of a family.

    Attributes:
        sample: the differences, one a repeat, in units of accuracy (0.01 is a point).
        p: two-sided p of the paired t test; None below two repeats.
        p_adjusted: after Holm; None where ``p`` is.
        level: confidence level of the interval, such as 0.9875.
        low, high: the interval; None below two repeats.
        verdict: what it means.
        repeats_needed: how many repeats in all settle it with a chance of 80%, where it is not settled and so many do.
    """

    sample: Sample
    p: float | None
    p_adjusted: float | None
    level: float
    low: float | None
    high: float | None
    verdict: Verdict
    repeats_needed: int | None


def decide(family: Sequence[Sequence[float]], *, rope: float) -> list[Decision]:
    """The verdicts on a family of paired differences, family-wise error at most 0.05 (Holm).

    Args:
        family: for each comparison its differences, one a repeat.
        rope: half-width of the region of practical equivalence.
    """
    p_values = [p_value(differences) for differences in family]
    decisions = []
    for differences, p, step in zip(family, p_values, holm(p_values, ALPHA), strict=True):
        sample, interval = describe(differences), t_interval(differences, step.level)
        decision = decided(sample, p, step, interval, rope=rope)
        if decision.verdict == "underpowered" and sample.mean is not None and sample.std is not None:
            needed = repeats_needed(sample.mean, sample.std, sample.n, alpha=step.level, rope=rope, least=LEAST_REPEATS)
            decision = replace(decision, repeats_needed=needed)
        decisions.append(decision)
    return decisions


def decide_any_time(family: Sequence[Sequence[float]], *, rope: float) -> list[Decision]:
    """`decide` with the p values and intervals of `sequential`, which hold after every look; no ``repeats_needed``.

    Holm's procedure on them keeps the chance that any comparison is ever wrongly said to differ at 0.05.
    """
    samples = [describe(differences) for differences in family]
    p_values = [any_time_p(sample) for sample in samples]
    steps = holm(p_values, ALPHA)
    return [
        decided(sample, p, step, any_time_interval(sample, step.level), rope=rope)
        for sample, p, step in zip(samples, p_values, steps, strict=True)
    ]


def decided(
    sample: Sample, p: float | None, step: HolmStep, interval: tuple[float, float] | None, *, rope: float
) -> Decision:
    """The decision on one comparison of a family; how many repeats it needs is left out.

    Args:
        sample, p, interval: its paired differences, and what they say of their mean.
        step: what Holm's procedure makes of ``p``; the interval is of its level.
    """
    return Decision(
        sample=sample,
        p=p,
        p_adjusted=None if p is None else step.p_adjusted,
        level=1 - step.level,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        verdict=judge(sample, interval, rope),
        repeats_needed=None,
    )


def judge(sample: Sample, interval: tuple[float, float] | None, rope: float) -> Verdict:
    """The verdict on a sample of paired differences whose mean has this interval."""
    if sample.n < LEAST_REPEATS or sample.mean is None or interval is None:
        return "underpowered"
    low, high = interval
    if low > 0 and sample.mean > rope:
        return "helps"
    if high < 0 and sample.mean < -rope:
        return "hurts"
    if -rope <= low and high <= rope:
        return "no practical difference"
    return "underpowered"
