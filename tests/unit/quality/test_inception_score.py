"""Inception scores worked out by hand."""

import numpy as np
import pytest

from ganaug.quality.inception_score import inception_score
from ganaug.seeds import numpy_generator


def test_sure_and_evenly_spread_answers_score_the_number_of_classes() -> None:
    score = inception_score(np.tile(np.eye(7, dtype=np.float32), (3, 1)), splits=1, rng=numpy_generator(0))
    assert score.mean == pytest.approx(7, rel=1e-12)
    assert (score.deviation, score.rows) == (None, 21)


@pytest.mark.parametrize("row", [(0.2, 0.3, 0.5), (1, 0, 0)])
def test_equal_rows_score_one_whatever_the_split(row: tuple[float, ...]) -> None:
    score = inception_score(np.tile(np.float32(row), (10, 1)), splits=3, rng=numpy_generator(0))
    assert score.mean == pytest.approx(1, rel=1e-6)
    assert score.deviation == pytest.approx(0, abs=1e-9)
    assert score.rows == 3


def test_two_rows_by_hand() -> None:
    # p(y) = (3/4, 1/4). KL of (1, 0): ln 4/3; of (1/2, 1/2): (ln 2/3 + ln 2) / 2 = (ln 4/3) / 2.
    score = inception_score(np.float32([[1, 0], [0.5, 0.5]]), splits=1, rng=numpy_generator(0))
    assert score.mean == pytest.approx((4 / 3) ** 0.75, rel=1e-12)


def test_mean_and_deviation_of_single_rows_and_of_a_pair() -> None:
    # Three rows in two splits: two different ones together score 2, and any alone or with its like 1.
    rows = np.float32([[1, 0], [1, 0], [0, 1]])
    found = [inception_score(rows, splits=2, rng=numpy_generator(seed)) for seed in range(20)]
    # The pair is equal (1 and 1) or mixed (2 and 1: mean 1.5, deviation 0.5).
    assert {(round(score.mean, 9), round(score.deviation or 0, 9)) for score in found} == {(1, 0), (1.5, 0.5)}


def test_rows_in_the_order_of_classes_are_dealt_to_all_splits() -> None:
    rows = np.repeat(np.eye(2, dtype=np.float32), 500, axis=0)
    # Cut in that order each half has one class, and scores 1.
    assert inception_score(rows, splits=2, rng=numpy_generator(0)).mean > 1.9


def test_what_is_no_probability_is_refused() -> None:
    for rows in ([[0.5, 0.6]], [[1.5, -0.5]], [[np.nan, 1]]):
        with pytest.raises(ValueError, match="at least 0 and of sum 1"):
            inception_score(np.float32(rows), splits=1, rng=numpy_generator(0))
    with pytest.raises(ValueError, match="over 3 splits needs that many images, not 2"):
        inception_score(np.eye(2, dtype=np.float32), splits=3, rng=numpy_generator(0))
