from collections.abc import Callable

import torch
from torch import nn

from ganaug.config import Gan
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.seeds import torch_generator


def made(gan: Gan, *, size: int = 32, classes: int = 0) -> Networks:
    return build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=classes), rng=torch_generator(0))


def count(network: nn.Module | None) -> int:
    assert network is not None
    return sum(weight.numel() for weight in network.parameters())


def test_the_number_of_weights_is_that_of_the_description(settings: Callable[..., Gan]) -> None:
    networks = made(settings("sngan-32"))
    # 128 -> 4 x 4 x 256; three blocks of two 3 x 3 convolutions, a 1 x 1 shortcut and two batch norms, all of 256
    # channels; batch norm and a 3 x 3 convolution to 3.
    block = 2 * (9 * 256 * 256 + 256) + (256 * 256 + 256) + 2 * (2 * 256)
    generator = (128 * 4096 + 4096) + 3 * block + 2 * 256 + (9 * 256 * 3 + 3)
    assert count(networks.generator) == generator
    # From 3 to 128 and from 128 to 128 with shortcuts, then two blocks without; 128 -> 1.
    convolution = 9 * 128 * 128 + 128
    first = (9 * 3 * 128 + 128) + convolution + (3 * 128 + 128)
    second = 2 * convolution + (128 * 128 + 128)
    discriminator = first + second + 2 * (2 * convolution) + (128 + 1)
    assert count(networks.discriminator) == discriminator


def test_labels_add_scales_shifts_and_one_embedding(settings: Callable[..., Gan]) -> None:
    small = {"ngf": 8, "ndf": 16}
    without, told = (made(settings("sngan-32", architecture=small), classes=classes) for classes in (0, 10))
    # Six batch norms of 8 channels: a scale and a shift a class instead of one.
    assert count(told.generator) - count(without.generator) == 6 * 2 * 8 * (10 - 1)
    assert count(told.discriminator) - count(without.discriminator) == 10 * 16


def test_convolutions_begin_uniform_within_the_stated_limits(settings: Callable[..., Gan]) -> None:
    generator = made(settings("sngan-32")).generator
    # Glorot and Bengio: sqrt(6 / (inputs + outputs)), times sqrt(2) within blocks: (12 / (2 * 9 * 256)) ** 0.5.
    weight = generator.get_parameter("blocks.0.conv1.weight")
    limit = (12 / (2 * 9 * 256)) ** 0.5
    assert 0.99 * limit < weight.abs().max().item() <= limit
    shortcut = generator.get_parameter("blocks.0.shortcut.weight")
    limit = (6 / (2 * 256)) ** 0.5
    assert 0.99 * limit < shortcut.abs().max().item() <= limit
    assert torch.equal(generator.get_parameter("blocks.0.conv1.bias"), torch.zeros(256))
