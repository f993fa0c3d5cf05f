"""Dropout whose draws are those of a generator that is told, and not of torch's global one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Each number is 0 with probability ``p`` while training, and else divided by 1 - p (Srivastava et al. 2014)."""

    rng: torch.Generator | None = None

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, features: Tensor) -> Tensor:
        """Features of any shape."""
        if not self.training or self.p == 0:
            return features
        kept = torch.empty_like(features).bernoulli_(1 - self.p, generator=self.rng)
        return features * kept / (1 - self.p)


def own_dropout(network: nn.Module) -> None:
    """Replace torch's dropout in ``network`` by this one."""
    for parent in list(network.modules()):
        for key, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, key, Dropout(child.p))


def draw_dropout(network: nn.Module, rng: torch.Generator) -> None:
    """Let every dropout of ``network`` draw from ``rng``, on the device where the network is."""
    for layer in network.modules():
        if isinstance(layer, Dropout):
            layer.rng = rng
