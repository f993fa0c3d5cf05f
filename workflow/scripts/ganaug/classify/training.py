"""One loop that trains a classifier and keeps the weights that the protocol selects."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganaug.adam import Adam
from ganaug.batches import Batches
from ganaug.classify.metrics import METRICS, Labels, Probabilities, summary
from ganaug.compute import autocast
from ganaug.config import Budget, Classifier, Compute
from ganaug.seeds import derive, torch_generator

EVALUATION_BATCH = 512
RUNAWAY_LOSS = 1e4


@dataclass(frozen=True)
class Labelled:
    """Images and the numbers of their classes (int64, N)."""

    images: Batches
    labels: Tensor


@dataclass(frozen=True)
class Fit:
    """What a training leaves.

    Attributes:
        weights: of the selected evaluation.
        selected_step: its step.
        snapshots: weights of every evaluation by step, if they were asked for; else empty.
        history: a row an evaluation, with the columns of ``history.csv``.
        reason: why it stopped early, or None.
    """

    weights: dict[str, Tensor]
    selected_step: int
    snapshots: dict[int, dict[str, Tensor]]
    history: list[dict[str, Any]]
    reason: str | None


def total_steps(budget: Budget, classifier: Classifier, images: int) -> int:
    """Optimiser steps of a cell: the same for all arms, unless the study counts epochs.

    Batches are whole (see `whole_batches`), so ``epochs`` end within the batch that shows the last image.
    """
    return budget.steps or math.ceil((budget.epochs or 0) * images / classifier.batch_size)


def fit(
    network: nn.Module,
    train: Labelled,
    validation: Labelled | None,
    *,
    classifier: Classifier,
    budget: Budget,
    order_seed: int,
    compute: Compute,
    device: torch.device,
    progress: Callable[[int], object],
) -> Fit:
    """Train ``network`` (already on ``device``) with Adam and cross-entropy, in place.

    With ``select: best`` the evaluation of the highest validation accuracy is kept; ties go to the lower
    validation loss, then to the earlier step. Without validation images the last step is kept, and every
    evaluation's weights with it, for the test curves of papers that select this way.

    Args:
        order_seed: of the order of the batches; each epoch is a new permutation.
        progress: called with the number of steps done since the last call.
    """
    optimiser = Adam(network.parameters(), lr=classifier.lr)
    count = len(train.labels)
    labels = train.labels.to(device)
    history: list[dict[str, Any]] = []
    snapshots: dict[int, dict[str, Tensor]] = {}
    best: tuple[float, float] = (-1.0, 0.0)
    weights, selected = _weights(network), 0
    losses = torch.zeros(budget.eval_every, device=device)
    start = time.monotonic()
    batches = whole_batches(count, size=classifier.batch_size, seed=order_seed)
    total = total_steps(budget, classifier, count)
    for step, positions in zip(range(1, total + 1), batches, strict=False):
        with autocast(device, compute):
            logits = network(train.images(positions))
        loss = functional.cross_entropy(logits.float(), labels[positions.to(device)])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses[(step - 1) % budget.eval_every] = loss.detach()
        progress(1)
        if step % budget.eval_every and step != total:
            continue
        row, score = _evaluate(network, train, validation, compute=compute, device=device)
        passed = {"epoch": step * classifier.batch_size / count, "seconds": time.monotonic() - start}
        history.append({"step": step, **{key: round(value, 3) for key, value in passed.items()}, **row})
        since = (step - 1) % budget.eval_every + 1
        if reason := _divergence(losses[:since], first=step - since + 1):
            return Fit(weights, selected, snapshots, history, reason)
        if validation is None:
            snapshots[step] = _weights(network)
        if budget.select == "last" or score > best:
            best, weights, selected = score, _weights(network), step
    return Fit(weights, selected, snapshots, history, None)


def _divergence(losses: Tensor, *, first: int) -> str | None:
    """The reason to stop if a loss of the steps from ``first`` on is not finite or ran away, else None."""
    bad = ~(losses <= RUNAWAY_LOSS)
    if not bad.any():
        return None
    at = int(bad.nonzero()[0])
    return f"diverged at step {first + at}: train_loss {losses[at]:.3g}"


def whole_batches(count: int, *, size: int, seed: int) -> Iterator[Tensor]:
    """Batches of positions 0 to ``count - 1``, for ever: one permutation after another, cut into exactly ``size``.

    A short batch at the end of every epoch would come up more often in small training sets than in large ones,
    and at equal steps the arms would no longer have equal budgets.
    """
    order = torch.empty(0, dtype=torch.int64)
    epoch = 0
    while True:
        while len(order) < size:
            shuffled = torch.randperm(count, generator=torch_generator(derive(seed, "epoch", epoch)))
            order, epoch = torch.cat([order, shuffled]), epoch + 1
        yield order[:size]
        order = order[size:]


def probabilities(network: nn.Module, images: Batches, *, compute: Compute, device: torch.device) -> Probabilities:
    """Class probabilities (float32, N x K) of all ``images``."""
    network.eval()
    parts = []
    with torch.inference_mode(), autocast(device, compute):
        for positions in torch.arange(len(images)).split(EVALUATION_BATCH):
            parts.append(network(images(positions)).float().softmax(dim=1).cpu())
    network.train()
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


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
