"""The file that holds the generators of a job: one a class, or one that is told the class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ganaug.config import Gan
from ganaug.gan.networks.family import Shape, restore
from ganaug.gan.state import Weights
from ganaug.io import load_tensors, prefixed, save_tensors, unprefixed
from ganaug.seeds import derive


@dataclass(frozen=True)
class Maker:
    """What makes the images of one class: a generator in evaluation mode, and the number it is told, or None."""

    generator: nn.Module
    label: int | None


def save_generators(path: str | Path, weights: Sequence[Weights], labels: Sequence[str]) -> None:
    """Write generators, or discriminators: as many as ``labels`` (class names), or one for all; none if it failed."""
    tensors: dict[str, Tensor] = {}
    for k, one in enumerate(weights):
        tensors |= prefixed(str(k), one)
    save_tensors(path, tensors, {"made": json.dumps({"labels": list(labels), "generators": len(weights)})})


def open_generators(
    path: str | Path, gan: Gan, *, size: int, channels: int, device: torch.device
) -> Mapping[str, Maker]:
    """What `save_generators` wrote, by class name, on ``device``."""
    tensors, metadata = load_tensors(path)
    made = json.loads(metadata["made"])
    labels, count = made["labels"], made["generators"]
    told = gan.mode == "conditional"
    shape = Shape(nz=gan.nz, size=size, channels=channels, classes=len(labels) if told else 0)
    networks = [restore(gan, shape, unprefixed(str(k), tensors)).to(device) for k in range(count)]
    if not networks:
        return {}
    return {label: Maker(networks[0 if told else k], k if told else None) for k, label in enumerate(labels)}


def gan_seed(gan: Gan, *, root: int, repeat: int, label: str) -> int:
    """The seed of the GAN that makes the images of a class."""
    return derive(root, "gan", repeat) if gan.mode == "conditional" else derive(root, "gan", repeat, label)
