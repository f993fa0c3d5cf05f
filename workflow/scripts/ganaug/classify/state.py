"""All that changes while a classifier trains, and the file that holds it for a killed job."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganaug.classify.optimiser import Optimiser
from ganaug.io import load_tensors, prefixed, save_tensors, unprefixed

Weights = dict[str, Tensor]


@dataclass
class State:
    """All that changes; batches and random draws follow from the seeds and the step.

    Attributes:
        ema: the moving average of the network, or None.
        judge: the discriminator's head of the combined loss, or None.
        losses: of the steps since the last evaluation (float32), on the device.
        step: optimiser steps done.
        history: a row an evaluation.
        best: of the evaluation that is kept: validation accuracy, and loss with a minus.
        weights, selected: of that evaluation, and its step.
        waited: evaluations since it that count for ``patience``.
        mirrored: whether each image was, the last time it was seen (bool, N), where they alternate; else empty.
        snapshots: weights of every evaluation by step, where they are asked for.
    """

    network: nn.Module
    ema: nn.Module | None
    judge: nn.Linear | None
    optimiser: Optimiser
    losses: Tensor
    weights: Weights
    mirrored: Tensor
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best: tuple[float, float] = (-1.0, 0.0)
    selected: int = 0
    waited: int = 0
    snapshots: dict[int, Weights] = field(default_factory=dict)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """Those that there are, by name."""
        found: dict[str, nn.Module | None] = {"network": self.network, "ema": self.ema, "judge": self.judge}
        return {name: network for name, network in found.items() if network is not None}


def save(state: State, path: Path) -> None:
    """Write all of `State`, atomically."""
    tensors = {"losses": state.losses, "mirrored": state.mirrored, **prefixed("weights", state.weights)}
    for name, network in state.networks.items():
        tensors |= prefixed(name, network.state_dict())
    tensors |= prefixed("optimiser", state.optimiser.state())
    for step, weights in state.snapshots.items():
        tensors |= prefixed(f"snapshot/{step}", weights)
    facts = {
        "step": state.step,
        "history": state.history,
        "best": state.best,
        "selected": state.selected,
        "waited": state.waited,
        "snapshots": list(state.snapshots),
    }
    save_tensors(path, tensors, {"state": json.dumps(facts)})


def load(state: State, path: Path) -> None:
    """Put ``state`` where it was when `save` wrote ``path``."""
    tensors, metadata = load_tensors(path)
    facts = json.loads(metadata["state"])
    state.losses.copy_(tensors["losses"])
    state.mirrored.copy_(tensors["mirrored"])
    for name, network in state.networks.items():
        network.load_state_dict(unprefixed(name, tensors))
    state.optimiser.restore(unprefixed("optimiser", tensors))
    state.weights = unprefixed("weights", tensors)
    state.step, state.history, state.selected = facts["step"], facts["history"], facts["selected"]
    state.best, state.waited = tuple(facts["best"]), facts["waited"]
    state.snapshots = {step: unprefixed(f"snapshot/{step}", tensors) for step in facts["snapshots"]}


def weights_of(network: nn.Module) -> Weights:
    """A copy of all weights and buffers, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def average(ema: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the average towards the weights; what normalisation and inputs keep beside weights is copied."""
    with torch.no_grad():
        torch._foreach_lerp_(list(ema.parameters()), list(network.parameters()), 1 - decay)
        for kept, own in zip(ema.buffers(), network.buffers(), strict=True):
            kept.copy_(own)
