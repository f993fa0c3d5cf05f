"""MobileNetV3-Small: Howard et al. (2019), "Searching for MobileNetV3", table 2."""

from __future__ import annotations

from torch import nn
from torchvision import models

from ganaug.classify.networks.initial import he_all as initialise
from ganaug.classify.networks.sizes import SMALL, check_size

__all__ = ["CHANNELS", "build", "initialise"]

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels with stride 1 in the first convolution and in the first block.

    What Kuang Liu's pytorch-cifar does to MobileNetV2: at 32 pixels the last maps are 4x4. The weights keep their
    shapes. ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size("mobilenet_v3_small", size, least=8)
    network = models.mobilenet_v3_small(num_classes=classes)
    if size <= SMALL:
        for layer in (network.features[0][0], network.features[1].block[0][0]):
            layer.stride = (1, 1)
    made: nn.Module = network
    return made
