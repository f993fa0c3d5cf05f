"""The bootstrap-t interval: by enumeration of all draws, by its level, and what a repeat brings."""

from __future__ import annotations

from itertools import product
from statistics import fmean, stdev

import numpy as np
import pytest

from ganaug.study.bootstrap import bootstrap_t
from ganaug.study.statistics import t_interval


def test_it_is_the_interval_of_all_draws() -> None:
    # All 5^5 draws of five values, each as likely: the exact bootstrap distribution.
    values = [0.01, 0.02, 0.035, 0.05, 0.09]
    ratios = []
    for drawn in product(values, repeat=5):
        spread, above = stdev(drawn), fmean(drawn) - fmean(values)
        ratios.append(above / (spread / 5**0.5) if spread > 1e-12 else np.sign(above) * np.inf)
    ratios.sort()
    scale = stdev(values) / 5**0.5
    exact = [fmean(values) - ratios[round(q * len(ratios))] * scale for q in (0.9, 0.1)]
    found = bootstrap_t([[value] for value in values], 0.2, seed=1, draws=200_000)
    assert found == pytest.approx(exact, abs=0.0006)
    assert bootstrap_t([[value] for value in values], 0.2, seed=1, draws=200_000) == found


def test_skewed_differences_give_a_lopsided_interval() -> None:
    # Nine small gains and one large: the mean may well be much larger, hardly much smaller.
    interval = bootstrap_t([[0.01 + k / 1000] for k in range(9)] + [[0.10]], 0.05, seed=0)
    assert interval is not None
    mean = fmean([*(0.01 + k / 1000 for k in range(9)), 0.10])
    assert interval[1] - mean > 2 * (mean - interval[0])


def test_more_fits_of_the_same_repeats_are_no_more_evidence() -> None:
    once = [[0.01], [0.03], [0.02], [0.05], [0.04], [0.02]]
    assert bootstrap_t([fits * 10 for fits in once], 0.05, seed=3) == pytest.approx(bootstrap_t(once, 0.05, seed=3))
    spread = [[value - 0.01, value + 0.01] for (value,) in once]
    assert bootstrap_t(spread, 0.05, seed=3) == pytest.approx(bootstrap_t(once, 0.05, seed=3))


def test_where_there_is_no_interval() -> None:
    assert bootstrap_t([], 0.05, seed=0) is None
    assert bootstrap_t([[0.01, 0.02]], 0.05, seed=0) is None
    # a ninth of all draws of three repeats is one repeat thrice, more than the tails of a 95% interval
    assert bootstrap_t([[0.01], [0.02], [0.04]], 0.05, seed=0) is None
    assert bootstrap_t([[0.02]] * 6, 0.05, seed=0) == (0.02, 0.02)


def test_coverage_of_repeats_with_correlated_fits_and_of_skewed_repeats() -> None:
    """95% intervals of 15 repeats in 400 studies; three binomial standard errors are 3.3%.

    Fits of a repeat share four fifths of the variance; an interval over all 45 fits would cover far less. Differences
    as skewed as an exponential distribution are covered better than by Student-t.
    """
    rng = np.random.default_rng(5)
    studies, repeats = 400, 15
    fits = rng.normal(0, 2, (studies, repeats, 1)) + rng.normal(0, 1, (studies, repeats, 3))
    skewed = rng.exponential(1, (studies, repeats, 1)) - 1
    covered = {"fits": 0, "skewed": 0, "t of skewed": 0, "t of all fits": 0}
    for study in range(studies):
        for name, interval in (
            ("fits", bootstrap_t(fits[study].tolist(), 0.05, seed=study, draws=1000)),
            ("skewed", bootstrap_t(skewed[study].tolist(), 0.05, seed=study, draws=1000)),
            ("t of skewed", t_interval(skewed[study].ravel().tolist(), 0.05)),
            ("t of all fits", t_interval(fits[study].ravel().tolist(), 0.05)),
        ):
            assert interval is not None
            covered[name] += interval[0] <= 0 <= interval[1]
    assert abs(covered["fits"] / studies - 0.95) < 0.033
    assert covered["t of all fits"] / studies < 0.85
    assert covered["skewed"] > covered["t of skewed"]
