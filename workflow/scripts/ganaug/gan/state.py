"""All that changes while a GAN trains, or several train together, and its start."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.adam import Adam
from ganaug.config import Gan
from ganaug.gan.networks.family import Networks
from ganaug.gan.networks.layers import Draws, Growing, draw_from
from ganaug.gan.noise import Noise
from ganaug.seeds import derive

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
    """All that changes while a GAN trains; where several do together, their networks are stacks.

    Attributes:
        generator, discriminator, ema: the networks; ``ema`` is None where the config asks for none.
        listed: what is in them.
        adam_g, adam_d: their optimisers.
        noise: draws latents and augmentations.
        inner: draws what layers and penalties need, on the device.
        ada: the probability of adaptive augmentation, 0 to 1.
        path_mean: the moving average of the path length.
        d_factor: of the discriminator's learning rate, under the adaptive schedule.
        log: float32, steps of an epoch x `LOGGED` x GANs, filled step by step on the device; g columns are NaN at
            steps without an update of the generator.
        reasons: why each GAN's training is over before its end, or None.
        history: a row an epoch for each GAN.
        film: pictures of the same latents on the way for each GAN, uint8, N x H x W x C each.
        step: updates of the discriminator done.
        snapshots: weights of the generator to sample from, by name.
    """

    generator: nn.Module
    discriminator: nn.Module
    ema: nn.Module | None
    listed: Listed
    adam_g: Adam
    adam_d: Adam
    noise: Noise
    inner: torch.Generator
    ada: Tensor
    path_mean: Tensor
    log: Tensor
    reasons: list[str | None]
    history: list[list[dict[str, Any]]]
    film: list[list[Tensor]]
    d_factor: float = 1.0
    step: int = 0
    snapshots: dict[str, Weights] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many GANs train together."""
        return len(self.reasons)

    @property
    def sampler(self) -> nn.Module:
        """The generator that samples are drawn from: the moving average where there is one."""
        return self.generator if self.ema is None else self.ema


def start(networks: Networks, gan: Gan, *, seeds: Sequence[int], length: int, device: torch.device) -> State:
    """A training before its first step.

    Args:
        networks: of one GAN, or stacks of the networks of several.
        seeds: one a GAN.
        length: steps of an epoch.
    """
    generator, discriminator = networks.generator, networks.discriminator
    assert discriminator is not None
    for network in (generator, discriminator):
        network.to(device)
        if len(seeds) == 1:
            network.to(memory_format=torch.channels_last)
    ema = None if gan.ema is None else copy.deepcopy(generator).requires_grad_(False)
    # Networks in a stack have no layers that draw.
    inner = torch.Generator(device).manual_seed(derive(seeds[0], "inner"))
    for network in (generator, discriminator, *([ema] if ema else [])):
        draw_from(network, inner)
    return State(
        generator=generator,
        discriminator=discriminator,
        ema=ema,
        listed=_listed(generator, discriminator, ema),
        adam_g=Adam(generator.parameters(), lr=gan.lr_g, betas=gan.betas),
        adam_d=Adam(discriminator.parameters(), lr=gan.lr_d, betas=gan.betas),
        noise=Noise.of([derive(seed, "noise") for seed in seeds]),
        inner=inner,
        ada=torch.zeros((), device=device),
        path_mean=torch.zeros((), device=device),
        log=torch.zeros(length, len(LOGGED), len(seeds), device=device),
        reasons=[None for _ in seeds],
        history=[[] for _ in seeds],
        film=[[] for _ in seeds],
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
