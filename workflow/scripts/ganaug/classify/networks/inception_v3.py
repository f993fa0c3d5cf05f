"""Inception V3: Szegedy et al. (2016), "Rethinking the inception architecture", table 1, without the auxiliary head."""

from __future__ import annotations

import torch
from torch import nn
from torchvision import models
from torchvision.models.inception import BasicConv2d

from ganaug.classify.networks.initial import truncated_all
from ganaug.classify.networks.sizes import SMALL, check_size

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels the stem keeps the size: its convolutions padded, stride 1, its poolings left out.

    So the inception blocks begin at the full size, as is common for CIFAR: at 32 pixels the maps are 32, 15, 7 where
    ImageNet's are 35, 17, 8 of 299, and the work is about the same. The weights keep their shapes.
    ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size("inception_v3", size, least=8)
    network = models.Inception3(num_classes=classes, aux_logits=False, init_weights=False)
    if size <= SMALL:
        network.Conv2d_1a_3x3 = BasicConv2d(3, 32, kernel_size=3, padding=1)
        network.Conv2d_2a_3x3 = BasicConv2d(32, 32, kernel_size=3, padding=1)
        network.maxpool1 = nn.Identity()
        network.Conv2d_4a_3x3 = BasicConv2d(80, 192, kernel_size=3, padding=1)
        network.maxpool2 = nn.Identity()
    made: nn.Module = network
    return made


def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """Normal with standard deviation 0.1, truncated at -2 and 2, as torchvision."""
    truncated_all(network, rng, std=0.1)
