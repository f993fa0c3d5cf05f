"""The Bayesian signed-rank test against closed forms and a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from ganaug.study.bayes import Belief, signed_test

# Of 100,000 draws, three binomial standard errors are 0.005.
MANY = 100_000


def test_one_difference_has_a_closed_form() -> None:
    # Weights (w, 1 - w) of the imagined 0 and of z, where w is Beta(1/2, 1) distributed: P(w < x) = sqrt(x).
    # z > 2 rope: every pair but (0, 0) is better, so better is larger if w^2 < 1/2, P = 0.5^(1/4) = 0.8409.
    far = signed_test([0.02], rope=0.005, seed=1, draws=MANY)
    assert far is not None
    assert (far.worse, far.equivalent, far.better) == pytest.approx((0, 1 - 0.8409, 0.8409), abs=0.005)
    # rope < z < 2 rope: only (z, z) is better, (1 - w)^2 > 1/2 if w < 0.2929, P = 0.5412.
    near = signed_test([-0.008], rope=0.005, seed=2, draws=MANY)
    assert near is not None
    assert (near.worse, near.equivalent, near.better) == pytest.approx((0.5412, 1 - 0.5412, 0), abs=0.005)


def test_a_pair_on_the_limit_counts_half() -> None:
    # z = 2 rope: (0, z) and (z, 0) are on the limit: better = (1 - w)^2 + w (1 - w) = 1 - w > 1/2, P = sqrt(1/2).
    belief = signed_test([0.01], rope=0.005, seed=3, draws=MANY)
    assert belief is not None
    assert belief.better == pytest.approx(0.7071, abs=0.005)
    # 0.1 + 0.2 is not 0.3 in floating point, and (z1, z2) must be on the limit all the same.
    assert signed_test([0.1, 0.2], rope=0.15, seed=3) == signed_test([1.0, 2.0], rope=1.5, seed=3)


def test_it_agrees_with_a_plain_loop() -> None:
    z = [0.0, 0.03, -0.0115, 0.004, 0.02, 0.001, -0.002]
    wins = np.zeros(3)
    for weights in np.random.default_rng(9).dirichlet([0.5] + [1.0] * 6, size=4000):
        parts = [0.0, 0.0, 0.0]
        for i, one in enumerate(z):
            for j, other in enumerate(z):
                side = 2 if one + other > 0.01 else 0 if one + other < -0.01 else 1
                parts[side] += weights[i] * weights[j]
        wins[int(np.argmax(parts))] += 1
    belief = signed_test(z[1:], rope=0.005, seed=4, draws=MANY)
    assert belief is not None
    # three standard errors of 4,000 draws
    assert (belief.worse, belief.equivalent, belief.better) == pytest.approx(tuple(wins / 4000), abs=0.025)


def test_the_sides_mirror_each_other() -> None:
    gains = [0.03, 0.01, -0.01, 0.004, 0.02, 0.02]
    one, other = signed_test(gains, rope=0.005, seed=5), signed_test([-gain for gain in gains], rope=0.005, seed=5)
    assert one is not None
    assert other is not None
    assert (one.worse, one.equivalent, one.better) == (other.better, other.equivalent, other.worse)
    assert one.improvement + other.improvement == pytest.approx(1)


def test_clear_cases_and_none() -> None:
    gain = signed_test([0.04, 0.05, 0.06, 0.05, 0.04, 0.05], rope=0.005, seed=6)
    assert gain is not None
    assert gain.better > 0.99
    # six above 0 and the imagined tie: (6 + 0.25) / 6.5
    assert gain.improvement == pytest.approx(6.25 / 6.5)
    assert signed_test([0.001, -0.001, 0.002], rope=0.005, seed=6) == Belief(0.0, 1.0, 0.0, pytest.approx(2.25 / 3.5))
    assert signed_test([], rope=0.005, seed=6) is None
    assert signed_test([0.0] * 6, rope=0.0, seed=6) == Belief(*[pytest.approx(x) for x in (1 / 2, 0, 1 / 2, 1 / 2)])
