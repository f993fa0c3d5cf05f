from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ganaug.config import Gan
from ganaug.gan.networks.biggan import Generator, cut
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.seeds import torch_generator

SMALL = {"ch": 4, "embedding": 6}


def made(gan: Gan, *, size: int = 32, classes: int = 10) -> Networks:
    return build(gan, Shape(nz=gan.nz, size=size, channels=3, classes=classes), rng=torch_generator(0))


def test_the_number_of_weights_is_that_of_the_description(settings: Callable[..., Gan]) -> None:
    networks = made(settings("biggan-32"))
    assert networks.discriminator is not None
    # 256 channels throughout. Four parts of 32 latents; 128 numbers a class; each of six batch norms has a scale and a
    # shift for 256 channels that are linear, without bias, in 128 + 32 numbers.
    convolution, shortcut = 9 * 256 * 256 + 256, 256 * 256 + 256
    attention = 2 * 256 * 32 + 2 * 256 * 128 + 1
    block = 2 * convolution + shortcut + 2 * 2 * 160 * 256
    generator = 10 * 128 + (32 * 4096 + 4096) + 3 * block + attention + 2 * 256 + (9 * 256 * 3 + 3)
    assert sum(weight.numel() for weight in networks.generator.parameters()) == generator
    # Two blocks with shortcuts, two without; 256 -> 1, and a vector a class.
    first = (9 * 3 * 256 + 256) + convolution + (3 * 256 + 256)
    discriminator = first + (2 * convolution + shortcut) + 2 * (2 * convolution) + attention + (256 + 1) + 10 * 256
    assert sum(weight.numel() for weight in networks.discriminator.parameters()) == discriminator


def test_latents_are_cut_in_equal_parts_and_all_used() -> None:
    assert cut(128, 4) == [32, 32, 32, 32]
    assert cut(6, 4) == [2, 2, 1, 1]


@pytest.mark.parametrize("classes", [0, 3])
def test_each_block_sees_its_own_part_of_the_latents(settings: Callable[..., Gan], classes: int) -> None:
    generator = made(settings("biggan-32", nz=8, architecture=SMALL), classes=classes).generator.eval()
    assert isinstance(generator, Generator)
    seen: list[Tensor] = []
    for block in generator.blocks:
        block.register_forward_hook(lambda layer, inputs, output: seen.append(output))
    latents = torch.randn(1, 8, generator=torch_generator(1))
    labels = torch.tensor([1]) if classes else None
    generator(latents, labels)
    # Numbers 4 and 5 are the third part: that of the second block.
    other = latents.clone()
    other[0, 4:6] += 1
    generator(other, labels)
    assert torch.equal(seen[0], seen[3])
    assert not torch.allclose(seen[1], seen[4], atol=1e-4)
    assert not torch.allclose(seen[2], seen[5], atol=1e-4)


def test_all_blocks_share_one_class_embedding(settings: Callable[..., Gan]) -> None:
    generator = made(settings("biggan-32", nz=8, architecture=SMALL), classes=3).generator
    embeddings = [layer for layer in generator.modules() if isinstance(layer, nn.Embedding)]
    assert [tuple(layer.weight.shape) for layer in embeddings] == [(3, 6)]


def test_weights_begin_orthogonal(settings: Callable[..., Gan]) -> None:
    networks = made(settings("biggan-32", nz=8, architecture=SMALL), classes=3)
    assert networks.discriminator is not None
    checked = 0
    for layer in (*networks.generator.modules(), *networks.discriminator.modules()):
        if not isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding):
            continue
        weight = layer.get_parameter("parametrizations.weight.original" if is_parametrized(layer) else "weight")
        matrix = weight.detach().flatten(1)
        matrix = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        assert torch.allclose(matrix @ matrix.T, torch.eye(len(matrix)), atol=1e-5)
        checked += 1
    # G: dense, embedding, 3 x (3 convolutions, 4 of batch norm), 4 of attention, the last; D: 4 x 2 convolutions,
    # 2 shortcuts, 4 of attention, dense, embedding.
    assert checked == 28 + 16


def test_attention_may_be_left_out(settings: Callable[..., Gan]) -> None:
    with_, without = (
        made(settings("biggan-32", nz=8, architecture={**SMALL, "attention": attention})) for attention in (True, False)
    )
    # 16 channels: queries and keys of 2, values of 8, and the scale.
    counts = [sum(weight.numel() for weight in networks.generator.parameters()) for networks in (with_, without)]
    assert counts[0] - counts[1] == 2 * 16 * 2 + 2 * 16 * 8 + 1
