"""Hand-computed intervals, Holm's procedure and sample sizes."""

from __future__ import annotations

import math

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


def test_repeats_needed_outside_the_region() -> None:
    # t(0.975, n - 1) / sqrt(n): 2.5706 / 2.4495 = 1.049 at n = 6, 2.4469 / 2.6458 = 0.925 at n = 7
    assert repeats_needed(1.0, 1.0, alpha=0.05, rope=0.1, least=6) == 7
    assert repeats_needed(-1.0, 1.0, alpha=0.05, rope=0.1, least=6) == 7


def test_repeats_needed_inside_the_region() -> None:
    # rope - |mean| = 0.5: 2.1199 / 4.1231 = 0.514 at n = 17, 2.1098 / 4.2426 = 0.497 at n = 18
    assert repeats_needed(0.5, 1.0, alpha=0.05, rope=1.0, least=6) == 18


def test_repeats_needed_at_the_limit_does_not_exist() -> None:
    assert repeats_needed(0.005, 0.01, alpha=0.05, rope=0.005, least=6) is None
    assert repeats_needed(0.02, 0.0, alpha=0.05, rope=0.005, least=6) == 6
