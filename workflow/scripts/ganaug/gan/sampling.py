"""Samples that depend on the generator, the seed and their own number alone, however many are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.batches import to_pixels
from ganaug.config import Gan
from ganaug.gan.networks.family import call
from ganaug.gan.networks.layers import Truncated, draw_from
from ganaug.images import Pixels
from ganaug.seeds import derive, torch_generator

BLOCK = 64


@dataclass(frozen=True)
class Draw:
    """How latents are drawn.

    Attributes:
        truncation: normal numbers beyond it are drawn again (Brock et al. 2019, section 3.1); for a generator that
            truncates by itself its psi. None: as they come.
        mix: so many latents a sample, 1 but for a generator that mixes them.
    """

    truncation: float | None = None
    mix: int = 1


def sample(
    generator: nn.Module,
    gan: Gan,
    *,
    seed: int,
    count: int,
    device: torch.device,
    label: int | None = None,
    draw: Draw = Draw(),
) -> Pixels:
    """Samples 0 to ``count - 1`` as uint8, N x H x W x C.

    They are computed in whole aligned blocks of 64, since the size of a batch may change the last bits
    of a convolution; block k draws all that it needs from the stream ``k`` of ``seed``.

    Args:
        label: the number of the class, for a generator that is told it.
    """
    if not count:
        empty = sample(generator, gan, seed=seed, count=1, device=device, label=label, draw=draw)
        return np.empty((0, *empty.shape[1:]), dtype=np.uint8)
    if isinstance(generator, Truncated):
        generator.psi = 1.0 if draw.truncation is None else draw.truncation
    labels = None if label is None else torch.full((BLOCK,), label, device=device)
    blocks = []
    with torch.inference_mode():
        for first in range(0, count, BLOCK):
            rng = torch_generator(derive(seed, first // BLOCK))
            inputs = _latents(generator, gan, first=first, rng=rng, draw=draw)
            draw_from(generator, rng)
            blocks.append(to_pixels(call(generator, inputs.to(device), labels)))
    return np.concatenate(blocks)[:count]


def _latents(generator: nn.Module, gan: Gan, *, first: int, rng: torch.Generator, draw: Draw) -> Tensor:
    """A block of them: float32, 64 x (nz times ``draw.mix``)."""
    if gan.network == "identity":
        return torch.arange(first, first + BLOCK, dtype=torch.float32)[:, None]
    shape = (BLOCK, gan.nz * draw.mix)
    if draw.truncation is None or isinstance(generator, Truncated):
        return torch.randn(shape, generator=rng)
    return truncated_normal(torch.rand(shape, generator=rng), draw.truncation)


def truncated_normal(uniform: Tensor, limit: float) -> Tensor:
    """Numbers in [0, 1) as normal ones within plus and minus ``limit``, by the inverse of their distribution."""
    mass = torch.special.ndtr(torch.tensor(-limit, dtype=torch.float64))
    normal: Tensor = torch.special.ndtri(mass + uniform.double() * (1 - 2 * mass))
    return normal.float()
