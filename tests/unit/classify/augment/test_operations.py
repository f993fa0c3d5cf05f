import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as reference

from ganaug.classify.augment.operations import Operation, transform
from ganaug.seeds import torch_generator
from tests.unit.classify.augment.conftest import pictures

RANGES = {
    Operation.SHEAR_X: (-0.99, 0.99),
    Operation.SHEAR_Y: (-0.99, 0.99),
    Operation.TRANSLATE_X: (-32.0, 32.0),
    Operation.TRANSLATE_Y: (-32.0, 32.0),
    Operation.ROTATE: (-135.0, 135.0),
    Operation.BRIGHTNESS: (-0.99, 0.99),
    Operation.CONTRAST: (-0.99, 0.99),
    Operation.POSTERIZE: (0.0, 8.99),
    Operation.SOLARIZE: (0.0, 1.0),
    Operation.COLOUR: (-0.99, 0.99),
    Operation.SHARPNESS: (-0.99, 0.99),
}
# A float is cut off to an integer, and may have been 1e-5 above or below it.
WITHIN_A_LEVEL = {Operation.CONTRAST, Operation.COLOUR, Operation.SHARPNESS}
GEOMETRIC = range(Operation.SHEAR_X, Operation.BRIGHTNESS)


def of_torchvision(image: Tensor, operation: Operation, m: float, *, bilinear: bool = False) -> Tensor:
    """One image, as torchvision's automatic policies call its functions."""
    mode = InterpolationMode.BILINEAR if bilinear else InterpolationMode.NEAREST

    def affine(*, shear: list[float], translate: list[float], center: list[float] | None) -> Tensor:
        return reference.affine(image, 0.0, translate, 1.0, shear, interpolation=mode, center=center)

    degrees = math.degrees(math.atan(m))
    table = {
        Operation.IDENTITY: lambda: image,
        Operation.SHEAR_X: lambda: affine(shear=[degrees, 0.0], translate=[0, 0], center=[0, 0]),
        Operation.SHEAR_Y: lambda: affine(shear=[0.0, degrees], translate=[0, 0], center=[0, 0]),
        Operation.TRANSLATE_X: lambda: affine(shear=[0.0, 0.0], translate=[int(m), 0], center=None),
        Operation.TRANSLATE_Y: lambda: affine(shear=[0.0, 0.0], translate=[0, int(m)], center=None),
        Operation.ROTATE: lambda: reference.rotate(image, m, interpolation=mode),
        Operation.BRIGHTNESS: lambda: reference.adjust_brightness(image, 1 + m),
        Operation.CONTRAST: lambda: reference.adjust_contrast(image, 1 + m),
        Operation.POSTERIZE: lambda: reference.posterize(image, int(m)),
        Operation.SOLARIZE: lambda: reference.solarize(image, 255.0 * m),
        Operation.AUTOCONTRAST: lambda: reference.autocontrast(image),
        Operation.EQUALIZE: lambda: reference.equalize(image),
        Operation.INVERT: lambda: reference.invert(image),
        Operation.COLOUR: lambda: reference.adjust_saturation(image, 1 + m),
        Operation.SHARPNESS: lambda: reference.adjust_sharpness(image, 1 + m),
    }
    return table[operation]()


def magnitudes_of(operations: Tensor, *, seed: int) -> Tensor:
    draws = torch.rand(len(operations), generator=torch_generator(seed), dtype=torch.float64)
    ends = torch.tensor([RANGES.get(Operation(int(k)), (0.0, 0.0)) for k in operations], dtype=torch.float64)
    values = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * draws
    return torch.where(operations == Operation.POSTERIZE, values.floor(), values)


def changed(image: list[list[int]], operation: Operation, magnitude: float = 0.0) -> list[list[int]]:
    """One grey image of few pixels."""
    found = transform(
        torch.tensor([[image]], dtype=torch.uint8),
        torch.tensor([operation]),
        torch.tensor([magnitude], dtype=torch.float64),
    )
    return found[0, 0].tolist()


@pytest.mark.parametrize("operation", Operation, ids=[each.name.lower() for each in Operation])
def test_each_operation_is_torchvisions_image_by_image(images: Tensor, operation: Operation) -> None:
    operations = torch.full((len(images),), operation)
    magnitudes = magnitudes_of(operations, seed=operation)
    found = transform(images.contiguous(), operations, magnitudes)
    expected = torch.stack(
        [of_torchvision(image, operation, m) for image, m in zip(images, magnitudes.tolist(), strict=True)]
    )
    assert found.dtype == torch.uint8
    if operation in WITHIN_A_LEVEL:
        distance = (found.int() - expected.int()).abs()
        assert distance.max() <= 1
        assert distance.float().mean() < 0.01
    else:
        assert torch.equal(found, expected)


