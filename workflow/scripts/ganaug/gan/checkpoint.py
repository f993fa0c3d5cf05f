"""The whole state of a training in one file, so that a killed job goes on at the exact step."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn

from ganaug.adam import Adam
from ganaug.gan.state import State
from ganaug.io import load_tensors, prefixed, save_tensors, unprefixed


def save(state: State, path: Path) -> None:
    """Write all that `State` lists, atomically."""
    tensors = dict(_numbers(state))
    tensors |= {name: generator.get_state() for name, generator in _generators(state).items()}
    for name, network in _networks(state).items():
        tensors |= prefixed(name, network.state_dict())
    for name, optimiser in _optimisers(state).items():
        tensors |= prefixed(name, optimiser.state())
    for snap, weights in state.snapshots.items():
        tensors |= prefixed(f"snapshot/{snap}", weights)
    tensors |= {f"film/{k}/{place}": shown for k, film in enumerate(state.film) for place, shown in enumerate(film)}
    facts = {
        "step": state.step,
        "d_factor": state.d_factor,
        "history": state.history,
        "snapshots": list(state.snapshots),
        "reasons": state.reasons,
        "film": [len(film) for film in state.film],
    }
    save_tensors(path, tensors, {"state": json.dumps(facts)})


def load(state: State, path: Path) -> None:
    """Put ``state`` where it was when `save` wrote ``path``."""
    tensors, metadata = load_tensors(path)
    facts = json.loads(metadata["state"])
    for name, number in _numbers(state).items():
        number.copy_(tensors[name])
    for name, generator in _generators(state).items():
        generator.set_state(tensors[name])
    state.step, state.d_factor, state.history = facts["step"], facts["d_factor"], facts["history"]
    state.snapshots = {snap: unprefixed(f"snapshot/{snap}", tensors) for snap in facts["snapshots"]}
    state.reasons = facts["reasons"]
    state.film = [[tensors[f"film/{k}/{place}"] for place in range(shown)] for k, shown in enumerate(facts["film"])]
    for name, network in _networks(state).items():
        network.load_state_dict(unprefixed(name, tensors))
    for name, optimiser in _optimisers(state).items():
        optimiser.restore(unprefixed(name, tensors))


def _numbers(state: State) -> dict[str, Tensor]:
    return {"log": state.log, "ada": state.ada, "path_mean": state.path_mean}


def _generators(state: State) -> dict[str, torch.Generator]:
    return {"inner": state.inner, **{f"noise/{k}": rng for k, rng in enumerate(state.noise.generators)}}


def _networks(state: State) -> dict[str, nn.Module]:
    found = {"generator": state.generator, "discriminator": state.discriminator, "ema": state.ema}
    return {name: network for name, network in found.items() if network is not None}


def _optimisers(state: State) -> dict[str, Adam]:
    return {"adam_g": state.adam_g, "adam_d": state.adam_d}
