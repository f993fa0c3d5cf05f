"""One file a network, with ``build`` and ``initialise``; `make` puts the input before it and draws its weights.

``build(size, channels, classes)`` refuses images that are too small with a UserError; ``initialise(network, rng)``
draws every weight. A module whose network takes three channels whatever the images have says ``CHANNELS = 3``. Every
network ends in an ``nn.Linear``: what that gets are the features of its images.
"""

from __future__ import annotations

import importlib
from collections import OrderedDict

import torch
from torch import nn

from ganaug.classify.dropout import own_dropout
from ganaug.classify.networks.input import Calibrated, Input
from ganaug.config import Classifier


def make(
    classifier: Classifier, *, size: int, channels: int, classes: int, generator: torch.Generator | None
) -> nn.Module:
    """The network that ``classifier`` names: images in [-1, 1] (N x C x size x size) -> N x classes logits.

    Its parts are ``input`` (see `Input`, which `ganaug.classify.networks.input.calibrate` sets) and ``body``.

    With ``generator`` its weights are drawn as the network's own module says; without it they are left to be loaded,
    and until then are whatever lay in memory. The global generator is never used.

    Raises:
        UserError: the images are too small for it.
    """
    module = importlib.import_module(f"ganaug.classify.networks.{classifier.network}")
    pixels = None if classifier.input == "native" else classifier.input
    # Constructors draw weights from the global generator; on this device they draw nothing, in no time.
    with torch.device("meta"):
        body: nn.Module = module.build(size=pixels or size, channels=channels, classes=classes)
    to_cpu(body)
    with torch.no_grad():
        for layer in body.modules():
            if isinstance(layer, Calibrated):
                layer.reset()
            elif isinstance(layer, nn.BatchNorm2d):
                layer.reset_parameters()
    if generator is not None:
        module.initialise(body, generator)
    own_dropout(body)
    first = Input(channels=getattr(module, "CHANNELS", channels), pixels=pixels)
    network = nn.Sequential(OrderedDict[str, nn.Module](input=first, body=body))
    return network.to(memory_format=torch.channels_last)


def to_cpu(network: nn.Module) -> None:
    """Give a network on the meta device memory on the CPU, whatever lies in it.

    `nn.Module.to_empty` does the same, but imports torch's symbolic shapes when it is first used, which costs every job
    of a study half a second.
    """
    for layer in network.modules():
        for name, weight in layer.named_parameters(recurse=False):
            empty = torch.empty(weight.shape, dtype=weight.dtype)
            setattr(layer, name, nn.Parameter(empty, requires_grad=weight.requires_grad))
        for name, buffer in layer.named_buffers(recurse=False):
            setattr(layer, name, torch.empty(buffer.shape, dtype=buffer.dtype))


def head(network: nn.Module) -> nn.Linear:
    """The last dense layer: its inputs are the features of an image, its outputs the logits."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
