"""What a discriminator says of samples: an array for those who choose among them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ganaug.batches import Batches
from ganaug.compute import prepare
from ganaug.config import Compute, Gan
from ganaug.gan.networks.family import Shape, build, call
from ganaug.gan.sampling import BLOCK
from ganaug.images import ImageFiles, open_images, open_index
from ganaug.io import load_tensors, save_array, unprefixed


def judge_samples(
    *, gan: Gan, samples: ImageFiles, discriminators: Sequence[str], compute: Compute, scores: str
) -> None:
    """Write the logits (float32, N, ``.npy``) of the samples by the discriminator of their class after its last step.

    They are computed in whole blocks of 64, the last of which begins again with its class's first samples, since
    some discriminators compare the images of a batch. Where a GAN failed before its last step there are none.

    Args:
        discriminators: ``D-last.safetensors`` of every job of the GAN.
        scores: the output.
    """
    device = prepare(compute)
    images, labels = open_images(samples.images), np.array([row.label for row in open_index(samples.index)])
    judges: dict[str, tuple[nn.Module, int | None]] = {}
    for path in discriminators:
        judges |= _open_judges(path, gan, size=images.shape[1], channels=images.shape[3], device=device)
    judged = sorted(set(labels)) if set(labels) <= set(judges) else []
    logits = np.zeros(len(labels) if judged else 0, dtype=np.float32)
    for label in judged:
        places = np.flatnonzero(labels == label)
        own = Batches([(samples.images, int(place)) for place in places], device)
        logits[places] = _logits(own, *judges[label])
    save_array(scores, logits)


def _open_judges(
    path: str, gan: Gan, *, size: int, channels: int, device: torch.device
) -> Mapping[str, tuple[nn.Module, int | None]]:
    """By class the discriminator that a job left for it, ready to be asked, and the number it is told, or None."""
    tensors, metadata = load_tensors(path)
    made = json.loads(metadata["made"])
    labels, told = made["labels"], gan.mode == "conditional"
    shape = Shape(nz=gan.nz, size=size, channels=channels, classes=len(labels) if told else 0)
    networks = []
    for k in range(made["generators"]):
        network = build(gan, shape, rng=torch.Generator()).discriminator
        assert network is not None
        network.load_state_dict(unprefixed(str(k), tensors))
        networks.append(network.eval().to(device))
    return {label: (networks[0 if told else k], k if told else None) for k, label in enumerate(labels)}


def _logits(images: Batches, network: nn.Module, label: int | None) -> NDArray[np.float32]:
    count, parts = len(images), []
    with torch.inference_mode():
        for first in range(0, count, BLOCK):
            batch = images(torch.arange(first, first + BLOCK) % count)
            told = None if label is None else torch.full((BLOCK,), label, device=batch.device)
            parts.append(call(network, batch, told).float().cpu())
    return torch.cat(parts)[:count].numpy()
