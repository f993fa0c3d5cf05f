"""What a trained classifier sees in images: the inputs of its last layer, the features of its domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ganaug.batches import Batches
from ganaug.classify.networks import head, make
from ganaug.classify.training import evaluation_batch
from ganaug.compute import prepare
from ganaug.config import Classifier, Compute
from ganaug.images import labels_of, open_images, open_split
from ganaug.io import load_tensors, save_array


def features(network: nn.Module, images: Batches) -> NDArray[np.float32]:
    """The inputs of the last dense layer of ``network`` (in evaluation mode): float32, N x d."""
    return seen(network, images)[0]


def seen(network: nn.Module, images: Batches) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The inputs of the last dense layer of ``network`` (in evaluation mode), and class probabilities.

    Returns:
        float32, N x d and N x classes.
    """
    last = head(network)
    parts: list[Tensor] = []
    guessed: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: parts.append(inputs[0].float().cpu()))
    with torch.inference_mode():
        for positions in torch.arange(len(images)).split(evaluation_batch(network, images.size)):
            guessed.append(network(images(positions)).float().softmax(dim=1).cpu())
    hook.remove()
    if not parts:
        return np.empty((0, last.in_features), dtype=np.float32), np.empty((0, last.out_features), dtype=np.float32)
    return torch.cat(parts).numpy(), torch.cat(guessed).numpy()


def embed_real(
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    compute: Compute,
    train: str,
    validation: str,
    probabilities: str,
) -> None:
    """Write the features of a repeat's real images, and the class probabilities of its validation images.

    Args:
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` it points into.
        model: weights of a classifier that was trained on the real images alone; empty if it diverged, and then so are
            the arrays.
        classifier, compute: its settings, and how it runs.
        train, validation: the outputs, float32 ``.npy`` files, N x d in the order of the split.
        probabilities: the output for validation images, float32, N x classes.
    """
    network, device = _classifier(split=split, dev=dev, model=model, classifier=classifier, compute=compute)
    rows = open_split(split)
    for role, path, guessed in (("train", train, None), ("validation", validation, probabilities)):
        own = [(dev, row.row) for row in rows if row.role == role]
        _write_seen(network, device, own, features=path, probabilities=guessed)


def embed_samples(
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    samples: Mapping[str, str],
    compute: Compute,
    out: Mapping[str, str],
    probabilities: Mapping[str, str],
) -> None:
    """Write the features of sets of samples, and their class probabilities (float32, N x classes); see `embed_real`.

    Args:
        samples: ``images.npy`` files by name.
        out, probabilities: the outputs by the same names.
    """
    network, device = _classifier(split=split, dev=dev, model=model, classifier=classifier, compute=compute)
    for name, path in samples.items():
        _write_seen(network, device, _rows(path), features=out[name], probabilities=probabilities[name])


def embed_pool(
    *,
    split: str,
    dev: str,
    model: str,
    classifier: Classifier,
    images: str,
    compute: Compute,
    features: str,
    probabilities: str,
) -> None:
    """Write the features, and the class probabilities (float32, N x classes), of one set of samples.

    Both are empty where the classifier diverged; see `embed_real`.
    """
    network, device = _classifier(split=split, dev=dev, model=model, classifier=classifier, compute=compute)
    _write_seen(network, device, _rows(images), features=features, probabilities=probabilities)


def _rows(path: str) -> list[tuple[str, int]]:
    """All images of an ``images.npy``."""
    return [(path, row) for row in range(len(open_images(path)))]


def _write_seen(
    network: nn.Module | None,
    device: torch.device,
    images: Sequence[tuple[str, int]],
    *,
    features: str,
    probabilities: str | None,
) -> None:
    """Write what a network sees in images, which are given as pairs (path of an ``images.npy``, row in it)."""
    empty = np.empty((0, 1), dtype=np.float32)
    values = seen(network, Batches(images, device)) if network and images else (empty, empty)
    for path, array in zip((features, probabilities), values, strict=True):
        if path:
            save_array(path, array)


def _classifier(
    *, split: str, dev: str, model: str, classifier: Classifier, compute: Compute
) -> tuple[nn.Module | None, torch.device]:
    """The trained network, ready to be asked, or None if it diverged."""
    device = prepare(compute)
    classes, weights = labels_of(open_split(split)), load_tensors(model)[0]
    if not weights:
        return None, device
    size, channels = open_images(dev).shape[2:]
    network = make(classifier, size=size, channels=channels, classes=len(classes), generator=None)
    network.load_state_dict(weights)
    return network.eval().to(device), device
