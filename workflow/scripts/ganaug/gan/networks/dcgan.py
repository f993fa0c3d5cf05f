"""DCGAN: Radford, Metz and Chintala (2016), "Unsupervised representation learning with deep convolutional GANs"."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from ganaug.gan.networks.family import Shape
from ganaug.gan.networks.layers import check_size

LABELS = False
SIZES = (16, 32, 64)


@dataclass(frozen=True)
class Options:
    """What may be chosen.

    Attributes:
        ngf, ndf: feature maps of the generator's last and the discriminator's first hidden layer.
        slope: of the discriminator's LeakyReLU.
        init_std: standard deviation of the initial weights.
        normalise_critic: whether the discriminator has batch normalisation; a gradient penalty is of each image's
            own gradient, so that one with it wants none (Gulrajani et al. 2017, section 4).
    """

    ngf: int
    ndf: int
    slope: float
    init_std: float
    normalise_critic: bool


def generator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """nz -> 4 x 4 by a transposed convolution of stride 1, then doubled with half the feature maps each time.

    Weights are N(0, init_std) as in section 4 of the paper; batch normalisation starts at scale N(1, init_std).

    Raises:
        UserError: the images are not of 16, 32 or 64 pixels.
    """
    check_size("dcgan", shape.size, SIZES)
    levels = _levels(shape.size)
    width = options.ngf << (levels - 1)
    layers: list[nn.Module] = [
        nn.Unflatten(1, (shape.nz, 1, 1)),
        nn.ConvTranspose2d(shape.nz, width, 4, stride=1, padding=0, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    for _ in range(levels - 1):
        layers += [
            nn.ConvTranspose2d(width, width // 2, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(inplace=True),
        ]
        width //= 2
    layers += [nn.ConvTranspose2d(width, shape.channels, 4, stride=2, padding=1), nn.Tanh()]
    return _initialised(nn.Sequential(*layers), std=options.init_std, rng=rng)


def discriminator(options: Options, shape: Shape, *, rng: torch.Generator) -> nn.Module:
    """The generator's mirror: halved to 4 x 4 by strided convolutions, then one logit; no normalisation at first."""
    width = options.ndf
    layers: list[nn.Module] = [
        nn.Conv2d(shape.channels, width, 4, stride=2, padding=1),
        nn.LeakyReLU(options.slope, inplace=True),
    ]
    for _ in range(_levels(shape.size) - 1):
        layers += [
            nn.Conv2d(width, width * 2, 4, stride=2, padding=1, bias=not options.normalise_critic),
            *([nn.BatchNorm2d(width * 2)] if options.normalise_critic else []),
            nn.LeakyReLU(options.slope, inplace=True),
        ]
        width *= 2
    layers += [nn.Conv2d(width, 1, 4, stride=1, padding=0), nn.Flatten(0)]
    return _initialised(nn.Sequential(*layers), std=options.init_std, rng=rng)


def _levels(size: int) -> int:
    """How often 4 pixels are doubled to make ``size``."""
    return size.bit_length() - 3


def _initialised(network: nn.Module, *, std: float, rng: torch.Generator) -> nn.Module:
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.normal_(0.0, std, generator=rng)
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(1.0, std, generator=rng)
            else:
                continue
            if module.bias is not None:
                module.bias.zero_()
    return network
