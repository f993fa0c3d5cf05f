"""FID at infinite N and KID over subsets find distances that are known from formulas; both agree with clean-fid."""

import numpy as np
import pytest

from ganaug.quality.fid import fid, fid_infinite, frechet
from ganaug.quality.kid import kid, kid_interval
from ganaug.seeds import numpy_generator

# Uniform on [0, 1] and on [0, 2] the first three moments are 1/2, 1/3, 1/4 and 1, 4/3, 2. In one dimension the mean of
# (x y + 1)^3 is 1 + 3 m1 m1' + 3 m2 m2' + m3 m3', so KID is 3 (1/2)^2 + 3 (1)^2 + (7/4)^2.
KNOWN = 0.75 + 3 + 49 / 16


def uniforms(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    one, other = rng.random((2, count, 1)).astype(np.float32)
    return one, 2 * other


def gaussians(rng: np.random.Generator, *counts: int) -> tuple[np.ndarray, np.ndarray]:
    """In 4 dimensions: standard, and with variance 4 about (1, 0, 0, 0), so that FID is 1 + 4 (2 - 1)^2 = 5."""
    one, other = (rng.standard_normal((count, 4)).astype(np.float32) for count in counts)
    return one, 2 * other + np.float32([1, 0, 0, 0])


def test_frechet_of_gaussians_with_axes_in_common() -> None:
    # (3^2 + 4^2) + (1 - 2)^2 + (3 - 5)^2 by the standard deviations.
    means = np.zeros(2), np.array([3.0, 4.0])
    assert frechet(means[0], np.diag([1.0, 9]), means[1], np.diag([4.0, 25])) == pytest.approx(30, rel=1e-12)


def test_frechet_of_gaussians_with_other_axes() -> None:
    # C1 C2 has trace 2 + 8 and determinant 4 x 3; the root of a 2 x 2 matrix has trace (tr + 2 det^(1/2))^(1/2).
    first, second = np.diag([1.0, 4]), np.array([[2.0, 1], [1, 2]])
    expected = 5 + 4 - 2 * np.sqrt(10 + 2 * np.sqrt(12))
    assert frechet(np.zeros(2), first, np.zeros(2), second) == pytest.approx(expected, rel=1e-12)
    assert frechet(np.zeros(2), second, np.zeros(2), first) == pytest.approx(expected, rel=1e-12)


def test_the_line_meets_what_it_was_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def made_up(one: np.ndarray, other: np.ndarray) -> float:
        seen.append((len(one), len(other)))
        return 3 + 8 / len(one)

    monkeypatch.setattr("ganaug.quality.fid.fid", made_up)
    rows = np.zeros((150, 2), np.float32)
    found = fid_infinite(rows, np.tile(rows, (2, 1)), rng=numpy_generator(0))
    assert (found.infinite, found.slope) == (pytest.approx(3), pytest.approx(8))
    # From a tenth of the rows to all, both sides by the same factor.
    assert (found.sizes[0], found.sizes[-1], len(found.sizes)) == (15, 150, 15)
    assert seen == [(size, 2 * size) for size in found.sizes]


def test_fid_at_infinite_n_is_nearer_to_the_truth() -> None:
    rng = numpy_generator(0)
    finite, infinite = [], []
    for _ in range(100):
        one, other = gaussians(rng, 60, 90)
        finite.append(fid(one, other))
        infinite.append(fid_infinite(one, other, rng=rng).infinite)
    assert abs(np.mean(infinite) - 5) < 4 * np.std(infinite) / 10
    assert np.mean(finite) - 5 > 2 * abs(np.mean(infinite) - 5)


def test_fid_at_infinite_n_of_one_distribution_is_about_nothing() -> None:
    rng = numpy_generator(0)
    pairs = [rng.standard_normal((2, 200, 8)).astype(np.float32) for _ in range(40)]
    infinite = [fid_infinite(one, other, rng=rng).infinite for one, other in pairs]
    assert np.mean([fid(one, other) for one, other in pairs]) > 0.1
    assert abs(np.mean(infinite)) < 0.03


def test_the_same_generator_extrapolates_alike() -> None:
    sets = gaussians(numpy_generator(0), 60, 60)
    one, again, other = (fid_infinite(*sets, rng=numpy_generator(seed)) for seed in (1, 1, 2))
    assert one == again
    assert one.infinite != other.infinite


def test_fid_at_infinite_n_needs_twice_the_rows_of_fid() -> None:
    rows = numpy_generator(0).standard_normal((12, 5)).astype(np.float32)
    assert fid_infinite(rows, rows[::-1], rng=numpy_generator(0)).sizes[0] == 6
    with pytest.raises(ValueError, match="needs 12 images for 5 features, not 11"):
        fid_infinite(rows, rows[1:], rng=numpy_generator(0))


def test_kid_of_few_rows_is_right_on_average() -> None:
    rng = numpy_generator(0)
    values = [kid(*uniforms(rng, 4)) for _ in range(4000)]
    assert abs(np.mean(values) - KNOWN) < 4 * np.std(values) / np.sqrt(4000)


def test_kid_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = numpy_generator(0)
    found = [kid_interval(*uniforms(rng, 100), rng=rng) for _ in range(400)]
    # 95%, with 4 standard errors of 1.1 points to either side.
    assert 0.906 < np.mean([one.low < KNOWN < one.high for one in found]) < 0.994
    means = [one.kid for one in found]
    assert abs(np.mean(means) - KNOWN) < 4 * np.std(means) / 20


def test_kid_interval_of_one_distribution_holds_nothing_as_often_as_it_says() -> None:
    rng = numpy_generator(0)
    found = [kid_interval(*rng.standard_normal((2, 100, 4)).astype(np.float32), rng=rng) for _ in range(400)]
    assert 0.906 < np.mean([one.low < 0 < one.high for one in found]) < 0.994


def test_kid_interval_by_its_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter(range(1, 11))
    monkeypatch.setattr("ganaug.quality.kid.kid", lambda _one, _other: float(next(values)))
    found = kid_interval(np.zeros((20, 1)), np.zeros((20, 1)), rng=numpy_generator(0))
    # 1 to 10: mean 5.5, variance 55/6; 2.262 is in any table of Student's t for 9 degrees of freedom.
    reach = 2.262 * np.sqrt(55 / 6 / 10)
    assert (found.kid, found.low, found.high) == pytest.approx((5.5, 5.5 - reach, 5.5 + reach), rel=1e-3)


@pytest.mark.parametrize(
    ("rows", "subsets", "sizes"),
    [((20, 20), 10, (2, 2)), ((25, 999), 10, (2, 99)), ((2000, 50), 10, (200, 5)), ((12_345, 20_000), 13, (949, 1000))],
)
def test_subsets_of_kid_follow_n_and_share_no_row(
    monkeypatch: pytest.MonkeyPatch, rows: tuple[int, int], subsets: int, sizes: tuple[int, int]
) -> None:
    taken: list[tuple[list[float], list[float]]] = []

    def spy(one: np.ndarray, other: np.ndarray) -> float:
        taken.append((one[:, 0].tolist(), other[:, 0].tolist()))
        return 0.0

    monkeypatch.setattr("ganaug.quality.kid.kid", spy)
    numbers = [np.arange(count, dtype=np.float32)[:, None] for count in rows]
    found = kid_interval(*numbers, rng=numpy_generator(0))
    assert (found.subsets, found.sizes, len(taken)) == (subsets, sizes, subsets)
    for side, size in enumerate(sizes):
        used = [value for pair in taken for value in pair[side]]
        assert len(used) == len(set(used)) == subsets * size


def test_kid_interval_needs_ten_pairs() -> None:
    with pytest.raises(ValueError, match="needs 20 images of each side, not 19"):
        kid_interval(np.zeros((30, 1)), np.zeros((19, 1)), rng=numpy_generator(0))


def test_clean_fid_gives_the_same_distances() -> None:
    from cleanfid.fid import frechet_distance, kernel_distance

    rng = numpy_generator(0)
    one, other = gaussians(rng, 80, 80)
    x, y = one.astype(float), other.astype(float)
    theirs = frechet_distance(x.mean(0), np.cov(x, rowvar=False), y.mean(0), np.cov(y, rowvar=False))
    assert fid(one, other) == pytest.approx(theirs, rel=1e-6)
    # A subset of all rows is the set, in some order.
    assert kid(one, other) == pytest.approx(kernel_distance(x, y, num_subsets=1, max_subset_size=80), rel=1e-6)