@pytest.mark.parametrize("operation", list(map(Operation, GEOMETRIC)), ids=lambda operation: operation.name.lower())
def test_interpolated_operations_are_torchvisions(images: Tensor, operation: Operation) -> None:
    operations = torch.full((len(images),), operation)
    magnitudes = magnitudes_of(operations, seed=operation) / 4
    found = transform(images.contiguous(), operations, magnitudes, bilinear=True)
    for image, m, result in zip(images, magnitudes.tolist(), found, strict=True):
        expected = of_torchvision(image, operation, m, bilinear=True)
        assert (result.int() - expected.int()).abs().max() <= 1


def test_every_image_of_a_mixed_batch_gets_its_own_operation() -> None:
    images = pictures(90, 3, 16, 16)
    operations = torch.arange(90)[torch.randperm(90, generator=torch_generator(1))] % len(Operation)
    magnitudes = magnitudes_of(operations, seed=2)
    found = transform(images.contiguous(), operations, magnitudes)
    for k in range(90):
        expected = of_torchvision(images[k], Operation(int(operations[k])), float(magnitudes[k]))
        assert (found[k].int() - expected.int()).abs().max() <= 1


def test_images_given_are_not_changed() -> None:
    images = pictures(60, 3, 16, 16).contiguous()
    before = images.clone()
    operations = torch.arange(60) % len(Operation)
    transform(images, operations, magnitudes_of(operations, seed=3))
    assert torch.equal(images, before)


def test_geometry_by_hand() -> None:
    image = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    assert changed(image, Operation.TRANSLATE_X, 1.9) == [[0, 1, 2], [0, 4, 5], [0, 7, 8]]
    assert changed(image, Operation.TRANSLATE_Y, -1.0) == [[4, 5, 6], [7, 8, 9], [0, 0, 0]]
    assert changed(image, Operation.ROTATE, 90.0) == [[3, 6, 9], [2, 5, 8], [1, 4, 7]]
    # The middle of the line k is k + 1/2 from the upper edge: 0.6 times that is 0.3, 0.9 and 1.5 pixels.
    assert changed(image, Operation.SHEAR_X, 0.6)[:2] == [[1, 2, 3], [5, 6, 0]]
    assert [line[:2] for line in changed(image, Operation.SHEAR_Y, 0.6)] == [[1, 5], [4, 8], [7, 0]]


def test_levels_by_hand() -> None:
    image = [[0, 100, 200], [255, 50, 50]]
    assert changed(image, Operation.BRIGHTNESS, 0.5) == [[0, 150, 255], [255, 75, 75]]
    assert changed(image, Operation.INVERT) == [[255, 155, 55], [0, 205, 205]]
    assert changed(image, Operation.SOLARIZE, 100 / 255) == [[0, 155, 55], [0, 50, 50]]
    # 100 = 64 + 32 + 4, 200 = 128 + 64 + 8, 50 = 32 + 16 + 2.
    assert changed(image, Operation.POSTERIZE, 2.0) == [[0, 64, 192], [192, 0, 0]]
    # The mean is 100: half the distance from it.
    assert changed([[0, 100, 200]], Operation.CONTRAST, -0.5) == [[50, 100, 150]]
    # The range of 85 becomes 255: times 3.
    assert changed([[10, 38, 95]], Operation.AUTOCONTRAST) == [[0, 84, 255]]
    assert changed([[7, 7, 7]], Operation.AUTOCONTRAST) == [[7, 7, 7]]


def test_equalize_by_hand() -> None:
    # Of 1020 pixels the 510 of the largest level do not count: a step is 510 // 255 = 2 pixels, half a step is 1.
    # Level 9 has none below: 1 // 2 = 0. Level 10 has 100: 101 // 2 = 50. Level 200 has 510: 511 // 2 = 255.
    line = [9] * 100 + [10] * 410 + [200] * 510
    assert changed([line], Operation.EQUALIZE) == [[0] * 100 + [50] * 410 + [255] * 510]
    assert changed([[3, 9, 9]], Operation.EQUALIZE) == [[3, 9, 9]]


def test_sharpness_by_hand() -> None:
    # Smoothed, the middle is 5 * 130 / 13 = 50: the image half-way there is 90, as far the other way 170.
    image = [[0, 0, 0], [0, 130, 0], [0, 0, 0]]
    assert changed(image, Operation.SHARPNESS, -0.5)[1] == [0, 90, 0]
    assert changed(image, Operation.SHARPNESS, 0.5)[1] == [0, 170, 0]


def test_colour_by_hand() -> None:
    # The grey of pure red 200 is 59.78, cut to 59: half-way there is 129.5 and 29.5, cut.
    red = torch.tensor([200, 0, 0], dtype=torch.uint8).reshape(1, 3, 1, 1)
    found = transform(red, torch.tensor([Operation.COLOUR]), torch.tensor([-0.5], dtype=torch.float64))
    assert found.flatten().tolist() == [129, 29, 29]
    assert changed([[200]], Operation.COLOUR, -0.5) == [[200]]
