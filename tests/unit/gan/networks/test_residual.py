"""What SNGAN, SAGAN and BigGAN share."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, relu
from torch.nn.utils.parametrize import is_parametrized

from ganaug.config import Gan
from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks, Shape, build, call
from ganaug.gan.networks.layers import SelfAttention
from ganaug.gan.networks.residual import Discriminator, Down, Layers, Norm, Up
from ganaug.io import load_tensors, save_tensors
from ganaug.seeds import torch_generator

SMALL = {
    "sngan-32": {"ngf": 8, "ndf": 8},
    "sagan-32": {"ngf": 4, "ndf": 4},
    "biggan-32": {"ch": 2, "embedding": 4},
}
CLASSES = 3


@pytest.fixture(params=SMALL)
def gan(request: pytest.FixtureRequest, settings: Callable[..., Gan]) -> Gan:
    return settings(request.param, nz=7, architecture=SMALL[request.param])


def made(gan: Gan, *, size: int = 32, channels: int = 3, classes: int = CLASSES, seed: int = 0) -> Networks:
    return build(gan, Shape(nz=7, size=size, channels=channels, classes=classes), rng=torch_generator(seed))


def both(networks: Networks) -> tuple[nn.Module, Discriminator]:
    assert isinstance(networks.discriminator, Discriminator)
    return networks.generator, networks.discriminator


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch_generator(seed))


def plain() -> Layers:
    return Layers(draw=nn.init.xavier_uniform_, gain=1.0, spectral=False, rng=torch_generator(0))


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize(("channels", "classes"), [(1, 0), (3, 0), (3, CLASSES)])
def test_shapes_at_every_size(gan: Gan, size: int, channels: int, classes: int) -> None:
    generator, discriminator = both(made(gan, size=size, channels=channels, classes=classes))
    labels = torch.tensor([0, 2]) if classes else None
    images = call(generator, normal(2, 7), labels)
    assert images.shape == (2, channels, size, size)
    assert images.abs().max() <= 1
    assert call(discriminator, images, labels).shape == (2,)


def test_another_size_is_refused_with_the_key(gan: Gan) -> None:
    with pytest.raises(UserError, match=r"data\.image_size: \w+ makes images of 16, 32 or 64 pixels, not 28"):
        made(gan, size=28)


def test_spectral_weights_have_largest_singular_value_one(gan: Gan) -> None:
    networks = made(gan)
    spectral = [layer for network in both(networks) for layer in network.modules() if is_parametrized(layer)]
    assert spectral
    for layer in spectral:
        for _ in range(300):
            layer.weight  # noqa: B018
        matrix = layer.eval().weight.detach().flatten(1).double().numpy()
        assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1.0, abs=1e-3)


def test_spectral_normalisation_is_where_the_papers_have_it(gan: Gan) -> None:
    generator, discriminator = both(made(gan))
    weighted = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert all(is_parametrized(layer) for layer in weighted)
    weighted = [layer for layer in generator.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert {is_parametrized(layer) for layer in weighted} == {gan.network != "sngan"}
    assert not any(is_parametrized(layer) for layer in generator.modules() if isinstance(layer, nn.Embedding))


@pytest.mark.parametrize(("size", "attended"), [(16, 8), (32, 16), (64, 16)])
def test_self_attention_is_in_the_middle_of_both(gan: Gan, size: int, attended: int) -> None:
    seen: list[tuple[int, ...]] = []

    def look(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen.append(tuple(inputs[0].shape[2:]))

    generator, discriminator = both(made(gan, size=size, classes=0))
    for network in (generator, discriminator):
        for layer in network.modules():
            if isinstance(layer, SelfAttention):
                layer.register_forward_pre_hook(look)
    discriminator(generator(normal(2, 7)))
    assert seen == ([] if gan.network == "sngan" else [(attended, attended)] * 2)


def test_labels_change_images_and_are_not_needed_without_classes(gan: Gan) -> None:
    generator, _ = both(made(gan))
    latents = normal(1, 7).expand(4, 7)
    images = generator.train()(latents, torch.tensor([0, 1, 2, 0]))
    assert torch.allclose(images[0], images[3], atol=1e-5)
    assert not torch.allclose(images[0], images[1], atol=1e-4)
    assert not torch.allclose(images[1], images[2], atol=1e-4)
    unlabelled, discriminator = both(made(gan, classes=0))
    assert not any(isinstance(layer, nn.Embedding) for layer in (*unlabelled.modules(), *discriminator.modules()))


def test_projection_adds_the_inner_product_of_embedding_and_features(gan: Gan) -> None:
    _, discriminator = both(made(gan))
    discriminator.eval()
    images = normal(2, 3, 32, 32)
    with torch.no_grad():
        features = relu(discriminator.blocks(images)).sum(dim=(2, 3))
        assert discriminator.head.embedding is not None
        embedding = discriminator.head.embedding.weight
        one, other = (discriminator(images, torch.full((2,), label)) for label in (0, 1))
        bare = features @ discriminator.head.dense.weight[0]
    # The bias of the dense layer starts at zero.
    assert torch.allclose(one, bare + features @ embedding[0], rtol=1e-4, atol=1e-4)
    assert torch.allclose(one - other, features @ (embedding[0] - embedding[1]), rtol=1e-4, atol=1e-4)


def test_evaluation_changes_nothing_and_copies_and_files_give_the_same(gan: Gan, tmp_path: Path) -> None:
    labels = torch.tensor([0, 1])
    networks = made(gan)
    for network, inputs in zip(both(networks), (normal(2, 7), normal(2, 3, 32, 32)), strict=True):
        before = {name: value.clone() for name, value in network.state_dict().items()}
        network.train()(inputs, labels)
        moved = {name: value.clone() for name, value in network.state_dict().items()}
        assert any(not torch.equal(before[name], value) for name, value in moved.items())
        out = network.eval()(inputs, labels)
        assert all(torch.equal(moved[name], value) for name, value in network.state_dict().items())
        assert torch.equal(copy.deepcopy(network)(inputs, labels), out)
        save_tensors(tmp_path / "weights", network.state_dict(), {})
        kept, _ = load_tensors(tmp_path / "weights")
        fresh = both(made(gan, seed=1))[network is networks.discriminator].eval()
        assert not torch.equal(fresh(inputs, labels), out)
        fresh.load_state_dict(kept)
        assert torch.equal(fresh(inputs, labels), out)


def test_a_copy_shares_no_memory(gan: Gan) -> None:
    for network in both(made(gan)):
        other = copy.deepcopy(network)
        tensors = [*network.state_dict().values(), *other.state_dict().values()]
        assert len({tensor.data_ptr() for tensor in tensors}) == len(tensors)


def test_a_condition_chooses_scale_and_shift() -> None:
    norm = Norm(1, lambda channels: nn.Embedding(2, channels)).eval()
    assert isinstance(norm.gain, nn.Embedding)
    assert isinstance(norm.shift, nn.Embedding)
    norm.gain.weight.data = torch.tensor([[0.0], [1.0]])
    norm.shift.weight.data = torch.tensor([[0.0], [-3.0]])
    norm.norm.running_mean.fill_(2.0)  # type: ignore[union-attr,operator]
    norm.norm.running_var.fill_(4.0)  # type: ignore[union-attr,operator]
    # (6 - 2) / sqrt(4) = 2: label 0 leaves it, label 1 makes it 2 * 2 - 3.
    out = norm(torch.full((2, 1, 1, 1), 6.0), torch.tensor([0, 1]))
    assert out.flatten().tolist() == pytest.approx([2.0, 1.0], abs=1e-4)


def test_a_block_up_is_that_of_the_paper() -> None:
    block = Up(3, 5, plain(), None)
    features = normal(2, 3, 4, 4)

    def double(x: Tensor) -> Tensor:
        return interpolate(x, scale_factor=2.0)

    hidden = block.conv2(relu(block.norm2(block.conv1(double(relu(block.norm1(features, None)))), None)))
    assert torch.allclose(block(features, None), hidden + block.shortcut(double(features)), atol=1e-5)


@pytest.mark.parametrize("first", [True, False])
def test_a_block_down_is_that_of_the_paper(first: bool) -> None:
    block = Down(3, 5, plain(), first=first, halve=True)
    features = normal(2, 3, 4, 4)
    hidden = block.conv2(relu(block.conv1(features if first else relu(features))))
    wanted = avg_pool2d(hidden, 2) + avg_pool2d(block.shortcut(features), 2)
    assert torch.allclose(block(features), wanted, atol=1e-5)


def test_a_block_that_keeps_size_and_width_adds_to_its_input() -> None:
    block = Down(3, 3, plain(), first=False, halve=False)
    nn.init.zeros_(block.conv2.weight)
    features = normal(2, 3, 4, 4)
    assert torch.equal(block(features), features)
