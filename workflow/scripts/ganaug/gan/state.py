"""All that changes while a GAN trains, and its start."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.adam import Adam
from ganaug.config import Gan
from ganaug.gan.networks.family import Networks
from ganaug.gan.networks.layers import Draws, Growing, draw_from
from ganaug.seeds import derive, torch_generator

LOGGED = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy", "d_gradient", "g_gradient")

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Listed:
    """What every step goes through in the networks, found once: tensors and layers stay the same objects while a GAN
    trains.

    Attributes:
        drawing: the layers of both networks that draw random numbers.
        growing: the networks that grow, the moving average among them.
        weights_g, weights_d: of the two networks.
        weights_ema: of the moving average, in the order of ``weights_g``; empty where there is none.
        buffers_g, buffers_ema: what the generator and its average have beside weights, likewise.
    """

    drawing: tuple[Draws, ...]
    growing: tuple[Growing, ...]
    weights_g: tuple[Tensor, ...]
    weights_d: tuple[Tensor, ...]
    weights_ema: tuple[Tensor, ...]
    buffers_g: tuple[Tensor, ...]
    buffers_ema: tuple[Tensor, ...]


@dataclass
class State:
    """All that changes while a GAN trains.

    Attributes:
        generator, discriminator, ema: the networks; ``ema`` is None where the config asks for none.
        listed: what is in them.
        adam_g, adam_d: their optimisers.
        noise: draws latents and augmentations, on the CPU, so that devices agree.
        inner: draws what layers and penalties need, on the device.
        ada: the probability of adaptive augmentation, 0 to 1.
        path_mean: the moving average of the path length.
        d_factor: of the discriminator's learning rate, under the adaptive schedule.
        log: float32, steps of an epoch x `LOGGED`, filled step by step on the device; g columns are NaN at steps
            without an update of the generator.
        step: updates of the discriminator done.
        history: a row an epoch.
        snapshots: weights of the generator to sample from, by name.
        film: pictures of the same latents on the way, uint8, N x H x W x C each.
    """

    generator: nn.Module
    discriminator: nn.Module
    ema: nn.Module | None
    listed: Listed
    adam_g: Adam
    adam_d: Adam
    noise: torch.Generator
    inner: torch.Generator
    ada: Tensor
    path_mean: Tensor
    log: Tensor
    d_factor: float = 1.0
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    snapshots: dict[str, Weights] = field(default_factory=dict)
    film: list[Tensor] = field(default_factory=list)

    @property
    def sampler(self) -> nn.Module:
        """The generator that samples are drawn from: the moving average where there is one."""
        return self.generator if self.ema is None else self.ema


def start(networks: Networks, gan: Gan, *, seed: int, length: int, device: torch.device) -> State:
    """A training of ``networks`` before its first step; ``length`` is the steps of an epoch."""
    generator, discriminator = networks.generator, networks.discriminator
    assert discriminator is not None
    for network in (generator, discriminator):
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    ema = None if gan.ema is None else copy.deepcopy(generator).requires_grad_(False)
    inner = torch.Generator(device).manual_seed(derive(seed, "inner"))
    for network in (generator, discriminator, *([ema] if ema else [])):
        draw_from(network, inner)
    return State(
        generator=generator,
        discriminator=discriminator,
        ema=ema,
        listed=_listed(generator, discriminator, ema),
        adam_g=Adam(generator.parameters(), lr=gan.lr_g, betas=gan.betas),
        adam_d=Adam(discriminator.parameters(), lr=gan.lr_d, betas=gan.betas),
        noise=torch_generator(derive(seed, "noise")),
        inner=inner,
        ada=torch.zeros((), device=device),
        path_mean=torch.zeros((), device=device),
        log=torch.zeros(length, len(LOGGED), device=device),
    )


def _listed(generator: nn.Module, discriminator: nn.Module, ema: nn.Module | None) -> Listed:
    trained = [*generator.modules(), *discriminator.modules()]
    averages = [] if ema is None else [ema]
    followed = [*trained, *(module for network in averages for module in network.modules())]
    return Listed(
        drawing=tuple(module for module in trained if isinstance(module, Draws)),
        growing=tuple(module for module in followed if isinstance(module, Growing)),
        weights_g=tuple(generator.parameters()),
        weights_d=tuple(discriminator.parameters()),
        weights_ema=tuple(weight for network in averages for weight in network.parameters()),
        buffers_g=tuple(generator.buffers()),
        buffers_ema=tuple(buffer for network in averages for buffer in network.buffers()),
    )


def weights_of(network: nn.Module) -> Weights:
    """A copy of a network's weights on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
