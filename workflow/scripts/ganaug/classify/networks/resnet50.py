"""ResNet-50: He et al. (2016), "Deep residual learning for image recognition", table 1."""

from __future__ import annotations

from torch import nn
from torchvision import models

from ganaug.classify.networks.residual import adapted, initialise

__all__ = ["CHANNELS", "build", "initialise"]

CHANNELS = 3


def build(*, size: int, channels: int, classes: int) -> nn.Module:
    """Torchvision's; up to 96 pixels with the stem for small images (see `adapted`).

    ``channels`` may be 1: the input repeats them.

    Raises:
        UserError: fewer than 8 pixels.
    """
    return adapted("resnet50", models.resnet50(num_classes=classes), size=size)
