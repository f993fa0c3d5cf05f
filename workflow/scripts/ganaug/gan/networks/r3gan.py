"""R3GAN: Huang, Gokaslan, Kuleshov and Tompkin (2024), "The GAN is dead; long live the GAN! A modern GAN baseline".

Both networks are ResNets without normalisation, mirrors of each other (the paper's Config E); the preset gives the
relativistic loss with R1 and R2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, interpolate

from ganaug.architectures import stage_widths
from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import check_size

LABELS = True
SIZES = (16, 32, 64, 128)
START = 4
SLOPE = 0.2
# Of the LeakyReLU: it keeps the mean square of what passes (He et al. 2015).
GAIN = (2 / (1 + SLOPE**2)) ** 0.5
# Layers of a residual branch.
BRANCH = 3


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        widest, base: stages at r x r pixels have min(widest, base / r) feature maps; 768 and 24,576 in the paper.
        blocks: residual blocks of a stage; 2 in the paper.
        expansion: how many times wider a block is inside; 2 in the paper.
        group: feature maps of a group of a block's 3 x 3 convolution; 16 in the paper.
    """

    widest: int
    base: int
    blocks: int
    expansion: int
    group: int


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """A learned basis of 4 x 4 pixels, mixed by the latents, then stages of residual blocks; the output is linear.

    Raises:
        UserError: the images are not of 16, 32, 64 or 128 pixels.
    """
    check_size("r3gan", shape.size, SIZES)
    return Generator(options, shape, rng=rng)


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The generator's mirror: stages of residual blocks, a transposed basis of 4 x 4 pixels, then one logit."""
    return Discriminator(options, shape, rng=rng)


