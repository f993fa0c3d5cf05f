"""The DCGAN variants of the course GAN-101, for 32 x 32 images, with self-attention where it is asked for.

What its slides leave open is filled in alike for all. The activation that a description names follows every hidden
layer, and is LeakyReLU 0.2 where none is named. Batch normalisation is by feature map, where it is named. A dropout
named after strided convolutions follows each of them, but `dcgan1`'s only the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from ganaug.gan.networks import keras
from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import Dropout, SelfAttention, check_size

LABELS = False
SIZES = (16, 32, 64)
DESCRIBED_SIZE = 32


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        generator, discriminator: whose of the series, ``dcgan1`` to ``dcgan5``.
        generator_attention, discriminator_attention: whether self-attention looks at the maps of half the images'
            size; the source does not say at which.
        width: the share of the described feature maps.
    """

    generator: str
    discriminator: str
    generator_attention: bool
    discriminator_attention: bool
    width: float


@dataclass(frozen=True)
class Up:
    """A generator: dense, then doubled by each convolution, until the size is reached.

    Attributes:
        dense, side: feature maps of the dense layer's output, and their size where images have 32 pixels.
        maps: feature maps of the hidden convolutions; the last one makes the image.
        kernel: of the convolutions.
        transposed: they are transposed ones of stride 2; else they follow a nearest-neighbour upsampling.
        dense_norm, norm: batch normalisation after the dense layer, after the hidden convolutions.
        prelu: the activation is PReLU.
    """

    dense: int
    side: int
    maps: tuple[int, ...]
    kernel: int
    transposed: bool = False
    dense_norm: bool = False
    norm: bool = False
    prelu: bool = False


@dataclass(frozen=True)
class Down:
    """A discriminator: convolutions, then one dense layer.

    Attributes:
        maps: feature maps of the convolutions.
        kernel: of each.
        first_stride: of the first; all others halve.
        norm, spectral: batch or spectral normalisation of each.
        dropout: after each convolution.
        last_dropout: before the dense layer.
    """

    maps: tuple[int, ...]
    kernel: int
    first_stride: int = 2
    norm: bool = False
    spectral: bool = False
    dropout: float = 0.0
    last_dropout: float = 0.0


GENERATORS: Mapping[str, Up] = {
    "dcgan1": Up(dense=256, side=4, maps=(128, 128, 128), kernel=3),
    "dcgan2": Up(dense=128, side=8, maps=(128,), kernel=5, transposed=True, dense_norm=True),
    "dcgan3": Up(dense=128, side=8, maps=(128,), kernel=3),
    "dcgan4": Up(dense=512, side=4, maps=(256, 128), kernel=5, transposed=True, dense_norm=True, prelu=True),
    "dcgan5": Up(dense=512, side=2, maps=(128, 64, 64), kernel=3, norm=True),
}
DISCRIMINATORS: Mapping[str, Down] = {
    "dcgan1": Down(maps=(64, 128, 128, 256), kernel=3, first_stride=1, last_dropout=0.4),
    "dcgan2": Down(maps=(64, 128), kernel=5, norm=True, dropout=0.4),
    "dcgan3": Down(maps=(64, 128), kernel=3),
    "dcgan4": Down(maps=(64, 128, 256, 512), kernel=4, spectral=True, dropout=0.3),
    "dcgan5": Down(maps=(64, 128), kernel=3),
}


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """One of the `GENERATORS`; other sizes of images change the size that the dense layer's output has.

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    check_size("gan101", shape.size, SIZES)
    body = GENERATORS[options.generator]
    side, maps = body.side * shape.size // DESCRIBED_SIZE, keras.scaled(body.dense, options.width)
    layers: list[nn.Module] = [
        keras.dense(shape.nz, maps * side * side, rng=rng),
        nn.Unflatten(1, (maps, side, side)),
        *([keras.norm(maps)] if body.dense_norm else []),
        _activation(body, maps, side),
    ]
    for described in body.maps:
        inputs, maps = maps, keras.scaled(described, options.width)
        layers += _enlarging(options, body, shape, inputs, maps, side=side, rng=rng)
        side *= 2
        layers += [*([keras.norm(maps)] if body.norm else []), _activation(body, maps, side)]
    layers += _enlarging(options, body, shape, maps, shape.channels, side=side, rng=rng)
    return nn.Sequential(*layers, nn.Tanh())


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """One of the `DISCRIMINATORS`, without the sigmoid that the losses include where they have one."""
    body = DISCRIMINATORS[options.discriminator]
    side, maps, stride = shape.size, shape.channels, body.first_stride
    layers: list[nn.Module] = []
    for described in body.maps:
        inputs, maps = maps, keras.scaled(described, options.width)
        layers += [
            keras.conv(inputs, maps, body.kernel, stride=stride, rng=rng, normed=body.spectral),
            *([keras.norm(maps)] if body.norm else []),
            keras.leaky(),
            *([Dropout(body.dropout)] if body.dropout else []),
        ]
        side, stride = side // stride, 2
        if options.discriminator_attention and side * 2 == shape.size:
            layers.append(SelfAttention(maps))
    layers += [
        *([Dropout(body.last_dropout)] if body.last_dropout else []),
        nn.Flatten(),
        keras.dense(maps * side * side, 1, rng=rng),
        nn.Flatten(0),
    ]
    return nn.Sequential(*layers)


def _enlarging(
    options: Options, body: Up, shape: Shape, inputs: int, outputs: int, *, side: int, rng: torch.Generator
) -> list[nn.Module]:
    """A convolution that doubles ``side``, unless the images' size is reached; attention precedes the last doubling."""
    if side == shape.size:
        return [keras.conv(inputs, outputs, body.kernel, rng=rng)]
    attention: list[nn.Module] = (
        [SelfAttention(inputs)] if options.generator_attention and side * 2 == shape.size else []
    )
    if body.transposed:
        return [*attention, keras.doubling_conv(inputs, outputs, body.kernel, rng=rng)]
    return [
        *attention,
        nn.Upsample(scale_factor=2, mode="nearest"),
        keras.conv(inputs, outputs, body.kernel, rng=rng),
    ]


def _activation(body: Up, maps: int, side: int) -> nn.Module:
    return keras.PReLU(maps, side) if body.prelu else keras.leaky()
