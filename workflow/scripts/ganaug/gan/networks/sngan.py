"""SNGAN: Miyato, Kataoka, Koyama and Yoshida (2018), "Spectral normalization for generative adversarial networks".

The residual networks of its appendix. Told labels it is the GAN of Miyato and Koyama (2018), "cGANs with projection
discriminator".
"""

from __future__ import annotations

import math
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
        ngf, ndf: channels of every block of the generator and of the discriminator.
    """

    ngf: int
    ndf: int


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """4 x 4 x ngf, doubled by blocks of ngf channels; three of them at 32 pixels.

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    blocks = residual.levels(shape.size, family="sngan")
    layers = _layers(rng, spectral=False)
    return residual.Generator(
        shape.nz,
        [options.ngf] * (blocks + 1),
        shape.channels,
        layers,
        choose=[layers.by_label(shape.classes)] * blocks,
        attended=None,
    )


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """Blocks of ndf channels that halve to 8 x 8, and two that do not; 128 to 128 four times at 32 pixels."""
    halved = residual.levels(shape.size, family="sngan") - 1
    widths = [options.ndf] * (halved + 2)
    return residual.Discriminator(
        shape.size,
        shape.channels,
        shape.classes,
        widths,
        _layers(rng, spectral=True),
        halved=halved,
        attended=None,
    )


def _layers(rng: torch.Generator, *, spectral: bool) -> residual.Layers:
    """Glorot and Bengio's uniform weights, larger within blocks by the gain of ReLU, as in the authors' code."""
    return residual.Layers(draw=nn.init.xavier_uniform_, gain=math.sqrt(2), spectral=spectral, rng=rng)