class Block(nn.Module):
    """An inverted bottleneck around a grouped convolution, added to what comes in.

    Weights start as Fix-up has them (Zhang et al. 2019): the branch's last layer is 0, the others are He's times
    L^(-1/4) in a network of L blocks, so that a deep network needs no normalisation.
    """

    def __init__(self, width: int, options: Options, *, depth: int, rng: torch.Generator) -> None:
        super().__init__()
        inner = width * options.expansion
        gain = GAIN * depth ** (-1 / (2 * BRANCH - 2))
        self.branch = nn.Sequential(
            _drawn(nn.Conv2d(width, inner, 1), gain=gain, rng=rng),
            nn.LeakyReLU(SLOPE, inplace=True),
            _drawn(nn.Conv2d(inner, inner, 3, padding=1, groups=inner // options.group), gain=gain, rng=rng),
            nn.LeakyReLU(SLOPE, inplace=True),
            _drawn(nn.Conv2d(inner, width, 1, bias=False), gain=0.0, rng=rng),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x width x H x W."""
        added: Tensor = self.branch(features)
        return features + added


class Blur(nn.Module):
    """Every feature map is smoothed by [1, 2, 1] / 4 both ways, with zeros around it.

    After doubling every pixel, or before averaging pixels in fours, that is resampling by [1, 3, 3, 1], as by bilinear
    interpolation.
    """

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        line = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", line[:, None] * line, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x C x H x W."""
        count = features.shape[1]
        return conv2d(features, self.kernel.to(features.dtype).expand(count, 1, 3, 3), padding=1, groups=count)


class Up(nn.Module):
    """Another number of feature maps where that changes, then twice the size."""

    def __init__(self, inputs: int, outputs: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.change, self.blur = _changed(inputs, outputs, rng=rng), Blur()

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x inputs x H x W."""
        smooth: Tensor = self.blur(interpolate(self.change(features), scale_factor=2.0))
        return smooth


class Down(nn.Module):
    """Half of the size, then another number of feature maps where that changes."""

    def __init__(self, inputs: int, outputs: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.blur, self.change = Blur(), _changed(inputs, outputs, rng=rng)

    def forward(self, features: Tensor) -> Tensor:
        """Features, N x inputs x H x W."""
        changed: Tensor = self.change(avg_pool2d(self.blur(features), 2))
        return changed


class Basis(nn.Module):
    """Learned 4 x 4 feature maps, each times a linear function of the latents."""

    def __init__(self, nz: int, width: int, *, rng: torch.Generator) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.randn(width, START, START, generator=rng))
        self.mix = _drawn(nn.Linear(nz, width, bias=False), gain=1.0, rng=rng)

    def forward(self, latents: Tensor) -> Tensor:
        """Features, N x width x 4 x 4."""
        shares: Tensor = self.mix(latents)
        return self.maps * shares[:, :, None, None]


class Generator(nn.Module):
    """Latents (and labels, where there are classes) to images."""

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        widths = stage_widths(shape.size, widest=options.widest, base=options.base)
        depth = options.blocks * len(widths)
        # An embedding as long as the latents, which it follows.
        self.embed = _embedding(shape.classes, shape.nz, gain=1.0, rng=rng) if shape.classes else None
        layers: list[nn.Module] = [Basis(shape.nz * (2 if shape.classes else 1), widths[0], rng=rng)]
        for k, width in enumerate(widths):
            if k:
                layers.append(Up(widths[k - 1], width, rng=rng))
            layers += [Block(width, options, depth=depth, rng=rng) for _ in range(options.blocks)]
        layers.append(_drawn(nn.Conv2d(widths[-1], shape.channels, 1, bias=False), gain=1.0, rng=rng))
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images, in [-1, 1] only as far as it learns so."""
        if self.embed is not None:
            latents = torch.cat([latents, self.embed(labels)], dim=1)
        images: Tensor = self.layers(latents)
        return images


class Discriminator(nn.Module):
    """Images to logits; with labels a logit is a product with the class's embedding (Miyato and Koyama 2018)."""

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        widths = stage_widths(shape.size, widest=options.widest, base=options.base)
        depth, last = options.blocks * len(widths), widths[0]
        layers: list[nn.Module] = [
            _drawn(nn.Conv2d(shape.channels, widths[-1], 1, bias=False), gain=1.0, rng=rng),
        ]
        for k in reversed(range(len(widths))):
            layers += [Block(widths[k], options, depth=depth, rng=rng) for _ in range(options.blocks)]
            if k:
                layers.append(Down(widths[k], widths[k - 1], rng=rng))
        outputs = last if shape.classes else 1
        layers += [
            _drawn(nn.Conv2d(last, last, START, groups=last, bias=False), gain=1.0, rng=rng),
            nn.Flatten(),
            _drawn(nn.Linear(last, outputs, bias=False), gain=1.0, rng=rng),
        ]
        self.layers = nn.Sequential(*layers)
        self.embed = _embedding(shape.classes, last, gain=last**-0.5, rng=rng) if shape.classes else None

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits (N)."""
        features: Tensor = self.layers(images)
        if self.embed is None:
            return features.flatten()
        logits: Tensor = (features * self.embed(labels)).sum(dim=1)
        return logits


def _changed(inputs: int, outputs: int, *, rng: torch.Generator) -> nn.Module:
    if inputs == outputs:
        return nn.Identity()
    return _drawn(nn.Conv2d(inputs, outputs, 1, bias=False), gain=1.0, rng=rng)


def _embedding(classes: int, length: int, *, gain: float, rng: torch.Generator) -> nn.Embedding:
    """A linear map of one-hot numbers, whose weights start as those of other layers."""
    embedding = nn.Embedding(classes, length)
    with torch.no_grad():
        embedding.weight.normal_(0.0, gain / classes**0.5, generator=rng)
    return embedding


def _drawn(layer: nn.Conv2d | nn.Linear, *, gain: float, rng: torch.Generator) -> nn.Module:
    """The layer with weights N(0, gain^2 / inputs of an output) and biases 0."""
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / layer.weight[0].numel() ** 0.5, generator=rng)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer
