"""Samples that depend on the generator, the seed and their own number alone, however many are asked for."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ganaug.batches import to_pixels
from ganaug.config import Gan
from ganaug.gan.networks.family import family
from ganaug.images import Pixels
from ganaug.seeds import derive, torch_generator

BLOCK = 64


def sample(generator: nn.Module, gan: Gan, *, seed: int, count: int, device: torch.device) -> Pixels:
    """Samples 0 to ``count - 1`` as uint8, N x H x W x C.

    They are computed in whole aligned blocks of 64, since the size of a batch may change the last bits
    of a convolution; block k draws its latents from the stream ``k`` of ``seed``.
    """
    latents = family(gan).latents
    if not count:
        return np.empty((0, *sample(generator, gan, seed=seed, count=1, device=device).shape[1:]), dtype=np.uint8)
    blocks = []
    with torch.inference_mode():
        for first in range(0, count, BLOCK):
            source = torch_generator(derive(seed, first // BLOCK))
            inputs = latents(gan, first=first, count=BLOCK, generator=source).to(device)
            blocks.append(to_pixels(generator(inputs)))
    return np.concatenate(blocks)[:count]
