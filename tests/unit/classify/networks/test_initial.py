"""Weights are drawn as papers and torchvision say."""

import importlib
import math

import pytest
import torch
from torch import nn

from ganaug.seeds import torch_generator
from tests.unit.classify.networks.made import NETWORKS, made


def layer(name: str, path: str) -> nn.Module:
    return made(name, size=32, channels=3).get_submodule(f"body.{path}")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_is_drawn(name: str) -> None:
    module = importlib.import_module(f"ganaug.classify.networks.{name}")
    with torch.device("meta"):
        network = module.build(size=16, channels=1, classes=2)
    network.to_empty(device="cpu")
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    for part in layers:
        for weight in part.parameters():
            nn.init.constant_(weight, math.nan)
    module.initialise(network, torch_generator(0))
    assert all(weight.isfinite().all() for part in layers for weight in part.parameters())


@pytest.mark.parametrize(
    ("name", "path", "std"),
    [
        # sqrt(2 / fan out): 512 filters of 3x3, 1280 of 1x1, and 288 of 5x5 (fan out as torch counts groups).
        ("resnet18", "layer4.1.conv2", math.sqrt(2 / (512 * 9))),
        ("resnet50", "layer4.2.conv2", math.sqrt(2 / (512 * 9))),
        ("vgg16", "features.28", math.sqrt(2 / (512 * 9))),
        ("mobilenet_v2", "features.18.0", math.sqrt(2 / 1280)),
        ("mobilenet_v3_small", "features.9.block.1.0", math.sqrt(2 / (288 * 25))),
        ("vgg16", "classifier.0", 0.01),
        ("mobilenet_v2", "classifier.1", 0.01),
        ("mobilenet_v3_small", "classifier.0", 0.01),
        ("googlenet", "inception5b.branch1.conv", 0.01),
        ("googlenet", "fc", 0.01),
        ("inception_v3", "Mixed_7c.branch1x1.conv", 0.1),
        ("inception_v3", "fc", 0.1),
        # Uniform within b has a standard deviation of b / sqrt(3), and b is 1 / sqrt(fan in).
        ("resnet18", "fc", 1 / math.sqrt(3 * 512)),
        ("alexnet", "features.3", 1 / math.sqrt(3 * 64 * 25)),
        ("alexnet", "classifier.4", 1 / math.sqrt(3 * 4096)),
    ],
)
def test_weights_have_the_deviation_that_is_published(name: str, path: str, std: float) -> None:
    weight = layer(name, path).weight
    # Four standard errors: of n values the deviation has a relative one of about 1 / sqrt(2 n).
    assert weight.std().item() == pytest.approx(std, rel=4 / math.sqrt(2 * weight.numel()))
    assert abs(weight.mean().item()) < 4 * std / math.sqrt(weight.numel())


@pytest.mark.parametrize(
    ("name", "path"), [("vgg16", "features.0"), ("vgg16", "classifier.6"), ("mobilenet_v2", "classifier.1")]
)
def test_biases_begin_at_zero_where_weights_are_normal(name: str, path: str) -> None:
    assert not layer(name, path).bias.any()


def test_torchs_default_is_uniform_within_its_bound() -> None:
    first = layer("lenet5", "0")
    # Fan in 3 x 5 x 5.
    for weight in (first.weight, first.bias):
        assert weight.abs().max().item() <= 1 / 75**0.5
    assert first.weight.abs().max().item() == pytest.approx(1 / 75**0.5, rel=0.05)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "fastcnn"])
def test_normalisation_begins_neutral(name: str) -> None:
    layers = [part for part in made(name).modules() if isinstance(part, nn.BatchNorm2d)]
    assert layers
    for part in layers:
        width = part.num_features
        assert torch.equal(part.running_mean, torch.zeros(width))
        assert torch.equal(part.running_var, torch.ones(width))
        assert torch.equal(part.weight, torch.ones(width))
        assert torch.equal(part.bias, torch.zeros(width))
        assert part.num_batches_tracked == 0
