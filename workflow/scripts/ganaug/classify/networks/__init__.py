"""One file a network: a module with ``build(size, channels, classes)``; `make` draws its weights."""

from __future__ import annotations

import importlib
import math

import torch
from torch import nn

from ganaug.config import Classifier


def make(
    classifier: Classifier, *, size: int, channels: int, classes: int, generator: torch.Generator | None
) -> nn.Module:
    """The network that ``classifier`` names: images in [-1, 1] (N x C x size x size) -> N x classes logits.

    With ``generator`` its weights are drawn as torch does by default (He et al. 2015, uniform, a = sqrt(5));
    without it they are left to be loaded.

    Raises:
        UserError: the images are too small for it.
    """
    module = importlib.import_module(f"ganaug.classify.networks.{classifier.network}")
    network: nn.Module = module.build(size=size, channels=channels, classes=classes)
    if generator is not None:
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                _draw(layer, generator)
    return network


def _draw(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=generator)
    if layer.bias is not None:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
