"""The identity generator: sample i is real image i modulo N. It must score as duplicates do, to the digit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.gan.networks.family import Shape

LABELS = False


@dataclass(frozen=True)
class Options:
    """None."""


class Identity(nn.Module):
    """Holds the training images (uint8, N x C x H x W) as its weights; its latent is the sample's number."""

    images: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("images", torch.empty(0, dtype=torch.uint8))

    def forward(self, numbers: Tensor) -> Tensor:
        """Images in [-1, 1] for ``numbers`` (float32, N x 1)."""
        return self.images[numbers.long().flatten() % len(self.images)].float() / 127.5 - 1

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        self.images = torch.empty_like(state_dict[f"{prefix}images"])  # as many as there are
        super()._load_from_state_dict(state_dict, prefix, *rest)


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """One that holds no images yet."""
    del options, shape, rng
    return Identity()


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> None:
    """None: there is nothing to train."""
    del options, shape, rng
