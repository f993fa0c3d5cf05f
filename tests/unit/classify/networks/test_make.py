import importlib

import pytest
import torch
from torch import nn

from ganaug.classify.networks import make
from ganaug.config import Classifier
from ganaug.errors import UserError
from ganaug.seeds import torch_generator
from tests.unit.classify.networks.made import NETWORKS, made, weights
from tests.workflow.configs import SCHEMA

IMAGENET = {
    "alexnet": (224, 61_100_840),
    "resnet18": (224, 11_689_512),
    "resnet50": (224, 25_557_032),
    "googlenet": (224, 6_624_904),
    "vgg16": (224, 138_357_544),
    "inception_v3": (299, 23_834_568),
    "mobilenet_v2": (224, 3_504_872),
    "mobilenet_v3_small": (224, 2_542_856),
}
# The least pixels of each network.
LEAST = {"lenet5": 12, "simplecnn": 12, "alexnet": 15} | dict.fromkeys(
    set(NETWORKS) - {"lenet5", "simplecnn", "alexnet"}, 8
)


def on_meta(name: str, *, size: int, channels: int, classes: int) -> nn.Module:
    with torch.device("meta"):
        network: nn.Module = importlib.import_module(f"ganaug.classify.networks.{name}").build(
            size=size, channels=channels, classes=classes
        )
    return network


def test_every_network_of_the_schema_has_a_preset() -> None:
    assert SCHEMA["$defs"]["classifier"]["properties"]["network"]["enum"] == NETWORKS


@pytest.mark.parametrize("name", IMAGENET)
def test_on_large_images_networks_have_the_weights_that_torchvision_publishes(name: str) -> None:
    size, published = IMAGENET[name]
    assert weights(on_meta(name, size=size, channels=3, classes=1000)) == published


def test_lenet5_has_the_published_number_of_weights() -> None:
    # The common form of LeNet-5 (full connections in the second convolution, 10 dense outputs): 61,706.
    assert weights(made("lenet5")) == 61706


def test_simplecnn_is_what_its_description_says() -> None:
    # 32 pixels -> 28 -> 14 -> 12 -> 6; 16 x 5 x 5 x 3 + 16, 8 x 3 x 3 x 16 + 8, 288 x 64 + 64, 64 x 2 + 2.
    assert weights(made("simplecnn", channels=3, classes=2)) == 1216 + 1160 + 18496 + 130


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Known of the ResNets for CIFAR-10.
        ("resnet18", 11_173_962),
        ("resnet50", 23_520_842),
        # The convolutions of VGG-16, as published without its dense layers, then 512 to 512 to 512 to 10.
        ("vgg16", 14_714_688 + 2 * (512 * 512 + 512) + 5130),
        # ImageNet's, with 5x5 for 11x11 and 3x3 for 6x6 maps, and 10 classes.
        ("alexnet", 61_100_840 - 64 * 3 * (121 - 25) - 256 * (36 - 9) * 4096 - 4097 * 990),
        ("googlenet", 6_624_904 - 64 * 3 * (49 - 9) - 1025 * 990),
        # Strides and paddings have no weights.
        ("inception_v3", 23_834_568 - 2049 * 990),
        ("mobilenet_v2", 3_504_872 - 1281 * 990),
        ("mobilenet_v3_small", 2_542_856 - 1025 * 990),
    ],
)
def test_stems_for_small_images_have_these_weights(name: str, expected: int) -> None:
    assert weights(on_meta(name, size=32, channels=3, classes=10)) == expected


def maps(name: str, *, size: int) -> int:
    """Pixels along a side of the last map of a network."""
    network = on_meta(name, size=size, channels=3, classes=10).eval()
    sizes = []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            layer.register_forward_hook(lambda _, __, out: sizes.append(out.shape[-1]))
    network(torch.zeros(2, 3, size, size, device="meta"))
    # Squeeze-and-excitation convolves means, of one pixel; the sizes of maps only fall.
    return min(pixels for pixels in sizes if pixels > 1)


@pytest.mark.parametrize(
    ("name", "size", "last"),
    [
        ("resnet18", 32, 4),
        ("resnet50", 32, 4),
        ("alexnet", 32, 3),
        ("googlenet", 32, 8),
        ("inception_v3", 32, 7),
        ("mobilenet_v2", 32, 4),
        ("mobilenet_v3_small", 32, 4),
        ("vgg16", 64, 2),
        ("resnet18", 224, 7),
        ("alexnet", 224, 6),
        ("googlenet", 224, 7),
        ("inception_v3", 299, 8),
        ("mobilenet_v2", 224, 7),
        ("mobilenet_v3_small", 224, 7),
        ("vgg16", 224, 7),
    ],
)
def test_the_last_maps_have_the_size_that_is_said(name: str, size: int, last: int) -> None:
    assert maps(name, size=size) == last


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("name", "size"), [(n, s) for n in NETWORKS for s in sorted({LEAST[n], 16, 32, 64})])
def test_every_size_gives_a_logit_a_class(name: str, size: int, channels: int) -> None:
    network = made(name, size=size, channels=channels, classes=4).eval()
    with torch.inference_mode():
        logits = network(torch.zeros(2, channels, size, size))
    assert logits.shape == (2, 4)
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", NETWORKS)
def test_too_small_images_are_refused_with_the_key(name: str) -> None:
    said = rf"^data\.image_size: {name} needs at least {LEAST[name]} pixels, not {LEAST[name] - 1}; "
    with pytest.raises(UserError, match=said):
        made(name, size=LEAST[name] - 1)


def test_small_images_that_are_enlarged_are_not_refused() -> None:
    network = made("lenet5", size=8, channels=1, resized=32)
    # The published number at 32 pixels.
    assert weights(network) == 61706
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_enlarged_images_go_through_the_network_of_imagenet() -> None:
    network = made("resnet18", size=32, channels=3, classes=1000, resized=224)
    assert weights(network) == 11_689_512
    assert network.eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 1000)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_last_dense_layer_gives_the_logits(name: str) -> None:
    network = made(name, size=16, classes=3).eval()
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    seen = []
    last.register_forward_hook(lambda _, __, out: seen.append(out))
    logits = network(torch.rand(2, 1, 16, 16, generator=torch_generator(0)))
    assert len(seen) == 1
    assert torch.equal(seen[0], logits)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_seed_decides_the_weights_and_nothing_else_does(name: str) -> None:
    before = torch.get_rng_state()
    first = made(name, size=16)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        second = made(name, size=16)
    third = made(name, size=16, seed=1)
    state, again = first.state_dict(), second.state_dict()
    assert all(torch.equal(state[key], again[key]) for key in state)
    drawn = [layer for layer in first.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    others = [layer for layer in third.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    # Of fastcnn four convolutions are identities, whatever the seed.
    differ = sum(not torch.equal(a.weight, b.weight) for a, b in zip(drawn, others, strict=True))
    assert differ == len(drawn) - (4 if name == "fastcnn" else 0)


def test_a_network_to_be_loaded_takes_the_weights_of_another() -> None:
    source = made("fastcnn", size=16)
    settings = Classifier(network="fastcnn", lr=1e-3, batch_size=8)
    target = make(settings, size=16, channels=1, classes=10, generator=None)
    target.load_state_dict(source.state_dict())
    images = torch.rand(2, 1, 16, 16, generator=torch_generator(0))
    assert torch.equal(source.eval()(images), target.eval()(images))
