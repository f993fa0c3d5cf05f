"""StyleGAN2: Karras et al. (2020), "Analyzing and improving the image quality of StyleGAN"."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import Draws, Styled, Truncated, check_size
from ganaug.gan.networks.stylegan2_layers import (
    Convolution,
    Dense,
    Filter,
    Mapping,
    MinibatchDeviation,
    Modulated,
    ResidualBlock,
    StyledConvolution,
    leaky,
)

LABELS = True
SIZES = (16, 32, 64, 128)
# The mean of w moves by so much each step.
W_MEAN_MOVES = 0.005


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        w: numbers of a style.
        mapping_layers: from latents to styles; 0: styles are the normalised latents.
        channel_base, channel_max: feature maps at a size are channel_base / size, at most channel_max.
        resample: ``bilinear`` filters when it doubles or halves sizes, ``nearest`` repeats or averages pixels.
        constant_input: whether the generator begins with learned 4 x 4 features; else with a dense layer of w, as
            generators did before.
        noise: whether the generator's layers add noise.
        mixing: the share of training samples that change to the styles of a second latent at a random layer.
    """

    w: int
    mapping_layers: int
    channel_base: int
    channel_max: int
    resample: str
    constant_input: bool
    noise: bool
    mixing: float


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The skip generator: each size adds its colours to the upsampled image of the size below (figure 7).

    As in the paper nothing bounds the images; what leaves [-1, 1] is cut off when they become pixels.

    Raises:
        UserError: the images are not of 16, 32, 64 or 128 pixels.
    """
    check_size("stylegan2", shape.size, SIZES)
    return Generator(options, shape, rng=rng)


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The residual discriminator (figure 7), from minibatch deviation on as in ProGAN.

    With labels its logit is the product of its features and the mapped label: ADA (2020), appendix on details, after
    Miyato and Koyama (2018).
    """
    return Discriminator(options, shape, rng=rng)


