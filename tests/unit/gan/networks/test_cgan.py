from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.cgan import Skipped
from ganaug.gan.networks.family import Networks, Shape, build, call
from ganaug.seeds import torch_generator

Settings = Callable[..., Gan]

# 128 latents and 10 classes: dense 138 -> 2x2x512 = 2,048; batch norm of 512, 256, 128, 64; slopes at 2x2x512,
# 4x4x256, 8x8x128 and 16x16x64.
START = (138 + 1) * 2048 + 2 * (512 + 256 + 128 + 64) + (2048 + 4096 + 8192 + 16384)
# Transposed convolutions 512-256-128-64-3, their biases.
FOUR = (512 * 256 + 256 * 128 + 128 * 64 + 64 * 3, 256 + 128 + 64 + 3)
# 1x1 convolutions around the three hidden ones: 512-256-128-64.
SKIPS = 513 * 256 + 257 * 128 + 129 * 64
GENERATORS = {
    "cgan1": START + 16 * FOUR[0] + FOUR[1],
    "cgan2": START + 16 * FOUR[0] + FOUR[1],
    "cgan3": START + 25 * FOUR[0] + FOUR[1] + SKIPS,
}
# 4x4: 3-64-128-256-512 with a bias and a batch norm of each; dense 512 + 10 -> 512 -> 1.
DISCRIMINATOR = (
    16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) + 3 * (64 + 128 + 256 + 512) + (522 + 1) * 512 + (512 + 1)
)


def made(gan: Gan, *, size: int = 32, classes: int = 10) -> Networks:
    return build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=classes), rng=torch_generator(0))


def weights(network: nn.Module | None) -> int:
    assert network is not None
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("name", GENERATORS)
def test_the_number_of_weights_is_that_of_the_description(settings: Settings, name: str) -> None:
    networks = made(settings(name))
    assert weights(networks.generator) == GENERATORS[name]
    assert weights(networks.discriminator) == DISCRIMINATOR


@pytest.mark.parametrize(("name", "kernel", "normed"), [("cgan1", 4, 0), ("cgan2", 4, 5), ("cgan3", 5, 8)])
def test_kernels_and_spectral_normalisation_of_the_generator(
    settings: Settings, name: str, kernel: int, normed: int
) -> None:
    networks = made(settings(name, architecture={"width": 0.125}))
    transposed = [layer for layer in networks.generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.kernel_size[0], layer.stride[0]) for layer in transposed] == [(kernel, 2)] * 4
    # The dense layer, four transposed convolutions and, with skip connections, three around them.
    assert sum(hasattr(module, "parametrizations") for module in networks.generator.modules()) == normed
    assert networks.discriminator is not None
    assert not any(hasattr(module, "parametrizations") for module in networks.discriminator.modules())
    halving = [layer for layer in networks.discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.kernel_size[0], layer.stride[0]) for layer in halving] == [(4, 2)] * 4


def test_batch_normalisation_replaces_a_fifth(settings: Settings) -> None:
    networks = made(settings("cgan1", architecture={"width": 0.125}))
    for network, count in ((networks.generator, 4), (networks.discriminator, 4)):
        assert network is not None
        norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
        assert [(norm.momentum, norm.eps) for norm in norms] == [(0.2, 0.001)] * count


def test_a_label_joins_the_dense_layers_as_one_hot_numbers(settings: Settings) -> None:
    networks = made(settings("cgan1", architecture={"width": 0.125}), classes=3)
    assert networks.discriminator is not None
    dense = next(module for module in networks.discriminator.modules() if isinstance(module, nn.Linear))
    # An eighth of 512 averages, then 3 labels.
    assert dense.in_features == 64 + 3
    images = torch.zeros(2, 3, 32, 32)
    same = networks.discriminator(images, torch.tensor([1, 1]))
    assert same[0].item() == pytest.approx(same[1].item(), abs=1e-6)
    other = networks.discriminator(images, torch.tensor([0, 2]))
    assert abs(other[0].item() - other[1].item()) > 1e-3
    with torch.no_grad():
        dense.weight[:, 64:] = 0
    deaf = networks.discriminator(images, torch.tensor([0, 2]))
    assert deaf[0].item() == pytest.approx(deaf[1].item(), abs=1e-6)


def test_a_skip_connection_adds_the_upsampled_input() -> None:
    double = nn.Upsample(scale_factor=2)
    skipped = Skipped(double, 1, 1, rng=torch_generator(0), spectral=False)
    [convolution, _] = skipped.around
    with torch.no_grad():
        convolution.weight.fill_(3.0)  # type: ignore[union-attr, operator]
    features = torch.tensor([[[[1.0, 2.0]]]])
    assert skipped(features).tolist() == [[[[4.0, 4.0, 8.0, 8.0], [4.0, 4.0, 8.0, 8.0]]]]


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("classes", [0, 3])
def test_other_sizes(settings: Settings, name: str, size: int, classes: int) -> None:
    networks = made(settings(name, architecture={"width": 0.0625}), size=size, classes=classes)
    assert networks.discriminator is not None
    labels = torch.tensor([0, 1, 2, 2]) if classes else None
    images = call(networks.generator, torch.zeros(4, 128), labels)
    assert images.shape == (4, 3, size, size)
    assert call(networks.discriminator, images, labels).shape == (4,)


def test_another_size_is_refused(settings: Settings) -> None:
    with pytest.raises(UserError, match=r"data\.image_size: cgan makes images of 16, 32 or 64 pixels, not 8"):
        made(settings("cgan1"), size=8)
