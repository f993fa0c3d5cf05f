"""One update of the discriminator, and one of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ganaug.compute import autocast
from ganaug.config import Compute, Gan
from ganaug.gan import penalties
from ganaug.gan.ada import adaptive, moved
from ganaug.gan.augmentation import cutmix, diffaugment
from ganaug.gan.health import accuracy, gradient_norms, gradients
from ganaug.gan.losses import LOSSES, discriminator_loss, generator_loss, mixed_loss
from ganaug.gan.networks.family import call
from ganaug.gan.networks.layers import Styled
from ganaug.gan.noise import Noise
from ganaug.gan.parallel import ALL, SOLO, Rows, Team
from ganaug.gan.state import Listed, State


@dataclass(frozen=True)
class Real:
    """Real images in [-1, 1] (N x C x H x W) and their labels (int64, N), or None; ``rows`` of a batch."""

    images: Tensor
    labels: Tensor | None
    rows: Rows = ALL

    @property
    def whole(self) -> int:
        """How many the batch has in all processes."""
        return self.rows.whole(len(self.images))

    def parts(self, count: int) -> list[Real]:
        """So many parts of about equal size."""
        images = self.images.tensor_split(count)
        labels = [None] * count if self.labels is None else self.labels.tensor_split(count)
        return [Real(*part) for part in zip(images, labels, strict=True) if len(part[0])]

    def own(self, team: Team) -> Real:
        """This process's rows of a whole batch."""
        rows = team.rows(len(self.images))
        return Real(rows.own(self.images), None if self.labels is None else rows.own(self.labels), rows)

    def halved(self) -> Real:
        """Every other image of a whole batch."""
        return Real(self.images[::2], None if self.labels is None else self.labels[::2])


def update(state: State, real: Real, gan: Gan, *, augment: bool, compute: Compute, team: Team = SOLO) -> Tensor:
    """One update of the discriminator and, every ``n_critic`` steps, one of the generator.

    Args:
        real: the whole batch, in every process; of several GANs, as many images each, one after another.
        augment: whether the discriminator sees images through DiffAugment.

    Returns:
        The `ganaug.gan.state.LOGGED` values of each GAN (float32, `LOGGED` x GANs), on the device.
    """
    parts = real.parts(gan.accumulate)
    turn = (state.step + 1) % gan.n_critic == 0
    # The fakes that the discriminator learnt from serve the generator too, unless that would hold many graphs.
    shared = turn and gan.accumulate == 1
    look = partial(_look, state, gan=gan, augment=augment)
    fakes: list[Tensor] = []
    logits: list[Tensor] = []
    d_loss = torch.zeros(state.count, device=real.images.device)
    state.adam_d.zero_grad()
    for part in (whole.own(team) for whole in parts):
        _draw_for(state, part.rows)
        with torch.set_grad_enabled(shared), autocast(real.images.device, compute):
            fakes.append(_fakes(state, part, gan))
        loss, on_both = _discriminator(state, part, fakes[-1].detach(), gan, look=look, compute=compute)
        share = len(part.images) / len(real.images)
        (loss * share).sum().backward()
        logits.append(part.rows.gathered(on_both))
        d_loss += loss.detach() * share
    team.add([d_loss, *gradients(state.listed.weights_d)])
    d_gradient = gradient_norms(state.listed.weights_d, state.count)
    state.adam_d.step()
    if gan.clip is not None:
        penalties.clip_weights(state.listed.weights_d, gan.clip)
    on_real, on_fake = torch.cat(logits, dim=-1)
    if gan.ada is not None:
        state.ada.copy_(moved(state.ada, on_real.flatten(), target=gan.ada))
    g_loss, g_gradient = torch.full((2, state.count), torch.nan, device=real.images.device)
    if turn:
        g_loss = _generator(state, parts, fakes if shared else None, gan, look=look, compute=compute, team=team)
        g_gradient = gradient_norms(state.listed.weights_g, state.count)
        state.adam_g.step()
        if gan.ema is not None:
            average(state.listed, decay=min(gan.ema, (state.step + 1) / (state.step + 10)))
    sure = [side.sigmoid().mean(dim=-1) for side in (on_real, on_fake)]
    return torch.stack([d_loss, g_loss, *sure, accuracy(on_real, on_fake), d_gradient, g_gradient])


def latents(count: int, gan: Gan, *, noise: Noise, device: torch.device) -> Tensor:
    """Standard normal latents, ``count`` x nz."""
    return noise.normal(count, gan.nz).to(device)


def _fakes(state: State, real: Real, gan: Gan) -> Tensor:
    """As many as there are real images, with their labels."""
    drawn = latents(real.whole, gan, noise=state.noise, device=real.images.device)
    return call(state.generator, real.rows.own(drawn), real.labels)


def _look(state: State, images: Tensor, rows: Rows, *, gan: Gan, augment: bool) -> Tensor:
    """Images as the discriminator sees them."""
    if gan.ada is not None:
        return adaptive(images, state.ada, rng=state.noise.only, rows=rows)
    return diffaugment(images, noise=state.noise, rows=rows) if augment else images


