from collections.abc import Callable

import pytest
import torch
from torch import nn

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.seeds import torch_generator


def made(gan: Gan, *, size: int = 32, channels: int = 3) -> Networks:
    return build(gan, Shape(nz=gan.nz, size=size, channels=channels, classes=0), rng=torch_generator(0))


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_ranges(settings: Callable[..., Gan], size: int, channels: int) -> None:
    gan = settings()
    networks = made(gan, size=size, channels=channels)
    images = networks.generator(torch.randn(3, gan.nz, generator=torch_generator(1)))
    assert images.shape == (3, channels, size, size)
    assert images.abs().max() <= 1
    assert networks.discriminator is not None
    assert networks.discriminator(images).shape == (3,)


def test_the_number_of_weights_is_that_of_the_description(settings: Callable[..., Gan]) -> None:
    # 32 pixels, nz 100, ngf = ndf = 64: 4x4 kernels; 100-256-128-64-3, batch norm on 256, 128, 64; a bias of 3.
    gan = settings(nz=100, architecture={"ngf": 64, "ndf": 64})
    networks = made(gan, size=32, channels=3)
    assert networks.discriminator is not None
    generator = 16 * (100 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3 + 2 * (256 + 128 + 64)
    discriminator = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 1) + 64 + 1 + 2 * (128 + 256)
    assert sum(weight.numel() for weight in networks.generator.parameters()) == generator
    assert sum(weight.numel() for weight in networks.discriminator.parameters()) == discriminator


def test_layers_are_those_of_the_paper(settings: Callable[..., Gan]) -> None:
    networks = made(settings(), size=64, channels=3)
    transposed = [layer for layer in networks.generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.stride[0], layer.padding[0]) for layer in transposed] == [(1, 0)] + [(2, 1)] * 4
    assert isinstance(list(networks.generator.children())[-1], nn.Tanh)
    assert isinstance(list(networks.generator.children())[-2], nn.ConvTranspose2d)


def test_weights_are_drawn_from_the_stated_normal(settings: Callable[..., Gan]) -> None:
    gan = settings(nz=100, architecture={"ngf": 64, "ndf": 64})
    networks = made(gan, size=32, channels=3)
    weight = next(layer.weight for layer in networks.generator.modules() if isinstance(layer, nn.ConvTranspose2d))
    # 409,600 draws: the standard error of their standard deviation is 0.00002.
    assert weight.std().item() == pytest.approx(0.02, abs=1e-4)
    assert weight.mean().item() == pytest.approx(0.0, abs=2e-4)


def test_another_size_is_refused_with_the_key(settings: Callable[..., Gan]) -> None:
    with pytest.raises(UserError, match=r"data\.image_size.*28"):
        made(settings(), size=28, channels=1)


def test_building_leaves_no_trace_of_the_global_generator(settings: Callable[..., Gan]) -> None:
    states = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        networks = made(settings(), size=16, channels=1)
        states.append(torch.cat([tensor.flatten().float() for tensor in networks.generator.state_dict().values()]))
    assert torch.equal(*states)
