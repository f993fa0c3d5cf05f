"""DiffAugment: Zhao et al. (2020), "Differentiable augmentation for data-efficient GAN training"."""

from __future__ import annotations

import torch
from torch import Tensor

from ganaug.gan.noise import Noise
from ganaug.gan.parallel import ALL, Rows

BELOW_IMAGES = 1000


def diffaugment(images: Tensor, *, noise: Noise, rows: Rows = ALL) -> Tensor:
    """Colour, translation and cutout (the paper's section 4 and its published settings), differentiable in ``images``.

    Args:
        images: float32 in [-1, 1], N x C x H x W; the result may leave the range, as in the paper.
        noise: a batch draws 7 N numbers.
        rows: which of a batch the images are.
    """
    drawn = noise.uniform(7, rows.whole(len(images)))
    draws = rows.own(drawn, dim=1).to(images.device)[:, :, None, None, None]
    coloured = _colour(images, brightness=draws[0], saturation=draws[1], contrast=draws[2])
    moved = _translate(coloured, right=draws[3].flatten(), down=draws[4].flatten())
    return _cutout(moved, column=draws[5], line=draws[6])


def _colour(images: Tensor, *, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Brightness shifted by -0.5 to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    images = images + (brightness - 0.5)
    if images.shape[1] > 1:
        grey = images.mean(dim=1, keepdim=True)
        images = (images - grey) * (2 * saturation) + grey
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return (images - mean) * (contrast + 0.5) + mean


def _translate(images: Tensor, *, right: Tensor, down: Tensor) -> Tensor:
    """Shifted by up to an eighth of the size each way; what comes in is 0, the middle of the range."""
    count, _, height, width = images.shape
    reach_y, reach_x = round(height / 8), round(width / 8)
    padded = torch.nn.functional.pad(images, (reach_x, reach_x, reach_y, reach_y))
    top = (down * (2 * reach_y + 1)).long()
    left = (right * (2 * reach_x + 1)).long()
    lines = top[:, None] + torch.arange(height, device=images.device)
    columns = left[:, None] + torch.arange(width, device=images.device)
    item = torch.arange(count, device=images.device)
    return padded.permute(0, 2, 3, 1)[item[:, None, None], lines[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _cutout(images: Tensor, *, column: Tensor, line: Tensor) -> Tensor:
    """A square of half the size, centred anywhere in the image, becomes 0."""
    height, width = images.shape[2:]
    y = torch.arange(height, device=images.device)[:, None]
    x = torch.arange(width, device=images.device)[None, :]
    # Centres 0 to the size, both included, treat opposite edges alike: the square reaches from -1/4 to +1/4 - 1.
    centre_y, centre_x = (line * (height + 1)).long().clamp(max=height), (column * (width + 1)).long().clamp(max=width)
    inside = (y >= centre_y - height // 4) & (y < centre_y + height // 4)
    inside = inside & (x >= centre_x - width // 4) & (x < centre_x + width // 4)
    return images * ~inside


def cutmix(real: Tensor, fake: Tensor, *, rng: torch.Generator, rows: Rows = ALL) -> tuple[Tensor, Tensor]:
    """Real images with a rectangle of a fake each: Yun et al. (2019, CutMix), equation 2 with alpha = 1.

    Args:
        real, fake: N x C x H x W.
        rng: on the CPU; a batch draws 3 N numbers.
        rows: which of a batch the images are.

    Returns:
        The mixed images, and the share of each (N, 0 to 1) that is still real.
    """
    height, width = real.shape[2:]
    draws = rows.own(torch.rand(3, rows.whole(len(real)), 1, 1, 1, generator=rng), dim=1).to(real.device)
    side = (1 - draws[0]).sqrt()
    y = torch.arange(height, device=real.device)[:, None] + 0.5
    x = torch.arange(width, device=real.device)[None, :] + 0.5
    pasted = ((y - draws[1] * height).abs() < side * height / 2) & ((x - draws[2] * width).abs() < side * width / 2)
    return torch.where(pasted, fake, real), 1 - pasted.float().mean(dim=(1, 2, 3))
