"""What the trainer and the sampler need of a family of networks."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.config import Gan


@dataclass(frozen=True)
class Networks:
    """A generator (latents -> images in [-1, 1], N x C x H x W) and a discriminator (images -> N logits).

    A family that learns nothing by steps has no discriminator.
    """

    generator: nn.Module
    discriminator: nn.Module | None


class Family(Protocol):
    """A module in ``gan/networks``."""

    def build(self, gan: Gan, *, images: Batches, generator: torch.Generator) -> Networks:
        """Networks for training on ``images``, on the CPU, with weights drawn from ``generator``.

        Raises:
            UserError: the family cannot make images of that size.
        """

    def restore(self, gan: Gan, *, size: int, channels: int, state: dict[str, Tensor]) -> nn.Module:
        """The generator whose ``state_dict`` is ``state``, in evaluation mode."""

    def latents(self, gan: Gan, *, first: int, count: int, generator: torch.Generator) -> Tensor:
        """The inputs (float32, ``count`` x nz) of samples ``first`` to ``first + count - 1``."""


def family(gan: Gan) -> Family:
    """The module of the family that ``gan.network`` names."""
    return cast(Family, importlib.import_module(f"ganaug.gan.networks.{gan.network}"))
