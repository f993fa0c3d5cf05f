"""Residual networks that SNGAN, SAGAN and BigGAN share: Miyato et al. (2018), Miyato and Koyama (2018).

The generator doubles 4 x 4 features block by block, the discriminator halves images and sums what is left over the
positions. Labels choose the scales and shifts of the generator's batch normalisation, and are projected on the
discriminator's features.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu

from ganaug.gan.networks.layers import Layer, SelfAttention, check_size, spectral

SIZES = (16, 32, 64)
# Makes the layer that turns a condition into so many scales or shifts.
Choose = Callable[[int], nn.Module]


def levels(size: int, *, family: str) -> int:
    """How often 4 pixels are doubled to make ``size``.

    Raises:
        UserError: it is not 16, 32 or 64.
    """
    check_size(family, size, SIZES)
    return size.bit_length() - 3


def attended(size: int) -> int:
    """The resolution of self-attention, in both networks of images of that size."""
    return min(16, size // 2)


@dataclass(frozen=True)
class Layers:
    """Makes the layers of one network; biases start at 0.

    Attributes:
        draw: fills a weight, as the functions of ``torch.nn.init`` do.
        gain: of the weights of 3 x 3 convolutions within residual blocks; others have 1.
        spectral: whether weights are divided by their largest singular value.
        rng: draws the weights.
    """

    draw: Callable[..., Tensor]
    gain: float
    spectral: bool
    rng: torch.Generator

    def conv(self, inputs: int, outputs: int, *, kernel: int = 3, gain: float = 1.0) -> nn.Conv2d:
        """A convolution that keeps the size."""
        return self._ready(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), gain=gain)

    def dense(self, inputs: int, outputs: int, *, bias: bool = True) -> nn.Linear:
        """A dense layer."""
        return self._ready(nn.Linear(inputs, outputs, bias=bias))

    def embedding(self, classes: int, width: int) -> nn.Embedding:
        """A vector a class."""
        return self._ready(nn.Embedding(classes, width))

    def attention(self, channels: int) -> SelfAttention:
        """Self-attention whose four convolutions are made as the others."""
        layer = SelfAttention(channels)
        for conv in (layer.query, layer.key, layer.value, layer.out):
            self._ready(conv)
        return layer

    def by_label(self, classes: int) -> Choose | None:
        """A number a class and channel, or None without classes.

        The papers do not say how these start; at exactly equal numbers the first images would not depend on the label.
        """

        def choose(channels: int) -> nn.Module:
            table = nn.Embedding(classes, channels)
            nn.init.normal_(table.weight, std=0.02, generator=self.rng)
            return table

        return choose if classes else None

    def _ready(self, layer: Layer, *, gain: float = 1.0) -> Layer:
        for name, parameter in layer.named_parameters():
            if name == "bias":
                nn.init.zeros_(parameter)
            else:
                self.draw(parameter, gain, generator=self.rng)
        return spectral(layer, rng=self.rng) if self.spectral else layer


class Norm(nn.Module):
    """Batch normalisation, whose scales and shifts a condition chooses where there is one: de Vries et al. (2017)."""

    def __init__(self, channels: int, choose: Choose | None) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=choose is None)
        self.gain = None if choose is None else choose(channels)
        self.shift = None if choose is None else choose(channels)

    def forward(self, features: Tensor, condition: Tensor | None) -> Tensor:
        """Features, N x C x H x W; the condition is what ``choose``'s layers take."""
        normed: Tensor = self.norm(features)
        if self.gain is None or self.shift is None:
            return normed
        gain, shift = (layer(condition)[:, :, None, None] for layer in (self.gain, self.shift))
        scaled: Tensor = normed * (1 + gain) + shift
        return scaled


class Up(nn.Module):
    """A generator's block, which doubles the size: normalised and activated before each convolution."""

    def __init__(self, inputs: int, outputs: int, layers: Layers, choose: Choose | None) -> None:
        super().__init__()
        self.norm1 = Norm(inputs, choose)
        self.conv1 = layers.conv(inputs, outputs, gain=layers.gain)
        self.norm2 = Norm(outputs, choose)
        self.conv2 = layers.conv(outputs, outputs, gain=layers.gain)
        self.shortcut = layers.conv(inputs, outputs, kernel=1)

    def forward(self, features: Tensor, condition: Tensor | None) -> Tensor:
        """Features, N x C x H x W."""
        hidden = self.conv1(_double(relu(self.norm1(features, condition))))
        hidden = self.conv2(relu(self.norm2(hidden, condition)))
        # A 1 x 1 convolution may come before the doubling that it follows in the paper: a quarter of the work.
        doubled: Tensor = hidden + _double(self.shortcut(features))
        return doubled


