"""One loop that trains a classifier and keeps the weights that the protocol selects."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.arms import Online, Strategy
from ganaug.batches import Batches, to_floats
from ganaug.classify import state as checkpoint
from ganaug.classify.augment.mixing import cutmix, mixup
from ganaug.classify.augment.policies import augment
from ganaug.classify.batching import by_turns, epoch_images, in_phases, whole_batches
from ganaug.classify.dropout import draw_dropout
from ganaug.classify.metrics import METRICS, Labels, Probabilities, summary
from ganaug.classify.networks import head
from ganaug.classify.networks.input import Input
from ganaug.classify.norms import plain_weights, split_norms, tell_others
from ganaug.classify.objective import adversarial, new_judge, supervised
from ganaug.classify.optimiser import Optimiser
from ganaug.classify.schedules import factor
from ganaug.classify.state import State, average, weights_of
from ganaug.compute import autocast
from ganaug.config import Budget, Classifier, Compute
from ganaug.seeds import derive, torch_generator

RUNAWAY_LOSS = 1e4
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Labelled:
    """Images and the numbers of their classes (int64, N)."""

    images: Batches
    labels: Tensor


@dataclass(frozen=True)
class TrainingSet(Labelled):
    """What a classifier learns from.

    Attributes:
        generated: whether an image is of a GAN (bool, N).
        turns: see `ganaug.images.SetRow` (int64, N).
    """

    generated: Tensor
    turns: Tensor


@dataclass(frozen=True)
class Recipe:
    """All that a config says of one training."""

    classifier: Classifier
    budget: Budget
    online: Online
    strategy: Strategy


@dataclass(frozen=True)
class Fit:
    """What a training leaves.

    Attributes:
        weights: of the selected evaluation.
        selected_step: its step.
        snapshots: weights of every evaluation by step, if they were asked for; else empty.
        history: a row an evaluation, with the columns of ``history.csv``.
        reason: why it diverged, or None.
    """

    weights: dict[str, Tensor]
    selected_step: int
    snapshots: dict[int, dict[str, Tensor]]
    history: list[dict[str, Any]]
    reason: str | None


def total_steps(budget: Budget, classifier: Classifier, images: int) -> int:
    """Optimiser steps of a cell: the same for all arms, unless the study counts epochs.

    Batches are whole (see `ganaug.classify.batching`), so ``epochs`` of so many images end within the batch that shows
    the last one.
    """
    return budget.steps or math.ceil((budget.epochs or 0) * images / classifier.batch_size)


def fit(
    network: nn.Module,
    train: TrainingSet,
    validation: Labelled | None,
    *,
    recipe: Recipe,
    order_seed: int,
    seed: int,
    compute: Compute,
    device: torch.device,
    resume: Path | None,
    progress: Callable[[int], object],
) -> Fit:
    """Train ``network`` (already on ``device``), in place.

    With ``select: best`` the evaluation of the highest validation accuracy is kept; ties go to the lower
    validation loss, then to the earlier step. Without validation images the last step is kept, and every
    evaluation's weights with it, for the test curves of papers that select this way.

    Args:
        order_seed: of the order of the batches; each epoch is a new permutation.
        seed: of what is drawn in a step (augmentation, mixing, dropout) and of the discriminator's head.
        resume: a checkpoint is kept here; if one is there, training goes on from it. None: nowhere.
        progress: called with the number of steps done since the last call.

    Raises:
        UserError: the arm asks for what the network does not have.
    """
    classifier, budget = recipe.classifier, recipe.budget
    count = epoch_images(train.turns)
    total = total_steps(budget, classifier, count)
    state = begun(network, recipe, images=len(train.labels), seed=seed, device=device)
    if resume is not None and resume.exists():
        checkpoint.load(state, resume)
        progress(state.step)
    step_on = Step(state, train, recipe, total=total, seed=seed, compute=compute, device=device)
    saved = time.monotonic()
    start = saved - (float(state.history[-1]["seconds"]) if state.history else 0.0)
    for positions in islice(batches_of(train, recipe, total=total, seed=order_seed), state.step, total):
        state.losses[state.step % budget.eval_every] = step_on(positions)
        state.step += 1
        progress(1)
        if state.step % budget.eval_every == 0 or state.step == total:
            row, score = _evaluate(state.ema or state.network, train, validation, compute=compute, device=device)
            passed = {
                "epoch": state.step * classifier.batch_size / count,
                "seconds": time.monotonic() - start,
            }
            state.history.append({"step": state.step, **{key: round(value, 3) for key, value in passed.items()}, **row})
            since = (state.step - 1) % budget.eval_every + 1
            reason = _divergence(state.losses[:since], first=state.step - since + 1)
            if reason is None and math.isnan(row["train_loss"]):
                # The loss of a step is of the weights before it.
                reason = f"diverged at step {state.step}: the weights it left give no probabilities"
            if reason:
                return Fit(state.weights, state.selected, state.snapshots, state.history, reason)
            _keep(state, score, budget, snapshot=validation is None)
            # What is frozen throughout has one stage only.
            if state.step < max(classifier.frozen % 1, recipe.strategy.pretrain or 0) * total:
                state.waited = 0
            if classifier.patience is not None and state.waited >= classifier.patience:
                break
        if resume is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
            checkpoint.save(state, resume)
            saved = time.monotonic()
    return Fit(state.weights, state.selected, state.snapshots, state.history, None)


def begun(network: nn.Module, recipe: Recipe, *, images: int, seed: int, device: torch.device) -> State:
    """The state before the first step of learning from so many images."""
    classifier, strategy = recipe.classifier, recipe.strategy
    if strategy.auxiliary_norm:
        split_norms(network, name=classifier.network)
    judge = None
    if strategy.adversarial is not None:
        judge = new_judge(head(network).in_features, rng=torch_generator(derive(seed, "judge")), device=device)
    ema = None
    if classifier.ema is not None:
        ema = copy.deepcopy(network).requires_grad_(False)
    alternating = recipe.online.policy == "alternating_flip_crop"
    parameters = [*network.parameters(), *(judge.parameters() if judge else ())]
    return State(
        network=network.train(),
        ema=ema,
        judge=judge,
        optimiser=Optimiser([one for one in parameters if one.requires_grad], classifier),
        losses=torch.zeros(recipe.budget.eval_every, device=device),
        weights=plain_weights(weights_of(network)),
        mirrored=torch.rand(images if alternating else 0, generator=torch_generator(derive(seed, "mirror"))) < 0.5,
    )


def batches_of(train: TrainingSet, recipe: Recipe, *, total: int, seed: int) -> Iterator[Tensor]:
    """The positions of the images that each step sees, for ever, from the seed alone."""
    size, pretrain = recipe.classifier.batch_size, recipe.strategy.pretrain
    if pretrain is None:
        return whole_batches(by_turns(train.turns), size=size, seed=seed)
    return in_phases(train.generated, train.turns, first=round(pretrain * total), size=size, seed=seed)


class Step:
    """One optimiser step: what does not change from one to the next."""

    def __init__(
        self,
        state: State,
        train: TrainingSet,
        recipe: Recipe,
        *,
        total: int,
        seed: int,
        compute: Compute,
        device: torch.device,
    ) -> None:
        self._state, self._train, self._recipe, self._total = state, train, recipe, total
        self._compute, self._device, self._seed = compute, device, seed
        self._labels, self._generated = train.labels.to(device), train.generated.to(device)
        self._forward = torch.compile(state.network) if recipe.classifier.compile else state.network
        self._head, self._classes = head(state.network), head(state.network).out_features
        self._dropout = torch.Generator(device)
        draw_dropout(state.network, self._dropout)
        own = {id(one) for one in self._head.parameters()}
        self._body = [one for one in state.network.parameters() if one.requires_grad and id(one) not in own]
        self._frozen = False
        self._features: list[Tensor] = []
        if state.judge is not None:
            self._head.register_forward_pre_hook(lambda _, inputs: self._features.append(inputs[0]))

    def __call__(self, positions: Tensor) -> Tensor:
        """Learn from the images at ``positions``; returns the loss, a scalar on the device."""
        state, recipe = self._state, self._recipe
        classifier, strategy = recipe.classifier, recipe.strategy
        done = state.step / self._total
        rng = torch_generator(derive(self._seed, "step", state.step))
        self._dropout.manual_seed(derive(self._seed, "dropout", state.step))
        self._freeze(done < classifier.frozen)
        places = positions.to(self._device)
        images, targets = self._seen(positions, self._labels[places], rng=rng)
        generated = self._generated[places]
        if strategy.auxiliary_norm:
            tell_others(state.network, generated)
        self._features.clear()
        with autocast(self._device, self._compute):
            logits = self._forward(images)
        weights = None if strategy.weight == 1 else torch.where(generated, strategy.weight, 1.0)
        loss = supervised(logits.float(), targets, weights=weights, smoothing=classifier.label_smoothing)
        if state.judge is not None and strategy.adversarial is not None:
            loss = loss + strategy.adversarial * adversarial(state.judge, self._features[0].float(), ~generated)
        state.optimiser.zero_grad()
        loss.backward()
        state.optimiser.step(lr=classifier.lr * factor(classifier, done))
        if state.ema is not None and classifier.ema is not None:
            average(state.ema, state.network, decay=min(classifier.ema, (state.step + 1) / (state.step + 10)))
        if strategy.auxiliary_norm:
            tell_others(state.network, None)
        return loss.detach()

    def _freeze(self, frozen: bool) -> None:
        """Whether only the last layer learns; statistics of batch normalisation then stand still too."""
        if frozen == self._frozen:
            return
        self._frozen = frozen
        self._state.network.train(not frozen)
        for parameter in self._body:
            parameter.requires_grad_(not frozen)

    def _seen(self, positions: Tensor, labels: Tensor, *, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Images as this step sees them (float32, N x C x H x W), and their targets."""
        online = self._recipe.online
        pixels = self._train.images.pixels(positions)
        if online.policy is not None:
            mirrored = None
            if online.policy == "alternating_flip_crop":
                mirrored = self._state.mirrored[positions].logical_not_()
                self._state.mirrored[positions] = mirrored
            pixels = augment(pixels, online.policy, rng=rng, mirrored=mirrored)
        images = to_floats(pixels)
        alphas = [(mix, alpha) for mix, alpha in ((mixup, online.mixup), (cutmix, online.cutmix)) if alpha is not None]
        if not alphas:
            return images, labels
        chosen = int(torch.randint(len(alphas), (), generator=rng))
        mix, alpha = alphas[chosen]
        return mix(images, labels, classes=self._classes, alpha=alpha, rng=rng)


