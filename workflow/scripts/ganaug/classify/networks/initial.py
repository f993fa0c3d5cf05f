"""How weights are drawn: the rules that several networks share, one layer or a whole network at a time."""

from __future__ import annotations

import math

import torch
from torch import nn


def convolutions(network: nn.Module) -> list[nn.Conv2d]:
    """Its convolutions, in the order of its modules."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]


def dense(network: nn.Module) -> list[nn.Linear]:
    """Its dense layers, in the order of its modules."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def torch_default(layer: nn.Conv2d | nn.Linear, rng: torch.Generator) -> None:
    """As torch draws layers: weights and biases uniform within 1 / sqrt(fan in).

    For weights that is He et al. (2015), "Delving deep into rectifiers", uniform, with a slope of sqrt(5).
    """
    nn.init.kaiming_uniform_(layer.weight, a=math.sqrt(5), generator=rng)
    default_bias(layer, rng)


def default_bias(layer: nn.Conv2d | nn.Linear, rng: torch.Generator) -> None:
    """The biases of `torch_default`, where there are any."""
    if layer.bias is not None:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        nn.init.uniform_(layer.bias, -bound, bound, generator=rng)


def he_normal(layer: nn.Conv2d, rng: torch.Generator) -> None:
    """He et al. (2015), section 2.2, backward case: normal, variance 2 / fan out, biases 0.

    As torchvision does it, the fan out of a grouped convolution counts the filters of all groups.
    """
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu", generator=rng)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def normal(layer: nn.Linear, rng: torch.Generator, *, std: float) -> None:
    """Weights normal around 0, biases 0."""
    nn.init.normal_(layer.weight, std=std, generator=rng)
    nn.init.zeros_(layer.bias)


def truncated_normal(layer: nn.Conv2d | nn.Linear, rng: torch.Generator, *, std: float) -> None:
    """Weights normal around 0 and within -2 and 2, as torchvision draws both Inceptions; biases as torch's own."""
    nn.init.trunc_normal_(layer.weight, std=std, a=-2.0, b=2.0, generator=rng)
    default_bias(layer, rng)


def default_all(network: nn.Module, rng: torch.Generator) -> None:
    """`torch_default` for every convolution and dense layer."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            torch_default(layer, rng)


def he_all(network: nn.Module, rng: torch.Generator) -> None:
    """`he_normal` for convolutions and a standard deviation of 0.01 for dense layers: torchvision's VGG, MobileNets."""
    for layer in convolutions(network):
        he_normal(layer, rng)
    for head in dense(network):
        normal(head, rng, std=0.01)


def truncated_all(network: nn.Module, rng: torch.Generator, *, std: float) -> None:
    """`truncated_normal` for every convolution and dense layer."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            truncated_normal(layer, rng, std=std)
