"""What a trained classifier sees in images: the inputs of its last layer, the features of its domain."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.classify.networks import make
from ganaug.classify.training import EVALUATION_BATCH
from ganaug.compute import prepare
from ganaug.config import Classifier, Compute
from ganaug.images import labels_of, open_images, open_split
from ganaug.io import atomic, load_tensors


def features(network: nn.Module, images: Batches) -> NDArray[np.float32]:
    """The inputs of the last dense layer of ``network`` (in evaluation mode): float32, N x d."""
    last = [layer for layer in network.modules() if isinstance(layer, nn.Linear)][-1]
    parts: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: parts.append(inputs[0].float().cpu()))
    with torch.inference_mode():
        for positions in torch.arange(len(images)).split(EVALUATION_BATCH):
            network(images(positions))
    hook.remove()
    return torch.cat(parts).numpy() if parts else np.empty((0, last.in_features), dtype=np.float32)


def embed(
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    samples: Mapping[str, str],
    compute: Compute,
    train: str,
    validation: str,
    out: Mapping[str, str],
) -> None:
    """Write the features of a repeat's real images and of sets of samples, as float32 ``.npy`` files.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` it points into.
        model: weights of a classifier that was trained on the real images alone; empty if it diverged, and then so are
            the features.
        classifier, compute: its settings, and how it runs.
        samples: ``images.npy`` files by name.
        train, validation, out: the outputs; ``out`` by the names of ``samples``.
    """
    device = prepare(compute)
    rows, weights = open_split(split), load_tensors(model)[0]
    size, channels = open_images(dev).shape[2:]
    network = make(classifier, size=size, channels=channels, classes=len(labels_of(rows)), generator=None)
    if weights:
        network.load_state_dict(weights)
    network.eval().to(device)
    wanted = {
        path: [(dev, row.row) for row in rows if row.role == role]
        for role, path in (("train", train), ("validation", validation))
    }
    wanted |= {out[name]: [(path, k) for k in range(len(open_images(path)))] for name, path in samples.items()}
    for path, images in wanted.items():
        images = images if weights else []
        values = features(network, Batches(images, device)) if images else np.empty((0, 1), dtype=np.float32)
        with atomic(path) as temporary, temporary.open("wb") as handle:
            np.save(handle, values)
