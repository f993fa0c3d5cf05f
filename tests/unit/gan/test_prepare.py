from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from ganaug.config import Prepare
from ganaug.errors import UserError
from ganaug.gan import prepare
from ganaug.gan.prepare import augmented, moved, prepared, reconstruction_errors, sharpened, without_outliers
from ganaug.images import Pixels
from ganaug.seeds import torch_generator

# The weights of the mask's Gaussian of one pixel's standard deviation, at 0 to 3 pixels.
GAUSS = np.exp(-(np.arange(4) ** 2) / 2)
GAUSS /= GAUSS[0] + 2 * GAUSS[1:].sum()


def flat(count: int, *, size: int = 8, channels: int = 1) -> Pixels:
    """Image k is k everywhere."""
    return np.repeat(np.arange(count, dtype=np.uint8), size * size * channels).reshape(count, size, size, channels)


def bars(count: int, *, size: int = 16) -> Pixels:
    """Images of one kind: a white bar on black, at one of four places."""
    images = np.zeros((count, size, size, 1), dtype=np.uint8)
    for k in range(count):
        images[k, 2:-2, 3 + k % 4 : 6 + k % 4] = 230
    return images


def nothing(count: int = 1) -> Tensor:
    return torch.zeros(count)


def one(*lines: list[int]) -> Tensor:
    return torch.tensor(lines, dtype=torch.uint8)[None, None]


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """An autoencoder that need not learn anything."""
    monkeypatch.setattr(prepare, "ENCODER_STEPS", 2)


def test_no_steps_change_nothing() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    assert (prepared(images, Prepare(), seed=0) == images).all()


def test_each_step_works_on_what_the_one_before_left(brief: None) -> None:
    # 10 images: 10 - 2 = 8, twice 8 = 16, half of 16 more = 24, drawn again to 30.
    steps = Prepare(remove_outliers=0.2, sharpen=0.5, augment=1.0, cutmix=0.5, oversample=30)
    images = bars(10)
    out = prepared(images, steps, seed=0)
    assert out.shape == (30, 16, 16, 1)
    assert out.dtype == np.uint8
    assert (out == prepared(images, steps, seed=0)).all()
    assert not np.array_equal(out, prepared(images, steps, seed=1))
    for share in ({"augment": 1.0}, {"cutmix": 1.0}, {"oversample": 20}):
        assert (prepared(images, Prepare(**share), seed=0)[:10] == images).all()  # type: ignore[arg-type]


def test_nothing_depends_on_the_global_generator_or_leaves_a_trace_in_it(brief: None) -> None:
    outs = []
    for chance in (0, 1):
        torch.manual_seed(chance)
        before = torch.get_rng_state()
        outs.append(prepared(bars(8), Prepare(remove_outliers=0.25, augment=1.0, cutmix=1.0, oversample=40), seed=3))
        assert torch.equal(before, torch.get_rng_state())
    assert (outs[0] == outs[1]).all()


@pytest.mark.parametrize("seed", [0, 1])
def test_the_autoencoder_removes_what_is_unlike_the_rest(seed: int) -> None:
    images = bars(20)
    images[3] = np.random.default_rng(0).integers(0, 256, images[3].shape)
    images[11] = 255 - images[11]
    out = prepared(images, Prepare(remove_outliers=0.1), seed=seed)
    assert (out == np.delete(images, [3, 11], axis=0)).all()


def test_the_errors_are_mean_squares_of_each_image_whatever_its_size() -> None:
    for size in (7, 8, 10):
        errors = reconstruction_errors(torch.from_numpy(flat(3, size=size)).permute(0, 3, 1, 2), seed=0)
        assert errors.shape == (3,)
        # Black images are the easiest there are: far better than a guess of grey, whose error is 1.
        assert (errors < 0.1).all()


@pytest.mark.parametrize(("count", "share", "left"), [(1, 0.9, 1), (2, 0.9, 2), (3, 0.9, 2), (4, 0.5, 2), (4, 0.1, 4)])
def test_two_images_are_never_removed(brief: None, count: int, share: float, left: int) -> None:
    pixels = torch.from_numpy(flat(count, size=4)).permute(0, 3, 1, 2)
    assert len(without_outliers(pixels, share=share, seed=0)) == left


def test_sharpening_keeps_the_range_and_the_mean() -> None:
    """The work that this reproduces lost the scale of its sharpened images: an FID of 680,000."""
    yy, xx = np.mgrid[:32, :32]
    smooth = 128 + 90 * np.sin(xx / 4) * np.cos(yy / 5)
    noise = np.random.default_rng(0).normal(0, 8, (6, 32, 32, 3))
    images = np.clip(smooth[None, :, :, None] + noise, 0, 255).astype(np.uint8)
    for amount in (0.5, 1.0, 2.0):
        out = prepared(images, Prepare(sharpen=amount), seed=0)
        assert out.dtype == np.uint8
        assert out.shape == images.shape
        assert out.max() > 200
        assert abs(out.mean() - images.mean()) < 2
        assert np.abs(np.diff(out.astype(int), axis=2)).mean() > np.abs(np.diff(images.astype(int), axis=2)).mean()


def test_sharpening_an_edge_by_hand() -> None:
    # Columns 100 | 140. The blur takes 40 (w1 + w2 + w3) into the last dark column, 40 (w2 + w3) into the one before.
    image = one(*[[100] * 5 + [140] * 5] * 4)
    out = sharpened(image, amount=1.0)[0, 0, 0].tolist()
    near, second, third = (round(40 * GAUSS[k:].sum()) for k in (1, 2, 3))
    assert (near, second, third) == (12, 2, 0)
    assert out == [100, 100, 100, 98, 88, 152, 142, 140, 140, 140]


