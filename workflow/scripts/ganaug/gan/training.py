"""One loop that trains a generator against a discriminator, or several of one shape together, stoppable and resumable
at any step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganaug.batches import Batches, to_pixels
from ganaug.config import Compute, Gan
from ganaug.errors import UserError
from ganaug.gan import checkpoint
from ganaug.gan.augmentation import BELOW_IMAGES
from ganaug.gan.health import diversity, recall
from ganaug.gan.networks.family import Networks, Shape, build, call
from ganaug.gan.networks.layers import draw_from
from ganaug.gan.noise import Noise
from ganaug.gan.parallel import SOLO, Team
from ganaug.gan.schedules import adapted, factor
from ganaug.gan.stack import gathered, unstacked
from ganaug.gan.state import LOGGED, State, Weights, start, weights_of
from ganaug.gan.updates import Real, latents, update
from ganaug.seeds import derive, torch_generator

CHECKPOINT_SECONDS = 5.0
# A checkpoint may take up to a twentieth of the time.
CHECKPOINT_COST = 20
RUNAWAY_LOSS = 1e4
# How often a training is looked at on the way, and at how many images.
LOOKS, LOOKED_AT, FILMED = 20, 64, 10
COLUMNS = ("epoch", "step", *LOGGED, "diversity", "recall", "images_per_second")


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        snapshots: a generator's weights by snapshot name; those past a divergence are missing.
        discriminator: its weights at the end, or none for a family without.
        history: a row an epoch, with the `COLUMNS`.
        film: samples of the same latents on the way, uint8, `FILMED` x H x W x C each.
        reason: why it stopped early, or None.
    """

    snapshots: dict[str, Weights]
    discriminator: Weights
    history: list[dict[str, Any]]
    film: list[Tensor]
    reason: str | None


@dataclass(frozen=True)
class Start:
    """Weights that a training begins from."""

    generator: Weights
    discriminator: Weights


