"""One loop that trains a generator against a discriminator, stoppable and resumable at any step."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.adam import Adam
from ganaug.batches import Batches
from ganaug.compute import autocast
from ganaug.config import Compute, Gan
from ganaug.gan import checkpoint
from ganaug.gan.augmentation import BELOW_IMAGES, diffaugment
from ganaug.gan.losses import discriminator_loss, generator_loss
from ganaug.gan.networks.family import family
from ganaug.seeds import derive, torch_generator

CHECKPOINT_SECONDS = 5.0
RUNAWAY_LOSS = 1e4
LOGGED = ("d_loss", "g_loss", "d_real", "d_fake")

Weights = dict[str, Tensor]


@dataclass
class State:
    """All that changes while a GAN trains.

    Attributes:
        generator, discriminator, ema: the networks; ``ema`` is None where the config asks for none.
        adam_g, adam_d: their optimisers.
        noise: draws latents and DiffAugment.
        log: float32, steps of an epoch x `LOGGED`, filled step by step on the device.
        step: optimiser steps done, of each network.
        history: a row an epoch.
        snapshots: weights of the generator to sample from, by name.
    """

    generator: nn.Module
    discriminator: nn.Module
    ema: nn.Module | None
    adam_g: Adam
    adam_d: Adam
    noise: torch.Generator
    log: Tensor
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    snapshots: dict[str, Weights] = field(default_factory=dict)

    @property
    def sampler(self) -> nn.Module:
        """The generator that samples are drawn from: the moving average where there is one."""
        return self.generator if self.ema is None else self.ema


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        snapshots: a generator's weights by snapshot name; those past a divergence are missing.
        history: a row an epoch, with the columns of ``history.csv`` but the label.
        reason: why it stopped early, or None.
    """

    snapshots: dict[str, Weights]
    history: list[dict[str, Any]]
    reason: str | None


