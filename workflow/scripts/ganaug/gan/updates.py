"""One update of the discriminator, and one of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from ganaug.compute import autocast
from ganaug.config import Compute, Gan
from ganaug.gan import penalties
from ganaug.gan.ada import adaptive, moved
from ganaug.gan.augmentation import cutmix, diffaugment
from ganaug.gan.health import accuracy, gradient_norm
from ganaug.gan.losses import LOSSES, discriminator_loss, generator_loss, mixed_loss
from ganaug.gan.networks.family import call
from ganaug.gan.networks.layers import Styled
from ganaug.gan.state import State


@dataclass(frozen=True)
class Real:
    """Real images in [-1, 1] (N x C x H x W) and their labels (int64, N), or None."""

    images: Tensor
    labels: Tensor | None

    def parts(self, count: int) -> list[Real]:
        """So many parts of about equal size."""
        images = self.images.tensor_split(count)
        labels = [None] * count if self.labels is None else self.labels.tensor_split(count)
        return [Real(*part) for part in zip(images, labels, strict=True) if len(part[0])]


def update(state: State, real: Real, gan: Gan, *, augment: bool, compute: Compute) -> Tensor:
    """One update of the discriminator and, every ``n_critic`` steps, one of the generator.

    Args:
        augment: whether the discriminator sees images through DiffAugment.

    Returns:
        The `ganaug.gan.state.LOGGED` values, on the device.
    """
    parts = real.parts(gan.accumulate)
    turn = (state.step + 1) % gan.n_critic == 0
    # The fakes that the discriminator learnt from serve the generator too, unless that would hold many graphs.
    shared = turn and gan.accumulate == 1
    look = partial(_look, state, gan=gan, augment=augment)
    fakes: list[Tensor] = []
    logits: list[tuple[Tensor, Tensor]] = []
    d_loss = torch.zeros((), device=real.images.device)
    state.adam_d.zero_grad()
    for part in parts:
        with torch.set_grad_enabled(shared), autocast(real.images.device, compute):
            fakes.append(_fakes(state, part, gan))
        loss, pair = _discriminator(state, part, fakes[-1].detach(), gan, look=look, compute=compute)
        share = len(part.images) / len(real.images)
        (loss * share).backward()
        logits.append(pair)
        d_loss += loss.detach() * share
    d_gradient = gradient_norm(state.discriminator)
    state.adam_d.step()
    if gan.clip is not None:
        penalties.clip_weights(state.discriminator.parameters(), gan.clip)
    on_real, on_fake = (torch.cat(side) for side in zip(*logits, strict=True))
    if gan.ada is not None:
        state.ada.copy_(moved(state.ada, on_real, target=gan.ada))
    g_loss, g_gradient = torch.full((2,), torch.nan, device=real.images.device)
    if turn:
        g_loss = _generator(state, parts, fakes if shared else None, gan, look=look, compute=compute)
        g_gradient = gradient_norm(state.generator)
        state.adam_g.step()
        if state.ema is not None and gan.ema is not None:
            average(state.ema, state.generator, decay=min(gan.ema, (state.step + 1) / (state.step + 10)))
    sure = [side.sigmoid().mean() for side in (on_real, on_fake)]
    return torch.stack([d_loss, g_loss, *sure, accuracy(on_real, on_fake), d_gradient, g_gradient])


def latents(count: int, gan: Gan, *, rng: torch.Generator, device: torch.device) -> Tensor:
    """Standard normal latents, ``count`` x nz."""
    return torch.randn(count, gan.nz, generator=rng).to(device)


def _fakes(state: State, real: Real, gan: Gan) -> Tensor:
    """As many as there are real images, with their labels."""
    noise = latents(len(real.images), gan, rng=state.noise, device=real.images.device)
    return call(state.generator, noise, real.labels)


def _look(state: State, images: Tensor, *, gan: Gan, augment: bool) -> Tensor:
    """Images as the discriminator sees them."""
    if gan.ada is not None:
        return adaptive(images, state.ada, rng=state.noise)
    return diffaugment(images, generator=state.noise) if augment else images


def _discriminator(
    state: State, real: Real, fake: Tensor, gan: Gan, *, look: partial[Tensor], compute: Compute
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The loss with its penalties, and the logits of real images and fakes."""
    loss = LOSSES[gan.loss]
    judge = partial(_judge, state.discriminator, labels=real.labels)
    with autocast(fake.device, compute):
        seen_real, seen_fake = look(real.images), look(fake)
        on_real, on_fake = judge(seen_real).float(), judge(seen_fake).float()
        total = discriminator_loss(loss, on_real, on_fake)
        if gan.cutmix is not None and float(torch.rand((), generator=state.noise)) < gan.cutmix:
            mixed, share = cutmix(seen_real, seen_fake, rng=state.noise)
            total = total + mixed_loss(loss, judge(mixed).float(), share)
    if state.step % gan.penalty_every == 0:
        seen_real, seen_fake = seen_real.float(), seen_fake.float()
        for weight, penalty in (
            (
                gan.gradient_penalty,
                partial(penalties.gradient_penalty, real=seen_real, fake=seen_fake, rng=state.inner),
            ),
            (gan.r1, partial(penalties.squared_gradient, images=seen_real)),
            (gan.r2, partial(penalties.squared_gradient, images=seen_fake)),
        ):
            if weight is not None:
                total = total + weight * gan.penalty_every * penalty(judge)
    return total, (on_real.detach(), on_fake.detach())


