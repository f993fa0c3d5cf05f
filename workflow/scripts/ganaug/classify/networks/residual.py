"""What resnet18 and resnet50 share: He et al. (2016), "Deep residual learning for image recognition"."""

from __future__ import annotations

import torch
from torch import nn

from ganaug.classify.networks.initial import convolutions, dense, he_normal, torch_default
from ganaug.classify.networks.sizes import SMALL, check_size


def adapted(name: str, network: nn.Module, *, size: int) -> nn.Module:
    """A ResNet of torchvision, for small images with a 3x3 convolution of stride 1 first and no max pooling.

    That is the stem of the paper's section 4.2 (CIFAR-10) before the stages of its section 4.1, as in Kuang Liu's
    pytorch-cifar and many papers since.

    Raises:
        UserError: fewer than 8 pixels.
    """
    check_size(name, size, least=8)
    if size <= SMALL:
        network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        network.maxpool = nn.Identity()
    return network


def initialise(network: nn.Module, rng: torch.Generator) -> None:
    """He et al. (2015), normal, fan out, for convolutions; torch's default for the dense layer; as torchvision."""
    for layer in convolutions(network):
        he_normal(layer, rng)
    for head in dense(network):
        torch_default(head, rng)