def train(
    images: Batches,
    labels: Tensor | None,
    gan: Gan,
    *,
    classes: int,
    seeds: Sequence[int],
    compute: Compute,
    device: torch.device,
    resume: Path,
    progress: Callable[[int], object],
    begin: Start | None = None,
    team: Team = SOLO,
) -> list[Trained]:
    """Train a GAN for every seed, as one batched model; each learns what it would alone, up to rounding.

    Several must be such that `can_train_together`, and in one process.

    Args:
        images: the real images of the first GAN, then those of the second, and so on, equally many each.
        labels: the numbers of their classes (int64, N, below ``classes``) if the GAN is told them.
        gan: its settings.
        classes: how many there are; 0 without ``labels``.
        seeds: of each GAN's weights, latents and batches.
        compute: precision and threads.
        device: where the networks live.
        resume: a checkpoint is kept here; if one is there, training goes on from it.
        progress: called with the number of steps done since the last call.
        begin: weights to begin from instead of drawn ones.
        team: the processes that train together; all call this alike and get the same, and one keeps the checkpoint.

    Raises:
        UserError: the family cannot make images of that size, or batches do not do for so many processes.
    """
    count = len(images) // len(seeds)
    shape = Shape(nz=gan.nz, size=images.size, channels=images.channels, classes=classes)
    drawn = [_begun(gan, shape, seed=seed, begin=begin) for seed in seeds]
    if drawn[0].discriminator is None:
        return [_memorised(images, gan, rows=torch.arange(k * count, (k + 1) * count)) for k in range(len(seeds))]
    length = epoch_steps(gan, count)
    _check_team(team, gan, images=count)
    state = start(gathered(drawn), gan, seeds=seeds, length=length, device=device)
    if resume.exists():
        checkpoint.load(state, resume)
        progress(state.step * len(seeds))
    total = total_steps(gan, count)
    augment = count < BELOW_IMAGES if gan.diffaugment == "auto" else bool(gan.diffaugment)
    batches = _batches(seeds, epoch=state.step // length, count=count, number=length)
    saved = epoch_start = time.monotonic()
    wait = CHECKPOINT_SECONDS
    seen = 0
    while state.step < total:
        epoch, batch = divmod(state.step, length)
        if batch == 0:
            batches = _batches(seeds, epoch=epoch, count=count, number=length)
            epoch_start, seen = time.monotonic(), 0
        _set_out(state, gan, done=state.step / total, grown=begin is not None)
        positions = batches[batch]
        real = Real(images(positions), None if labels is None else labels[positions].to(device))
        state.log[batch] = update(state, real, gan, augment=augment, compute=compute, team=team)
        state.step += 1
        seen += len(positions)
        progress(len(seeds))
        if batch + 1 == length or state.step == total:
            speed = seen / max(time.monotonic() - epoch_start, 1e-9)
            # Each process normalised by the statistics of its own rows; all have to agree on whether to go on.
            team.follow(state.sampler.buffers())
            _close_epoch(state, gan, epoch=epoch + 1, rows=batch + 1, images_per_second=speed)
            if _is_time_to_look(epoch + 1, epochs=-(-total // length)):
                _look(state, images, labels, gan, seeds=seeds)
            if all(state.reasons):
                break
            _keep_snapshot(state, gan, epoch=epoch + 1, last=state.step == total)
        if team.rank == 0 and time.monotonic() - saved > wait:
            began = time.monotonic()
            checkpoint.save(state, resume)
            saved = time.monotonic()
            wait = max(CHECKPOINT_SECONDS, CHECKPOINT_COST * (saved - began)) if CHECKPOINT_SECONDS > 0 else wait
    return _results(state)


def _begun(gan: Gan, shape: Shape, *, seed: int, begin: Start | None) -> Networks:
    """The networks of one GAN before its first step."""
    networks = build(gan, shape, rng=torch_generator(derive(seed, "weights")))
    if begin and networks.discriminator:
        networks.generator.load_state_dict(begin.generator)
        networks.discriminator.load_state_dict(begin.discriminator)
    return networks


def epoch_steps(gan: Gan, images: int) -> int:
    """Steps of an epoch."""
    return -(-images // gan.batch_size)


def total_steps(gan: Gan, images: int) -> int:
    """Steps of a whole training on so many images."""
    return gan.steps or (gan.epochs or 0) * epoch_steps(gan, images)


def _check_team(team: Team, gan: Gan, *, images: int) -> None:
    """Refuse batches of which a process would have nothing, or more than another in every step."""
    if gan.batch_size % team.size:
        raise UserError(
            f"gans: batch_size {gan.batch_size} does not divide into equal parts for compute.processes {team.size}; "
            "change one of them"
        )
    # The path length penalty is of half of a part.
    fewest = images // epoch_steps(gan, images) // gan.accumulate // (1 if gan.path_length is None else 2)
    if team.size > max(1, fewest):
        raise UserError(
            f"gans: {images} images in batches of {gan.batch_size}, each in {gan.accumulate} parts, are too few for "
            f"compute.processes {team.size}; lower it"
        )


def _memorised(images: Batches, gan: Gan, *, rows: Tensor) -> Trained:
    """The identity: its weights are the images. A file of weights may not hold the same memory twice."""
    snapshots = {snap: {"images": images.pixels(rows).cpu().clone()} for snap in gan.snaps}
    return Trained(snapshots=snapshots, discriminator={}, history=[], film=[], reason=None)


def _results(state: State) -> list[Trained]:
    """What each GAN leaves: of one that ended early, the snapshots before that."""
    snapshots = {snap: unstacked(weights, state.count) for snap, weights in state.snapshots.items()}
    discriminators = unstacked(weights_of(state.discriminator), state.count)
    return [
        Trained(
            snapshots={
                snap: weights[k]
                for snap, weights in snapshots.items()
                if reason is None or (snap != "last" and int(snap[1:]) < state.history[k][-1]["epoch"])
            },
            discriminator=discriminators[k],
            history=state.history[k],
            film=state.film[k],
            reason=reason,
        )
        for k, reason in enumerate(state.reasons)
    ]


def _batches(seeds: Sequence[int], *, epoch: int, count: int, number: int) -> list[Tensor]:
    """The batches of an epoch: from the seeds alone, so that a checkpoint need not hold them.

    They differ by one image of each GAN at most: a tiny last batch would shift the statistics of batch normalisation
    just before a snapshot is taken.
    """
    orders = [torch.randperm(count, generator=torch_generator(derive(seed, "order", epoch))) for seed in seeds]
    parts = [(k * count + order).tensor_split(number) for k, order in enumerate(orders)]
    return [torch.cat(part) for part in zip(*parts, strict=True)]


def _set_out(state: State, gan: Gan, *, done: float, grown: bool) -> None:
    """Learning rates and shapes of the step that comes next; what begins ``grown`` does not grow again."""
    share = factor(gan.schedule, done)
    state.adam_g.lr, state.adam_d.lr = gan.lr_g * share, gan.lr_d * share * state.d_factor
    for network in state.listed.growing:
        network.grow(1.0 if grown else done)


def _close_epoch(state: State, gan: Gan, *, epoch: int, rows: int, images_per_second: float) -> None:
    """Add the epoch's row to the history of each GAN; one whose losses ran away or weights are not finite is over."""
    log = state.log[:rows].cpu()
    for k in range(state.count):
        if state.reasons[k]:
            continue
        own = log[..., k]
        means = dict(zip(LOGGED, own.nanmean(dim=0).tolist(), strict=True))
        row = {key: value if isfinite(value) else "" for key, value in means.items()}
        state.history[k].append(
            {"epoch": epoch, "step": state.step, **row, "diversity": "", "recall": ""}
            | {"images_per_second": images_per_second}
        )
        if gan.schedule == "adaptive":
            state.d_factor = adapted(state.d_factor, means["d_accuracy"])
        state.reasons[k] = _trouble(own[:, :2], gan, first=state.step - rows + 1)
    weights = state.sampler.state_dict().values()
    sound = torch.stack([weight.isfinite().reshape(state.count, -1).all(dim=1) for weight in weights]).all(dim=0)
    for k in range(state.count):
        if not sound[k]:
            state.reasons[k] = state.reasons[k] or (
                f"diverged at step {state.step}: the generator's weights are not finite"
            )


def _trouble(losses: Tensor, gan: Gan, *, first: int) -> str | None:
    """Where the losses (steps x 2: discriminator, generator) of the steps from ``first`` on ran away, if they did."""
    turns = torch.arange(first, first + len(losses)) % gan.n_critic == 0
    losses = torch.stack([losses[:, 0], losses[:, 1].where(turns, torch.zeros(()))], dim=1)
    bad = (~losses.isfinite() | (losses.abs() > RUNAWAY_LOSS)).any(dim=1)
    if not bad.any():
        return None
    at = int(bad.nonzero()[0])
    return f"diverged at step {first + at}: d_loss {losses[at, 0]:.3g}, g_loss {losses[at, 1]:.3g}"


def _is_time_to_look(epoch: int, *, epochs: int) -> bool:
    return epoch * LOOKS // epochs > (epoch - 1) * LOOKS // epochs


def _look(state: State, images: Batches, labels: Tensor | None, gan: Gan, *, seeds: Sequence[int]) -> None:
    """Fill in what the epoch's row says of samples, and add a picture to the film; the latents are always the same."""
    device = state.log.device
    # Images may lie class by class: every class is to be among those looked at, and among those filmed.
    positions = _spread(LOOKED_AT * len(seeds), over=len(images))
    chosen = None if labels is None else labels[positions].to(device)
    noise = Noise.of([derive(seed, "look") for seed in seeds])
    sampler = state.sampler
    sampler.eval()
    # Were layers to draw as in training, how often one looks would change what is trained.
    draw_from(sampler, torch.Generator(device).manual_seed(derive(seeds[0], "look", "inner")))
    with torch.inference_mode():
        fakes = call(sampler, latents(LOOKED_AT * len(seeds), gan, noise=noise, device=device), chosen)
    draw_from(sampler, state.inner)
    sampler.train()
    reals = images(positions).chunk(len(seeds))
    for k, (real, fake) in enumerate(zip(reals, fakes.chunk(len(seeds)), strict=True)):
        if state.history[k][-1]["step"] < state.step:
            continue
        if bool(fake.isfinite().all()):
            state.history[k][-1] |= {"diversity": diversity(fake), "recall": recall(real, fake)}
        state.film[k].append(torch.from_numpy(to_pixels(fake[_spread(FILMED, over=LOOKED_AT)])))


def _spread(count: int, *, over: int) -> Tensor:
    """So many positions at even distances, from the first of ``over``; where there are fewer they are repeated."""
    return torch.arange(count) * over // count


def _keep_snapshot(state: State, gan: Gan, *, epoch: int, last: bool) -> None:
    names = [f"e{epoch}"] if epoch in gan.snapshots else []
    for name in names + (["last"] if last else []):
        state.snapshots[name] = weights_of(state.sampler)