class Down(nn.Module):
    """A discriminator's block, which may halve the size; the ``first`` one sees images and so begins unactivated."""

    def __init__(self, inputs: int, outputs: int, layers: Layers, *, first: bool, halve: bool) -> None:
        super().__init__()
        self.first, self.halve = first, halve
        self.conv1 = layers.conv(inputs, outputs, gain=layers.gain)
        self.conv2 = layers.conv(outputs, outputs, gain=layers.gain)
        self.shortcut = layers.conv(inputs, outputs, kernel=1) if halve or inputs != outputs else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """Features or images, N x C x H x W."""
        hidden = self.conv2(relu(self.conv1(features if self.first else relu(features))))
        if self.halve:
            # The mean of a 1 x 1 convolution is the convolution of the mean, at a quarter of the work.
            hidden, features = avg_pool2d(hidden, 2), avg_pool2d(features, 2)
        added: Tensor = hidden + self.shortcut(features)
        return added


class Generator(nn.Module):
    """Latents -> dense 4 x 4 -> `Up` blocks -> batch normalisation, ReLU, convolution, tanh.

    Args:
        nz: numbers that the dense layer takes.
        widths: channels at 4 x 4 and after each block.
        channels: of the images.
        choose: what `Norm` gets in each block.
        attended: the resolution that self-attention follows, or None.
    """

    def __init__(
        self,
        nz: int,
        widths: Sequence[int],
        channels: int,
        layers: Layers,
        *,
        choose: Sequence[Choose | None],
        attended: int | None,
    ) -> None:
        super().__init__()
        self.dense = layers.dense(nz, 16 * widths[0])
        self.blocks, self.attention = nn.ModuleList(), nn.ModuleList()
        for k, (inputs, outputs) in enumerate(pairwise(widths)):
            self.blocks.append(Up(inputs, outputs, layers, choose[k]))
            self.attention.append(layers.attention(outputs) if 8 << k == attended else nn.Identity())
        self.norm = nn.BatchNorm2d(widths[-1])
        self.conv = layers.conv(widths[-1], channels)

    def conditions(self, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, list[Tensor | None]]:
        """What the dense layer sees, and the condition of each block."""
        return latents, [labels] * len(self.blocks)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images of the classes ``labels``."""
        seen, conditions = self.conditions(latents, labels)
        features = self.dense(seen).unflatten(1, (-1, 4, 4))
        for block, attend, condition in zip(self.blocks, self.attention, conditions, strict=True):
            features = attend(block(features, condition))
        image: Tensor = self.conv(relu(self.norm(features))).tanh()
        return image


class Head(nn.Module):
    """Features -> logits, with the inner product of features and the label's embedding: Miyato and Koyama (2018)."""

    def __init__(self, width: int, classes: int, layers: Layers) -> None:
        super().__init__()
        self.dense = layers.dense(width, 1)
        self.embedding = layers.embedding(classes, width) if classes else None

    def forward(self, features: Tensor, labels: Tensor | None) -> Tensor:
        """Features, N x width."""
        logits: Tensor = self.dense(features).squeeze(1)
        return logits if self.embedding is None else logits + (self.embedding(labels) * features).sum(dim=1)


class Discriminator(nn.Module):
    """`Down` blocks -> ReLU -> sum over positions -> `Head`.

    Args:
        size, channels: of the images.
        classes: 0 without labels.
        widths: channels after each block.
        halved: so many of the blocks, the first ones, halve the size.
        attended: the resolution that self-attention follows, or None.
    """

    def __init__(
        self,
        size: int,
        channels: int,
        classes: int,
        widths: Sequence[int],
        layers: Layers,
        *,
        halved: int,
        attended: int | None,
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential()
        for k, (inputs, outputs) in enumerate(pairwise((channels, *widths))):
            self.blocks.append(Down(inputs, outputs, layers, first=k == 0, halve=k < halved))
            if k < halved and size >> (k + 1) == attended:
                self.blocks.append(layers.attention(outputs))
        self.head = Head(widths[-1], classes, layers)

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits of images of the classes ``labels``."""
        logits: Tensor = self.head(relu(self.blocks(images)).sum(dim=(2, 3)), labels)
        return logits


def _double(features: Tensor) -> Tensor:
    return interpolate(features, scale_factor=2.0, mode="nearest")
