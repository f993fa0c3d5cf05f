import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from ganaug.classify.augment.plain import classic, flip_crop
from ganaug.seeds import torch_generator
from tests.unit.classify.augment.conftest import pictures


def draws(lines: int, count: int) -> Tensor:
    return torch.rand(lines, count, generator=torch_generator(1), dtype=torch.float64)


def test_flip_crop_is_torchvisions(images: Tensor) -> None:
    height, width = images.shape[2:]
    border_y, border_x = round(height / 8), round(width / 8)
    drawn = draws(3, len(images))
    found = flip_crop(images, drawn)
    for image, result, (flipped, line, column) in zip(images, found, drawn.T.tolist(), strict=True):
        top, left = int(line * (2 * border_y + 1)), int(column * (2 * border_x + 1))
        expected = reference.crop(reference.pad(image, [border_x, border_y]), top, left, height, width)
        assert torch.equal(result, reference.horizontal_flip(expected) if flipped < 0.5 else expected)


def test_flip_crop_by_hand() -> None:
    image = torch.arange(1, 65, dtype=torch.uint8).reshape(1, 1, 8, 8)

    def cut(flipped: float, line: float, column: float) -> Tensor:
        return flip_crop(image, torch.tensor([[flipped], [line], [column]], dtype=torch.float64))

    # A border of one pixel: three places each way, the middle one is the image.
    assert torch.equal(cut(0.5, 0.5, 0.5), image)
    assert cut(0.4, 0.5, 0.5)[0, 0, 0].tolist() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert cut(0.5, 0.0, 0.99)[0, 0, :2].tolist() == [[0] * 8, [2, 3, 4, 5, 6, 7, 8, 0]]
    assert cut(0.5, 0.99, 0.0)[0, 0, 6:].tolist() == [[0, 57, 58, 59, 60, 61, 62, 63], [0] * 8]


def edge_rotated(image: Tensor, degrees: float) -> Tensor:
    height, width = image.shape[1:]
    padded = reference.pad(image, [width, height], padding_mode="edge")
    turned = reference.rotate(padded, degrees, interpolation=InterpolationMode.BILINEAR)
    return reference.crop(turned, height, width, height, width)


def test_classic_is_torchvisions_operations_one_after_another(images: Tensor) -> None:
    drawn = draws(6, len(images))
    found = classic(images.contiguous(), drawn)
    for image, result, (angle, *factors, blurred, sigma) in zip(images, found, drawn.T.tolist(), strict=True):
        # In floats: nothing is rounded on the way.
        expected = edge_rotated(image.float() / 255, 15 * (2 * angle - 1))
        bright, contrast, saturation = (0.8 + 0.4 * factor for factor in factors)
        expected = reference.adjust_contrast(reference.adjust_brightness(expected, bright), contrast)
        expected = reference.adjust_saturation(expected, saturation)
        if blurred < 0.5:
            expected = reference.gaussian_blur(expected, [5, 5], [0.1 + 0.9 * sigma] * 2)
        assert (result - expected * 255).abs().max() <= 0.51


def test_middle_draws_change_nothing_in_classic(images: Tensor) -> None:
    middle = torch.full((6, len(images)), 0.5, dtype=torch.float64)
    assert torch.equal(classic(images.contiguous(), middle), images)


def test_classic_blur_by_hand() -> None:
    # sigma 1: weights exp(-k^2 / 2) of a point, 1 + 2 * 0.6065 + 2 * 0.1353 together: 0.4026, 0.2442 and 0.0545.
    image = torch.zeros(1, 1, 7, 7, dtype=torch.uint8)
    image[0, 0, 3, 3] = 250
    drawn = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.0, 1.0], dtype=torch.float64)[:, None]
    middle = classic(image, drawn)[0, 0, 3]
    expected = [250 * 0.4026 * weight for weight in (0, 0.0545, 0.2442, 0.4026, 0.2442, 0.0545, 0)]
    assert middle.tolist() == [round(value) for value in expected]


@pytest.mark.parametrize("degrees", [-15.0, 6.0])
def test_classic_turns_as_the_classic_images_do(degrees: float) -> None:
    from ganaug.sets.classic import _rotated

    image = pictures(1, 3, 32, 32)
    drawn = torch.tensor([(degrees / 15 + 1) / 2, 0.5, 0.5, 0.5, 0.9, 0.5], dtype=torch.float64)[:, None]
    found = classic(image.contiguous(), drawn)[0].permute(1, 2, 0).numpy()
    expected = np.asarray(_rotated(image[0].permute(1, 2, 0).numpy(), degrees=degrees))
    assert np.abs(found.astype(int) - expected).max() <= 1
