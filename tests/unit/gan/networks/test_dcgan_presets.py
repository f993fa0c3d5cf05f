from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import nn

from ganaug.config import Gan
from ganaug.gan.networks.family import Shape, build
from ganaug.seeds import torch_generator

Settings = Callable[..., Gan]


@pytest.mark.parametrize(
    ("preset", "size", "norms", "weights"),
    [
        # 4x4 kernels: 3-64-128-256-1; batch norm of 128 and 256; biases of 64 and 1.
        ("lsgan-32", 32, 2, 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256) + 65 + 2 * (128 + 256)),
        # The same without batch norm; biases of 64, 128, 256 and 1.
        ("wgan-gp", 32, 0, 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256) + 449),
        # 3-64-128-256-512-1; batch norm of the hidden 128, 256 and 512.
        (
            "dcgan-64-farhat",
            64,
            3,
            16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + 65 + 2 * (128 + 256 + 512),
        ),
    ],
)
def test_the_discriminator_is_that_of_the_description(
    settings: Settings, preset: str, size: int, norms: int, weights: int
) -> None:
    gan = settings(preset)
    network = build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=0), rng=torch_generator(0)).discriminator
    assert network is not None
    assert sum(isinstance(module, nn.BatchNorm2d) for module in network.modules()) == norms
    assert sum(weight.numel() for weight in network.parameters()) == weights


def test_farhat_s_slope_and_latents(settings: Settings) -> None:
    gan = settings("dcgan-64-farhat")
    networks = build(gan, Shape(nz=gan.nz, size=64, channels=3, classes=0), rng=torch_generator(0))
    assert networks.discriminator is not None
    leaky = [module for module in networks.discriminator.modules() if isinstance(module, nn.LeakyReLU)]
    assert [module.negative_slope for module in leaky] == [0.02] * 4
    # 4x4 kernels: 10-512-256-128-64-3; batch norm of 512 to 64; a bias of 3.
    generator = 16 * (10 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 2 * (512 + 256 + 128 + 64) + 3
    assert sum(weight.numel() for weight in networks.generator.parameters()) == generator
