"""VGG-16: Simonyan and Zisserman (2015), "Very deep convolutional networks", table 1, column D."""

from __future__ import annotations

from torch import nn
from torchvision import models

from ganaug.classify.networks.initial import he_all as initialise
from ganaug.classify.networks.sizes import SMALL, check_size

__all__ = ["CHANNELS", "build", "initialise"]

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels the mean over all places goes into dense layers of 512 in place of 4096.

    That is how Liu and Deng (2015), "Very deep convolutional neural network based image classification using small
    training sample size", fit it to CIFAR-10 (without their batch normalisation, so that the convolutions are
    torchvision's). Maps of one pixel are not pooled: images below 32 pixels get there before the last pooling.
    ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size("vgg16", size, least=8)
    network = models.vgg16(num_classes=classes, init_weights=False)
    if size <= SMALL:
        pixels = size
        for k, layer in enumerate(network.features):
            if isinstance(layer, nn.MaxPool2d):
                if pixels == 1:
                    network.features[k] = nn.Identity()
                pixels = max(1, pixels // 2)
        network.avgpool = nn.AdaptiveAvgPool2d(1)
        network.classifier[0] = nn.Linear(512, 512)
        network.classifier[3] = nn.Linear(512, 512)
        network.classifier[6] = nn.Linear(512, classes)
    made: nn.Module = network
    return made
