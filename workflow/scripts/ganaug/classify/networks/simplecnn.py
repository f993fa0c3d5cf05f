"""A small network for small data: two convolutions and two dense layers."""

from __future__ import annotations

from torch import nn

from ganaug.classify.networks.initial import default_all as initialise
from ganaug.classify.networks.sizes import check_size

__all__ = ["build", "initialise"]

HIDDEN = 64


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Convolutions 16 (5x5) and 8 (3x3), each with ReLU and max pooling, then dense 64 and the logits.

    Raises:
        UserError: fewer than 12 pixels.
    """
    check_size("simplecnn", size, least=12)
    last = ((size - 4) // 2 - 2) // 2
    return nn.Sequential(
        nn.Conv2d(channels, 16, 5),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 8, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * last * last, HIDDEN),
        nn.ReLU(inplace=True),
        nn.Linear(HIDDEN, classes),
    )