def _discriminator(
    state: State, real: Real, fake: Tensor, gan: Gan, *, look: partial[Tensor], compute: Compute
) -> tuple[Tensor, Tensor]:
    """The loss of each GAN with its penalties, and the logits (2 x GANs x N) of real images and fakes."""
    loss = LOSSES[gan.loss]
    judge = partial(_judge, state, labels=real.labels)
    due = state.step % gan.penalty_every == 0
    with autocast(fake.device, compute):
        real_at, seen_real = _seen(real.images, real.rows, gan, look=look, sloped=due and gan.r1 is not None)
        fake_at, seen_fake = _seen(fake, real.rows, gan, look=look, sloped=due and gan.r2 is not None)
        on_real, on_fake = judge(seen_real), judge(seen_fake)
        total = discriminator_loss(loss, on_real, on_fake)
        if gan.cutmix is not None and float(torch.rand((), generator=state.noise.only)) < gan.cutmix:
            mixed, share = cutmix(seen_real, seen_fake, rng=state.noise.only, rows=real.rows)
            total = total + mixed_loss(loss, judge(mixed), share)
    if due and gan.gradient_penalty is not None:
        ends = seen_real.detach().float(), seen_fake.detach().float()
        slopes = penalties.gradient_penalty(judge, *ends, rng=state.inner, rows=real.rows)
        total = total + gan.gradient_penalty * gan.penalty_every * slopes
    for weight, at, seen, on in ((gan.r1, real_at, seen_real, on_real), (gan.r2, fake_at, seen_fake, on_fake)):
        if due and weight is not None:
            # Slopes of logits in bf16 would be too coarse.
            logits = on if compute.precision == "fp32" else judge(seen.float())
            total = total + weight * gan.penalty_every * penalties.squared_gradient(logits, at)
    return total, torch.stack([on_real, on_fake]).detach()


def _seen(images: Tensor, rows: Rows, gan: Gan, *, look: partial[Tensor], sloped: bool) -> tuple[Tensor, Tensor]:
    """Where R1 or R2 take the slope of the logits if ``sloped``, and the images as the discriminator sees them.

    The slope is by the images before they are augmented, as in the penalties' papers; with ADA by those after it, since
    its lookup of pixels has no second derivative in PyTorch.
    """
    if gan.ada is not None:
        seen = look(images, rows).detach().requires_grad_(sloped)
        return seen, seen
    at = images.detach().requires_grad_(sloped)
    return at, look(at, rows)


def _judge(state: State, images: Tensor, *, labels: Tensor | None) -> Tensor:
    """Logits, float32, GANs x N."""
    logits: Tensor = call(state.discriminator, images, labels).float().unflatten(0, (state.count, -1))
    return logits


def _generator(
    state: State,
    parts: list[Real],
    fakes: list[Tensor] | None,
    gan: Gan,
    *,
    look: partial[Tensor],
    compute: Compute,
    team: Team,
) -> Tensor:
    """Gradients of the generator; returns the loss of each GAN without the penalties.

    ``parts`` are whole, ``fakes`` this process's own.
    """
    loss = LOSSES[gan.loss]
    device, count = parts[0].images.device, sum(len(whole.images) for whole in parts)
    total = torch.zeros(state.count, device=device)
    state.adam_g.zero_grad()
    # The discriminator only passes gradients on here; computing those of its weights would be thrown away.
    _learn(state.listed.weights_d, False)
    for k, part in enumerate(whole.own(team) for whole in parts):
        _draw_for(state, part.rows)
        with autocast(device, compute):
            fake = fakes[k] if fakes else _fakes(state, part, gan)
            on_fake = _judge(state, look(fake, part.rows), labels=part.labels)
            on_real = on_fake
            if loss.relative:
                with torch.no_grad():
                    on_real = _judge(state, look(part.images, part.rows), labels=part.labels)
            g_loss = generator_loss(loss, on_real, on_fake)
        share = len(part.images) / count
        (g_loss * share).sum().backward()
        total += g_loss.detach() * share
    _learn(state.listed.weights_d, True)
    if gan.orthogonal is not None:
        (gan.orthogonal / team.size * penalties.orthogonality(state.generator)).backward()
    if gan.path_length is not None and state.step // gan.n_critic % penalties.PATH_EVERY == 0:
        # On half as many images, as its paper does to save time.
        _lengthen(state, parts[0].halved().own(team), gan)
    team.add([total, *gradients(state.listed.weights_g)])
    return total


def _lengthen(state: State, half: Real, gan: Gan) -> None:
    """Add the gradients of the path length penalty."""
    assert isinstance(state.generator, Styled)
    _draw_for(state, half.rows)
    noise = half.rows.own(latents(half.whole, gan, noise=state.noise, device=half.images.device))
    images, styles = state.generator.styled(noise, half.labels)
    penalty, mean = penalties.path_length(images, styles, state.path_mean, rng=state.inner, rows=half.rows)
    state.path_mean.copy_(mean)
    share = len(half.images) / half.whole
    (gan.path_length * penalties.PATH_EVERY * share * penalty).backward()  # type: ignore[operator]


def _learn(weights: Sequence[Tensor], wanted: bool) -> None:
    """Whether gradients of ``weights`` are computed."""
    for weight in weights:
        weight.requires_grad_(wanted)


def _draw_for(state: State, rows: Rows) -> None:
    """Let the networks' layers draw for those rows of a batch."""
    for layer in state.listed.drawing:
        layer.rows = rows


def average(listed: Listed, *, decay: float) -> None:
    """Move the average towards the weights; statistics of batch normalisation are averages already and are copied."""
    with torch.no_grad():
        torch._foreach_lerp_(listed.weights_ema, listed.weights_g, 1 - decay)
        if listed.buffers_ema:
            torch._foreach_copy_(listed.buffers_ema, listed.buffers_g)
