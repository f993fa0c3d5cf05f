"""What a discriminator says of samples: an array for those who choose among them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import torch

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
    some discriminators compare the images of a batch. Without samples, or where the GAN failed, there are none.

    Args:
        discriminators: ``D-last.safetensors`` of every job of the GAN.
        scores: the output.
    """
    device = prepare(compute)
    images, index = open_images(samples.images), open_index(samples.index)
    labels = np.array([row.label for row in index])
    logits = np.zeros(len(index), dtype=np.float32)
    for path in discriminators if len(index) else []:
        tensors, metadata = load_tensors(path)
        made = json.loads(metadata["made"])
        told = gan.mode == "conditional"
        shape = Shape(
            nz=gan.nz, size=images.shape[1], channels=images.shape[3], classes=len(made["labels"]) if told else 0
        )
        for number, label in enumerate(made["labels"]):
            network = build(gan, shape, rng=torch.Generator()).discriminator
            assert network is not None
            network.load_state_dict(unprefixed("0" if told else str(number), tensors))
            network.eval().to(device)
            places = np.flatnonzero(labels == label)
            logits[places] = _logits(
                network, Batches([(samples.images, int(k)) for k in places], device), number if told else None
            )
    save_array(scores, logits)


def _logits(network: torch.nn.Module, images: Batches, label: int | None) -> np.ndarray:
    count = len(images)
    parts = []
    with torch.inference_mode():
        for first in range(0, count, BLOCK):
            batch = images(torch.arange(first, first + BLOCK) % count)
            told = None if label is None else torch.full((BLOCK,), label, device=batch.device)
            parts.append(call(network, batch, told).float().cpu())
    return torch.cat(parts)[:count].numpy() if parts else np.empty(0, dtype=np.float32)
