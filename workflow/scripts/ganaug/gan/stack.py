"""Networks of one structure as one batched network: as many steps in fewer and larger operations."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap
from torch.nn.utils.parametrize import is_parametrized

from ganaug.errors import UserError
from ganaug.gan.networks.family import Networks
from ganaug.gan.networks.layers import Draws, Growing

Weights = dict[str, Tensor]


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
        for name, buffer in buffers.items():
            self.register_buffer(_flat(name), buffer)
        # In a list, so that it is no part of this one: only its structure is used.
        self._structure = [copy.deepcopy(networks[0]).to("meta")]

    def forward(self, inputs: Tensor) -> Tensor:
        """Rows in, rows out."""
        weights = {_dotted(name): weight for name, weight in self.named_parameters()}
        buffers = {_dotted(name): buffer for name, buffer in self.named_buffers()}
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


def gathered(networks: Sequence[Networks]) -> Networks:
    """The networks of several GANs as two stacks; those of a single one are what they are.

    Raises:
        UserError: they have layers that draw, grow, or normalise their weights while they are trained.
    """
    if len(networks) == 1:
        return networks[0]
    generators = [one.generator for one in networks]
    discriminators = [one.discriminator for one in networks if one.discriminator is not None]
    if not can_stack(generators[0]) or not can_stack(discriminators[0]):
        raise UserError(
            "gans: together is for networks without dropout, noise, growth and spectral normalisation; set it to false"
        )
    return Networks(generator=Stack(generators), discriminator=Stack(discriminators))


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
