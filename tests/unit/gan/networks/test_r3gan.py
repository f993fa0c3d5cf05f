"""R3GAN: no normalisation, branches that start at zero, resampling by hand, and how labels come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Shape, build
from ganaug.gan.networks.r3gan import Basis, Block, Blur, Discriminator, Down, Generator, Up
from ganaug.seeds import torch_generator

SMALL = {"widest": 16, "base": 128, "blocks": 1, "group": 4}


def made(
    settings: Callable[..., Gan],
    *,
    size: int = 16,
    classes: int = 0,
    nz: int = 6,
    architecture: dict[str, int] | None = None,
) -> tuple[Generator, Discriminator]:
    gan = settings("r3gan-32", architecture=SMALL if architecture is None else architecture, nz=nz)
    networks = build(gan, Shape(nz=nz, size=size, channels=3, classes=classes), rng=torch_generator(0))
    return cast(Generator, networks.generator), cast(Discriminator, networks.discriminator)


def latents(count: int = 4) -> Tensor:
    return torch.randn(count, 6, generator=torch_generator(1))


def pictures(count: int = 4, size: int = 16) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch_generator(2))


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_nothing_is_normalised(settings: Callable[..., Gan]) -> None:
    kinds = {Block, Up, Down, Blur, Basis, nn.Conv2d, nn.Linear, nn.LeakyReLU, nn.Sequential, nn.Flatten, nn.Identity}
    for network in made(settings):
        assert {type(module) for module in network.modules()} <= kinds | {Generator, Discriminator}
    # What is made of an image does not depend on the others of its batch.
    _, discriminator = made(settings)
    assert torch.allclose(discriminator(pictures())[:1], discriminator(pictures()[:1]), atol=1e-5)


def test_the_number_of_weights_is_that_of_the_description(settings: Callable[..., Gan]) -> None:
    # 32 pixels, 64 latents: widths 96, 96, 64, 32. A block of width w: 1 x 1 to 2 w, 3 x 3 in groups of 16, each with
    # a bias, and 1 x 1 back; two of them a stage.
    blocks = sum(2 * (2 * w * w + 2 * w + 9 * 16 * 2 * w + 2 * w + 2 * w * w) for w in (96, 96, 64, 32))
    changes = 96 * 64 + 64 * 32
    generator, discriminator = made(settings, size=32, nz=64, architecture={})
    assert count(generator) == 16 * 96 + 64 * 96 + blocks + changes + 32 * 3
    assert count(discriminator) == 3 * 32 + blocks + changes + 16 * 96 + 96
    # Ten classes: embeddings of 64 (and as many more inputs of the basis), and of 96 against 96 numbers of the image.
    generator, discriminator = made(settings, size=32, nz=64, classes=10, architecture={})
    assert count(generator) == 16 * 96 + 2 * 64 * 96 + blocks + changes + 32 * 3 + 10 * 64
    assert count(discriminator) == 3 * 32 + blocks + changes + 16 * 96 + 96 * 96 + 10 * 96


def test_blocks_are_grouped_bottlenecks_that_start_as_identities(settings: Callable[..., Gan]) -> None:
    for network in made(settings):
        blocks = [module for module in network.modules() if isinstance(module, Block)]
        assert len(blocks) == 3
        for block in blocks:
            convs = [layer for layer in block.branch if isinstance(layer, nn.Conv2d)]
            assert [conv.kernel_size[0] for conv in convs] == [1, 3, 1]
            assert [conv.groups for conv in convs] == [1, convs[1].in_channels // 4, 1]
            assert convs[0].out_channels == 2 * convs[0].in_channels == 2 * convs[2].out_channels
            features = torch.randn(2, convs[0].in_channels, 4, 4)
            assert torch.equal(block(features), features)


def test_the_whole_network_starts_linear(settings: Callable[..., Gan]) -> None:
    generator, discriminator = made(settings)
    assert torch.allclose(generator(3 * latents()), 3 * generator(latents()), atol=1e-5)
    assert torch.allclose(discriminator(3 * pictures()), 3 * discriminator(pictures()), atol=1e-5)


def test_weights_are_drawn_as_described(settings: Callable[..., Gan]) -> None:
    generator, _ = made(settings, size=32, nz=64, architecture={})
    block = next(module for module in generator.modules() if isinstance(module, Block))
    # LeakyReLU 0.2 keeps sqrt(1.04 / 2) of what passes; 8 blocks with three layers each: 8^(-1 / 4).
    gain = (2 / 1.04) ** 0.5 * 8**-0.25
    first, _, second, _, last = cast(tuple[nn.Conv2d, ...], tuple(block.branch))
    # 18,432 and 27,648 draws: the standard errors are half a percent.
    assert first.weight.std().item() == pytest.approx(gain / 96**0.5, rel=0.02)
    assert second.weight.std().item() == pytest.approx(gain / (16 * 9) ** 0.5, rel=0.02)
    assert not any(zero.any() for zero in (last.weight, cast(Tensor, first.bias), cast(Tensor, second.bias)))


def test_resampling_by_hand() -> None:
    rng = torch_generator(0)
    # One pixel spreads as [1, 3, 3, 1] / 4 each way.
    features = torch.zeros(1, 1, 4, 4)
    features[0, 0, 1, 1] = 16.0
    line = torch.tensor([0.0, 1.0, 3.0, 3.0, 1.0, 0.0, 0.0, 0.0])
    assert torch.allclose(Up(1, 1, rng=rng)(features)[0, 0], line[:, None] * line)
    # A pixel of the smaller map collects [1, 3, 3, 1] / 8 each way.
    collected = Down(1, 1, rng=rng)(torch.eye(4)[None, None] * 64.0)[0, 0]
    assert torch.allclose(collected, torch.tensor([[19.0, 6.0], [6.0, 19.0]]))


@pytest.mark.parametrize("size", [16, 32, 64])
def test_away_from_borders_it_is_bilinear(size: int) -> None:
    features = torch.randn(2, 3, size, size, generator=torch_generator(3))
    bilinear = nn.functional.interpolate(features, scale_factor=2.0, mode="bilinear")
    up = Up(3, 3, rng=torch_generator(0))(features)
    assert torch.allclose(up[:, :, 1:-1, 1:-1], bilinear[:, :, 1:-1, 1:-1], atol=1e-6)


def test_labels_change_images_and_logits(settings: Callable[..., Gan]) -> None:
    generator, discriminator = made(settings, classes=3)
    labels = torch.tensor([0, 1, 2, 0])
    same = latents(1).expand(4, 6)
    images = generator(same, labels)
    assert torch.allclose(images[0], images[3], atol=1e-5)
    assert not torch.allclose(images[0], images[1], atol=1e-2)
    picture = pictures(1).expand(4, 3, 16, 16)
    logits = discriminator(picture, labels)
    # The logit is the product of what the image gives with the label's embedding.
    assert discriminator.embed is not None
    expected = (discriminator.layers(picture) * discriminator.embed.weight[labels]).sum(dim=1)
    assert torch.allclose(logits, expected)
    assert logits[0].item() != logits[1].item()


def test_another_size_is_refused(settings: Callable[..., Gan]) -> None:
    with pytest.raises(UserError, match=r"data\.image_size.*28"):
        made(settings, size=28)
