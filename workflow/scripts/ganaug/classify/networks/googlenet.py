"""GoogLeNet (Inception V1): Szegedy et al. (2015), "Going deeper with convolutions", table 1, without auxiliary heads.

Torchvision's has batch normalisation, and 3x3 where the paper has 5x5.
"""

from __future__ import annotations

import torch
from torch import nn
from torchvision import models
from torchvision.models.googlenet import BasicConv2d

from ganaug.classify.networks.initial import truncated_all
from ganaug.classify.networks.sizes import SMALL, check_size

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels the first convolution is 3x3, of stride 1, and the first two poolings are no more.

    So the inception blocks begin at the full size, as in Kuang Liu's pytorch-cifar (which also leaves out the second
    and third convolution): at 32 pixels the maps are 32, 16, 8. ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size("googlenet", size, least=8)
    network = models.GoogLeNet(num_classes=classes, aux_logits=False, init_weights=False)
    if size <= SMALL:
        network.conv1 = BasicConv2d(3, 64, kernel_size=3, padding=1)
        network.maxpool1 = nn.Identity()
        network.maxpool2 = nn.Identity()
    made: nn.Module = network
    return made


def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """Normal with standard deviation 0.01, truncated at -2 and 2, as torchvision."""
    truncated_all(network, rng, std=0.01)
