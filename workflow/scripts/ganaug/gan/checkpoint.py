"""The whole state of a training in one file, so that a killed job goes on at the exact step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from ganaug.adam import Adam
from ganaug.io import load_tensors, save_tensors

if TYPE_CHECKING:
    from ganaug.gan.training import State


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under names that begin with ``prefix`` and a slash."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def unprefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those tensors whose names begin with ``prefix`` and a slash, without it."""
    return {
        name.removeprefix(f"{prefix}/"): tensor for name, tensor in tensors.items() if name.startswith(f"{prefix}/")
    }


def save(state: State, path: Path) -> None:
    """Write networks, EMA, both optimisers, snapshots, the generator of noise, step and history, atomically."""
    tensors = {"noise": state.noise.get_state(), "log": state.log}
    for name, network in _networks(state).items():
        tensors |= prefixed(name, network.state_dict())
    for name, optimiser in _optimisers(state).items():
        tensors |= prefixed(name, optimiser.state())
    for snap, weights in state.snapshots.items():
        tensors |= prefixed(f"snapshot/{snap}", weights)
    facts = {"step": state.step, "history": state.history, "snapshots": list(state.snapshots)}
    save_tensors(path, tensors, {"state": json.dumps(facts)})


def load(state: State, path: Path) -> None:
    """Put ``state`` where it was when `save` wrote ``path``."""
    tensors, metadata = load_tensors(path)
    facts = json.loads(metadata["state"])
    state.noise.set_state(tensors["noise"])
    state.log.copy_(tensors["log"])
    state.step, state.history = facts["step"], facts["history"]
    state.snapshots = {snap: unprefixed(f"snapshot/{snap}", tensors) for snap in facts["snapshots"]}
    for name, network in _networks(state).items():
        network.load_state_dict(unprefixed(name, tensors))
    for name, optimiser in _optimisers(state).items():
        optimiser.restore(unprefixed(name, tensors))


def _networks(state: State) -> dict[str, nn.Module]:
    found = {"generator": state.generator, "discriminator": state.discriminator, "ema": state.ema}
    return {name: network for name, network in found.items() if network is not None}


def _optimisers(state: State) -> dict[str, Adam]:
    return {"adam_g": state.adam_g, "adam_d": state.adam_d}
