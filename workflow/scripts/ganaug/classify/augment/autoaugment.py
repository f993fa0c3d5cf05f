"""The policy that AutoAugment found on CIFAR-10, as data: Cubuk et al. (2019), table 7."""

from __future__ import annotations

from typing import NamedTuple

from ganaug.classify.augment.operations import Operation as Op


class Step(NamedTuple):
    """An operation, the probability that it is done, and its level, 0 to 9 (0 where it has none)."""

    operation: Op
    probability: float
    level: int = 0


CIFAR10: tuple[tuple[Step, Step], ...] = (
    (Step(Op.INVERT, 0.1), Step(Op.CONTRAST, 0.2, 6)),
    (Step(Op.ROTATE, 0.7, 2), Step(Op.TRANSLATE_X, 0.3, 9)),
    (Step(Op.SHARPNESS, 0.8, 1), Step(Op.SHARPNESS, 0.9, 3)),
    (Step(Op.SHEAR_Y, 0.5, 8), Step(Op.TRANSLATE_Y, 0.7, 9)),
    (Step(Op.AUTOCONTRAST, 0.5), Step(Op.EQUALIZE, 0.9)),
    (Step(Op.SHEAR_Y, 0.2, 7), Step(Op.POSTERIZE, 0.3, 7)),
    (Step(Op.COLOUR, 0.4, 3), Step(Op.BRIGHTNESS, 0.6, 7)),
    (Step(Op.SHARPNESS, 0.3, 9), Step(Op.BRIGHTNESS, 0.7, 9)),
    (Step(Op.EQUALIZE, 0.6), Step(Op.EQUALIZE, 0.5)),
    (Step(Op.CONTRAST, 0.6, 7), Step(Op.SHARPNESS, 0.6, 5)),
    (Step(Op.COLOUR, 0.7, 7), Step(Op.TRANSLATE_X, 0.5, 8)),
    (Step(Op.EQUALIZE, 0.3), Step(Op.AUTOCONTRAST, 0.4)),
    (Step(Op.TRANSLATE_Y, 0.4, 3), Step(Op.SHARPNESS, 0.2, 6)),
    (Step(Op.BRIGHTNESS, 0.9, 6), Step(Op.COLOUR, 0.2, 8)),
    (Step(Op.SOLARIZE, 0.5, 2), Step(Op.INVERT, 0.0)),
    (Step(Op.EQUALIZE, 0.2), Step(Op.AUTOCONTRAST, 0.6)),
    (Step(Op.EQUALIZE, 0.2), Step(Op.EQUALIZE, 0.6)),
    (Step(Op.COLOUR, 0.9, 9), Step(Op.EQUALIZE, 0.6)),
    (Step(Op.AUTOCONTRAST, 0.8), Step(Op.SOLARIZE, 0.2, 8)),
    (Step(Op.BRIGHTNESS, 0.1, 3), Step(Op.COLOUR, 0.7, 0)),
    (Step(Op.SOLARIZE, 0.4, 5), Step(Op.AUTOCONTRAST, 0.9)),
    (Step(Op.TRANSLATE_Y, 0.9, 9), Step(Op.TRANSLATE_Y, 0.7, 9)),
    (Step(Op.AUTOCONTRAST, 0.9), Step(Op.SOLARIZE, 0.8, 3)),
    (Step(Op.EQUALIZE, 0.8), Step(Op.INVERT, 0.1)),
    (Step(Op.TRANSLATE_Y, 0.7, 9), Step(Op.AUTOCONTRAST, 0.9)),
)