def _judge(discriminator: nn.Module, images: Tensor, *, labels: Tensor | None) -> Tensor:
    return call(discriminator, images, labels)


def _generator(
    state: State, parts: list[Real], fakes: list[Tensor] | None, gan: Gan, *, look: partial[Tensor], compute: Compute
) -> Tensor:
    """Gradients of the generator; returns its loss without the penalties."""
    loss = LOSSES[gan.loss]
    device, count = parts[0].images.device, sum(len(part.images) for part in parts)
    total = torch.zeros((), device=device)
    state.adam_g.zero_grad()
    # The discriminator only passes gradients on here; computing those of its weights would be thrown away.
    state.discriminator.requires_grad_(False)
    for k, part in enumerate(parts):
        with autocast(device, compute):
            fake = fakes[k] if fakes else _fakes(state, part, gan)
            on_fake = _judge(state.discriminator, look(fake), labels=part.labels).float()
            on_real = on_fake
            if loss.relative:
                with torch.no_grad():
                    on_real = _judge(state.discriminator, look(part.images), labels=part.labels).float()
            g_loss = generator_loss(loss, on_real, on_fake)
        share = len(part.images) / count
        (g_loss * share).backward()
        total += g_loss.detach() * share
    state.discriminator.requires_grad_(True)
    if gan.orthogonal is not None:
        (gan.orthogonal * penalties.orthogonality(state.generator)).backward()
    if gan.path_length is not None and state.step // gan.n_critic % penalties.PATH_EVERY == 0:
        _lengthen(state, parts[0], gan)
    return total


def _lengthen(state: State, real: Real, gan: Gan) -> None:
    """Add the gradients of the path length penalty, on half as many images as its paper does to save time."""
    assert isinstance(state.generator, Styled)
    half = Real(real.images[::2], None if real.labels is None else real.labels[::2])
    noise = latents(len(half.images), gan, rng=state.noise, device=half.images.device)
    images, styles = state.generator.styled(noise, half.labels)
    penalty, mean = penalties.path_length(images, styles, state.path_mean, rng=state.inner)
    state.path_mean.copy_(mean)
    (gan.path_length * penalties.PATH_EVERY * penalty).backward()  # type: ignore[operator]


def average(ema: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the average towards the weights; statistics of batch normalisation are averages already and are copied."""
    with torch.no_grad():
        averaged: list[Tensor] = list(ema.parameters())
        torch._foreach_lerp_(averaged, [weight.detach() for weight in network.parameters()], 1 - decay)
        for own, buffer in zip(ema.buffers(), network.buffers(), strict=True):
            own.copy_(buffer)
