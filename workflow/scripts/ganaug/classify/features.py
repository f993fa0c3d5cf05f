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
    probabilities: Mapping[str, str],
) -> None:
    """Write the features of sets of samples, and their class probabilities (float32, N x classes); see `embed_real`.

    Args:
        samples: ``images.npy`` files by name.
        out, probabilities: the outputs by the same names.
    """
    network, device = _classifier(split=split, dev=dev, model=model, classifier=classifier, compute=compute)
    for name, path in samples.items():
        _write_seen(network, device, path, features=out[name], probabilities=probabilities[name])


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
    _write_seen(network, device, images, features=features, probabilities=probabilities)


def _write_seen(
    network: nn.Module | None, device: torch.device, images: str, *, features: str, probabilities: str
) -> None:
    rows = [(images, k) for k in range(len(open_images(images)))]
    empty = np.empty((0, 1), dtype=np.float32)
    values = seen(network, Batches(rows, device)) if network and rows else (empty, empty)
    for path, array in zip((features, probabilities), values, strict=True):
        save_array(path, array)


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
    network, device = _classifier(split=split, dev=dev, model=model, classifier=classifier, compute=compute)
    for path, images in wanted.items():
        nothing = np.empty((0, 1), dtype=np.float32)
        save_array(path, features(network, Batches(images, device)) if network and images else nothing)


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