def test_sharpening_is_clipped_and_leaves_flat_images() -> None:
    out = sharpened(one(*[[0] * 5 + [255] * 5] * 4), amount=3.0)
    assert out.unique().tolist() == [0, 255]
    every = torch.arange(256, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 5, 5)
    assert torch.equal(sharpened(every, amount=2.0), every)


def test_moving_by_hand() -> None:
    image = one([1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16])
    no, yes = torch.tensor([False]), torch.tensor([True])
    assert torch.equal(moved(image, degrees=nothing(), right=nothing(), down=nothing(), mirrored=no), image)
    assert torch.equal(moved(image, degrees=nothing(), right=nothing(), down=nothing(), mirrored=yes), image.flip(3))
    turned = moved(image, degrees=nothing() + 90, right=nothing(), down=nothing(), mirrored=no)
    assert torch.equal(turned, image.rot90(1, (2, 3)))
    # A quarter of four pixels is one; the edge goes on.
    right = moved(image, degrees=nothing(), right=nothing() + 0.25, down=nothing(), mirrored=no)
    assert right[0, 0, 0].tolist() == [1, 1, 2, 3]
    up = moved(image, degrees=nothing(), right=nothing(), down=nothing() - 0.25, mirrored=no)
    assert up[0, 0, :, 0].tolist() == [5, 9, 13, 13]
    all_of_it = moved(image, degrees=nothing() + 90, right=nothing() + 0.25, down=nothing(), mirrored=yes)
    expected = image.flip(3).rot90(1, (2, 3))
    assert torch.equal(all_of_it[..., 1:], expected[..., :-1])


def test_augmented_images_stay_within_their_limits() -> None:
    # A bright pixel in the middle of 21 x 21: turned it stays, shifted it moves by up to 10% of 21, two pixels.
    pixels = torch.zeros(200, 1, 21, 21, dtype=torch.uint8)
    pixels[:, :, 10, 10] = 255
    out = augmented(pixels, rng=torch_generator(0)).float()
    places = torch.arange(21.0)
    total = out.sum(dim=(1, 2, 3))
    lines = (out.sum(dim=(1, 3)) @ places) / total - 10
    columns = (out.sum(dim=(1, 2)) @ places) / total - 10
    for way in (lines, columns):
        assert 1.9 < way.max() < 2.15
        assert -2.15 < way.min() < -1.9
        # Uniform on -2.1 to 2.1: its standard error over 200 draws is 0.09.
        assert abs(way.mean()) < 0.3


def test_half_of_the_augmented_images_are_mirrored_and_none_turned_far() -> None:
    # Black above white, at the left a grey stripe: mirrored where the stripe is at the right.
    pixels = torch.zeros(400, 1, 32, 32, dtype=torch.uint8)
    pixels[:, :, 16:] = 255
    pixels[:, :, 8:24, :4] = 128
    out = augmented(pixels, rng=torch_generator(0)).float()
    assert (out[:, 0, 1, 10:22] < 20).all()
    assert (out[:, 0, -2, 10:22] > 235).all()
    left = (out[:, 0, :, :2] - 128).abs().mean(dim=(1, 2)) < (out[:, 0, :, -2:] - 128).abs().mean(dim=(1, 2))
    # 400 throws of a coin: three standard errors are 30.
    assert 170 < left.sum() < 230


def test_augmentation_and_oversampling_draw_evenly() -> None:
    images = flat(4) * 10
    again = prepared(images, Prepare(augment=2.5), seed=0)
    assert sorted(Counter(image[0, 0, 0] for image in again).values()) == [3, 3, 4, 4]
    more = prepared(images, Prepare(oversample=11), seed=0)
    assert sorted(Counter(image[0, 0, 0] for image in more).values()) == [2, 3, 3, 3]
    assert (prepared(images, Prepare(oversample=3), seed=0) == images).all()
    other = prepared(images, Prepare(oversample=11), seed=1)
    assert sorted(Counter(image[0, 0, 0] for image in other).values()) == [2, 3, 3, 3]


def test_cutmix_pastes_a_rectangle_of_another_image() -> None:
    images = flat(6, size=16, channels=3) * 40
    out = prepared(images, Prepare(cutmix=20.0), seed=0)
    assert len(out) == 126
    rectangles = 0
    for k, image in enumerate(out[6:]):
        values, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
        assert len(values) <= 2
        assert (values[:, 0] == values[:, 1]).all()
        if len(values) < 2:
            continue
        rectangles += 1
        # The pasted pixels of at least one of the two values fill the box that they span.
        boxes = []
        for value, count in zip(values[:, 0], counts, strict=True):
            lines, columns = np.nonzero(image[..., 0] == value)
            boxes.append((np.ptp(lines) + 1) * (np.ptp(columns) + 1) == count)
        assert any(boxes), k
    # Areas are uniform: one in 256 is below half a pixel, so nearly all have a rectangle.
    assert rectangles > 105


def test_the_only_image_of_a_class_is_mixed_with_itself() -> None:
    images = flat(1) + 7
    assert (prepared(images, Prepare(cutmix=3.0), seed=0) == 7).all()


@pytest.mark.parametrize("step", ["augment", "cutmix"])
def test_a_ratio_of_no_image_is_refused(step: str) -> None:
    with pytest.raises(UserError, match=rf"^gans: prepare\.{step}: 0\.1 times 4 images of a class is no image; raise"):
        prepared(flat(4), Prepare(**{step: 0.1}), seed=0)  # type: ignore[arg-type]
