from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.gan.networks.keras import PReLU, conv, dense, doubling_conv, norm
from ganaug.gan.networks.layers import Dropout, SelfAttention, check_size, draw_from
from ganaug.seeds import torch_generator

Settings = Callable[..., Gan]

# 128 latents, 3 channels, 32 x 32: weights + biases of each layer, and 2 for every feature map of a batch norm.
GENERATORS = {
    # dense to 256x4x4 = 4,096; 3x3: 256-128-128-128-3.
    "dcgan1": 129 * 4096 + (9 * 256 + 1) * 128 + 2 * (9 * 128 + 1) * 128 + (9 * 128 + 1) * 3,
    # dense to 128x8x8 = 8,192, batch norm of 128; 5x5: 128-128-3.
    "dcgan2": 129 * 8192 + 2 * 128 + (25 * 128 + 1) * 128 + (25 * 128 + 1) * 3,
    # dense to 128x8x8; 3x3: 128-128-3.
    "dcgan3": 129 * 8192 + (9 * 128 + 1) * 128 + (9 * 128 + 1) * 3,
    # dense to 4x4x512 = 8,192, batch norm of 512; 5x5: 512-256-128-3; slopes at 4x4x512, 8x8x256 and 16x16x128.
    "dcgan4": 129 * 8192
    + 2 * 512
    + ((25 * 512 + 1) * 256 + (25 * 256 + 1) * 128 + (25 * 128 + 1) * 3)
    + (8192 + 16384 + 32768),
    # dense to 2x2x512 = 2,048; 3x3: 512-128-64-64-3; batch norm of 128, 64, 64.
    "dcgan5": 129 * 2048
    + ((9 * 512 + 1) * 128 + (9 * 128 + 1) * 64 + (9 * 64 + 1) * 64 + (9 * 64 + 1) * 3)
    + 2 * (128 + 64 + 64),
}
DISCRIMINATORS = {
    # 3x3: 3-64-128-128-256, 32-32-16-8-4 pixels; dense from 256x4x4 = 4,096.
    "dcgan1": (27 + 1) * 64 + (9 * 64 + 1) * 128 + (9 * 128 + 1) * 128 + (9 * 128 + 1) * 256 + 4097,
    # 5x5: 3-64-128, 16 and 8 pixels, batch norm of 64 and 128; dense from 128x8x8 = 8,192.
    "dcgan2": (75 + 1) * 64 + (25 * 64 + 1) * 128 + 2 * (64 + 128) + 8193,
    # 3x3: 3-64-128; dense from 8,192.
    "dcgan3": (27 + 1) * 64 + (9 * 64 + 1) * 128 + 8193,
    # 4x4: 3-64-128-256-512, down to 2 pixels; dense from 512x2x2 = 2,048.
    "dcgan4": (48 + 1) * 64 + (16 * 64 + 1) * 128 + (16 * 128 + 1) * 256 + (16 * 256 + 1) * 512 + 2049,
    "dcgan5": (27 + 1) * 64 + (9 * 64 + 1) * 128 + 8193,
}


def made(gan: Gan, *, size: int = 32) -> Networks:
    return build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=0), rng=torch_generator(0))


def weights(network: nn.Module | None) -> int:
    assert network is not None
    return sum(weight.numel() for weight in network.parameters())


def of(network: nn.Module | None, *kinds: type[nn.Module]) -> list[nn.Module]:
    assert network is not None
    return [module for module in network.children() if isinstance(module, kinds)]


@pytest.mark.parametrize("name", GENERATORS)
def test_the_number_of_weights_is_that_of_the_description(settings: Settings, name: str) -> None:
    networks = made(settings(name))
    assert weights(networks.generator) == GENERATORS[name]
    assert weights(networks.discriminator) == DISCRIMINATORS[name]


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [("cgan0", "dcgan1", "dcgan1"), ("wgan1", "dcgan1", "dcgan3"), ("wgan2", "dcgan2", "dcgan4")],
)
def test_other_presets_put_them_together(settings: Settings, name: str, generator: str, discriminator: str) -> None:
    networks = made(settings(name))
    assert weights(networks.generator) == GENERATORS[generator]
    assert weights(networks.discriminator) == DISCRIMINATORS[discriminator]


def test_a_label_joins_the_latents_and_the_channels(settings: Settings) -> None:
    networks = build(settings("cgan0"), Shape(nz=128, size=32, channels=3, classes=10), rng=torch_generator(0))
    assert weights(networks.generator) == GENERATORS["dcgan1"] + 10 * 4096
    assert weights(networks.discriminator) == DISCRIMINATORS["dcgan1"] + 10 * 9 * 64


@pytest.mark.parametrize(
    ("name", "strides", "dropouts"),
    [
        ("dcgan1", [1, 2, 2, 2], [0.4]),
        ("dcgan2", [2, 2], [0.4, 0.4]),
        ("dcgan3", [2, 2], []),
        ("dcgan4", [2, 2, 2, 2], [0.3, 0.3, 0.3, 0.3]),
        ("dcgan5", [2, 2], []),
    ],
)
def test_strides_and_dropouts(settings: Settings, name: str, strides: list[int], dropouts: list[float]) -> None:
    discriminator = made(settings(name)).discriminator
    assert [layer.stride[0] for layer in of(discriminator, nn.Conv2d)] == strides  # type: ignore[index,union-attr]
    assert [layer.p for layer in of(discriminator, Dropout)] == dropouts


