"""Shears, translations and rotations as one lookup of pixels, with a matrix for each image."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def inverse_matrices(magnitudes: Sequence[Tensor], *, height: int, width: int) -> Tensor:
    """Where pixels come from: float32, N x 2 x 3, in pixels from the centre, on the CPU.

    Args:
        magnitudes: float64, on the CPU: of images sheared along x, along y, translated along x, along y, and rotated
            (degrees), as `operations.Operation` tells. Their results follow each other in this order.
        height, width: of the images.
    """
    shear_x, shear_y, translate_x, translate_y, rotate = magnitudes
    whole = torch.eye(2, 3, dtype=torch.float64).repeat(sum(map(len, magnitudes)), 1, 1)
    parts = whole.split([len(part) for part in magnitudes])
    parts[0][:, 0, 1], parts[0][:, 0, 2] = shear_x, shear_x * height / 2
    parts[1][:, 1, 0], parts[1][:, 1, 2] = shear_y, shear_y * width / 2
    parts[2][:, 0, 2] = -translate_x.trunc()
    parts[3][:, 1, 2] = -translate_y.trunc()
    parts[4][:, :, :2] = rotations(rotate)
    return whole.float()


def rotations(degrees: Tensor) -> Tensor:
    """Where the pixels of images turned counter-clockwise come from: N x 2 x 2."""
    angle = degrees.deg2rad()
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cosine, -sine], dim=1), torch.stack([sine, cosine], dim=1)], dim=1)


def sample(images: Tensor, matrices: Tensor, *, bilinear: bool, edge: bool) -> Tensor:
    """Pixels looked up where ``matrices`` (float32, N x 2 x 3) point, in pixels from the centre.

    Args:
        images: float32, N x C x H x W.
        bilinear: interpolate; else the nearest pixel is taken.
        edge: what comes in continues the image's edge; else it is 0.
    """
    height, width = images.shape[2:]
    grid = torch.empty((len(images), height, width, 2), device=images.device)
    x = torch.arange(width, dtype=torch.float32, device=images.device) - (width - 1) / 2
    y = torch.arange(height, dtype=torch.float32, device=images.device) - (height - 1) / 2
    for axis, size in ((0, width), (1, height)):
        along_x, along_y, shift = (matrices[:, axis] / (size / 2))[:, :, None].unbind(1)
        torch.add((along_x * x + shift)[:, None, :], (along_y * y)[:, :, None], out=grid[..., axis])
    mode, padding = ("bilinear" if bilinear else "nearest"), ("border" if edge else "zeros")
    return grid_sample(images, grid, mode=mode, padding_mode=padding, align_corners=False)