class Generator(Styled, Truncated, Draws):
    """Latents -> w -> a style a layer -> images.

    In training a latent has ``shape.nz`` numbers and w are averaged. In evaluation it may have k times as many, whose
    styles change at k - 1 random layers, and w are truncated towards their average by ``psi``.
    """

    w_mean: Tensor

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        self.nz, self.mixing = shape.nz, options.mixing
        self.mapping = Mapping(shape.nz, shape.classes, layers=options.mapping_layers, w=options.w, rng=rng)
        w = self.mapping.outputs
        self.register_buffer("w_mean", torch.zeros(w))
        self.filter = Filter(options.resample)
        sizes = _sizes(shape.size)
        width = _width(options, 4)
        self.constant = nn.Parameter(torch.randn(1, width, 4, 4, generator=rng)) if options.constant_input else None
        self.dense = None if options.constant_input else Dense(w, width * 16, rng=rng)
        self.convolutions, self.colours = nn.ModuleList(), nn.ModuleList()
        for size in sizes:
            wider, width = width, _width(options, size)
            if size > 4:
                self.convolutions.append(
                    StyledConvolution(wider, width, w=w, up=self.filter, noise=options.noise, rng=rng)
                )
            self.convolutions.append(StyledConvolution(width, width, w=w, noise=options.noise, rng=rng))
            self.colours.append(ToColours(width, shape.channels, w=w, rng=rng))
        # The colours of a size share a style with the first convolution of the next.
        self.layers = 2 * len(sizes)

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        """Images of latents (N x nz, or N x (k nz) in evaluation)."""
        return self.styled(latents, labels)[0]

    def styled(self, latents: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Images, and the styles (N x layers x w) that they were made from."""
        styles = self._styles(latents, labels)
        return self._synthesised(styles), styles

    def _styles(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        count = len(latents)
        if self.training and self.mixing:
            latents = torch.cat([latents, self.normal(count, self.nz, like=latents)], dim=1)
        ws = torch.stack([self.mapping(latent, labels) for latent in latents.split(self.nz, dim=1)], dim=1)
        if self.training:
            self.w_mean.lerp_(ws[:, 0].detach().float().mean(dim=0), W_MEAN_MOVES)
            return mixed(ws, self._changes(count, like=latents), layers=self.layers)
        order = self.uniform(count, self.layers - 1, like=latents).argsort(dim=1) if ws.shape[1] > 1 else None
        changes = latents.new_empty(count, 0) if order is None else order[:, : ws.shape[1] - 1] + 1
        return self.w_mean.lerp(mixed(ws.float(), changes, layers=self.layers), self.psi)

    def _changes(self, count: int, *, like: Tensor) -> Tensor:
        """The layers where training samples change to their second styles; those past the last never do."""
        if not self.mixing:
            return like.new_empty(count, 0)
        layer = 1 + (self.uniform(count, 1, like=like) * (self.layers - 1)).floor()
        return layer.where(self.uniform(count, 1, like=like) < self.mixing, self.layers)

    def _synthesised(self, styles: Tensor) -> Tensor:
        each = styles.unbind(dim=1)
        if self.dense is not None:
            features = self.dense(each[0]).unflatten(1, (-1, 4, 4))
        else:
            assert self.constant is not None
            features = self.constant.expand(len(styles), -1, -1, -1)
        features = self.convolutions[0](features, each[0])
        image: Tensor = self.colours[0](features, each[1])
        for k in range(1, len(self.colours)):
            features = self.convolutions[2 * k - 1](features, each[2 * k - 1])
            features = self.convolutions[2 * k](features, each[2 * k])
            image = self.filter.up(image) + self.colours[k](features, each[2 * k + 1])
        return image


class ToColours(nn.Module):
    """Features to colours: a modulated 1 x 1 convolution without demodulation."""

    def __init__(self, inputs: int, channels: int, *, w: int, rng: torch.Generator) -> None:
        super().__init__()
        self.convolution = Modulated(inputs, channels, 1, w=w, demodulate=False, rng=rng)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Images, N x channels x H x W."""
        image: Tensor = self.convolution(features, style) + self.bias[:, None, None]
        return image


class Discriminator(nn.Module):
    """Images, and labels where there are any, to logits."""

    def __init__(self, options: Options, shape: Shape, *, rng: torch.Generator) -> None:
        super().__init__()
        down = Filter(options.resample)
        width = _width(options, shape.size)
        self.colours = Convolution(shape.channels, width, 1, rng=rng)
        self.blocks = nn.Sequential()
        for size in _sizes(shape.size)[-2::-1]:
            wider, width = width, _width(options, size)
            self.blocks.append(ResidualBlock(wider, width, down=down, rng=rng))
        self.deviation = MinibatchDeviation()
        self.convolution = Convolution(width + 1, width, 3, rng=rng)
        self.dense = Dense(width * 16, width, rng=rng)
        self.out = Dense(width, options.w if shape.classes else 1, rng=rng)
        self.mapping = (
            Mapping(0, shape.classes, layers=options.mapping_layers, w=options.w, rng=rng) if shape.classes else None
        )

    def forward(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """Logits, N."""
        features = self.blocks(leaky(self.colours(images)))
        features = leaky(self.convolution(self.deviation(features)))
        out: Tensor = self.out(leaky(self.dense(features.flatten(1))))
        if self.mapping is None:
            return out.squeeze(1)
        told: Tensor = self.mapping(out[:, :0], labels)
        logits: Tensor = (out * told).sum(dim=1) / out.shape[1] ** 0.5
        return logits


def mixed(ws: Tensor, changes: Tensor, *, layers: int) -> Tensor:
    """A style for each layer: that of the first latent, and from each change on that of the next.

    Args:
        ws: N x k x w, of k latents a sample.
        changes: N x (k - 1) layers, in any order.

    Returns:
        N x layers x w.
    """
    layer = torch.arange(layers, device=ws.device)
    latent = (layer[None, :, None] >= changes[:, None, :]).sum(dim=2)
    return ws.gather(1, latent[:, :, None].expand(-1, -1, ws.shape[2]))


def _sizes(size: int) -> list[int]:
    """4, 8, ... up to ``size``."""
    return [4 << k for k in range(size.bit_length() - 2)]


def _width(options: Options, size: int) -> int:
    return min(options.channel_base // size, options.channel_max)
