"""Operations on batches of images where each image has an operation and a magnitude of its own.

The operations are those of ``torchvision.transforms.v2`` on uint8 tensors (its AutoAugment family): to the bit where
values or pixels are looked up, within 1 level where a float is cut off. They are not torchvision's own, since importing
it takes seconds in every job and its transforms draw once for all images of a batch, and not kornia's, since both draw
from the global generator: here the caller tells what each image gets, so results depend on a generator passed in.
Images of one operation are neighbours while they are changed: it costs a few kernels, however many they are.
"""

from __future__ import annotations

from enum import IntEnum

import torch
from torch import Tensor

from ganaug.classify.augment.geometry import inverse_matrices, sample
from ganaug.classify.augment.levels import floats, grey, lookup, to_levels


class Operation(IntEnum):
    """What may be done to an image, with the meaning of its magnitude m."""

    IDENTITY = 0
    SHEAR_X = 1  # column + m * line, from the left upper corner
    SHEAR_Y = 2  # line + m * column
    TRANSLATE_X = 3  # m pixels to the right, cut to an integer
    TRANSLATE_Y = 4  # m pixels down
    ROTATE = 5  # m degrees counter-clockwise about the centre
    BRIGHTNESS = 6  # times 1 + m
    CONTRAST = 7  # distance from the mean grey times 1 + m
    POSTERIZE = 8  # the upper m bits stay
    SOLARIZE = 9  # values from 255 m on are inverted
    AUTOCONTRAST = 10  # the least value of each channel becomes 0, the largest 255
    EQUALIZE = 11  # each channel gets a flat histogram
    INVERT = 12  # 255 - value
    COLOUR = 13  # distance from grey times 1 + m; nothing to an image of one channel
    SHARPNESS = 14  # distance from the smoothed image times 1 + m


_GEOMETRY = range(Operation.SHEAR_X, Operation.BRIGHTNESS)
_LOOKUPS = range(Operation.BRIGHTNESS, Operation.COLOUR)


def transform(images: Tensor, operations: Tensor, magnitudes: Tensor, *, bilinear: bool = False) -> Tensor:
    """Do to each image its own operation.

    Args:
        images: uint8, N x C x H x W with C 1 or 3, contiguous, on any device.
        operations: int64, N, on the CPU: members of `Operation`.
        magnitudes: float64, N, on the CPU, as `Operation` tells.
        bilinear: shears, translations and rotations interpolate instead of taking the nearest pixel. What comes in from
            outside is black.

    Returns:
        As ``images``.
    """
    order = operations.argsort(stable=True)
    counts = operations.bincount(minlength=len(Operation)).tolist()
    there, back = torch.stack([order, order.argsort()]).to(images.device)
    magnitudes = magnitudes[order]
    own = magnitudes.to(images.device, torch.float32)
    moved, looked_up = counts[_GEOMETRY.start : _GEOMETRY.stop], counts[_LOOKUPS.start : _LOOKUPS.stop]
    sizes = [counts[Operation.IDENTITY], sum(moved), sum(looked_up), counts[Operation.COLOUR]]
    sizes.append(len(images) - sum(sizes))
    same, shifted, relevelled, coloured, sharpened = images.index_select(0, there).split(sizes)
    magnitude = own.split(sizes)
    parts = [same]
    if len(shifted):
        matrices = inverse_matrices(
            magnitudes.split(sizes)[1].split(moved), height=images.shape[2], width=images.shape[3]
        )
        found = sample(shifted.float(), matrices.to(images.device), bilinear=bilinear, edge=False)
        parts.append(to_levels(found.round_() if bilinear else found))
    if len(relevelled):
        parts.append(lookup(relevelled, magnitude[2], looked_up))
    if len(coloured):
        parts.append(_colour(coloured, 1 + magnitude[3]))
    if len(sharpened):
        parts.append(_sharpness(sharpened, 1 + magnitude[4]))
    return torch.cat(parts).index_select(0, back)


def _colour(images: Tensor, factors: Tensor) -> Tensor:
    if images.shape[1] == 1:
        return images
    luma = grey(images).floor_()
    return to_levels(floats(images).sub_(luma).mul_(factors[:, None, None, None]).add_(luma).clamp_(0, 255))


def _sharpness(images: Tensor, factors: Tensor) -> Tensor:
    """The outermost pixels stay; smoothed is the mean of 3 x 3 pixels, the middle one counted five times."""
    result = floats(images)
    inner = result[..., 1:-1, 1:-1]
    lines = result[..., :-2, :] + result[..., 1:-1, :] + result[..., 2:, :]
    smooth = (lines[..., :-2] + lines[..., 1:-1] + lines[..., 2:]).add_(inner, alpha=4).div_(13).round_()
    inner.addcmul_(smooth.sub_(inner), 1 - factors[:, None, None, None])
    return to_levels(result.clamp_(0, 255))