def _keep(state: State, score: tuple[float, float], budget: Budget, *, snapshot: bool) -> None:
    """Take over the evaluation that was just made, if it is to be kept."""
    evaluated = plain_weights(weights_of(state.ema or state.network))
    if snapshot:
        state.snapshots[state.step] = evaluated
    state.waited += 1
    if score > state.best:
        state.waited = 0
    if budget.select == "last" or score > state.best:
        state.weights, state.selected = evaluated, state.step
    state.best = max(state.best, score)


def _divergence(losses: Tensor, *, first: int) -> str | None:
    """The reason to stop if a loss of the steps from ``first`` on is not finite or ran away, else None."""
    bad = ~(losses <= RUNAWAY_LOSS)
    if not bad.any():
        return None
    at = int(bad.nonzero()[0])
    return f"diverged at step {first + at}: train_loss {losses[at]:.3g}"


def evaluation_batch(network: nn.Module, size: int) -> int:
    """Images of ``size`` pixels that are looked at together: fewer large ones, whose features would fill the memory.

    Large is what ``network`` makes of them: its input may enlarge them.
    """
    seen = max([size, *(layer.pixels or 0 for layer in network.modules() if isinstance(layer, Input))])
    return max(16, min(512, 2**21 // seen**2))


def probabilities(network: nn.Module, images: Batches, *, compute: Compute, device: torch.device) -> Probabilities:
    """Class probabilities (float32, N x K) of all ``images``."""
    was_training = network.training
    network.eval()
    parts = []
    with torch.inference_mode(), autocast(device, compute):
        for positions in torch.arange(len(images)).split(evaluation_batch(network, images.size)):
            parts.append(network(images(positions)).float().softmax(dim=1).cpu())
    network.train(was_training)
    return torch.cat(parts).numpy()


def _evaluate(
    network: nn.Module, train: Labelled, validation: Labelled | None, *, compute: Compute, device: torch.device
) -> tuple[dict[str, Any], tuple[float, float]]:
    """The metrics of both splits, and what decides between evaluations (higher is better)."""
    row: dict[str, Any] = {}
    score = (0.0, 0.0)
    for name, split in (("train", train), ("validation", validation)):
        if split is None:
            row |= dict.fromkeys([f"{name}_{key}" for key in METRICS], "")
            continue
        numbers: Labels = split.labels.numpy()
        values = summary(numbers, probabilities(network, split.images, compute=compute, device=device))
        row |= {f"{name}_{key}": value for key, value in values.items()}
        score = (values["accuracy"], -values["loss"])
    return row, score
