"""Networks of one structure as one batched network: as many steps in fewer and larger operations."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.utils.parametrize import is_parametrized

from ganaug.config import Gan
from ganaug.gan.networks.family import Networks, Shape, build
from ganaug.gan.networks.layers import Draws, Growing
from ganaug.seeds import torch_generator

Weights = dict[str, Tensor]

# Pixels a side: on two CPU cores GANs of larger images are faster one after another (benchmarks/gan_classes.py).
FASTER_UP_TO = 16
# More would gain little and take that many times the memory of one.
MOST_TOGETHER = 10


class Stack(nn.Module):
    """Several networks, each with weights of its own, called at once.

    Its inputs and outputs are the rows of the first network, then those of the second, and so on, equally many each.
    Every weight and buffer is theirs, stacked along a new first dimension; a slash stands for a dot in its name.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        super().__init__()
        self.count = len(networks)
        weights, buffers = stack_module_state(list(networks))
        for name, weight in weights.items():
            self.register_parameter(_flat(name), nn.Parameter(weight.detach()))
        kept = networks[0].state_dict().keys()
        for name, buffer in buffers.items():
            self.register_buffer(_flat(name), buffer, persistent=name in kept)
        # In a list, so that it is no part of this one: only its structure is used.
        self._structure = [copy.deepcopy(networks[0]).to("meta")]
        self._convolved: list[str] = []
        for name, module in self._structure[0].named_modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d):
                module.register_forward_pre_hook(_as_weight)
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                self._convolved += [f"{name}.{weight}".lstrip(".") for weight, _ in module.named_parameters()]

    def forward(self, inputs: Tensor) -> Tensor:
        """Rows in, rows out."""
        weights: Weights = {_dotted(name): weight for name, weight in self.named_parameters()}
        buffers = {_dotted(name): buffer for name, buffer in self.named_buffers()}
        kind = inputs.device.type
        if torch.is_autocast_enabled(kind):
            # Under vmap autocast passes convolutions by on the CPU, and batch normalisation takes no mixture.
            coarse = torch.get_autocast_dtype(kind)
            weights |= {name: weights[name].to(coarse) for name in self._convolved}
        rows: Tensor = vmap(self._call)(weights, buffers, inputs.unflatten(0, (self.count, -1)))
        return rows.flatten(0, 1)

    def _call(self, weights: Mapping[str, Tensor], buffers: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        out: Tensor = functional_call(self._structure[0], {**weights, **buffers}, (inputs,))
        return out

    def train(self, mode: bool = True) -> Stack:
        """As of any network."""
        self._structure[0].train(mode)
        super().train(mode)
        return self


def _as_weight(layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
    """A layer's input as precise as its weight."""
    return (inputs[0].to(layer.weight.dtype),)  # type: ignore[arg-type]


def gathered(networks: Sequence[Networks]) -> Networks:
    """The networks of several GANs, which `can_train_together`, as two stacks; those of a single one as they are."""
    if len(networks) == 1:
        return networks[0]
    return Networks(
        generator=Stack([one.generator for one in networks]),
        discriminator=Stack([one.discriminator for one in networks if one.discriminator is not None]),
    )


def can_train_together(gan: Gan, shape: Shape) -> bool:
    """Whether several GANs of these settings may be one batched model, and are trained faster so.

    Nothing may look at all GANs at once, as some penalties do, and no layer may draw, grow or normalise its weights.
    """
    if shape.size > FASTER_UP_TO or shape.classes:
        return False
    penalties = (gan.gradient_penalty, gan.r1, gan.r2, gan.path_length, gan.orthogonal, gan.ada, gan.cutmix)
    if any(penalty is not None for penalty in penalties) or gan.accumulate > 1 or gan.schedule == "adaptive":
        return False
    networks = build(gan, shape, rng=torch_generator(0))
    return networks.discriminator is not None and all(map(can_stack, (networks.generator, networks.discriminator)))


def can_stack(network: nn.Module) -> bool:
    """Whether none of a network's layers draws, grows, or normalises its weights while it is trained."""
    return not any(isinstance(module, Draws | Growing) or is_parametrized(module) for module in network.modules())


def unstacked(weights: Weights, count: int) -> list[Weights]:
    """The weights of every network, under its own names, from those of their `Stack`; of one network they are that."""
    if count == 1:
        return [weights]
    return [{_dotted(name): stack[k].clone() for name, stack in weights.items()} for k in range(count)]


def _flat(name: str) -> str:
    return name.replace(".", "/")


def _dotted(name: str) -> str:
    return name.replace("/", ".")
