"""Adaptive discriminator augmentation: Karras et al. (2020), "Training generative adversarial networks with limited
data"."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from ganaug.gan.parallel import ALL, Rows

# So many images move p from 0 to 1, or back.
IMAGES = 500_000
# Random numbers of an image: whether each change is made, uniform amounts, normal amounts.
CHANGES, UNIFORM, NORMAL = 13, 8, 7


def adaptive(images: Tensor, p: Tensor, *, rng: torch.Generator, rows: Rows = ALL) -> Tensor:
    """Images after pixel blits, geometric and colour changes (the paper's set bgc), differentiable in ``images``.

    Each change is made to an image with probability ``p``, in the paper's order and by its amounts (its appendix on the
    augmentation pipeline). All that moves pixels is one bilinear lookup with reflected borders, where the paper also
    filters by wavelets. Luma flip, hue and saturation need 3 channels and are left out otherwise.

    Args:
        images: in [-1, 1], N x C x H x W with H = W; the result is float32 and may leave the range, as in the paper.
        p: 0 to 1, a scalar on the device of ``images``.
        rng: on the CPU; a batch draws 28 N numbers.
        rows: which of a batch the images are.
    """
    count = rows.whole(len(images))
    uniform, normal = torch.rand(CHANGES + UNIFORM, count, generator=rng), torch.randn(NORMAL, count, generator=rng)
    draws = rows.own(torch.cat([uniform, normal]), dim=1).to(images.device)
    chances, uniform, normal = draws.split([CHANGES, UNIFORM, NORMAL])
    # Half precision would misplace pixels.
    with torch.autocast(images.device.type, enabled=False):
        # Rotation has two chances, at least one of which is taken with probability p.
        on = torch.cat([chances[:11] < p, chances[11:] < 1 - (1 - p).sqrt()]).float()
        return _coloured(_placed(images.float(), on, uniform, normal), on, uniform, normal)


def moved(p: Tensor, on_real: Tensor, *, target: float) -> Tensor:
    """The probability after a batch: more where r_t, the mean sign of the logits of real images, is above its target.

    Section 3 of the paper, but p moves after every batch instead of every fourth.

    Args:
        p: the probability before, a scalar.
        on_real: the logits (N) of a batch.
        target: of r_t, 0.6 in the paper.
    """
    direction = (on_real.sign().mean() - target).sign()
    return (p + direction * (len(on_real) / IMAGES)).clamp(0.0, 1.0)


def _placed(images: Tensor, on: Tensor, uniform: Tensor, normal: Tensor) -> Tensor:
    """Flips, quarter turns, shifts, scales and rotations as one lookup.

    Args:
        on: 1 for a change that is made, else 0 (`CHANGES` x N): an amount times 0 changes nothing.
        uniform, normal: the amounts (`UNIFORM` x N and `NORMAL` x N).
    """
    size = images.shape[2]
    flip = on[0] * (uniform[0] < 0.5)
    quarters = on[1] * (uniform[1] * 4).floor()
    pixels = on[2] * ((uniform[2:4] * 2 - 1) * (size / 8)).round()
    scale, stretch = (on[3:5] * normal[:2] * 0.2).exp2()
    angles = on[11:13] * (uniform[4:6] * 2 - 1) * math.pi
    share = on[5] * normal[2:4] / 8
    # From places in the result to places in the image, whose coordinates are -1 to 1: the first change stands first.
    places = (
        _scale(1 - 2 * flip, torch.ones_like(flip))
        @ _turn(quarters * (math.pi / 2))
        @ _shift(*(pixels * 2 / size))
        @ _scale(scale, scale)
        @ _turn(angles[0])
        @ _scale(stretch, 1 / stretch)
        @ _turn(angles[1])
        @ _shift(*(share * 2))
    )
    grid = affine_grid(places[:, :2], list(images.shape), align_corners=False)
    looked_up = grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    # A lookup of every pixel at its own place would still round.
    same = (places == torch.eye(3, device=images.device)).flatten(1).all(dim=1)
    return torch.where(same[:, None, None, None], images, looked_up)


def _coloured(images: Tensor, on: Tensor, uniform: Tensor, normal: Tensor) -> Tensor:
    """Brightness and contrast; for three channels luma flip, hue and saturation, all about the axis of greys."""
    brightness, contrast = on[6] * normal[4] * 0.2, (on[7] * normal[5] * 0.5).exp2()
    images = images + brightness[:, None, None, None]
    if images.shape[1] != 3:
        return images * contrast[:, None, None, None]
    flip = (on[8] * (uniform[6] < 0.5))[:, None, None]
    angle = (on[9] * (uniform[7] * 2 - 1) * math.pi)[:, None, None]
    saturation = (on[10] * normal[6]).exp2()[:, None, None]
    eye = torch.eye(3, device=images.device)
    grey = torch.full_like(eye, 1 / 3)
    cross = (eye.roll(1, 0) - eye.roll(1, 1)) / math.sqrt(3)
    matrix = saturation * eye + (1 - saturation) * grey
    matrix = matrix @ (angle.cos() * eye + (1 - angle.cos()) * grey + angle.sin() * cross)
    matrix = matrix @ (eye - 2 * flip * grey) * contrast[:, None, None]
    coloured: Tensor = torch.einsum("nij,njhw->nihw", matrix, images)
    return coloured


def _scale(x: Tensor, y: Tensor) -> Tensor:
    zero = torch.zeros_like(x)
    return _affine([x, zero, zero], [zero, y, zero])


def _turn(angle: Tensor) -> Tensor:
    zero = torch.zeros_like(angle)
    return _affine([angle.cos(), -angle.sin(), zero], [angle.sin(), angle.cos(), zero])


def _shift(x: Tensor, y: Tensor) -> Tensor:
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    return _affine([one, zero, x], [zero, one, y])


def _affine(x: list[Tensor], y: list[Tensor]) -> Tensor:
    """N x 3 x 3 matrices from their upper two rows."""
    zero = torch.zeros_like(x[0])
    return torch.stack([*x, *y, zero, zero, torch.ones_like(zero)], dim=1).reshape(-1, 3, 3)
