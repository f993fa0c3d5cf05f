"""SAGAN: Zhang, Goodfellow, Metaxas and Odena (2019), "Self-attention generative adversarial networks".

Residual networks with spectral normalisation and self-attention in both. The authors' networks make 128 pixels; the
smaller ones here leave out their widest blocks.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ganaug.gan.networks import residual
from ganaug.gan.networks.family import Shape

LABELS = True


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        ngf, ndf: channels of the generator's last and the discriminator's first block.
    """

    ngf: int
    ndf: int


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """Blocks whose channels halve as the size doubles, the first excepted: 4, 4, 2, 1 times ngf at 32 pixels.

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    blocks = residual.levels(shape.size, family="sagan")
    widest = options.ngf << (blocks - 1)
    layers = _layers(rng)
    return residual.Generator(
        shape.nz,
        [widest, *(widest >> k for k in range(blocks))],
        shape.channels,
        layers,
        choose=[layers.by_label(shape.classes)] * blocks,
        attended=residual.attended(shape.size),
    )


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """Its mirror: channels double down to 4 x 4, then one block keeps size and channels."""
    halved = residual.levels(shape.size, family="sagan")
    widths = [options.ndf << k for k in range(halved)]
    return residual.Discriminator(
        shape.size,
        shape.channels,
        shape.classes,
        [*widths, widths[-1]],
        _layers(rng),
        halved=halved,
        attended=residual.attended(shape.size),
    )


def _layers(rng: torch.Generator) -> residual.Layers:
    """Glorot and Bengio's uniform weights, as in the authors' code."""
    return residual.Layers(draw=nn.init.xavier_uniform_, gain=1.0, spectral=True, rng=rng)
