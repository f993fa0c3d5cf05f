"""The files of features of networks that others trained: one array a set of images, empty where weights are missing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganaug.compute import prepare
from ganaug.config import Compute
from ganaug.errors import UserError
from ganaug.images import Pixels, open_images, open_split
from ganaug.io import read_json, save_array
from ganaug.networks import FeatureNetwork
from ganaug.quality.embedding import Embedding, embed, load_network

if TYPE_CHECKING:
    from numpy.typing import NDArray


def embed_real_by(
    network: FeatureNetwork,
    *,
    record: str,
    weights: Path | None,
    split: str,
    dev: str,
    compute: Compute,
    train: str,
    validation: str,
) -> None:
    """Write the features of a repeat's real images, as float32 ``.npy`` files (N x d); 0 x 1 without weights.

    Args:
        network: which one.
        record: what `ganaug.data.fetch.fetch_weights` wrote.
        weights: the file on this machine; None where the record says that there is none.
        split, dev: ``data/r{r}.csv`` and the ``images.npy`` it points into.
        compute: how it runs; always in fp32.
        train, validation: the outputs.

    Raises:
        UserError: the weights that the record knows are gone, or not of that kind; see `load_network`.
    """
    loaded, images, rows = _loaded(network, record, weights, compute), open_images(dev), open_split(split)
    for role, out in (("train", train), ("validation", validation)):
        places = np.array([row.row for row in rows if row.role == role], dtype=np.intp)
        save_array(out, _embedded(images[places], loaded, weights))


def embed_sets_by(
    network: FeatureNetwork,
    *,
    record: str,
    weights: Path | None,
    samples: Mapping[str, str],
    compute: Compute,
    out: Mapping[str, str],
) -> None:
    """Write the features of sets of samples; see `embed_real_by`.

    Args:
        network, record, weights, compute: as there.
        samples: ``images.npy`` files by name.
        out: the outputs by the same names.
    """
    loaded = _loaded(network, record, weights, compute)
    for name, path in samples.items():
        save_array(out[name], _embedded(open_images(path), loaded, weights))


def _loaded(network: FeatureNetwork, record: str, weights: Path | None, compute: Compute) -> Embedding | None:
    device, known = prepare(compute), read_json(record)
    if known["reason"]:
        return None
    if weights is None:
        raise UserError(f"{known['file']}: it was there and is gone; put it back where it was and run again")
    return load_network(network, weights, device=device)


def _embedded(images: Pixels, loaded: Embedding | None, weights: Path | None) -> NDArray[np.float32]:
    return embed(images, loaded, name=str(weights)) if loaded else np.empty((0, 1), dtype=np.float32)
