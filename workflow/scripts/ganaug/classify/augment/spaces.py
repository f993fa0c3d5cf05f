"""The operations that a policy draws from, and the magnitudes of their levels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from ganaug.classify.augment.operations import Operation

# Where half of the draws turn the magnitude's sign.
SIGNED = (
    Operation.SHEAR_X,
    Operation.SHEAR_Y,
    Operation.TRANSLATE_X,
    Operation.TRANSLATE_Y,
    Operation.ROTATE,
    Operation.BRIGHTNESS,
    Operation.CONTRAST,
    Operation.COLOUR,
    Operation.SHARPNESS,
)
IDENTITY_TO_EQUALIZE = tuple(each for each in Operation if each is not Operation.INVERT)
WITHOUT_IDENTITY = IDENTITY_TO_EQUALIZE[1:]


@dataclass(frozen=True)
class Space:
    """Operations with the magnitudes of their levels.

    Attributes:
        operations: int64, K: each is drawn with the same probability.
        magnitudes: float64, (all operations) x levels, 0 where an operation has none.
        signed: bool, (all operations).
    """

    operations: Tensor
    magnitudes: Tensor
    signed: Tensor

    def pick(self, uniform: Tensor) -> Tensor:
        """Operations for uniform draws in [0, 1) of any shape."""
        return self.operations[(uniform * len(self.operations)).long()]

    def magnitude(self, operations: Tensor, levels: Tensor, signs: Tensor) -> Tensor:
        """Magnitudes of ``operations`` at ``levels``, negative where they have a sign and ``signs`` is below 0.5."""
        found = self.magnitudes[operations, levels]
        return torch.where(self.signed[operations] & (signs < 0.5), -found, found)


def _space(
    operations: tuple[Operation, ...],
    *,
    levels: int,
    shear: float,
    translate: tuple[float, float],
    rotate: float,
    enhance: float,
    posterize: tuple[int, int],
) -> Space:
    """``levels`` magnitudes from 0 to the greatest (x and y of ``translate``); bits from ``posterize[0]`` down by
    ``posterize[1]``; the threshold of solarize from 1 to 0."""
    largest = {
        Operation.SHEAR_X: shear,
        Operation.SHEAR_Y: shear,
        Operation.TRANSLATE_X: translate[0],
        Operation.TRANSLATE_Y: translate[1],
        Operation.ROTATE: rotate,
        Operation.BRIGHTNESS: enhance,
        Operation.CONTRAST: enhance,
        Operation.COLOUR: enhance,
        Operation.SHARPNESS: enhance,
    }
    # In float32, as torchvision has them: the same magnitudes to the bit.
    magnitudes = torch.zeros(len(Operation), levels)
    for operation, end in largest.items():
        magnitudes[operation] = torch.linspace(0.0, end, levels)
    bits, fewer = posterize
    magnitudes[Operation.POSTERIZE] = (bits - torch.arange(levels) / ((levels - 1) / fewer)).round()
    magnitudes[Operation.SOLARIZE] = torch.linspace(1.0, 0.0, levels)
    signed = torch.zeros(len(Operation), dtype=torch.bool)
    signed[list(SIGNED)] = True
    return Space(torch.tensor(operations), magnitudes.double(), signed)


@cache
def trivialaugment(height: int, width: int) -> Space:
    """The wide space of Müller & Hutter (2021): 31 levels, translations of up to 32 pixels at any size."""
    return _space(
        IDENTITY_TO_EQUALIZE,
        levels=31,
        shear=0.99,
        translate=(32.0, 32.0),
        rotate=135.0,
        enhance=0.99,
        posterize=(8, 6),
    )


@cache
def randaugment(height: int, width: int) -> Space:
    """Cubuk et al. (2020, RandAugment), figure 2: 31 levels, translations of up to 150/331 of the size."""
    return _paper(IDENTITY_TO_EQUALIZE, levels=31, height=height, width=width)


@cache
def autoaugment(height: int, width: int) -> Space:
    """Cubuk et al. (2019, AutoAugment), table 6: 10 levels, translations of up to 150/331 of the size."""
    return _paper(tuple(Operation)[1:], levels=10, height=height, width=width)


def _paper(operations: tuple[Operation, ...], *, levels: int, height: int, width: int) -> Space:
    return _space(
        operations,
        levels=levels,
        shear=0.3,
        translate=(150 / 331 * width, 150 / 331 * height),
        rotate=30.0,
        enhance=0.9,
        posterize=(8, 4),
    )


@cache
def augmix(height: int, width: int) -> Space:
    """Hendrycks et al. (2020, AugMix) with all operations: 10 levels, translations of up to a third of the size."""
    return _space(
        WITHOUT_IDENTITY,
        levels=10,
        shear=0.3,
        translate=(width / 3, height / 3),
        rotate=30.0,
        enhance=0.9,
        posterize=(4, 4),
    )
