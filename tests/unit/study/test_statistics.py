"""Hand-computed intervals, Holm's procedure and sample sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganaug.study.statistics import describe, half_width, holm, p_value, repeats_needed, t_interval


def test_describe_divides_by_n_minus_one() -> None:
    sample = describe([1, 2, 3, 4, 5, 6])
    assert (sample.n, sample.mean) == (6, 3.5)
    assert sample.std == pytest.approx(math.sqrt(17.5 / 5))


def test_describe_of_nothing_and_of_one_value() -> None:
    assert describe([]).mean is None
    assert (describe([0.4]).mean, describe([0.4]).std) == (0.4, None)


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.706), (2, 4.303), (5, 2.571), (9, 2.262), (30, 2.042)])
def test_half_width_holds_the_published_t_table(freedom: int, quantile: float) -> None:
    n = freedom + 1
    assert half_width(math.sqrt(n), n, 0.05) == pytest.approx(quantile, abs=5e-4)


def test_t_interval_by_hand() -> None:
    # mean 3.5, standard error sqrt(3.5 / 6) = 0.763763, t(0.975, 5) = 2.570582
    interval = t_interval([1, 2, 3, 4, 5, 6], 0.05)
    assert interval == pytest.approx((3.5 - 1.963316, 3.5 + 1.963316), abs=1e-5)


def test_fewer_than_two_values_have_no_interval() -> None:
    assert t_interval([0.1], 0.05) is None
    assert t_interval([], 0.05) is None
    assert p_value([0.1]) is None


def test_p_value_by_hand() -> None:
    # 0 and 2: mean 1, standard error 1, so t = 1 with one degree of freedom, a Cauchy variable: p = 1/2
    assert p_value([0.0, 2.0]) == pytest.approx(0.5)


def test_equal_values_do_not_crash() -> None:
    assert t_interval([0.02] * 6, 0.05) == pytest.approx((0.02, 0.02))
    assert (p_value([0.0] * 6), p_value([0.02] * 6)) == (1.0, 0.0)


def test_holm_worked_example() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 against 0.0125, 0.01667, 0.025: the third fails, and the fourth with it
    steps = holm([0.01, 0.04, 0.03, 0.005], 0.05)
    assert [step.rejected for step in steps] == [True, False, False, True]
    assert [step.p_adjusted for step in steps] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert [step.level for step in steps] == pytest.approx([0.05 / 3, 0.025, 0.025, 0.0125])


def test_holm_never_rejects_after_the_first_failure() -> None:
    # 0.04 alone would pass its own 0.05, but 0.03 has failed at 0.025 before it
    assert [step.rejected for step in holm([0.03, 0.04], 0.05)] == [False, False]


def test_holm_keeps_untestable_hypotheses_in_the_family() -> None:
    steps = holm([0.03, None], 0.05)
    assert [step.rejected for step in steps] == [False, False]
    assert steps[0].level == pytest.approx(0.025)
    assert holm([], 0.05) == []


def test_intervals_exclude_zero_exactly_where_holm_rejects() -> None:
    family = [[0.9, 1.1, 1.0, 1.2], [0.5, -0.2, 0.6, 0.4], [0.1, -0.1, 0.2, -0.2], [0.7, 0.2, 0.5, 0.6]]
    steps = holm([p_value(values) for values in family], 0.05)
    for values, step in zip(family, steps, strict=True):
        interval = t_interval(values, step.level)
        assert interval is not None
        assert step.rejected == (interval[0] > 0 or interval[1] < 0)
    assert {step.rejected for step in steps} == {True, False}


def chance_to_settle(mean: float, std: float, n: int, repeats: int, *, alpha: float, rope: float) -> float:
    """By simulation: truths from the posterior of n known repeats, then all other repeats one by one."""
    rng = np.random.default_rng(repeats)
    studies = 20_000
    sigma = std * np.sqrt((n - 1) / rng.chisquare(n - 1, studies))
    truth = rng.normal(mean, sigma / np.sqrt(n))
    known = rng.normal(size=n)
    known = mean + std * (known - known.mean()) / known.std(ddof=1)
    new = rng.normal(truth[:, None], sigma[:, None], (studies, repeats - n))
    drawn = np.concatenate([np.broadcast_to(known, (studies, n)), new], axis=1)
    middle, half = drawn.mean(axis=1), drawn.std(axis=1, ddof=1) * half_width(1.0, repeats, alpha)
    outside = (np.abs(middle) > half) & (np.abs(middle) > rope)
    return float(np.mean(outside | (np.abs(middle) + half <= rope)))


@pytest.mark.parametrize(
    ("mean", "std", "n", "rope"), [(1.0, 1.0, 6, 0.1), (-1.0, 1.5, 10, 0.5), (0.0, 0.5, 8, 0.5), (2.0, 1.5, 4, 0.5)]
)
def test_repeats_needed_settle_four_studies_in_five(mean: float, std: float, n: int, rope: float) -> None:
    needed = repeats_needed(mean, std, n, alpha=0.0125, rope=rope, least=6)
    assert needed is not None
    assert chance_to_settle(mean, std, n, needed, alpha=0.0125, rope=rope) > 0.79
    if needed > max(6, n + 1):
        fewer = max(6, n + 1, int(needed / 1.15))
        assert chance_to_settle(mean, std, n, fewer, alpha=0.0125, rope=rope) < 0.81


def test_repeats_needed_for_losses_are_those_for_gains() -> None:
    assert repeats_needed(-1.0, 1.0, 6, alpha=0.05, rope=0.1, least=6) == repeats_needed(
        1.0, 1.0, 6, alpha=0.05, rope=0.1, least=6
    )


def test_repeats_needed_at_the_limit_does_not_exist() -> None:
    # 1,000 repeats leave the mean open by 0.0003; to be told from the limit by as much takes more than 10,000
    assert repeats_needed(0.005, 0.01, 1000, alpha=0.05, rope=0.005, least=6) is None
    assert repeats_needed(0.02, 0.0, 3, alpha=0.05, rope=0.005, least=6) == 6
