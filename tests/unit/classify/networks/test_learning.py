"""Every network can be trained."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.adam import Adam
from ganaug.seeds import torch_generator
from ganaug.sgd import Sgd
from tests.unit.classify.networks.made import NETWORKS, made
from tests.workflow.configs import PRESETS

CLASSES, COUNT, SIZE = 4, 64, 16
# Seconds a step on one core.
HEAVY = ("alexnet", "googlenet", "inception_v3", "resnet18", "resnet50", "vgg16")


def images() -> tuple[Tensor, Tensor]:
    """Four patterns under as much noise, in [-1, 1], and their numbers."""
    rng = torch_generator(0)
    labels = torch.arange(COUNT) % CLASSES
    patterns, noise = (torch.rand(n, 1, SIZE, SIZE, generator=rng) * 2 - 1 for n in (CLASSES, COUNT))
    return (patterns[labels] + noise) / 2, labels


def step(network: nn.Module, optimiser: Adam | Sgd, shown: Tensor, labels: Tensor) -> None:
    optimiser.zero_grad()
    functional.cross_entropy(network(shown), labels).backward()
    optimiser.step()


@pytest.mark.parametrize("name", NETWORKS)
def test_a_step_of_adam_changes_all_weights(name: str) -> None:
    network = made(name, size=SIZE, classes=CLASSES).train()
    before = {key: weight.detach().clone() for key, weight in network.named_parameters()}
    shown, labels = images()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        step(network, Adam(network.parameters(), lr=1e-3), shown[:16], labels[:16])
    left = [key for key, weight in network.named_parameters() if torch.equal(weight, before[key])]
    assert not left
    assert all(weight.isfinite().all() for weight in network.parameters())


def learned(network: nn.Module, shown: Tensor, labels: Tensor) -> bool:
    """Whether all labels are told, each batch normalised by itself and nothing dropped."""
    network.eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.train()
    with torch.no_grad():
        found = network(shown).argmax(dim=1)
    network.train()
    return torch.equal(found, labels)


@pytest.mark.parametrize(
    "name",
    # The heavy ones take seconds a step on one core.
    [pytest.param(name, marks=pytest.mark.slow) if name in HEAVY else name for name in NETWORKS],
)
def test_a_few_images_are_learned_by_heart(name: str) -> None:
    shown, labels = images()
    network = made(name, size=SIZE, classes=CLASSES).train()
    assert not learned(network, shown, labels)
    preset = next(preset for preset in PRESETS["classifiers"].values() if preset["network"] == name)
    kind = Sgd if preset.get("optimiser") == "sgd" else Adam
    optimiser = kind(network.parameters(), lr=preset["lr"])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        done = 0
        while not learned(network, shown, labels) and done < 120:
            for _ in range(5):
                step(network, optimiser, shown, labels)
            done += 5
    assert done < 120
