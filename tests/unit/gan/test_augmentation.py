import pytest
import torch

from ganaug.gan.augmentation import _colour, _cutout, _translate, cutmix, diffaugment
from ganaug.gan.noise import Noise
from ganaug.seeds import torch_generator


def per_image(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(-1, 1, 1, 1)


def test_middle_draws_leave_colours_as_they_are() -> None:
    images = torch.rand(2, 3, 4, 4, generator=torch_generator(0))
    half = per_image(0.5, 0.5)
    assert torch.allclose(_colour(images, brightness=half, saturation=half, contrast=half), images, atol=1e-6)


def test_brightness_adds_saturation_zero_is_grey_and_contrast_scales_about_the_mean() -> None:
    image = torch.tensor([0.0, 0.3, 0.6]).reshape(1, 3, 1, 1)
    half = per_image(0.5)
    bright = _colour(image, brightness=per_image(1.0), saturation=half, contrast=half)
    grey = _colour(image, brightness=half, saturation=per_image(0.0), contrast=half)
    flat = _colour(image, brightness=half, saturation=half, contrast=per_image(0.0))
    assert torch.allclose(bright.flatten(), torch.tensor([0.5, 0.8, 1.1]))
    assert torch.allclose(grey.flatten(), torch.tensor([0.3, 0.3, 0.3]))
    assert torch.allclose(flat.flatten(), torch.tensor([0.15, 0.3, 0.45]))


def test_translation_moves_by_up_to_an_eighth_and_fills_with_zero() -> None:
    image = torch.arange(1.0, 65.0).reshape(1, 1, 8, 8)
    middle = torch.tensor([0.5])
    assert torch.equal(_translate(image, right=middle, down=middle), image)
    moved = _translate(image, right=torch.tensor([0.0]), down=middle)
    assert torch.equal(moved[..., 1:], image[..., :-1])
    assert (moved[..., 0] == 0).all()


def test_cutout_clears_a_square_of_half_the_size() -> None:
    image = torch.ones(1, 1, 8, 8)
    cut = _cutout(image, column=per_image(0.5), line=per_image(0.5))
    assert cut.sum() == 64 - 16
    assert (cut[0, 0, 2:6, 2:6] == 0).all()


def test_gradients_pass_through_and_the_seed_decides() -> None:
    images = torch.rand(4, 3, 16, 16, generator=torch_generator(1)).requires_grad_()
    first = diffaugment(images, noise=Noise.of([2]))
    assert torch.equal(first, diffaugment(images, noise=Noise.of([2])))
    assert not torch.equal(first, diffaugment(images, noise=Noise.of([3])))
    first.sum().backward()
    assert images.grad is not None
    assert images.grad.abs().sum() > 0


def test_cutout_reaches_opposite_edges_alike() -> None:
    # Nine centres, 0 to 8, a square of 4: at the first only the first two lines go, at the last only the last two.
    first = _cutout(torch.ones(1, 1, 8, 8), column=per_image(0.5), line=per_image(0.0))
    last = _cutout(torch.ones(1, 1, 8, 8), column=per_image(0.5), line=per_image(0.999999))
    assert [int(value) for value in (first[0, 0, :, 4] == 0)] == [1, 1, 0, 0, 0, 0, 0, 0]
    assert [int(value) for value in (last[0, 0, :, 4] == 0)] == [0, 0, 0, 0, 0, 0, 1, 1]


def test_the_share_that_cutmix_tells_is_that_of_the_pixels() -> None:
    real, fake = torch.ones(64, 3, 16, 16), torch.zeros(64, 3, 16, 16)
    mixed, share = cutmix(real, fake, rng=torch_generator(0))
    assert torch.equal(share * 256, mixed[:, 0].sum(dim=(1, 2)))
    for image, left in zip(mixed, share, strict=True):
        assert torch.equal(image[0], image[2])
        lines, columns = (image[0] == 0).any(dim=1), (image[0] == 0).any(dim=0)
        # What is not real is one rectangle: its lines times its columns.
        assert lines.sum() * columns.sum() == round(256 * (1 - left.item()))
        for edge in (lines, columns):
            assert edge.int().diff().abs().sum() <= 2


def test_cutmix_takes_each_image_and_its_fake() -> None:
    real = torch.arange(8.0).reshape(8, 1, 1, 1).expand(8, 1, 8, 8)
    mixed, _ = cutmix(real, real + 100, rng=torch_generator(1))
    assert torch.equal(mixed % 100, real)
    assert torch.equal(mixed, cutmix(real, real + 100, rng=torch_generator(1))[0])
    assert not torch.equal(mixed, cutmix(real, real + 100, rng=torch_generator(2))[0])


@pytest.mark.parametrize(
    ("area", "line", "column", "share"),
    [
        # 1 - area of the image is to be pasted, centred at a share of its height and width.
        (0.0, 0.5, 0.5, 0.0),
        (0.999999, 0.5, 0.5, 1.0),
        # A square of half the sides; at a corner a quarter of it is inside.
        (0.75, 0.5, 0.5, 0.75),
        (0.75, 0.0, 0.0, 15 / 16),
        (0.75, 0.999999, 0.5, 7 / 8),
    ],
)
def test_the_extremes_of_cutmix(
    monkeypatch: pytest.MonkeyPatch, area: float, line: float, column: float, share: float
) -> None:
    draws = torch.tensor([area, line, column]).reshape(3, 1, 1, 1, 1)
    monkeypatch.setattr(torch, "rand", lambda *shape, generator: draws)
    mixed, found = cutmix(torch.ones(1, 1, 8, 8), torch.zeros(1, 1, 8, 8), rng=torch_generator(0))
    assert found.item() == share
    assert mixed.sum() == 64 * share
