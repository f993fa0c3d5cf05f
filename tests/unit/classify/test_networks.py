import pytest
import torch
from torch import nn

from ganaug.classify.networks import make
from ganaug.config import Classifier
from ganaug.errors import UserError
from ganaug.seeds import torch_generator


def build(name: str, *, size: int = 32, channels: int = 1, classes: int = 10, seed: int = 0) -> nn.Module:
    settings = Classifier(network=name, lr=1e-3, batch_size=8)
    return make(settings, size=size, channels=channels, classes=classes, generator=torch_generator(seed))


def weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_lenet5_has_the_published_number_of_weights() -> None:
    # The common form of LeNet-5 (full connections in the second convolution, 10 dense outputs): 61,706.
    assert weights(build("lenet5")) == 61706


def test_simplecnn_is_what_its_description_says() -> None:
    # 32 pixels -> 28 -> 14 -> 12 -> 6; 16 x 5 x 5 x 3 + 16, 8 x 3 x 3 x 16 + 8, 288 x 64 + 64, 64 x 2 + 2.
    assert weights(build("simplecnn", channels=3, classes=2)) == 1216 + 1160 + 18496 + 130


@pytest.mark.parametrize(("name", "size"), [(n, s) for n in ("lenet5", "simplecnn") for s in (12, 16, 28, 32, 64)])
def test_every_size_gives_a_logit_a_class(name: str, size: int) -> None:
    assert build(name, size=size, channels=3, classes=4)(torch.zeros(2, 3, size, size)).shape == (2, 4)


@pytest.mark.parametrize("name", ["lenet5", "simplecnn"])
def test_too_small_images_are_refused_with_the_key(name: str) -> None:
    with pytest.raises(UserError, match=r"data\.image_size"):
        build(name, size=11)


def test_the_seed_decides_the_weights_and_nothing_else_does() -> None:
    torch.manual_seed(0)
    first = build("lenet5")
    torch.manual_seed(1)
    second, third = build("lenet5"), build("lenet5", seed=1)
    same = [torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True)]
    other = [torch.equal(a, b) for a, b in zip(first.parameters(), third.parameters(), strict=True)]
    assert all(same)
    assert not any(other)


def test_initial_weights_have_the_bound_of_he_et_al() -> None:
    first = next(layer for layer in build("lenet5", channels=3).modules() if isinstance(layer, nn.Conv2d))
    # kaiming_uniform with a = sqrt(5): bound 1 / sqrt(fan in), fan in 3 x 5 x 5.
    assert first.weight.abs().max().item() == pytest.approx(1 / 75**0.5, rel=0.05)
    assert first.weight.abs().max().item() <= 1 / 75**0.5
