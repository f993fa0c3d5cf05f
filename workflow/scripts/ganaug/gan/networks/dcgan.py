"""DCGAN: Radford, Metz and Chintala (2016), "Unsupervised representation learning with deep convolutional GANs"."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks

SIZES = (16, 32, 64)


def build(gan: Gan, *, images: Batches, generator: torch.Generator) -> Networks:
    """Both networks for images of 16, 32 or 64 pixels, weights N(0, init_std) as in section 4 of the paper.

    Batch normalisation starts at scale N(1, init_std) and shift 0.

    Raises:
        UserError: the images have another size.
    """
    size, channels = images.size, images.channels
    if size not in SIZES:
        raise UserError(
            f"data.image_size: dcgan makes images of 16, 32 or 64 pixels, not {size}; set it to one of them"
        )
    maker = _generator(gan, size=size, channels=channels)
    judge = _discriminator(gan, size=size, channels=channels)
    for network in (maker, judge):
        _initialise(network, std=gan.init_std, generator=generator)
    return Networks(generator=maker, discriminator=judge)


def restore(gan: Gan, *, size: int, channels: int, state: dict[str, Tensor]) -> nn.Module:
    """The generator with the weights ``state``, in evaluation mode."""
    network = _generator(gan, size=size, channels=channels)
    network.load_state_dict(state)
    return network.eval()


def latents(gan: Gan, *, first: int, count: int, generator: torch.Generator) -> Tensor:
    """Standard normal latents, ``count`` x nz; ``first`` has no part in them."""
    del first
    return torch.randn(count, gan.nz, generator=generator)


def _levels(size: int) -> int:
    """How often 4 pixels are doubled to make ``size``."""
    return size.bit_length() - 3


def _generator(gan: Gan, *, size: int, channels: int) -> nn.Module:
    """nz -> 4 x 4 by a transposed convolution of stride 1, then doubled with half the feature maps each time."""
    levels = _levels(size)
    width = gan.ngf << (levels - 1)
    layers: list[nn.Module] = [
        nn.Unflatten(1, (gan.nz, 1, 1)),
        nn.ConvTranspose2d(gan.nz, width, 4, stride=1, padding=0, bias=False),
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
    layers += [nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1), nn.Tanh()]
    return nn.Sequential(*layers)


def _discriminator(gan: Gan, *, size: int, channels: int) -> nn.Module:
    """The generator's mirror: halved to 4 x 4 by strided convolutions, then one logit."""
    width = gan.ndf
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, 4, stride=2, padding=1),
        nn.LeakyReLU(gan.slope, inplace=True),
    ]
    for _ in range(_levels(size) - 1):
        layers += [
            nn.Conv2d(width, width * 2, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width * 2),
            nn.LeakyReLU(gan.slope, inplace=True),
        ]
        width *= 2
    layers += [nn.Conv2d(width, 1, 4, stride=1, padding=0), nn.Flatten(0)]
    return nn.Sequential(*layers)


def _initialise(network: nn.Module, *, std: float, generator: torch.Generator) -> None:
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                module.weight.normal_(0.0, std, generator=generator)
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.normal_(1.0, std, generator=generator)
            else:
                continue
            if module.bias is not None:
                module.bias.zero_()
