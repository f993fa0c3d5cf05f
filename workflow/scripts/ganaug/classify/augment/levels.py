"""What changes the 256 levels of an image: a table for each image or channel, and one lookup for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

LEVELS = 256


def floats(images: Tensor) -> Tensor:
    """A float32 copy of uint8 images."""
    return images.to(torch.float32)


def to_levels(values: Tensor) -> Tensor:
    """Floats in [0, 255] cut off to uint8."""
    # By way of int16: torch's direct conversion is not vectorised and took four times as long.
    return values.to(torch.int16).to(torch.uint8)


def grey(images: Tensor) -> Tensor:
    """float32, N x 1 x H x W, the luma of ITU-R BT.601 as torchvision rounds it; one channel stays as it is."""
    if images.shape[1] == 1:
        return floats(images)
    red, green, blue = images.split(1, dim=1)
    luma: Tensor = red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114)
    return luma


def lookup(images: Tensor, magnitudes: Tensor, counts: Sequence[int]) -> Tensor:
    """Brightness, contrast, posterize, solarize, autocontrast, equalize and invert, in this order.

    Args:
        images: uint8, N x C x H x W, contiguous, sorted by their operation.
        magnitudes: float32, N, on the same device.
        counts: of the images of each of the seven operations.
    """
    channels = images.shape[1]
    values = images.flatten(2).long()
    tables = [
        table(part, magnitude[:, None, None]).expand(-1, channels, -1)
        for table, part, magnitude in zip(_TABLES, values.split(counts), magnitudes.split(counts), strict=True)
        if len(part)
    ]
    return torch.cat(tables).gather(2, values).view(images.shape)


# Each takes the values (int64, n x C x HW) and magnitudes (float32, n x 1 x 1) and gives uint8 n x (1 or C) x 256.


def _levels(like: Tensor) -> Tensor:
    return torch.arange(LEVELS, dtype=torch.float32, device=like.device)


def _brightness(values: Tensor, magnitude: Tensor) -> Tensor:
    return to_levels((_levels(values) * (1 + magnitude)).clamp_(0, 255))


def _contrast(values: Tensor, magnitude: Tensor) -> Tensor:
    luma = grey(values[..., None].to(torch.uint8))
    mean = (luma.floor_() if values.shape[1] == 3 else luma).mean(dim=(1, 2, 3))[:, None, None]
    return to_levels((_levels(values) * (1 + magnitude)).addcmul_(mean, -magnitude).clamp_(0, 255))


def _posterize(values: Tensor, magnitude: Tensor) -> Tensor:
    step = torch.exp2(8 - magnitude)
    return to_levels((_levels(values) / step).floor_() * step)


def _solarize(values: Tensor, magnitude: Tensor) -> Tensor:
    levels = _levels(values)
    return to_levels(torch.where(levels >= 255 * magnitude, 255 - levels, levels))


def _autocontrast(values: Tensor, magnitude: Tensor) -> Tensor:
    least, largest = (found.float() for found in values.aminmax(dim=2, keepdim=True))
    flat = largest == least
    scale = ((largest - least) * (1 / 255)).masked_fill_(flat, 1)
    return to_levels((_levels(values) - least.masked_fill_(flat, 0)).div_(scale).clamp_(0, 255))


def _equalize(values: Tensor, magnitude: Tensor) -> Tensor:
    """As Pillow does it: level v becomes (pixels below v + s / 2) / s in integers, with s the 255th part of all pixels
    but those of the largest level; where s is 0 nothing changes."""
    histogram = torch.zeros((*values.shape[:2], LEVELS), dtype=torch.int32, device=values.device)
    histogram.scatter_add_(2, values, histogram.new_ones(1).expand_as(values))
    below = histogram.cumsum(2, dtype=torch.int32).sub_(histogram)
    largest = values.amax(dim=2, keepdim=True)
    step = below.gather(2, largest).div_(255, rounding_mode="floor")
    table = (below + step // 2).div_(step.clamp(min=1), rounding_mode="floor").clamp_(0, 255)
    return torch.where(step == 0, _levels(values).to(torch.int32), table).to(torch.uint8)


def _invert(values: Tensor, magnitude: Tensor) -> Tensor:
    return to_levels(255 - _levels(values)).expand(len(values), 1, -1)


_TABLES: Sequence[Callable[[Tensor, Tensor], Tensor]] = (
    _brightness,
    _contrast,
    _posterize,
    _solarize,
    _autocontrast,
    _equalize,
    _invert,
)