def test_spectral_normalisation_is_of_the_convolutions_of_dcgan4_alone(settings: Settings) -> None:
    for name, normed in (("dcgan3", 0), ("dcgan4", 4)):
        discriminator = made(settings(name, architecture={"width": 0.0625})).discriminator
        layers = of(discriminator, nn.Conv2d, nn.Linear)
        assert [hasattr(layer, "parametrizations") for layer in layers] == [True] * normed + [False] * (
            len(layers) - normed
        )
        for layer in layers[:normed]:
            assert isinstance(layer.weight, torch.Tensor)
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1.0, abs=0.1)


def test_attention_is_where_it_is_asked_for_and_starts_as_nothing(settings: Settings) -> None:
    for name, generator, discriminator in (("dcgan2", 0, 0), ("sadcgan1", 0, 1), ("sadcgan2", 1, 1)):
        networks = made(settings(name))
        assert len(of(networks.generator, SelfAttention)) == generator
        assert len(of(networks.discriminator, SelfAttention)) == discriminator
    # sadcgan1's D: 64 maps; queries and keys 64-8, values 64-32, out 32-64, one scale.
    attention = 2 * 64 * 8 + 2 * 64 * 32 + 1
    assert weights(made(settings("sadcgan1")).discriminator) == DISCRIMINATORS["dcgan2"] + attention
    with_it = settings("dcgan3", architecture={"generator_attention": True})
    latents = torch.randn(2, 128, generator=torch_generator(1))
    networks = made(with_it)
    without = nn.Sequential(*(layer for layer in networks.generator.children() if not isinstance(layer, SelfAttention)))
    assert torch.equal(networks.generator(latents), without(latents))


@pytest.mark.parametrize("name", GENERATORS)
def test_attention_sees_half_the_size_in_every_body(settings: Settings, name: str) -> None:
    attention = {"generator_attention": True, "discriminator_attention": True, "width": 0.0625}
    networks = made(settings(name, architecture=attention))
    seen = []
    for network in (networks.generator, networks.discriminator):
        [layer] = of(network, SelfAttention)
        layer.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0].shape[2]))
    assert networks.discriminator is not None
    draw_from(networks.discriminator, torch_generator(0))
    networks.discriminator(networks.generator(torch.zeros(2, 128)))
    assert seen == [16, 16]


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("name", GENERATORS)
def test_other_sizes_change_the_dense_layers_alone(settings: Settings, name: str, size: int) -> None:
    networks = made(settings(name, architecture={"width": 0.0625}), size=size)
    assert networks.discriminator is not None
    draw_from(networks.discriminator, torch_generator(0))
    images = networks.generator(torch.zeros(3, 128))
    assert images.shape == (3, 3, size, size)
    assert networks.discriminator(images).shape == (3,)


def test_another_size_is_refused(settings: Settings) -> None:
    with pytest.raises(UserError, match=r"data\.image_size: gan101 makes images of 16, 32 or 64 pixels, not 28"):
        made(settings("dcgan1"), size=28)


def test_layers_start_as_keras_makes_them() -> None:
    rng = torch_generator(0)
    # Glorot: uniform within sqrt(6 / (fan in + fan out)).
    for layer, fans in (
        (dense(100, 50, rng=rng), 150),
        (conv(20, 30, 3, rng=rng), 9 * 50),
        (doubling_conv(20, 30, 5, rng=rng), 25 * 50),
    ):
        limit = (6 / fans) ** 0.5
        assert isinstance(layer.weight, torch.Tensor)
        assert isinstance(layer.bias, torch.Tensor)
        assert 0.99 * limit < layer.weight.abs().max().item() <= limit
        assert not layer.bias.any()
    made_norm = norm(4)
    assert isinstance(made_norm, nn.BatchNorm2d)
    assert (made_norm.momentum, made_norm.eps) == (0.01, 0.001)


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
def test_sizes_double_and_halve(kernel: int) -> None:
    images = torch.zeros(1, 2, 8, 8)
    assert doubling_conv(2, 3, kernel, rng=torch_generator(0))(images).shape == (1, 3, 16, 16)
    assert conv(2, 3, kernel, stride=2, rng=torch_generator(0))(images).shape == (1, 3, 4, 4)


def test_prelu_has_a_slope_of_its_own_for_each_number() -> None:
    layer = PReLU(1, 2)
    features = torch.tensor([[[[-1.0, 2.0], [-3.0, 4.0]]]])
    assert layer(features).tolist() == [[[[0.0, 2.0], [0.0, 4.0]]]]
    with torch.no_grad():
        layer.slopes.copy_(torch.tensor([[[0.5, 9.0], [2.0, 9.0]]]))
    assert layer(features).tolist() == [[[[-0.5, 2.0], [-6.0, 4.0]]]]


def test_a_size_is_refused_with_those_that_are_made() -> None:
    check_size("some", 8, (4, 8))
    with pytest.raises(UserError, match="some makes images of 4 or 8 pixels, not 5; set it to one of them"):
        check_size("some", 5, (4, 8))
