"""The identity generator: sample i is real image i modulo N. It must score as duplicates do, to the digit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.gan.networks.family import Networks


class Identity(nn.Module):
    """Holds the training images (uint8, N x C x H x W) as its weights; its latent is the sample's number."""

    images: Tensor

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.register_buffer("images", images)

    def forward(self, numbers: Tensor) -> Tensor:
        """Images in [-1, 1] for ``numbers`` (float32, N x 1)."""
        return self.images[numbers.long().flatten() % len(self.images)].float() / 127.5 - 1


def build(gan: Gan, *, images: Batches, generator: torch.Generator) -> Networks:
    """A generator of the training images, and nothing to train."""
    del gan, generator
    return Networks(generator=Identity(images.pixels(torch.arange(len(images)))), discriminator=None)


def restore(gan: Gan, *, size: int, channels: int, state: dict[str, Tensor]) -> nn.Module:
    """The generator with the images in ``state``."""
    del gan, size, channels
    return Identity(state["images"]).eval()


def latents(gan: Gan, *, first: int, count: int, generator: torch.Generator) -> Tensor:
    """The numbers ``first`` to ``first + count - 1`` themselves, ``count`` x 1."""
    del gan, generator
    return torch.arange(first, first + count, dtype=torch.float32)[:, None]