def train(
    images: Batches,
    gan: Gan,
    *,
    seed: int,
    compute: Compute,
    device: torch.device,
    resume: Path,
    progress: Callable[[int], object],
) -> Trained:
    """Train one GAN on all of ``images``.

    Args:
        images: the real images of its class, or of all classes.
        gan: its settings.
        seed: of its weights, latents and batches.
        compute: precision and threads.
        device: where the networks live.
        resume: a checkpoint is kept here; if one is there, training goes on from it.
        progress: called with the number of steps done since the last call.

    Raises:
        UserError: the family cannot make images of that size.
    """
    networks = family(gan).build(gan, images=images, generator=torch_generator(derive(seed, "weights")))
    if networks.discriminator is None:
        weights = networks.generator.state_dict()
        # A file of weights may not hold the same memory twice.
        copies = {snap: {name: tensor.clone() for name, tensor in weights.items()} for snap in gan.snaps}
        return Trained(snapshots=copies, history=[], reason=None)
    steps_per_epoch = -(-len(images) // gan.batch_size)
    state = _start(gan, networks.generator, networks.discriminator, seed=seed, length=steps_per_epoch, device=device)
    if resume.exists():
        checkpoint.load(state, resume)
        progress(state.step)
    total = gan.steps or (gan.epochs or 0) * steps_per_epoch
    augment = len(images) < BELOW_IMAGES if gan.diffaugment == "auto" else bool(gan.diffaugment)
    batches = _batches(seed, epoch=state.step // steps_per_epoch, count=len(images), number=steps_per_epoch)
    saved = epoch_start = time.monotonic()
    seen = 0
    while state.step < total:
        epoch, batch = divmod(state.step, steps_per_epoch)
        if batch == 0:
            batches = _batches(seed, epoch=epoch, count=len(images), number=steps_per_epoch)
            epoch_start, seen = time.monotonic(), 0
        state.log[batch] = _step(state, images(batches[batch]), gan, augment=augment, compute=compute)
        state.step += 1
        seen += len(batches[batch])
        progress(1)
        if batch + 1 == steps_per_epoch or state.step == total:
            speed = seen / max(time.monotonic() - epoch_start, 1e-9)
            if reason := _close_epoch(state, epoch=epoch + 1, rows=batch + 1, images_per_second=speed):
                return Trained(snapshots=state.snapshots, history=state.history, reason=reason)
            _keep_snapshot(state, gan, epoch=epoch + 1, last=state.step == total)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            checkpoint.save(state, resume)
            saved = time.monotonic()
    return Trained(snapshots=state.snapshots, history=state.history, reason=None)


def _start(
    gan: Gan, generator: nn.Module, discriminator: nn.Module, *, seed: int, length: int, device: torch.device
) -> State:
    for network in (generator, discriminator):
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return State(
        generator=generator,
        discriminator=discriminator,
        ema=None if gan.ema is None else copy.deepcopy(generator).requires_grad_(False),
        adam_g=Adam(generator.parameters(), lr=gan.lr, betas=gan.betas),
        adam_d=Adam(discriminator.parameters(), lr=gan.lr, betas=gan.betas),
        noise=torch_generator(derive(seed, "noise")),
        log=torch.zeros(length, len(LOGGED), device=device),
    )


def _batches(seed: int, *, epoch: int, count: int, number: int) -> tuple[Tensor, ...]:
    """The batches of an epoch: from the seed alone, so that a checkpoint need not hold them.

    They differ by one image at most: a tiny last batch would shift the statistics of batch normalisation
    just before a snapshot is taken.
    """
    return torch.randperm(count, generator=torch_generator(derive(seed, "order", epoch))).tensor_split(number)


def _step(state: State, real: Tensor, gan: Gan, *, augment: bool, compute: Compute) -> Tensor:
    """One update of the discriminator and one of the generator; returns the `LOGGED` values, on the device."""

    def seen(images: Tensor) -> Tensor:
        return diffaugment(images, generator=state.noise) if augment else images

    latents = torch.randn(len(real), gan.nz, generator=state.noise).to(real.device)
    with autocast(real.device, compute):
        fake = state.generator(latents)
        logits_real = state.discriminator(seen(real)).float()
        logits_fake = state.discriminator(seen(fake.detach())).float()
        d_loss = discriminator_loss(logits_real, logits_fake)
    state.adam_d.zero_grad()
    d_loss.backward()
    state.adam_d.step()

    # The discriminator only passes gradients on here; computing those of its weights would be thrown away.
    state.discriminator.requires_grad_(False)
    with autocast(real.device, compute):
        g_loss = generator_loss(state.discriminator(seen(fake)).float())
    state.adam_g.zero_grad()
    g_loss.backward()
    state.adam_g.step()
    state.discriminator.requires_grad_(True)
    if state.ema is not None and gan.ema is not None:
        _average(state.ema, state.generator, decay=min(gan.ema, (state.step + 1) / (state.step + 10)))
    means = [logits.detach().sigmoid().mean() for logits in (logits_real, logits_fake)]
    return torch.stack([d_loss.detach(), g_loss.detach(), *means])


def _average(ema: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the average towards the weights; statistics of batch normalisation are averages already and are copied."""
    with torch.no_grad():
        averaged: list[Tensor] = list(ema.parameters())
        torch._foreach_lerp_(averaged, [weight.detach() for weight in network.parameters()], 1 - decay)
        for own, buffer in zip(ema.buffers(), network.buffers(), strict=True):
            own.copy_(buffer)


def _close_epoch(state: State, *, epoch: int, rows: int, images_per_second: float) -> str | None:
    """Add the epoch's row to the history; returns the reason to stop if losses ran away or weights are not finite."""
    log = state.log[:rows].cpu()
    losses = log[:, :2]
    means = dict(zip(LOGGED, log.mean(dim=0).tolist(), strict=True))
    state.history.append({"epoch": epoch, "step": state.step, **means, "images_per_second": images_per_second})
    bad = (~losses.isfinite() | (losses.abs() > RUNAWAY_LOSS)).any(dim=1)
    first = state.step - rows + 1
    if bad.any():
        at = int(bad.nonzero()[0])
        return f"diverged at step {first + at}: d_loss {losses[at, 0]:.3g}, g_loss {losses[at, 1]:.3g}"
    if not all(bool(weight.isfinite().all()) for weight in state.sampler.state_dict().values()):
        return f"diverged at step {state.step}: the generator's weights are not finite"
    return None


def _keep_snapshot(state: State, gan: Gan, *, epoch: int, last: bool) -> None:
    names = [f"e{epoch}"] if epoch in gan.snapshots else []
    for name in names + (["last"] if last else []):
        state.snapshots[name] = {key: value.detach().cpu().clone() for key, value in state.sampler.state_dict().items()}
