from collections.abc import Callable
from itertools import pairwise

import pytest

from ganaug.config import Gan
from ganaug.gan.networks.family import Shape, build
from ganaug.gan.networks.residual import Discriminator, Down, Generator
from ganaug.seeds import torch_generator


def attention(channels: int) -> int:
    """Queries and keys of an eighth, values of half the channels, back to all of them, and the scale."""
    return 2 * channels * (channels // 8) + 2 * channels * (channels // 2) + 1


def test_the_number_of_weights_is_that_of_the_description(settings: Callable[..., Gan]) -> None:
    networks = build(settings("sagan-32"), Shape(nz=128, size=32, channels=3, classes=0), rng=torch_generator(0))
    assert networks.discriminator is not None
    # 128 -> 4 x 4 x 256, blocks to 256, 128 and 64 channels, attention at 16 pixels, which have 128; batch norm and a
    # 3 x 3 convolution to 3.
    generator = (128 * 4096 + 4096) + attention(128) + 2 * 64 + (9 * 64 * 3 + 3)
    for inputs, outputs in pairwise([256, 256, 128, 64]):
        generator += 9 * outputs * (inputs + outputs) + 2 * outputs + (inputs * outputs + outputs)
        generator += 2 * (inputs + outputs)
    assert sum(weight.numel() for weight in networks.generator.parameters()) == generator
    # Blocks to 64, 128 and 256 channels with shortcuts, attention at 16 pixels, which have 64; a block of 256 without.
    discriminator = attention(64) + 2 * (9 * 256 * 256 + 256) + (256 + 1)
    for inputs, outputs in pairwise([3, 64, 128, 256]):
        discriminator += 9 * outputs * (inputs + outputs) + 2 * outputs + (inputs * outputs + outputs)
    assert sum(weight.numel() for weight in networks.discriminator.parameters()) == discriminator


@pytest.mark.parametrize(
    ("size", "up", "down"), [(16, [8, 8, 4], [4, 8, 8]), (64, [32, 32, 16, 8, 4], [4, 8, 16, 32, 32])]
)
def test_widths_halve_and_double_as_the_size_does(
    settings: Callable[..., Gan], size: int, up: list[int], down: list[int]
) -> None:
    gan = settings("sagan-32", nz=5, architecture={"ngf": 4, "ndf": 4})
    networks = build(gan, Shape(nz=5, size=size, channels=1, classes=0), rng=torch_generator(0))
    assert isinstance(networks.generator, Generator)
    assert isinstance(networks.discriminator, Discriminator)
    convolutions = [networks.generator.get_submodule(f"blocks.{k}.conv1") for k in range(len(up) - 1)]
    assert [(layer.in_channels, layer.out_channels) for layer in convolutions] == list(pairwise(up))
    blocks = [block for block in networks.discriminator.blocks if isinstance(block, Down)]
    assert [block.conv1.out_channels for block in blocks] == down
    assert [block.halve for block in blocks] == [True] * (len(down) - 1) + [False]
