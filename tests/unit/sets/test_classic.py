import numpy as np
import pytest

from ganaug.arms import ClassicArm
from ganaug.sets.classic import classic_images

STILL = ClassicArm(count=1, rotation=0, brightness=0, contrast=0, saturation=0)


def picture(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size=(2, 12, 12, channels), dtype=np.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_new_images_differ_from_their_sources_and_from_each_other(channels: int) -> None:
    made = classic_images(picture(channels), count=6, arm=ClassicArm(count=6), seed=1)
    assert made.shape == (6, 12, 12, channels)
    assert made.dtype == np.uint8
    assert len(np.unique(np.concatenate([picture(channels), made]).reshape(8, -1), axis=0)) == 8


def test_no_change_is_no_change_and_sources_take_turns() -> None:
    made = classic_images(picture(), count=3, arm=STILL, seed=1)
    assert (made == picture()[[0, 1, 0]]).all()


def test_an_image_depends_on_its_number_and_not_on_how_many_are_made() -> None:
    arm = ClassicArm(count=1)
    assert (
        classic_images(picture(), count=2, arm=arm, seed=1) == classic_images(picture(), count=9, arm=arm, seed=1)[:2]
    ).all()
    assert (
        classic_images(picture(), count=2, arm=arm, seed=1) != classic_images(picture(), count=2, arm=arm, seed=2)
    ).any()


def test_rotation_brings_in_no_black_corners() -> None:
    white = np.full((1, 16, 16, 1), 200, dtype=np.uint8)
    arm = ClassicArm(count=1, rotation=45, brightness=0, contrast=0, saturation=0)
    assert (classic_images(white, count=5, arm=arm, seed=3) == 200).all()


def test_brightness_stays_within_its_range() -> None:
    grey = np.full((1, 8, 8, 1), 100, dtype=np.uint8)
    arm = ClassicArm(count=1, rotation=0, brightness=0.2, contrast=0, saturation=0)
    values = classic_images(grey, count=200, arm=arm, seed=3)[:, 0, 0, 0]
    # Factors 0.8 to 1.2; 200 uniform draws leave the outer tenth of the range empty with probability 1e-9.
    assert 80 <= values.min() <= 84
    assert 116 <= values.max() <= 120


def test_an_amount_that_rounds_to_nothing_makes_nothing() -> None:
    assert classic_images(picture(), count=0, arm=STILL, seed=1).shape == (0, 12, 12, 3)
