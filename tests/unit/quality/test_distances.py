"""Distances between feature sets whose values are worked out by hand."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ganaug.quality.fid import fid
from ganaug.quality.kid import MOST, kid


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)[:, None]


def test_kid_of_two_points_each() -> None:
    # One dimension: k(a, b) = (ab + 1)^3. Within {0, 1}: k(0, 1) = 1, on both sides. Across: 1, 1, 1 and 8.
    assert kid(column(0, 1), column(0, 1)) == pytest.approx(1 + 1 - 2 * 11 / 4)
    # {0, 1} against {2, 3}: within the second 7^3 = 343; across 1, 1, 27 and 64.
    assert kid(column(0, 1), column(2, 3)) == pytest.approx(1 + 343 - 2 * 93 / 4)


def test_kid_divides_by_the_dimensions() -> None:
    # Two equal dimensions: x . y / 2 is what one dimension gives.
    one, other = column(0, 1), column(2, 3)
    assert kid(np.repeat(one, 2, axis=1), np.repeat(other, 2, axis=1)) == pytest.approx(kid(one, other))


def test_kid_is_unbiased() -> None:
    rng = np.random.default_rng(0)
    values = [kid(*rng.standard_normal((2, 20, 3)).astype(np.float32)) for _ in range(400)]
    assert abs(np.mean(values)) < 4 * np.std(values) / 20


def test_kid_of_many_rows_uses_every_so_many() -> None:
    rows = np.zeros((2 * MOST, 1), dtype=np.float32)
    rows[1::2] = 100
    # Every second row is 0: within and across the kernel is 1.
    assert kid(rows, column(0, 0)) == pytest.approx(0)


def test_kid_needs_two() -> None:
    with pytest.raises(ValueError, match="two images"):
        kid(column(0), column(0, 1))


def test_fid_of_one_dimension() -> None:
    # Means 1 and 5, variances 2 and 8: 16 + (sqrt 2 - sqrt 8)^2 = 18.
    assert fid(column(0, 2), column(3, 7)) == pytest.approx(18)


def test_fid_is_the_formula_with_the_root_of_the_product() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 4)).astype(np.float32)
    y = (rng.standard_normal((60, 4)) @ rng.standard_normal((4, 4))).astype(np.float32)
    first, second = np.cov(x.astype(float), rowvar=False), np.cov(y.astype(float), rowvar=False)
    expected = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert fid(x, y) == pytest.approx(expected, rel=1e-5)


def test_fid_is_refused_where_a_covariance_would_be_singular() -> None:
    five = np.zeros((5, 5), dtype=np.float32)
    with pytest.raises(ValueError, match="needs 6 images for 5 features, not 5"):
        fid(five, np.zeros((9, 5), dtype=np.float32))
