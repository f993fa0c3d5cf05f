"""Copies that are planted are found; distances and ranks on a line are worked out by hand."""

import numpy as np
import pytest

from ganaug.quality.memorisation import Pair, memorisation
from ganaug.seeds import numpy_generator


def line(*values: float) -> np.ndarray:
    return np.float32(values)[:, None]


def test_by_hand() -> None:
    # Held-out images are 1, 4 and 6 away from train; samples 0, 0.5, 1, 4 and 20.
    found = memorisation(train=line(0, 10, 20), held=line(14, 1, 26), samples=line(10, 0.5, 19, 16, 40))
    assert found.held.tolist() == [1, 4, 6]
    assert found.distances.tolist() == [0, 0.5, 1, 4, 20]
    assert found.train.tolist() == [1, 0, 2, 2, 2]
    assert found.ranks.tolist() == [0, 0, 1 / 3, 2 / 3, 1]
    assert (found.closer, found.expected) == (2 / 5, 1 / 4)
    # Held-out images are farther than the samples in 3, 3, 2 + 1/2, 1 + 1/2 and 0 of 3 cases.
    assert found.copying == pytest.approx(10 / 15)
    assert found.closest(2) == [Pair(0, 1, 0, 0), Pair(1, 0, 0.5, 0)]


def test_planted_copies_and_near_copies_are_all_found() -> None:
    rng = numpy_generator(0)
    train, held, samples = (rng.standard_normal((count, 32)).astype(np.float32) for count in (300, 200, 150))
    copies, near = {3: 17, 40: 17, 149: 299}, {0: 0, 77: 150, 120: 42}
    for place, source in copies.items():
        samples[place] = train[source]
    for place, source in near.items():
        # Off by a tenth of the standard deviation in every feature.
        samples[place] = train[source] + 0.1 * rng.standard_normal(32)
    found = memorisation(train=train, held=held, samples=samples)
    pairs = found.closest(6)
    assert {pair.sample: pair.train for pair in pairs} == copies | near
    assert [pair.sample for pair in pairs[:3]] == [3, 40, 149]
    assert [pair.distance for pair in pairs[:3]] == [0, 0, 0]
    assert all(pair.rank == 0 for pair in pairs)
    assert found.closer >= 6 / 150


def test_copies_of_digits_with_noise_or_another_contrast_are_found() -> None:
    from sklearn.datasets import load_digits

    rng = numpy_generator(0)
    digits = rng.permutation(load_digits().data).astype(np.float32)
    train, held, samples = digits[:800], digits[800:1400], digits[1400:1700].copy()
    planted = {row: 5 * row for row in range(30)}
    for row, source in planted.items():
        # Of 16 grey levels: none off, some by one, or all paler by a twentieth.
        noise = rng.integers(-1, 2, 64) * (rng.random(64) < 0.3)
        samples[row] = (train[source], train[source] + noise, 0.95 * train[source])[row % 3]
    found = memorisation(train=train, held=held, samples=samples)
    assert {row: int(found.train[row]) for row in planted} == planted
    assert (found.ranks[:30] == 0).all()
    # Honest digits are nearer than all 600 that were held out about once in 601.
    assert (found.ranks[30:] == 0).sum() <= 5


def test_samples_of_the_same_distribution_are_not_called_copies() -> None:
    rng = numpy_generator(0)
    closer, copying = [], []
    for _ in range(400):
        train, held, samples = np.split(rng.standard_normal((15, 2)).astype(np.float32), 3)
        found = memorisation(train=train, held=held, samples=samples)
        closer.append(found.closer)
        copying.append(found.copying)
    # With five held-out images one sample in six is nearer than all of them.
    assert found.expected == 1 / 6
    for got, expected in ((closer, 1 / 6), (copying, 0.5)):
        assert abs(np.mean(got) - expected) < 4 * np.std(got) / 20


def test_copies_and_far_samples_are_the_ends_of_the_scale() -> None:
    train, held = line(0, 10), line(1, 12)
    assert memorisation(train=train, held=held, samples=train).copying == 1
    assert memorisation(train=train, held=held, samples=line(100, 200)).copying == 0
    # As far as the held-out images are: ties count half.
    assert memorisation(train=train, held=held, samples=held).copying == 0.5


@pytest.mark.parametrize("name", ["train", "held", "samples"])
def test_no_set_may_be_empty(name: str) -> None:
    sets = {key: line(0, 1) for key in ("train", "held", "samples")} | {name: line()}
    with pytest.raises(ValueError, match="cannot be measured without"):
        memorisation(**sets)
