"""Networks for tests."""

from __future__ import annotations

from torch import nn

from ganaug.classify.networks import make
from ganaug.config import Classifier
from ganaug.seeds import torch_generator
from tests.workflow.configs import PRESETS

NETWORKS = sorted({preset["network"] for preset in PRESETS["classifiers"].values()})


def made(
    name: str, *, size: int = 32, channels: int = 1, classes: int = 10, seed: int = 0, resized: int | None = None
) -> nn.Module:
    settings = Classifier(network=name, lr=1e-3, batch_size=8, input=resized or "native")
    return make(settings, size=size, channels=channels, classes=classes, generator=torch_generator(seed))


def weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())
