"""Wilson's interval and the grain of a test set, against published and hand-computed values."""

from __future__ import annotations

import pytest

from ganaug.study.proportions import too_coarse, widest, wilson


def test_wilson_against_published_examples() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3: 81/263, 15/148, 0/20 and 1/29
    for right, images, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(right / images, images) == pytest.approx((low, high), abs=6e-5)


def test_wilson_where_every_image_is_right() -> None:
    # the lower end is n / (n + z^2): 10 / (10 + 3.8415)
    assert wilson(1.0, 10) == pytest.approx((10 / 13.8415, 1.0), abs=1e-5)


def test_a_higher_level_is_wider() -> None:
    low, high = wilson(0.5, 100, alpha=0.01)
    # z^2 = 6.6349: half-width sqrt(6.6349 * (25 + 6.6349 / 4)) / 106.6349 = 0.12473
    assert (high - low) / 2 == pytest.approx(0.12473, abs=1e-4)


@pytest.mark.parametrize(("images", "points"), [(40, 14.8), (100, 9.6), (10000, 1.0)])
def test_half_the_wilson_interval(images: int, points: float) -> None:
    # 20 of 40: 0.352 to 0.648; 50 of 100: 0.404 to 0.596 (any table of Wilson intervals).
    assert 100 * widest(images) == pytest.approx(points, abs=0.05)


def test_a_test_set_that_is_coarser_than_the_question() -> None:
    assert too_coarse(200, 0.005) is None
    assert too_coarse(100, 0.01) is None
    assert too_coarse(10, 0.0) is None
    said = too_coarse(40, 0.005)
    assert said is not None
    assert said.startswith("one of 40 test images is 2.5 points of accuracy, more than the 0.5 points asked about")
    assert "seal at least 200 test images" in said
