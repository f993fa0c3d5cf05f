"""Layers as Keras makes them by default: Glorot uniform weights, biases of 0, "same" padding."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

from ganaug.gan.networks.layers import spectral

Weighted = TypeVar("Weighted", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)

MOMENTUM, EPSILON = 0.99, 1e-3
SLOPE = 0.2


class PReLU(nn.Module):
    """He et al. (2015), with a slope, 0 at first, for each number of a feature map of so many channels and pixels."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.slopes = nn.Parameter(torch.zeros(channels, side, side))

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x side x side."""
        return torch.where(features > 0, features, self.slopes * features)


def norm(channels: int, *, momentum: float = MOMENTUM) -> nn.Module:
    """Batch normalisation; Keras gives the share of a running statistic that stays, PyTorch that which is replaced."""
    return nn.BatchNorm2d(channels, eps=EPSILON, momentum=round(1 - momentum, 6))


def leaky() -> nn.Module:
    """LeakyReLU with the slope 0.2."""
    return nn.LeakyReLU(SLOPE, inplace=True)


def dense(inputs: int, outputs: int, *, rng: torch.Generator, normed: bool = False) -> nn.Module:
    """A dense layer; ``normed``: with spectral normalisation."""
    return _finished(nn.Linear(inputs, outputs), rng=rng, normed=normed)


def conv(
    inputs: int, outputs: int, kernel: int, *, rng: torch.Generator, stride: int = 1, normed: bool = False
) -> nn.Module:
    """A convolution whose output has the size of its input over ``stride``; ``normed``: with spectral normalisation.

    With stride 2 and an odd kernel Keras pads right and below by one pixel more than left and above, PyTorch is used
    here the other way round: the same network for mirrored images.
    """
    layer = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=(kernel - 1) // 2)
    return _finished(layer, rng=rng, normed=normed)


def doubling_conv(inputs: int, outputs: int, kernel: int, *, rng: torch.Generator, normed: bool = False) -> nn.Module:
    """A transposed convolution of stride 2 that doubles the size; ``normed``: with spectral normalisation."""
    layer = nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=(kernel - 1) // 2, output_padding=kernel % 2)
    return _finished(layer, rng=rng, normed=normed)


def scaled(maps: int, width: float) -> int:
    """The share ``width`` of so many feature maps, at least one."""
    return max(1, round(maps * width))


def _finished(layer: Weighted, *, rng: torch.Generator, normed: bool) -> Weighted:
    nn.init.xavier_uniform_(layer.weight, generator=rng)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return spectral(layer, rng=rng) if normed else layer
