"""What a trained classifier sees in images: the inputs of its last layer, the features of its domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def embed_real(
    *, split: str, dev: str, model: str, classifier: Classifier, compute: Compute, train: str, validation: str
) -> None:
    """Write the features of a repeat's real images, as float32 ``.npy`` files.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` it points into.
        model: weights of a classifier that was trained on the real images alone; empty if it diverged, and then so are
            the features.
        classifier, compute: its settings, and how it runs.
        train, validation: the outputs.
    """
    rows = open_split(split)
    wanted = {
        path: [(dev, row.row) for row in rows if row.role == role]
        for role, path in (("train", train), ("validation", validation))
    }
    _embed(wanted, split=split, dev=dev, model=model, classifier=classifier, compute=compute)


def embed_samples(
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    samples: Mapping[str, str],
    compute: Compute,
    out: Mapping[str, str],
) -> None:
    """Write the features of sets of samples; see `embed_real`.

    Args:
        samples: ``images.npy`` files by name.
        out: the outputs by the same names.
    """
    wanted = {out[name]: [(path, k) for k in range(len(open_images(path)))] for name, path in samples.items()}
    _embed(wanted, split=split, dev=dev, model=model, classifier=classifier, compute=compute)


def _embed(
    wanted: Mapping[str, Sequence[tuple[str, int]]],
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    compute: Compute,
) -> None:
    """Write the features of images, given by output as pairs (path of an ``images.npy``, row in it)."""
    device = prepare(compute)
    classes, weights = labels_of(open_split(split)), load_tensors(model)[0]
    size, channels = open_images(dev).shape[2:]
    network = make(classifier, size=size, channels=channels, classes=len(classes), generator=None)
    if weights:
        network.load_state_dict(weights)
    network.eval().to(device)
    for path, images in wanted.items():
        known = weights and images
        values = features(network, Batches(images, device)) if known else np.empty((0, 1), dtype=np.float32)
        with atomic(path) as temporary, temporary.open("wb") as handle:
            np.save(handle, values)
