"""Which samples are taken, on features of few dimensions whose distances anyone can work out."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ganaug.arms import GanArm
from ganaug.sets import curation
from ganaug.sets.curation import DRS_EPSILON, Evidence, TooFewError, acceptance, chosen, originals, rejection_sampled


def column(*values: float) -> NDArray[np.float32]:
    """Features of one dimension."""
    return np.array(values, dtype=np.float32)[:, None]


# On a line: training images at 0, 10, 20 ... 90; held-out ones 2 beside them, but one at 1.
TRAIN = column(*range(0, 100, 10))
HELD = column(*(value + 2 for value in range(0, 90, 10)), 91)


def known(features: NDArray[np.float32], **changes: object) -> Evidence:
    count = len(features)
    values = {"probability": np.full(count, 0.5), "logits": None, "train": TRAIN, "held": HELD, **changes}
    return Evidence(features=features, **values)  # type: ignore[arg-type]


def part(**changes: object) -> GanArm:
    return GanArm("dcgan", ratio=1, pool=4, **changes)  # type: ignore[arg-type]


def take(own: GanArm, evidence: Evidence, count: int, seed: int = 0) -> list[int]:
    return chosen(own, evidence, count=count, seed=seed).tolist()


def test_confidence_takes_the_most_probable_in_the_order_of_their_numbers() -> None:
    evidence = known(column(1, 2, 3, 4, 5), probability=np.array([0.2, 0.9, 0.5, 0.9, 0.8]))
    assert take(part(keep="confidence"), evidence, 3) == [1, 3, 4]
    # Of equals the first.
    assert take(part(keep="confidence"), evidence, 1) == [1]


def test_density_takes_those_nearest_to_five_training_images() -> None:
    # The mean distances to their nearest five: at 45 (5 + 5 + 15 + 15 + 25) / 5 = 13, at 40 (0 + 10 + 10 + 20 + 20) / 5
    # = 12, at 0 (0 + 10 + 20 + 30 + 40) / 5 = 20, at -5 25, at 200 (110 + ... + 150) / 5 = 130.
    evidence = known(column(0, 45, 200, 40, -5))
    assert [take(part(keep="density"), evidence, count) for count in (1, 2, 3, 4)] == [
        [3],
        [1, 3],
        [0, 1, 3],
        [0, 1, 3, 4],
    ]
    # Of two training images there are no five.
    two = known(column(0, 45, 200, 40, -5), train=column(0, 200))
    assert curation._mean_distance(two.features, two.train).tolist() == [100.0, 100.0, 100.0, 100.0, 105.0]


def test_exact_and_near_copies_and_repeated_samples_are_left_out() -> None:
    # Of ten held-out images the nearest lies 1 from a training image: what is nearer is a copy.
    samples = column(30, 4, 50.9, 51.1, 4, 4.9, 5.5, 75, 75.5)
    #                exact, ok, near, ok, again, near to 4, ok, ok, near to 75
    assert np.flatnonzero(originals(samples, train=TRAIN, held=HELD)).tolist() == [1, 3, 6, 7]


def test_a_sample_near_one_that_was_left_out_stays() -> None:
    # 30.5 copies the training image 30; 31.2 is near it alone.
    assert originals(column(30.5, 31.2), train=TRAIN, held=HELD).tolist() == [False, True]


def test_copies_are_found_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    train, held, samples = (rng.normal(size=(count, 6)).astype(np.float32) for count in (40, 30, 25))
    planted = np.concatenate([samples, train[:5], samples[3:8], samples[20:]])
    whole = originals(planted, train=train, held=held)
    # Nothing planted is kept; a sample that is left out is nearer to a training image or another sample than 1 of 30.
    assert not whole[25:].any()
    assert whole.sum() > 15
    monkeypatch.setattr(curation, "BLOCK", 7)
    assert (originals(planted, train=train, held=held) == whole).all()


def test_without_held_out_images_training_images_measure_each_other() -> None:
    # Their nearest others lie at 4, 4 and 6: below 4 is a copy.
    train = column(0, 4, 10)
    none = np.empty((0, 1), dtype=np.float32)
    assert originals(column(-3.9, -4.1, 14.1), train=train, held=none).tolist() == [False, True, True]
    # One alone measures nothing: only the image itself is a copy.
    assert originals(column(4, 4.1), train=train[1:2], held=none).tolist() == [False, True]


def test_real_images_that_are_equal_do_not_hide_copies() -> None:
    # A held-out image equals a training image, so that nothing is nearer than real images are.
    assert originals(column(20, 20.01, 23), train=TRAIN, held=column(20, 33)).tolist() == [False, True, True]


def test_what_differs_by_rounding_alone_is_a_copy() -> None:
    train = np.random.default_rng(0).normal(size=(9, 64)).astype(np.float32)
    rounded = train * np.float32(1 + 1e-6)
    assert (rounded != train).any()
    assert not originals(rounded, train=train, held=train[:1]).any()


@pytest.mark.parametrize(("held", "limit"), [(19, 1), (20, 1), (21, 2), (41, 3)])
def test_of_twenty_held_out_images_none_is_nearer_than_a_copy(held: int, limit: int) -> None:
    """Held-out images lie 1, 2, 3 ... from their training images: one in twenty may be nearer than the limit."""
    train = column(*range(0, 100 * held, 100))
    shifted = column(*(100 * k + 1 + k for k in range(held)))
    samples = column(50 - 1e4, -limit + 0.1, -limit - 0.1)
    assert originals(samples, train=train, held=shifted).tolist() == [True, False, True]


def test_the_first_originals_are_taken() -> None:
    evidence = known(column(30, 4, 50.9, 51.1, 4, 4.9, 5.5, 75, 75.5))
    assert take(part(drop_copies=True), evidence, 3) == [1, 3, 6]


def test_too_few_originals_are_told() -> None:
    evidence = known(column(30, 4, 50.9, 51.1, 4, 4.9, 5.5, 75, 75.5))
    with pytest.raises(TooFewError, match=r"^4 of 9 samples are no copies, and 5 are asked for$"):
        take(part(drop_copies=True, keep="confidence"), evidence, 5)


def test_copies_are_out_before_the_surest_are_taken() -> None:
    evidence = known(column(30, 4, 51.1), probability=np.array([0.9, 0.1, 0.8]))
    assert take(part(drop_copies=True, keep="confidence"), evidence, 1) == [2]


@pytest.mark.parametrize("keep", ["first", "confidence", "density", "discriminator"])
def test_nothing_is_taken_of_a_class_that_needs_nothing(keep: str) -> None:
    nothing = known(np.empty((0, 1), np.float32), logits=np.empty(0))
    assert take(part(keep=keep, drop_copies=True), nothing, 0) == []


@pytest.mark.parametrize("count", [1, 5, 20, 39])
def test_as_many_are_accepted_on_average_as_are_taken(count: int) -> None:
    logits = np.random.default_rng(1).normal(scale=3, size=40)
    probable = acceptance(logits, count=count)
    assert probable.sum() == pytest.approx(count, abs=1e-6)
    # The paper's formula up to its gamma: the log odds are F, and differ from F by one number for all samples.
    below = logits - logits.max()
    raw = below - np.log(1 - np.exp(below - DRS_EPSILON))
    inner = (probable > 1e-9) & (probable < 1 - 1e-9)
    gamma = (raw - np.log(probable / (1 - probable)))[inner]
    assert inner.sum() > 10
    assert np.ptp(gamma) == pytest.approx(0, abs=1e-5)


def test_higher_logits_are_accepted_more_often() -> None:
    logits = np.linspace(-3, 3, 30)
    assert (np.diff(acceptance(logits, count=10)) > 0).all()
    taken = np.zeros(30)
    for seed in range(300):
        taken[rejection_sampled(logits, count=10, seed=seed)] += 1
    low, middle, high = taken.reshape(3, 10).sum(axis=1)
    assert low < middle < high


def test_equal_logits_are_accepted_alike() -> None:
    assert acceptance(np.zeros(8), count=2) == pytest.approx(np.full(8, 0.25))


def test_rejection_sampling_takes_the_first_that_are_accepted_and_fills_up_with_the_best() -> None:
    # Two samples far above the others are accepted for certain, whatever is drawn; of the others the best comes next.
    logits = np.array([-40.0, 20.0, -35.0, 20.0, -45.0])
    assert rejection_sampled(logits, count=2, seed=1).tolist() == [1, 3]
    assert acceptance(logits, count=5) == pytest.approx(np.ones(5))
    for seed in range(5):
        assert rejection_sampled(logits, count=5, seed=seed).tolist() == [0, 1, 2, 3, 4]


def test_the_same_seed_chooses_the_same_samples() -> None:
    evidence = known(column(*range(40)), logits=np.random.default_rng(2).normal(size=40))
    own = part(keep="discriminator")
    choices = [take(own, evidence, 10, seed) for seed in (1, 1, 2, 3)]
    assert choices[0] == choices[1]
    assert len({tuple(choice) for choice in choices}) == 3
    assert all(len(set(choice)) == 10 and choice == sorted(choice) for choice in choices)


def test_rejected_copies_are_never_accepted() -> None:
    samples = column(30, 4, 30, 51.1, 75)
    evidence = known(samples, logits=np.array([99.0, 0.0, 99.0, 0.0, 0.0]))
    assert take(part(keep="discriminator", drop_copies=True), evidence, 3) == [1, 3, 4]
