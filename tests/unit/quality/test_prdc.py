"""Precision, recall, density and coverage of points on a line, and what is expected of one distribution."""

import numpy as np
import pytest

from ganaug.quality.prdc import Prdc, prdc
from ganaug.seeds import numpy_generator


def line(*values: float) -> np.ndarray:
    return np.float32(values)[:, None]


def test_balls_of_the_nearest() -> None:
    # Balls of the real: [-1, 1], [0, 2], [1, 3], [2, 4]. 0.5 lies in two, 3.5 in one, 10 and 10.5 in none; 2 has none.
    # Balls of the samples: [-2.5, 3.5], [0.5, 6.5] and two about 10: every real image is in one.
    assert prdc(line(0, 1, 2, 3), line(0.5, 3.5, 10, 10.5), k=1) == Prdc(2 / 4, 1, 3 / 4, 3 / 4)


def test_balls_of_the_second_nearest() -> None:
    # Balls of the real: [-2, 2], [0, 2], [1, 3], [1, 5]. 0.5 lies in two, 3.5 in one, 10 in none; 2 has none.
    found = prdc(line(0, 1, 2, 3), line(0.5, 3.5, 10), k=2)
    assert found.precision == pytest.approx(2 / 3)
    assert (found.density, found.coverage) == (3 / (2 * 3), 3 / 4)


def test_samples_at_one_spot_are_precise_and_recall_little() -> None:
    # Balls of the samples: [-0.25, 0.25], [0, 0.5]. Both lie in the balls of 0 and of 1, 0 on the border of 1.
    assert prdc(line(0, 1, 2, 3), line(0, 0.25), k=1) == Prdc(1, 1 / 4, 2, 2 / 4)


def test_an_outlier_among_the_real_widens_precision_but_hardly_coverage() -> None:
    # Naeem et al., section 3: the ball of 100 is [3, 197] and takes in samples that are near nothing real.
    found = prdc(line(0, 1, 2, 3, 100), line(50, 60, 70, 80), k=1)
    assert (found.precision, found.density, found.coverage) == (1, 1, 1 / 5)


def test_sides_exchanged_precision_is_recall() -> None:
    x, y = (numpy_generator(seed).standard_normal((40, 3)).astype(np.float32) + seed for seed in (0, 1))
    one, other = prdc(x, y, k=3), prdc(y, x, k=3)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert 0 < one.precision < 1


def test_density_and_coverage_of_one_distribution() -> None:
    # A real image is not covered if the k nearest of the other N - 1 real and M made are all real: with N = M = 10
    # and k = 3 that is 9 8 7 / (19 18 17). A sample lies in a ball with probability k / N, so density is 1.
    rng = numpy_generator(0)
    found = [prdc(*rng.standard_normal((2, 10, 2)).astype(np.float32), k=3) for _ in range(500)]
    for got, expected in (
        ([one.density for one in found], 1),
        ([one.coverage for one in found], 1 - 9 * 8 * 7 / (19 * 18 * 17)),
    ):
        assert abs(np.mean(got) - expected) < 4 * np.std(got) / np.sqrt(500)


def test_a_set_needs_more_than_k() -> None:
    with pytest.raises(ValueError, match="needs 4 images, not 3"):
        prdc(line(0, 1, 2, 3, 4), line(0, 1, 2), k=3)
