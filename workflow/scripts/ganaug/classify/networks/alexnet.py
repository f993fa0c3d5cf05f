"""AlexNet: Krizhevsky (2014), "One weird trick for parallelizing convolutional neural networks", one column."""

from __future__ import annotations

from torch import nn
from torchvision import models

from ganaug.classify.networks.initial import default_all as initialise
from ganaug.classify.networks.sizes import SMALL, check_size

__all__ = ["CHANNELS", "build", "initialise"]

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels the first convolution is 5x5 with stride 1, as in Krizhevsky's nets for CIFAR-10.

    Those are in his cuda-convnet (2011). The dense layers then follow the last maps, 3x3 of 32 pixels, directly.
    ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 15 pixels.
    """
    check_size("alexnet", size, least=15)
    network = models.alexnet(num_classes=classes)
    if size <= SMALL:
        pixels = size
        for _ in range(3):
            pixels = (pixels - 3) // 2 + 1
        network.features[0] = nn.Conv2d(3, 64, 5, padding=2)
        network.avgpool = nn.Identity()
        network.classifier[1] = nn.Linear(256 * pixels**2, 4096)
    made: nn.Module = network
    return made
